"""The host compares small files while others are on their way, and nobody trusts it too early."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scitacean.errors import IntegrityError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.protocol import SendRequest, Sent
from scitacean.transfer.ssh import SSHFileTransfer, checksums, host_program, receiving
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.early_checksums import EarlyChecksums
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import HostPaths
from scitacean.transfer.ssh.remote_command import CommandError
from scitacean.transfer.ssh.verify import Verification
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, on_server

ANY = RemotePath("")
CONTENT = {f"{number:03}": os.urandom(200 + number) for number in range(80)}


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "_NAMES_OF_TOOL", 7)
    monkeypatch.setattr(receiving, "_FILES_AT_ONCE", 5)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Names of files of which the checksums are asked for in the end."""
    compute, seen = HostChecksums.of_own_files, list[bytes]()

    def note(self: HostChecksums, names: Sequence[bytes], **options: Any) -> dict[bytes, str]:
        seen.extend(names)
        return compute(self, names, **options)

    monkeypatch.setattr(HostChecksums, "of_own_files", note)
    return seen


def requests_to(folder: Path, local: Path) -> list[SendRequest]:
    return [SendRequest(local=local / name, remote=RemotePath(folder.as_posix(), name)) for name in CONTENT]


def send(transfer: SSHFileTransfer, server: RunningSSHServer, local: Path) -> list[Sent]:
    with transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection:
        return connection.send_files(requests_to(server.root / "up", local))


def test_none_is_left_for_the_end(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, late: list[bytes]
) -> None:
    with make_transfer(ssh_server) as transfer:
        sent = send(transfer, ssh_server, local)
    assert {one.verified for one in sent} == {"checksum"}
    assert late == []
    assert everything(ssh_server.root / "up") == CONTENT


def test_what_arrives_damaged_is_found(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[bytes],
) -> None:
    written = "syswrite $file, $in, $size;"
    damages = host_program._PROGRAM.replace(
        written, f"{written} sysseek $file, 3, 0 and syswrite $file, q(x x) if $name =~ m|/[.]042[.]|;"
    )
    assert damages != host_program._PROGRAM
    monkeypatch.setattr(host_program, "_PROGRAM", damages)
    with make_transfer(ssh_server) as transfer, pytest.raises(IntegrityError, match="/042\n"):
        send(transfer, ssh_server, local)
    # Asked once more, before anything is said of it.
    assert [b"/.042." in name for name in late] == [True]


@pytest.mark.parametrize("when", ["begin", "add", "results"])
def test_a_tool_that_breaks_only_leaves_all_for_the_end(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[bytes],
    when: str,
) -> None:
    broken: list[str] = []

    def break_once(original: Any) -> Any:
        def method(*arguments: Any) -> Any:
            if not broken:
                broken.append(when)
                raise CommandError(when)
            return original(*arguments)

        return method

    names = {"begin": "_started", "add": "add", "results": "results"}
    owner = EarlyChecksums if when == "begin" else checksums.ChecksumFeed
    if when == "begin":
        monkeypatch.setattr("scitacean.transfer.ssh.early_checksums.feed", break_once(checksums.feed))
    else:
        monkeypatch.setattr(owner, names[when], break_once(getattr(owner, names[when])))
    with make_transfer(ssh_server) as transfer:
        sent = send(transfer, ssh_server, local)
    assert {one.verified for one in sent} == {"checksum"}
    assert broken == [when]
    assert len(late) == (1 if when == "add" else len(CONTENT))
    assert everything(ssh_server.root / "up") == CONTENT


def test_what_is_sent_again_is_compared_again(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[bytes],
) -> None:
    """The program breaks in the middle: the checksums of what it has told of are of no use any more."""
    told = host_program.is_there
    count: list[bytes] = []

    def break_later(lines: Iterator[bytes]) -> object:
        count.append(b"")
        if len(count) == 40:
            raise CommandError("broken")
        return told(lines)

    monkeypatch.setattr(host_program, "is_there", break_later)
    with make_transfer(ssh_server) as transfer:
        sent = send(transfer, ssh_server, local)
    assert {one.verified for one in sent} == {"checksum"}
    assert len(late) == len(CONTENT)
    assert everything(ssh_server.root / "up") == CONTENT


@contextmanager
def feeding(
    transfer: SSHFileTransfer, folder: Path, local: Path
) -> Iterator[tuple[EarlyChecksums, dict[Outgoing, str]]]:
    with transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection:
        items = [Outgoing.from_request(one, HostPaths()) for one in requests_to(folder, local)]
        folder.mkdir()
        for item in items:
            Path(os.fsdecode(item.partial)).write_bytes(CONTENT[item.request.local.name])
        with CommandsAhead(connection._line, {}) as ahead, EarlyChecksums(ahead) as early:
            for item in items:
                early.add(item, "md5")
            yield early, {item: hashlib.md5(CONTENT[item.request.local.name]).hexdigest() for item in items}


