"""Many files get their names by one command, which may fail or end anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paramiko import Channel

from scitacean.errors import FileUploadError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh import SSHFileTransfer, channels, host_program, naming, remote_command
from scitacean.transfer.ssh.remote_command import LEAST_FILES, RemoteCommand
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession
from scitacean.transfer.ssh.upload import SSHUploadConnection
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything

ANY = RemotePath("")
NAMES = [f"{number:03}" for number in range(LEAST_FILES + 20)]
CONTENT = {name: name.encode() for name in NAMES}

# What the program does with a name, and whether it is of use then.
BROKEN = {
    # It is not there.
    ("perl -MFcntl", "no-such-command"): False,
    ("perl -MFcntl", "false"): False,
    # It ends before it has done anything, or after it has done all.
    ("my $new = field();", "exit;"): False,
    ("my $new = field();", "my $new = field(); $end++ > 40 and exit;"): False,
    # It says something else.
    ("my $new = field();", "my $new = field(); $told .= qq(what\\n); next;"): False,
    # It ends in the middle of a file: it has both names.
    ("and unlink $name", "and ($end++ < 20 ? unlink $name : exit)"): False,
    # It can do nothing.
    ("and link $name, $new", "and 0"): True,
}


def broken(what: str, instead: str) -> str:
    assert what in host_program._PROGRAM
    return host_program._PROGRAM.replace(what, instead)


@pytest.fixture
def files(tmp_path: Path) -> list[File]:
    (tmp_path / "local").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "local" / name).write_bytes(content)
    return [File.from_local(tmp_path / "local" / name) for name in NAMES]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def source(transfer: SSHFileTransfer, dataset: Dataset) -> Path:
    return Path(transfer.source_folder_for(dataset).posix)


@pytest.fixture
def renamed_by_requests(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    renamed: list[bytes] = []
    original = SftpSession.rename

    def rename(session: SftpSession, old: bytes, new: bytes) -> Any:
        renamed.append(new)
        return original(session, old, new)

    monkeypatch.setattr(SftpSession, "rename", rename)
    return renamed


def test_no_request_is_made_for_what_the_host_has_renamed(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    renamed_by_requests: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(naming, "_AT_ONCE", 9)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(*files)
        assert renamed_by_requests == []
        assert contents(source(ssh_file_transfer, dataset)) == CONTENT
        connection.revert_upload(*files)
    assert everything(ssh_server.root) == {}


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("command", BROKEN)
def test_all_get_their_names_whatever_the_command_does(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    files: list[File],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, str],
    sync: bool,
) -> None:
    monkeypatch.setattr(host_program, "_PROGRAM", broken(*command))
    synced: list[bytes] = []
    fsync = SftpSession.fsync

    def note(session: SftpSession, handle: bytes) -> Pending[None]:
        synced.append(handle)
        return fsync(session, handle)

    monkeypatch.setattr(SftpSession, "fsync", note)
    transfer = make_transfer(ssh_server, sync=sync)
    with transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(*files)
        assert contents(source(transfer, dataset)) == CONTENT
        assert transfer._tools.get("perl", True) == BROKEN[command]
        assert bool(synced) == sync
        connection.revert_upload(*files)
    assert everything(ssh_server.root) == {}


def test_a_name_that_is_taken_meanwhile_stays_theirs(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = naming.Naming.name_files
    folder = source(ssh_file_transfer, dataset)

    def take(work: naming.Naming, *arguments: Any) -> None:
        (folder / NAMES[7]).write_bytes(b"theirs")
        original(work, *arguments)

    monkeypatch.setattr(naming.Naming, "name_files", take)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(FileUploadError, match=rf"/{NAMES[7]} on .* already"):
            connection.upload_files(*files)
        assert contents(folder) == {NAMES[7]: b"theirs"}


@pytest.fixture
def at_reply(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """Does something before a reply of the command that renames is read."""

    def set_up(number: int, what: Callable[[], None]) -> None:
        monkeypatch.setattr(naming, "_AT_ONCE", 10)
        monkeypatch.setattr(naming, "_PORTIONS", 2)
        take, replies = naming._Work._take, iter(range(100))

        def taking(work: naming._Work, portion: Any, lines: Iterator[bytes]) -> None:
            if next(replies) == number:
                what()
            take(work, portion, lines)

        monkeypatch.setattr(naming._Work, "_take", taking)

    return set_up


@pytest.mark.parametrize("reply", [0, 2])
@pytest.mark.parametrize("then", ["go on", "revert"])
def test_a_connection_that_breaks_in_the_middle(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    at_reply: Callable[[int, Callable[[], None]], None],
    monkeypatch: pytest.MonkeyPatch,
    then: str,
    reply: int,
) -> None:
    at_reply(reply, ssh_server.kill_connections)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        if then == "revert":
            monkeypatch.setattr(naming._Work, "by_requests", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                connection.upload_files(*files)
        else:
            connection.upload_files(*files)
            assert contents(source(ssh_file_transfer, dataset)) == CONTENT
            connection.revert_upload(*files)
    assert everything(ssh_server.root) == {}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("reply", [0, 2])
def test_an_interrupt_in_the_middle(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    at_reply: Callable[[int, Callable[[], None]], None],
    reply: int,
) -> None:
    at_reply(reply, _interrupt)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(KeyboardInterrupt):
            connection.upload_files(*files)
        assert everything(ssh_server.root) == {}


@pytest.mark.parametrize("then", ["go on", "revert"])
def test_a_rename_that_ended_between_its_two_steps(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    monkeypatch: pytest.MonkeyPatch,
    then: str,
) -> None:
    folder = source(ssh_file_transfer, dataset)
    original = SftpSession.rename
    broken: list[bytes] = []

    def rename(session: SftpSession, old: bytes, new: bytes) -> Any:
        if not broken:
            broken.append(new)
            Path(os.fsdecode(new)).hardlink_to(os.fsdecode(old))
            ssh_server.kill_connections()
            if then == "revert":
                raise KeyboardInterrupt
        return original(session, old, new)

    monkeypatch.setattr(SftpSession, "rename", rename)
    few = files[:2]
    before = few[0].local_path.stat().st_mtime_ns // 10**9  # type: ignore[union-attr]  # it has one
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        if then == "revert":
            with pytest.raises(KeyboardInterrupt):
                connection.upload_files(*few)
        else:
            connection.upload_files(*few)
            assert contents(folder) == {name: CONTENT[name] for name in NAMES[:2]}
            assert (folder / NAMES[0]).stat().st_mtime == before
            connection.revert_upload(*few)
    assert everything(ssh_server.root) == {}


@pytest.mark.parametrize("has_perl", [True, False])
def test_files_that_a_command_was_told_of_are_not_there_after_an_interrupt(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_perl: bool,
) -> None:
    local = tmp_path / "many"
    local.mkdir()
    for number in range(1_500):
        (local / f"{number}").write_bytes(bytes(1_000))
    files = [File.from_local(path) for path in sorted(local.iterdir())]
    original = channels.send_all
    sent = 0

    def interrupting(channel: Channel, content: bytes) -> bool:
        nonlocal sent
        done = original(channel, content)
        sent += len(content)
        if sent > 1_000_000:
            monkeypatch.setattr("scitacean.transfer.ssh.remote_command.send_all", original)
            raise KeyboardInterrupt
        return done

    transfer = make_transfer(ssh_server)
    transfer._tools["perl"] = has_perl
    with transfer.connect_for_upload(dataset, ANY) as connection:
        monkeypatch.setattr("scitacean.transfer.ssh.remote_command.send_all", interrupting)
        with pytest.raises(KeyboardInterrupt):
            connection.upload_files(*files)
        # Had it been left alone, it would still have written files then.
        with RemoteCommand(connection._line.connected, "sleep 0.3", window=1 << 20) as command:
            assert list(command.output()) == []
        assert everything(ssh_server.root) == {}


def test_what_was_started_ahead_is_left_to_the_connection_that_broke(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    renamed_by_requests: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = SSHUploadConnection._check

    def break_and_check(connection: SSHUploadConnection, *arguments: Any) -> None:
        ssh_server.kill_connections()
        check(connection, *arguments)

    monkeypatch.setattr(SSHUploadConnection, "_check", break_and_check)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(*files)
        assert contents(source(ssh_file_transfer, dataset)) == CONTENT
    assert renamed_by_requests == []


def test_what_a_shell_says_at_its_start_is_passed_over(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    files: list[File],
    renamed_by_requests: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        remote_command, "_RUNS", "Welcome to this machine; sleep 0.1; echo scitacean-runs-this"
    )
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(*files)
        assert contents(source(ssh_file_transfer, dataset)) == CONTENT
    assert renamed_by_requests == []
