"""Many small files in one stream, and what becomes of them where that does not work."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scitacean.errors import FileNotAccessibleError, FileUploadError, HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh import SSHFileTransfer, bundle, channels
from scitacean.transfer.ssh.bundle import send_bundles
from scitacean.transfer.ssh.remote_command import LEAST_FILES, CommandError, RemoteCommand

from .conftest import MakeTransfer, partial_of

NUMBER = LEAST_FILES + 10
NAMES = [*(f"{number:03}" for number in range(NUMBER - 3)), "-r", "a b\n'$(x)`", "é" * 120]
CONTENT = {name: name.encode() * (index % 7) for index, name in enumerate(NAMES)}
# What goes wrong with the command: it is not there, ends at once, writes less than it should, is not content.
BROKEN = [
    "no-such-command",
    "false",
    "head -c 0",
    "tar --create --file=- /dev/null | head -c 700",
    "cat; false",
]


def fetch(transfer: SSHFileTransfer, root: Path, into: Path, names: list[str]) -> Counter[str]:
    moved: Counter[str] = Counter()
    requests = [
        FetchRequest(
            remote=RemotePath(f"{root.as_posix()}/{name}"),
            local=into / name,
            length=len(CONTENT[name]),
            checksum_algorithm="md5",
        )
        for name in names
    ]
    with transfer.connect_for_download(Dataset(type="raw"), requests[0].remote) as connection:
        fetched = connection.fetch_files(
            requests, on_progress=lambda path, size: moved.update({path.name: size})
        )
    assert [one.remote_size for one in fetched] == [len(CONTENT[name]) for name in names]
    assert None not in [one.checksum for one in fetched]
    return moved


def send(transfer: SSHFileTransfer, root: Path, local: Path, names: list[str]) -> Counter[str]:
    moved: Counter[str] = Counter()
    requests = [
        SendRequest(local=local / name, remote=RemotePath(f"{root.as_posix()}/up/{name}")) for name in names
    ]
    with transfer.connect_for_upload(
        Dataset(type="raw", source_folder=f"{root.as_posix()}/up"), requests[0].remote
    ) as connection:
        connection.send_files(requests, on_progress=lambda path, size: moved.update({path.name: size}))
    return moved


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture
def served(ssh_server: RunningSSHServer) -> Path:
    for name, content in CONTENT.items():
        (ssh_server.root / name).write_bytes(content)
    return ssh_server.root


@pytest.mark.parametrize("command", [bundle._WRITE_ARCHIVE, *BROKEN])
def test_all_arrive_whatever_the_command_does(
    command: str,
    ssh_server: RunningSSHServer,
    served: Path,
    target: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "_WRITE_ARCHIVE", command)
    with make_transfer(ssh_server) as transfer:
        moved = fetch(transfer, served, target, NAMES)
        # Who knows that it does not work does not try again.
        assert transfer._tools.get("tar", True) == (command not in BROKEN)
    assert contents(target) == CONTENT
    assert moved == Counter({name: len(content) for name, content in CONTENT.items()})


@pytest.mark.parametrize("command", [bundle._READ_ARCHIVE, *BROKEN])
@pytest.mark.parametrize("streams", [1, 3])
def test_all_are_sent_whatever_the_command_does(
    command: str,
    streams: int,
    ssh_server: RunningSSHServer,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "_READ_ARCHIVE", command)
    monkeypatch.setattr(bundle, "LONG_ROUND_TRIP", 0.0 if streams > 1 else 9.0)
    monkeypatch.setattr(bundle, "_MOST_STREAMS", streams)
    monkeypatch.setattr(bundle, "_BYTES_OF_STREAM", 1)
    with make_transfer(ssh_server) as transfer:
        transfer._tools["perl"] = False
        send(transfer, ssh_server.root, local, NAMES)
        assert transfer._tools.get("tar", True) == (command not in BROKEN)
    assert contents(ssh_server.root / "up") == CONTENT
    assert_times_are_kept(ssh_server.root / "up", local)


def assert_times_are_kept(folder: Path, local: Path) -> None:
    assert [int((folder / name).stat().st_mtime) for name in NAMES] == [
        int((local / name).stat().st_mtime) for name in NAMES
    ]


@pytest.mark.parametrize("has_perl", [True, False])
def test_permissions_and_times_as_asked(
    ssh_server: RunningSSHServer, local: Path, make_transfer: MakeTransfer, has_perl: bool
) -> None:
    for name in NAMES:
        os.utime(local / name, (1_000_000_000, 1_000_000_000))
    with make_transfer(ssh_server, file_mode=0o640, keep_times=False) as transfer:
        transfer._tools["perl"] = has_perl
        send(transfer, ssh_server.root, local, NAMES)
    for path in (ssh_server.root / "up").iterdir():
        assert path.stat().st_mode & 0o777 == 0o640
        assert path.stat().st_mtime > 1_600_000_000


def test_what_a_bundle_that_broke_brought_is_not_kept(
    ssh_server: RunningSSHServer,
    served: Path,
    target: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: RemoteCommand) -> int:
        ssh_server.refuse_connections()
        ssh_server.kill_connections()
        raise CommandError("it did not end")

    monkeypatch.setattr(RemoteCommand, "exit_status", broken)
    with make_transfer(ssh_server) as transfer, pytest.raises(HostNotReachableError):
        fetch(transfer, served, target, NAMES)
    # Some may have been filled up with zeros, of which tar tells at its end only.
    assert contents(target) == {}


def test_what_is_no_file_is_told_by_name(
    ssh_server: RunningSSHServer, served: Path, target: Path, make_transfer: MakeTransfer
) -> None:
    (served / NAMES[5]).unlink()
    with make_transfer(ssh_server) as transfer:
        with pytest.raises(FileNotAccessibleError, match=f"no file {served.as_posix()}/{NAMES[5]} on"):
            fetch(transfer, served, target, NAMES)
        (served / NAMES[5]).mkdir()
        with pytest.raises(FileNotAccessibleError, match="a folder, not a file"):
            fetch(transfer, served, target, NAMES)
        (served / NAMES[5]).rmdir()
        os.mkfifo(served / NAMES[5])
        with pytest.raises(FileNotAccessibleError, match="no regular file"):
            fetch(transfer, served, target, NAMES)
        (served / NAMES[5]).unlink()
        (served / NAMES[5]).symlink_to(served / NAMES[6])
        (served / NAMES[6]).unlink()
        os.link(served / NAMES[7], served / NAMES[6])
        expected = {**CONTENT, NAMES[5]: CONTENT[NAMES[7]], NAMES[6]: CONTENT[NAMES[7]]}
        for path in target.iterdir():
            path.unlink()
        requests = [
            FetchRequest(remote=RemotePath((served / name).as_posix()), local=target / name, length=1_000)
            for name in NAMES
        ]
        with transfer.connect_for_download(Dataset(type="raw"), requests[0].remote) as connection:
            connection.fetch_files(requests)
    assert contents(target) == expected


@pytest.mark.parametrize("has_perl", [True, False])
def test_what_an_earlier_upload_left_is_replaced_and_a_link_is_not_followed(
    ssh_server: RunningSSHServer, local: Path, make_transfer: MakeTransfer, tmp_path: Path, has_perl: bool
) -> None:
    up = ssh_server.root / "up"
    up.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    for name, make in ((NAMES[3], None), (NAMES[4], elsewhere)):
        request = SendRequest(local=local / name, remote=RemotePath(f"{up.as_posix()}/{name}"))
        if make is None:
            (up / partial_of(request)).write_bytes(b"of an earlier upload")
        else:
            (up / partial_of(request)).symlink_to(make)
    with make_transfer(ssh_server) as transfer:
        transfer._tools["perl"] = has_perl
        send(transfer, ssh_server.root, local, NAMES)
    assert contents(up) == CONTENT
    assert elsewhere.read_bytes() == b"precious"


@pytest.mark.parametrize("has_perl", [True, False])
@pytest.mark.parametrize("change", ["grow", "vanish"])
def test_a_local_file_that_changes_stops_the_bundle(
    change: str,
    has_perl: bool,
    ssh_server: RunningSSHServer,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests = [
        SendRequest(local=local / name, remote=RemotePath(f"{ssh_server.root.as_posix()}/up/{name}"))
        for name in NAMES
    ]

    def change_and_send(*arguments: Any, **options: Any) -> object:
        if change == "grow":
            (local / NAMES[20]).write_bytes(b"more than before" * 20)
        else:
            (local / NAMES[20]).unlink()
        return send_bundles(*arguments, **options)

    # After the files were looked at, and before any is read.
    monkeypatch.setattr("scitacean.transfer.ssh.upload.send_bundles", change_and_send)
    transfer = make_transfer(ssh_server)
    transfer._tools["perl"] = has_perl
    with (
        transfer.connect_for_upload(
            Dataset(type="raw", source_folder=f"{ssh_server.root.as_posix()}/up"), requests[0].remote
        ) as connection,
        pytest.raises((FileUploadError, FileNotAccessibleError), match="changed while|Cannot read"),  # noqa: RUF043
    ):
        connection.send_files(requests)
    assert all(path.name.startswith(".") for path in (ssh_server.root / "up").iterdir())


@pytest.mark.parametrize("way", ["up", "up by tar", "down"])
def test_a_connection_that_breaks_within_a_bundle(
    way: str,
    ssh_server: RunningSSHServer,
    served: Path,
    local: Path,
    target: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = channels.send_all
    breaks = iter([True])

    def breaking(channel: object, content: bytes) -> bool:
        done = original(channel, content)  # type: ignore[arg-type]  # passed through
        if next(breaks, False):
            ssh_server.kill_connections()
        return done

    with make_transfer(ssh_server) as transfer:
        monkeypatch.setattr("scitacean.transfer.ssh.remote_command.send_all", breaking)
        transfer._tools["perl"] = way != "up by tar"
        if way != "down":
            send(transfer, ssh_server.root, local, NAMES)
            assert contents(ssh_server.root / "up") == CONTENT
        else:
            fetch(transfer, served, target, NAMES)
            assert contents(target) == CONTENT