def test_checksums_of_what_was_added_and_not_forgotten(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path
) -> None:
    with (
        make_transfer(ssh_server) as transfer,
        feeding(transfer, ssh_server.root / "up", local) as (early, expected),
    ):
        kept = dict(list(expected.items())[::3])
        assert early.results("sha256") == {}
        early.keep_only(kept)
        assert early.results("md5") == kept
        assert early.results("md5") == {}


def test_more_than_one_tool_takes(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "_NAMES_AT_ONCE", 30)
    with (
        make_transfer(ssh_server) as transfer,
        feeding(transfer, ssh_server.root / "up", local) as (early, expected),
    ):
        assert early.results("md5") == dict(list(expected.items())[:30])


def test_nothing_over_a_connection_that_broke(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path
) -> None:
    with (
        make_transfer(ssh_server) as transfer,
        feeding(transfer, ssh_server.root / "up", local) as (early, expected),
    ):
        ssh_server.kill_connections()
        found = early.results("md5")
        assert found.items() <= expected.items()
        assert len(found) < len(expected)


def test_names_that_are_no_text(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    names = [b"a\nb", b"-x", b" ", b"\\", b"\xff", "ä".encode()]
    folder = os.fsencode(on_server(ssh_server, "up").posix)
    Path(os.fsdecode(folder)).mkdir()
    expected = {}
    for name in names:
        path = folder + b"/" + name
        Path(os.fsdecode(path)).write_bytes(name)
        expected[path] = hashlib.blake2b(name).hexdigest()
    with (
        make_transfer(ssh_server) as transfer,
        transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection,
    ):
        assert connection._checksums.of_own_files(expected, algorithm="blake2b") == expected


@pytest.mark.parametrize("number", [70, 80])
def test_a_host_that_went_down_may_have_lost_what_it_had_compared(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    find = Verification.find_different

    def lose(self: Verification, items: Sequence[Outgoing]) -> list[Outgoing]:
        # Long enough for the tool to tell of all that it has.
        time.sleep(0.5)
        ssh_server.kill_connections()
        (lost,) = (ssh_server.root / "up").glob(".042.part*")
        lost.write_bytes(bytes(lost.stat().st_size))
        return find(self, items)

    monkeypatch.setattr(Verification, "find_different", lose)
    requests = requests_to(ssh_server.root / "up", local)[:number]
    with (
        make_transfer(ssh_server) as transfer,
        transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection,
        pytest.raises(IntegrityError, match="/042\n"),
    ):
        connection.send_files(requests)


def test_several_who_try_a_tool_at_once_all_learn_that_it_works(
    make_transfer: MakeTransfer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "b2sum").write_text(f'#!/bin/sh\nsleep 0.5\nexec {shutil.which("b2sum")} "$@"\n')
    (tools / "b2sum").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "served").mkdir()
    (tmp_path / "a").write_bytes(b"123")

    def verified(number: int) -> str | None:
        with transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection:
            target = on_server(server, f"{number}") / "a"
            return connection.send_files([SendRequest(local=tmp_path / "a", remote=target)])[0].verified

    with (
        asyncssh_server(tmp_path / "served") as server,
        make_transfer(server) as transfer,
        ThreadPoolExecutor(7) as threads,
    ):
        assert set(threads.map(verified, range(7))) == {"checksum"}


def test_nobody_waits_for_a_tool_before_files_are_sent(
    make_transfer: MakeTransfer,
    local: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[bytes],
) -> None:
    tools, go, waited = tmp_path / "bin", tmp_path / "go", tmp_path / "waited"
    tools.mkdir()
    # As a login shell that takes long.
    wait = f'for i in $(seq 100); do [ -e "{go}" ] && exec {shutil.which("b2sum")} "$@"; sleep 0.1; done'
    (tools / "b2sum").write_text(f'#!/bin/sh\n{wait}\ntouch "{waited}"\n')
    (tools / "b2sum").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "served").mkdir()
    told: list[int] = []

    def tell(_: RemotePath, size: int) -> None:
        told.append(size)
        if len(told) == len(CONTENT):
            go.touch()

    with asyncssh_server(tmp_path / "served") as server, make_transfer(server) as transfer:
        requests = requests_to(server.root / "up", local)
        with transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection:
            sent = connection.send_files(requests, on_progress=tell)
    assert not waited.exists()
    assert {one.verified for one in sent} == {"checksum"}
    assert late == []
