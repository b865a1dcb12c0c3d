"""Connections break at any time; a second try moves the rest only."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paramiko import Channel

from scitacean.errors import HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh import SSHFileTransfer, channels
from tests.unit.transfer.ssh.conftest import (
    MakeTransfer,
    breaking_at,
    broken_for_good,
    everything,
    local_file,
    settled_size,
)

ANY = RemotePath("")
SIZE = 12_000_000


@pytest.mark.parametrize("cut", [100_000, 1_000_000, 7_000_000])
def test_a_download_resumes_with_the_rest(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    cut: int,
) -> None:
    content = os.urandom(SIZE)
    (ssh_server.root / "a").write_bytes(content)
    remote, local = RemotePath(f"{ssh_server.root.as_posix()}/a"), tmp_path / "a"
    moved: list[int] = []
    with ssh_file_transfer.connect_for_download(dataset, ANY) as first:
        ssh_server.cut_after(cut)
        with broken_for_good(ssh_server):
            first.fetch_files(
                [FetchRequest(remote=remote, local=local)], on_progress=lambda _, n: moved.append(n)
            )
    arrived = local.read_bytes()
    assert len(arrived) == sum(moved) < cut
    assert content.startswith(arrived)
    with ssh_file_transfer.connect_for_download(dataset, ANY) as second:
        request = FetchRequest(remote=remote, local=local, offset=len(arrived))
        second.fetch_files([request], on_progress=lambda _, n: moved.append(n))
    assert sum(moved) == SIZE
    assert local.read_bytes() == content


@pytest.mark.parametrize("cut", [100_000, 7_000_000])
def test_an_upload_resumes_with_the_rest(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    cut: int,
) -> None:
    content = {"small": b"123", "large": os.urandom(SIZE), "last": b"456"}
    requests = []
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
        remote = ssh_file_transfer.source_folder_for(dataset) / name
        requests.append(SendRequest(local=tmp_path / name, remote=remote, resume=True))
    source = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    moved: list[int] = []
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as first:
        ssh_server.cut_after(cut)
        with broken_for_good(ssh_server):
            first.send_files(requests, on_progress=lambda _, n: moved.append(n))
    # None has its name before all have arrived.
    assert all(".part-" in path.name for path in source.iterdir())
    there = sum(settled_size(path) for path in source.iterdir())
    assert sum(moved) <= there < sum(map(len, content.values()))
    again: list[int] = []
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as second:
        sent = second.send_files(requests, on_progress=lambda _, n: again.append(n))
    assert sum(again) == sum(map(len, content.values())) - there
    assert {one.verified for one in sent} == {"checksum"}
    assert {path.name: path.read_bytes() for path in source.iterdir()} == content


@pytest.mark.parametrize("cut", [1_000, 100_000, 7_000_000])
@pytest.mark.parametrize("connections", [1, 3])
def test_a_transfer_goes_on_over_a_new_connection(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    cut: int,
    connections: int,
) -> None:
    content = {"small": b"123", "large": os.urandom(SIZE), "empty": b"", "other": os.urandom(SIZE)}
    transfer = make_transfer(ssh_server, connections=connections)
    source = transfer.source_folder_for(dataset)
    moved: dict[str, int] = dict.fromkeys(content, 0)

    def count(path: RemotePath, size: int) -> None:
        moved[path.name] += size

    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    sizes = {name: len(data) for name, data in content.items()}
    with transfer.connect_for_upload(dataset, ANY) as upload:
        ssh_server.cut_after(cut)
        requests = [SendRequest(local=tmp_path / name, remote=source / name) for name in content]
        upload.send_files(requests, on_progress=count)
    assert moved == sizes
    assert {path.name: path.read_bytes() for path in Path(source.posix).iterdir()} == content
    target = tmp_path / "target"
    target.mkdir()
    moved = dict.fromkeys(content, 0)
    with transfer.connect_for_download(dataset, ANY) as download:
        ssh_server.cut_after(cut)
        fetched = download.fetch_files(
            [
                FetchRequest(remote=source / name, local=target / name, checksum_algorithm="sha256")
                for name in content
            ],
            on_progress=count,
        )
    assert moved == sizes
    assert {path.name: path.read_bytes() for path in target.iterdir()} == content
    assert [one.checksum for one in fetched] == [
        hashlib.sha256(data).hexdigest() for data in content.values()
    ]


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    "operation",
    [
        "stat",
        "lstat",
        "free_space",
        "mkdir",
        "open",
        "write",
        "fsetstat",
        "fsync",
        "close",
        "rename",
    ],
)
@pytest.mark.parametrize("size", [10, 5_000_000])
def test_an_upload_goes_on_wherever_it_broke(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    operation: str,
    done: bool,
    size: int,
) -> None:
    transfer = make_transfer(ssh_server, verify="size", connections=1, file_mode=0o640)
    source = transfer.source_folder_for(dataset)
    file = local_file(tmp_path, "a", os.urandom(size))
    os.utime(tmp_path / "a", (1_700_000_000, 1_700_000_000))
    if operation == "fsync" and ssh_server.password is not None:
        # The other server does not offer it.
        operation = "fsetstat"
    if operation == "lstat":
        Path(source.posix).mkdir()
    request = SendRequest(local=tmp_path / "a", remote=source / "a")
    # What asks for something that is not there would not come to the break.
    done = done and operation not in ("stat", "lstat", "free_space")
    with transfer.connect_for_upload(dataset, ANY) as connection:
        with breaking_at(ssh_server, operation, done=done):
            connection.send_files([request])
        arrived = Path(source.posix) / "a"
        assert everything(Path(source.posix)) == {"a": (tmp_path / "a").read_bytes()}
        assert arrived.stat().st_mtime == 1_700_000_000
        assert stat.S_IMODE(arrived.stat().st_mode) == 0o640
        connection.revert_upload(file)
    left = {dataset.uid: None} if operation == "lstat" else {}
    assert everything(ssh_server.root) == left
    assert ssh_server.connections_made == 2


def test_killed_connections_break_the_transfer_and_the_next_one_works(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    # More than can be under way over two connections when they break.
    (ssh_server.root / "a").write_bytes(os.urandom(5 * SIZE))
    remote = RemotePath(f"{ssh_server.root.as_posix()}/a")

    def kill(_path: RemotePath, _moved: int) -> None:
        ssh_server.kill_connections()

    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        for _ in range(2):
            with pytest.raises(HostNotReachableError, match="closed the connection"):
                connection.fetch_files([FetchRequest(remote=remote, local=tmp_path / "a")], on_progress=kill)
        with pytest.raises(HostNotReachableError):
            connection.remote_checksums([remote], algorithm="sha256")
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        connection.download_files(remote=[remote], local=[tmp_path / "a"])
    assert (tmp_path / "a").read_bytes() == (ssh_server.root / "a").read_bytes()


def test_an_interrupt_leaves_a_connection_that_works(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    local = tmp_path / "a"
    local.write_bytes(os.urandom(SIZE))
    file = File.from_local(local)
    source = ssh_file_transfer.source_folder_for(dataset)

    def interrupt(_path: RemotePath, _moved: int) -> None:
        raise KeyboardInterrupt

    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(KeyboardInterrupt):
            connection.send_files([SendRequest(local=local, remote=source / "a")], on_progress=interrupt)
        connection.revert_upload(file)
        assert list(ssh_server.root.iterdir()) == []
        connection.upload_files(file)
    with ssh_file_transfer.connect_for_download(dataset, ANY) as download:
        request = FetchRequest(remote=source / "a", local=tmp_path / "b")
        with pytest.raises(KeyboardInterrupt):
            download.fetch_files([request], on_progress=interrupt)
        download.fetch_files([request])
    assert (tmp_path / "b").read_bytes() == local.read_bytes()


@pytest.mark.parametrize("operation", ["send", "recv"])
@pytest.mark.parametrize("number", [1, 100])
def test_an_interrupt_that_leaves_a_lock_of_the_library_held_stops_nobody(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    number: int,
) -> None:
    held: list[Channel] = []
    original = getattr(Channel, operation)

    def interrupted(channel: Channel, *arguments: Any) -> object:
        if not held and threading.current_thread() is threading.main_thread():
            held.append(channel)
            channel.lock.acquire()
            raise KeyboardInterrupt
        return original(channel, *arguments)

    monkeypatch.setattr(channels, "_MOST_CLOSING_SECONDS", 0.3)
    files = [local_file(tmp_path, str(index), os.urandom(1000)) for index in range(number)]
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Channel, operation, interrupted)
            with pytest.raises(KeyboardInterrupt):
                connection.upload_files(*files)
        assert everything(ssh_server.root) == {}
        connection.upload_files(*files)
        assert len(everything(ssh_server.root)) == number + 1
    held[0].lock.release()


def reasons(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


def test_a_silent_server_is_not_waited_for_endlessly(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    remote = RemotePath(f"{ssh_server.root.as_posix()}/a")
    with make_transfer(ssh_server, timeout=2.0).connect_for_download(dataset, ANY) as connection:
        ssh_server.freeze()
        with pytest.raises(HostNotReachableError, match="does not talk SSH") as caught:
            connection.fetch_files([FetchRequest(remote=remote, local=tmp_path / "a")])
    assert any("did not answer for 2 s" in str(error) for error in reasons(caught.value))
