"""A connection knows which files it has sent, and removes no others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import fabric
import pytest
from paramiko import Channel

from scitacean.errors import FileNotAccessibleError, FileUploadError, HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.sftp_session import SftpSession
from tests.unit.transfer.ssh.conftest import (
    MakeTransfer,
    breaking_at,
    broken_for_good,
    everything,
    local_file,
    partial_of,
    patched_operation,
)

ANY = RemotePath("")
SIZE = 12_000_000


@pytest.mark.parametrize("same_transfer", [True, False])
def test_a_second_upload_into_the_same_folder_keeps_the_first_ones_files(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path, same_transfer: bool
) -> None:
    first = make_transfer(ssh_server, source_folder=f"{ssh_server.root}/run")
    second = first if same_transfer else make_transfer(ssh_server, source_folder=f"{ssh_server.root}/run")
    with first.connect_for_upload(Dataset(type="raw"), ANY) as connection:
        connection.upload_files(local_file(tmp_path, "a"))
    before = everything(ssh_server.root)
    for resume in (False, True):
        files = [local_file(tmp_path, "a", b"other"), local_file(tmp_path, "b")]
        requests = [
            SendRequest(
                local=tmp_path / name, remote=RemotePath(f"{ssh_server.root}/run/{name}"), resume=resume
            )
            for name in ("b", "a")
        ]
        with second.connect_for_upload(Dataset(type="raw"), ANY) as connection:
            with pytest.raises(FileUploadError, match="already"):
                connection.send_files(requests)
            connection.revert_upload(*files)
        assert everything(ssh_server.root) == before


def test_what_was_sent_before_the_connection_broke_is_reverted_over_another(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    files = []
    for name, size in [("sub/first", 10), ("second", SIZE)]:
        local_file(tmp_path, str(size), os.urandom(size))
        files.append(File.from_local(tmp_path / str(size), remote_path=name))
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        ssh_server.cut_after(5_000_000)
        with broken_for_good(ssh_server):
            connection.upload_files(*files)
        assert len([path for path in ssh_server.root.rglob("*") if path.is_file()]) == 2
        made = ssh_server.connections_made
        connection.revert_upload(*files)
        assert everything(ssh_server.root) == {}
        assert ssh_server.connections_made == made + 1
        connection.revert_upload(*files)
    assert ssh_server.connections_made == made + 1


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("operation", ["mkdir", "open", "write", "rename", "remove"])
def test_an_operation_of_unknown_outcome_is_looked_up_when_reverting(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    operation: str,
    done: bool,
) -> None:
    file = local_file(tmp_path, "a")
    (ssh_server.root / "theirs").write_bytes(b"1")
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        if operation == "remove":
            connection.upload_files(file)
            if done:
                Path(ssh_file_transfer.source_folder_for(dataset).posix, "a").unlink()
            ssh_server.kill_connections()
        else:
            with breaking_at(ssh_server, operation, done=done), broken_for_good(ssh_server):
                connection.upload_files(file)
        connection.revert_upload(file)
    assert everything(ssh_server.root) == {"theirs": b"1"}


def test_a_rename_of_unknown_outcome_where_somebody_else_took_the_name(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    file = local_file(tmp_path, "a")
    folder = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with breaking_at(ssh_server, "rename", done=False), broken_for_good(ssh_server):
            connection.upload_files(file)
        (folder / "a").write_bytes(b"theirs")
        connection.revert_upload(file)
    assert everything(folder) == {"a": b"theirs"}


def test_a_name_that_somebody_takes_while_the_connection_is_broken(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = local_file(tmp_path, "a")
    folder = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    renew = Line.renew

    def take_and_renew(line: Line) -> None:
        (folder / "a").write_bytes(b"theirs")
        renew(line)

    monkeypatch.setattr(Line, "renew", take_and_renew)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with (
            breaking_at(ssh_server, "rename", done=False),
            pytest.raises(FileUploadError, match=r"/a on .* already"),
        ):
            connection.upload_files(file)
        connection.revert_upload(file)
    assert everything(folder) == {"a": b"theirs"}


def test_a_folder_of_theirs_stays_when_it_was_made_while_the_connection_was_broken(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    file = local_file(tmp_path, "a")
    folder = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with breaking_at(ssh_server, "mkdir", done=True):
            connection.upload_files(file)
        (folder / "b").write_bytes(b"theirs")
        connection.revert_upload(file)
    assert everything(folder) == {"b": b"theirs"}


def test_a_failure_keeps_what_was_sent_before(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    first, second = local_file(tmp_path, "a"), local_file(tmp_path, "b")
    folder = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(first)
        with pytest.raises(FileUploadError, match="already"):
            connection.upload_files(first, second)
        assert everything(folder) == {"a": b"123"}
        connection.revert_upload(first, second)
    assert everything(ssh_server.root) == {}


def test_a_host_that_is_gone_is_told_when_reverting(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    shutil.copy(ssh_server.known_hosts, known_hosts)
    transfer = make_transfer(ssh_server, known_hosts=known_hosts, timeout=3.0)
    file = local_file(tmp_path, "a")
    with transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(file)
        ssh_server.kill_connections()
        damaged = f"[{ssh_server.host}]:{ssh_server.port} ssh-ed25519 A\n"
        for content, said in [("", "not known yet"), (damaged, "damaged")]:
            known_hosts.write_text(content)
            with pytest.raises(FileNotAccessibleError, match=said):
                connection.revert_upload(file)
        known_hosts.write_text(ssh_server.known_hosts.read_text())
        ssh_server.freeze()
        with pytest.raises(HostNotReachableError, match="does not talk SSH"):
            connection.revert_upload(file)
    assert len(everything(ssh_server.root)) == 2


def test_a_connection_of_ones_own_is_made_again_to_revert(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    made: list[fabric.Connection] = []

    def make() -> fabric.Connection:
        made.append(
            fabric.Connection(
                ssh_server.host,
                user=ssh_server.username,
                port=ssh_server.port,
                config=fabric.Config(lazy=True),
                connect_kwargs={"key_filename": str(ssh_server.key_file)},
            )
        )
        return made[-1]

    file = local_file(tmp_path, "a")
    with make_transfer(ssh_server, connect=make).connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(file)
        ssh_server.kill_connections()
        connection.revert_upload(file)
        assert not made[0].is_connected
    assert len(made) == 2
    assert everything(ssh_server.root) == {}


def test_reverting_goes_on_after_a_file_that_cannot_be_removed(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    files = [local_file(tmp_path, name) for name in ("a", "b", "c")]
    folder = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(*files)
        (folder / "b").unlink()
        (folder / "b").mkdir()
        with pytest.raises(FileUploadError, match="cannot write"):
            connection.revert_upload(*files)
    assert everything(folder) == {"b": None}


def test_partial_files_that_are_not_asked_for_or_cannot_be_removed_stay(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    source = ssh_file_transfer.source_folder_for(dataset)
    folder = Path(source.posix)
    files = [local_file(tmp_path, name) for name in ("a", "b")]

    def interrupt(_path: RemotePath, _moved: int) -> None:
        raise KeyboardInterrupt

    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        requests = [SendRequest(local=tmp_path / name, remote=source / name) for name in ("a", "b")]
        for request in requests:
            with pytest.raises(KeyboardInterrupt):
                connection.send_files([request], on_progress=interrupt)
        connection.revert_upload(files[0])
        (partial,) = folder.iterdir()
        assert partial.name.startswith(".b.part-")
        partial.unlink()
        partial.mkdir()
        with pytest.raises(FileUploadError, match="cannot write"):
            connection.send_files(requests[1:])
        with pytest.raises(FileUploadError, match="cannot write"):
            connection.revert_upload(files[1])
        partial.rmdir()
        connection.revert_upload(files[1])
    assert everything(ssh_server.root) == {}


@pytest.mark.parametrize("resume", [True, False])
def test_what_is_in_the_way_of_a_partial_file_is_not_ours(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    resume: bool,
) -> None:
    file = local_file(tmp_path, "a")
    source = ssh_file_transfer.source_folder_for(dataset)
    request = SendRequest(local=tmp_path / "a", remote=source / "a", resume=resume)
    in_the_way = Path(source.posix) / partial_of(request)
    in_the_way.mkdir(parents=True)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(FileUploadError, match="cannot write"):
            connection.send_files([request])
        connection.revert_upload(file)
    assert in_the_way.is_dir()


def test_a_rename_that_was_done_and_interrupted(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    file = local_file(tmp_path, "a")
    source = ssh_file_transfer.source_folder_for(dataset)
    request = SendRequest(local=tmp_path / "a", remote=source / "a", resume=True)

    def rename_and_interrupt(_session: SftpSession, rename: Any, paths: tuple[Any, ...]) -> object:
        rename(*paths).result()
        raise KeyboardInterrupt

    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        for then in ("revert", "resume"):
            with pytest.MonkeyPatch.context() as patch:
                patched_operation(patch, "rename", rename_and_interrupt)
                with pytest.raises(KeyboardInterrupt):
                    connection.send_files([request])
            if then == "resume":
                connection.send_files([request])
            connection.revert_upload(file)
            assert everything(ssh_server.root) == {}


@pytest.mark.parametrize("at", [0, 1, 3, 10])
@pytest.mark.parametrize("way", ["send", "recv"])
def test_an_interrupt_within_a_request_does_not_mix_it_with_the_next(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    way: str,
    at: int,
) -> None:
    file = local_file(tmp_path, "a", os.urandom(SIZE))
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        original, calls = getattr(Channel, way), iter(range(1_000))
        session = connection._line.sftp._channel

        def interrupted(channel: Channel, argument: Any) -> Any:
            # Those of commands are not that of the session.
            number = -1 if channel is not session else next(calls)
            if number == at:
                if way == "recv":
                    # Taken from the channel, and lost with the frame that had it.
                    original(channel, 3)
                raise KeyboardInterrupt
            return original(channel, argument)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Channel, way, interrupted)
            with pytest.raises(KeyboardInterrupt):
                connection.upload_files(file)
        connection.revert_upload(file)
        assert everything(ssh_server.root) == {}
        connection.upload_files(file)
        connection.revert_upload(file)
    assert everything(ssh_server.root) == {}
    assert ssh_server.connections_made == 2
