"""What has arrived is compared with what was sent, as well as the host can."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client
from scitacean.errors import IntegrityError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.remote_command import RemoteCommand
from scitacean.transfer.ssh.verify import Verification
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, local_file, on_server, partial_of

ANY = RemotePath("")
CONTENT = {"a": os.urandom(300_000), "b": b"123", "empty": b"", "c": os.urandom(9_000_000)}


def requests_to(source: RemotePath, folder: Path, *, resume: bool = False) -> list[SendRequest]:
    algorithms = {"a": "md5", "c": "sha3_256"}
    for name, content in CONTENT.items():
        local_file(folder, name, content)
    return [
        SendRequest(
            local=folder / name,
            remote=source / name,
            resume=resume,
            checksum_algorithm=algorithms.get(name),
        )
        for name in CONTENT
    ]


def damaged_before_comparing(
    monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], *, times: int = 1
) -> None:
    """Damage what has arrived of the file "a", before it is compared."""
    original, left = Verification.find_different, iter(range(times))

    def find_different(verification: Verification, items: Sequence[Outgoing]) -> list[Outgoing]:
        for item in items:
            if item.target.endswith(b"/a") and next(left, None) is not None:
                damage(Path(os.fsdecode(item.partial)))
        return original(verification, items)

    monkeypatch.setattr(Verification, "find_different", find_different)


def flip_in_the_beginning(path: Path) -> None:
    with path.open("r+b") as file:
        first = file.read(1)[0]
        file.seek(0)
        file.write(bytes([first ^ 1]))


@pytest.mark.parametrize("wanted", ["checksum", "sample", "size"])
def test_how_files_were_compared_is_told(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    wanted: str,
) -> None:
    transfer = make_transfer(server, verify=wanted)
    source = transfer.source_folder_for(dataset)
    with transfer.connect_for_upload(dataset, ANY) as connection:
        sent = connection.send_files(requests_to(source, tmp_path))
        can = connection.remote_checksums([], algorithm="sha256") is not None
    expected = "sample" if wanted == "checksum" and not can else wanted
    assert {one.verified for one in sent} == {expected}
    assert everything(Path(source.posix)) == CONTENT


@pytest.fixture
def requests(ssh_server: RunningSSHServer, tmp_path: Path) -> list[SendRequest]:
    return requests_to(on_server(ssh_server, "up"), tmp_path)


def test_a_connection_that_breaks_while_the_host_compares_says_nothing_about_the_files(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    requests: list[SendRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compute, output = HostChecksums.of_own_files, RemoteCommand.output
    breaking: list[bool] = []

    def compute_and_break(*arguments: Any, **options: Any) -> dict[bytes, str]:
        breaking.append(True)
        return compute(*arguments, **options)

    def break_and_read(command: RemoteCommand) -> Iterator[bytes]:
        if len(breaking) == 1:
            ssh_server.kill_connections()
            command.connected.transport.join(20)
        return output(command)

    monkeypatch.setattr(HostChecksums, "of_own_files", compute_and_break)
    monkeypatch.setattr(RemoteCommand, "output", break_and_read)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        sent = connection.send_files(requests)
    assert len(breaking) > 1
    assert {one.verified for one in sent} == {"checksum"}
    assert everything(ssh_server.root / "up") == CONTENT


# The output of a tool is written out in blocks, so its end may be in the middle of a name.
TORN = f"printf '%s  %s' {'0' * 32} \"${{3%?}}\"; "


@pytest.mark.parametrize("said", ["", TORN], ids=["nothing", "torn"])
@pytest.mark.parametrize("damaged", [True, False])
def test_a_tool_that_is_ended_on_the_host_says_nothing_about_the_files(
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damaged: bool,
    said: str,
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("b2sum", "md5sum"):
        (tools / name).write_text(
            f'#!/bin/sh\n[ "$3" = /dev/null ] && exec {shutil.which(name)} "$@"\n{said}kill -9 $PPID $$\n'
        )
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    served = tmp_path / "served"
    served.mkdir()
    if damaged:
        damaged_before_comparing(monkeypatch, flip_in_the_beginning)
    with (
        asyncssh_server(served) as server,
        make_transfer(server).connect_for_upload(dataset, ANY) as connection,
    ):
        requests = requests_to(on_server(server, "up"), tmp_path)
        if damaged:
            with pytest.raises(IntegrityError, match=r"1 file\(s\) did not arrive as they were sent"):
                connection.send_files(requests)
        else:
            connection.send_files(requests)
            assert everything(served / "up") == CONTENT


@pytest.mark.parametrize("wanted", ["checksum", "sample"])
@pytest.mark.parametrize("damage", [flip_in_the_beginning, os.unlink], ids=["changed", "gone"])
def test_files_that_were_damaged_on_the_host_do_not_get_their_names(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    damage: Callable[[Path], None],
) -> None:
    transfer = make_transfer(server, verify=wanted)
    source = transfer.source_folder_for(dataset)
    damaged_before_comparing(monkeypatch, damage)
    requests = requests_to(source, tmp_path)
    with transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(IntegrityError, match=r"1 file\(s\) did not arrive as they were sent") as caught:
            connection.send_files(requests)
        assert str(caught.value).count(f"  - {source.posix}/a\n") == 1
        there = everything(Path(source.posix))
        assert there == {partial_of(one): CONTENT[one.remote.name] for one in requests[1:]}
        # The others need not be sent again.
        moved: list[int] = []
        again = [SendRequest(local=one.local, remote=one.remote, resume=True) for one in requests]
        if wanted == "checksum" and connection.remote_checksums([], algorithm="md5") is not None:
            connection.send_files(again, on_progress=lambda _, size: moved.append(size))
            assert sum(moved) == len(CONTENT["a"])
        else:
            connection.send_files(again)
    assert everything(Path(source.posix)) == CONTENT


@pytest.mark.parametrize("wanted", ["checksum", "sample"])
def test_a_damaged_part_that_is_found_when_going_on_is_sent_anew(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, wanted: str
) -> None:
    transfer = make_transfer(server, verify=wanted)
    source = transfer.source_folder_for(dataset)
    requests = requests_to(source, tmp_path, resume=True)
    Path(source.posix).mkdir()
    for one in requests:
        there = bytearray(CONTENT[one.remote.name][:-1])
        if there:
            there[0] ^= 1
            (Path(source.posix) / partial_of(one)).write_bytes(there)
    with transfer.connect_for_upload(dataset, ANY) as connection:
        sent = connection.send_files(requests)
    assert {one.verified for one in sent} <= {"checksum", "sample"}
    assert everything(Path(source.posix)) == CONTENT


def test_what_cannot_be_put_right_when_going_on_is_told(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transfer = make_transfer(server)
    source = transfer.source_folder_for(dataset)
    request = requests_to(source, tmp_path, resume=True)[0]
    Path(source.posix).mkdir()
    (Path(source.posix) / partial_of(request)).write_bytes(CONTENT["a"][:1_000])
    damaged_before_comparing(monkeypatch, flip_in_the_beginning, times=2)
    with transfer.connect_for_upload(dataset, ANY) as connection, pytest.raises(IntegrityError):
        connection.send_files([request])
    assert everything(Path(source.posix)) == {}


def test_a_whole_upload_of_damaged_files_is_undone(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damaged_before_comparing(monkeypatch, flip_in_the_beginning)
    local_file(tmp_path, "a", CONTENT["a"])
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada",
        contact_email="a@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(tmp_path / "a")
    with Client.local(tmp_path / "local") as local:
        client = Client(client=local.scicat, file_transfer=make_transfer(server))
        with pytest.raises(IntegrityError, match="did not arrive as they were sent"):
            client.upload_new_dataset_now(dataset)
        assert client.scicat.query_datasets({}) == []
    assert everything(server.root) == {}
