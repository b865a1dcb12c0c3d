"""Commands of the host start while SFTP does, for datasets with many files; no connection needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scitacean.errors import FileNotAccessibleError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing import ssh_server as testing_server
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.remote_command import LEAST_FILES, RemoteCommand
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, on_server

ANY = RemotePath("")
NAMES = [f"{number:03}" for number in range(LEAST_FILES)]


@pytest.fixture
def many(tmp_path: Path) -> Dataset:
    """A dataset with so many files that commands are worth it."""
    folder = tmp_path / "local"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(os.urandom(100))
    dataset = Dataset(type="raw")
    dataset.add_local_files(*(folder / name for name in NAMES))
    return dataset


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was started on the host."""
    start, seen = RemoteCommand.__init__, list[str]()

    def note(command: RemoteCommand, connected: Any, text: str, **options: Any) -> None:
        seen.append(text.split()[0])
        start(command, connected, text, **options)

    monkeypatch.setattr(RemoteCommand, "__init__", note)
    return seen


def there_and_back(
    transfer: SSHFileTransfer, server: RunningSSHServer, dataset: Dataset, folder: Path
) -> None:
    source, local, back = on_server(server, "run 7"), folder / "local", folder / "back"
    back.mkdir()
    with transfer.connect_for_upload(dataset, ANY) as connection:
        connection.send_files([SendRequest(local=local / name, remote=source / name) for name in NAMES])
    with transfer.connect_for_download(dataset, ANY) as connection:
        connection.fetch_files(
            [FetchRequest(remote=source / name, local=back / name, length=100) for name in NAMES]
        )
    assert everything(back) == everything(local)


def test_each_is_started_once(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    many: Dataset,
    tmp_path: Path,
    started: list[str],
) -> None:
    with make_transfer(ssh_server) as transfer:
        with transfer.connect_for_upload(many, ANY):
            assert sorted(started) == ["b2sum", "perl"]
        with transfer.connect_for_download(many, ANY):
            assert started[2:] == ["tar"]
        with transfer.connect_for_upload(Dataset(type="raw"), ANY):
            assert len(started) == 3
        there_and_back(transfer, ssh_server, many, tmp_path)
        assert sorted(started[3:]) == ["b2sum", "perl", "tar"]


def test_several_calls_use_the_same_commands(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    many: Dataset,
    tmp_path: Path,
    started: list[str],
) -> None:
    source = on_server(ssh_server, "run 7")
    with (
        make_transfer(ssh_server, verify="size") as transfer,
        transfer.connect_for_upload(many, ANY) as connection,
    ):
        for copy in "12":
            connection.send_files(
                [SendRequest(local=tmp_path / "local" / name, remote=source / copy / name) for name in NAMES]
            )
    assert started == ["perl"]


def test_a_host_with_and_without_them(
    server: RunningSSHServer, make_transfer: MakeTransfer, many: Dataset, tmp_path: Path
) -> None:
    with make_transfer(server) as transfer:
        there_and_back(transfer, server, many, tmp_path)


@pytest.fixture
def rude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSSHServer]:
    """A server that hangs up on everybody who asks for a command."""

    async def hang_up(process: Any) -> None:
        process.get_extra_info("connection").abort()

    monkeypatch.setattr(testing_server, "run_command", hang_up)
    (tmp_path / "served").mkdir()
    with asyncssh_server(tmp_path / "served") as server:
        yield server


def test_a_host_that_hangs_up(
    rude: RunningSSHServer, make_transfer: MakeTransfer, many: Dataset, tmp_path: Path
) -> None:
    with make_transfer(rude) as transfer:
        there_and_back(transfer, rude, many, tmp_path)
        assert not any(transfer._tools.values())
        before = rude.connections_made
        with transfer.connect_for_upload(many, ANY), transfer.connect_for_download(many, ANY):
            pass
        assert rude.connections_made <= before + 1


def test_a_host_without_sftp_says_so_all_the_same(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    many: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paramiko.Channel.invoke_subsystem", lambda self, _: self.close())
    with (
        make_transfer(ssh_server, timeout=3.0) as transfer,
        pytest.raises(FileNotAccessibleError),
        transfer.connect_for_upload(many, ANY),
    ):
        pass
