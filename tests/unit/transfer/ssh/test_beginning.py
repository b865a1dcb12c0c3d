"""Commands of the host start while SFTP does, for datasets with many files; no connection needs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
from scitacean.testing.sshd import sshd
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh import SSHFileTransfer, ahead, bundle, host_program
from scitacean.transfer.ssh.remote_command import LEAST_FILES, RemoteCommand
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, on_server

ANY = RemotePath("")
SFTP_SERVERS = (
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/lib/ssh/sftp-server",
)
LATE = """
import json, sys, threading
from pathlib import Path
from scitacean import Dataset, RemotePath
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer

host, port, user, key, known, local, target = json.loads(Path(sys.argv[1]).read_text())

def late():
    threading.main_thread().join()
    paths = sorted(Path(local).iterdir())
    dataset = Dataset(type="raw", source_folder=target)
    dataset.add_local_files(*paths)
    with SSHFileTransfer(host, port=port, username=user, key_filename=key, known_hosts=known) as transfer:
        with transfer.connect_for_upload(dataset, RemotePath("")) as connection:
            connection.send_files(
                [SendRequest(local=path, remote=RemotePath(target, path.name)) for path in paths]
            )

threading.Thread(target=late).start()
"""
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


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_MOST_WAITING_SECONDS", 20.0)
    # However busy the machine is.
    monkeypatch.setattr(bundle, "LONG_ROUND_TRIP", 9.0)


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


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_a_host_that_allows_few_at_a_time(
    make_transfer: MakeTransfer, many: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(host_program, "_FILES_OF_PROGRAM", 20)
    (tmp_path / "served").mkdir()
    with (
        sshd(tmp_path / "served", options=(f"MaxSessions {most}",)) as server,
        make_transfer(server) as transfer,
    ):
        there_and_back(transfer, server, many, tmp_path)
        if most > 1:
            assert all(transfer._tools.values())


def test_a_host_that_runs_its_sftp_server_whatever_is_asked_for(
    make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "a").write_bytes(b"123")
    forced = next(path for path in SFTP_SERVERS if Path(path).exists())
    with (
        sshd(tmp_path / "served", options=(f"ForceCommand {forced}",)) as server,
        # So long that nobody would wait for it five times.
        make_transfer(server, timeout=50.0) as transfer,
        transfer.connect_for_upload(dataset, ANY) as connection,
    ):
        (sent,) = connection.send_files(
            [SendRequest(local=tmp_path / "a", remote=on_server(server, "run 7") / "a")]
        )
    assert sent.verified == "sample"


@pytest.mark.parametrize("kept", [True, False])
def test_a_break_while_they_begin_says_nothing_about_the_host(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    many: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept: bool,
) -> None:
    start, broken = RemoteCommand.__init__, list[bool]()

    def break_once(command: RemoteCommand, connected: Any, text: str, **options: Any) -> None:
        if not broken:
            broken.append(True)
            ssh_server.kill_connections()
            connected.transport.join(20)
        start(command, connected, text, **options)

    with make_transfer(ssh_server) as transfer:
        if kept:
            with transfer.connect_for_upload(Dataset(type="raw"), ANY):
                pass
        monkeypatch.setattr(RemoteCommand, "__init__", break_once)
        there_and_back(transfer, ssh_server, many, tmp_path)
        assert broken
        with transfer.connect_for_download(many, ANY) as connection:
            assert connection.remote_checksums([], algorithm="blake2b") == {}


def test_a_process_that_ends_can_still_connect(
    ssh_server: RunningSSHServer, many: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "names.json").write_text(
        json.dumps(
            [ssh_server.host, ssh_server.port, ssh_server.username]
            + [str(path) for path in (ssh_server.key_file, ssh_server.known_hosts, tmp_path / "local")]
            + [on_server(ssh_server, "run 7").posix]
        )
    )
    subprocess.run([sys.executable, "-c", LATE, tmp_path / "names.json"], check=True, timeout=60)
    assert everything(ssh_server.root / "run 7") == everything(tmp_path / "local")
