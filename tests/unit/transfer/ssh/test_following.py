"""The host compares large files while they are written, and nobody trusts it where it may be wrong."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from paramiko import Channel

from scitacean.errors import IntegrityError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.sshd import sshd
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer, channels, following
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.remote_command import Program, RemoteCommand
from scitacean.transfer.ssh.verify import Verification
from tests.unit.transfer.ssh.conftest import MakeTransfer, changed_program, everything, partial_of

ANY = RemotePath("")
FOLLOWED = 5_000_000
SIZES = {"large": 13_000_000, "other": 9_500_001, "just": FOLLOWED, "middle": 3_000_000, "next": 200_000}
CONTENT = {name: random.Random(name).randbytes(size) for name, size in SIZES.items()} | {"empty": b""}


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_LEAST_BYTES", 1)
    monkeypatch.setattr(following, "_FOLLOWED", FOLLOWED)
    monkeypatch.setattr(following, "_BYTES_OF_TOOL", 1_000_000)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files of which the checksums are asked for in the end."""
    compute, seen = HostChecksums.of_own_files, list[str]()

    def note(self: HostChecksums, names: Sequence[bytes], **options: Any) -> dict[bytes, str]:
        seen.extend(os.fsdecode(name).rsplit("/", 1)[1].split(".")[1] for name in names)
        return compute(self, names, **options)

    monkeypatch.setattr(HostChecksums, "of_own_files", note)
    return seen


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


def send(
    transfer: SSHFileTransfer, server: RunningSSHServer, local: Path, *, resume: bool = False
) -> set[str | None]:
    """Send all; return how they were verified."""
    folder = RemotePath(f"{server.root.as_posix()}/up")
    requests = [SendRequest(local=local / name, remote=folder / name, resume=resume) for name in CONTENT]
    with transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection:
        return {one.verified for one in connection.send_files(requests)}


@pytest.mark.parametrize("connections", [1, 3])
def test_none_is_left_for_the_end(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, late: list[str], connections: int
) -> None:
    with make_transfer(ssh_server, connections=connections) as transfer:
        assert send(transfer, ssh_server, local) == {"checksum"}
    # Nothing is written of an empty one.
    assert late == ["empty"]
    assert everything(ssh_server.root / "up") == CONTENT


def test_where_it_does_not_pay_all_are_left_for_the_end(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    late: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_LEAST_BYTES", 1 << 40)
    with make_transfer(ssh_server) as transfer:
        assert send(transfer, ssh_server, local) == {"checksum"}
    assert sorted(late) == sorted(CONTENT)


@pytest.mark.parametrize("name", ["large", "middle"])
def test_what_arrives_damaged_is_found(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[str],
    name: str,
) -> None:
    wrote = Verification.wrote

    def damage(self: Verification, item: Outgoing, start: int, end: int) -> None:
        if start == 0 and item.request.local.name == name:
            with Path(os.fsdecode(item.partial)).open("r+b") as file:
                file.seek(1000)
                file.write(b"x x")
        wrote(self, item, start, end)

    monkeypatch.setattr(Verification, "wrote", damage)
    with make_transfer(ssh_server) as transfer, pytest.raises(IntegrityError, match=f"/{name}\n"):
        send(transfer, ssh_server, local)
    assert sorted(late) == sorted([name, "empty"])
    assert not (ssh_server.root / "up" / name).exists()


def test_a_program_that_sees_something_else_is_not_believed(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[str],
) -> None:
    """As where several servers share files, and one sees zeros where another one has just written."""
    changed_program(
        monkeypatch,
        "while ($size and",
        "$block = chr(0) x $size if $size and $$one[2] > 1000000; while ($size and",
    )
    with make_transfer(ssh_server) as transfer:
        assert send(transfer, ssh_server, local) == {"checksum"}
    assert sorted(late) == ["empty", "just", "large", "other"]
    assert everything(ssh_server.root / "up") == CONTENT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("perl -e", "no-perl-there -e"),
        ("print q(scitacean", "exit 3; print q(scitacean"),
        ("print q(scitacean-follows), chr 0;", "sleep 1; print q(scitacean-follows), chr 0;"),
        ("sysread $$one[0]", "$$one[2] > 1000000 ? 0 : sysread $$one[0]"),
        ("sysread $$one[0]", "$$one[2] > 1000000 ? exit 3 : sysread $$one[0]"),
        ("q(%(tool)s), q(-z) or", "q(false), q(-z) or"),
        ("q(%(tool)s), q(-z) or", "q(no-tool-there), q(-z) or"),
        ("print $$one[3]", "exit 1; print $$one[3]"),
        ("print $$one[3]", "kill 9, $$; print $$one[3]"),
    ],
)
def test_what_it_does_not_tell_is_asked_for_in_the_end(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    after: str,
) -> None:
    changed_program(monkeypatch, before, after)
    with make_transfer(ssh_server) as transfer:
        assert send(transfer, ssh_server, local) == {"checksum"}
    assert everything(ssh_server.root / "up") == CONTENT


@pytest.mark.parametrize("cut", [100_000, 4_500_000, 11_000_000, 25_000_000])
@pytest.mark.parametrize("connections", [1, 3])
def test_a_connection_that_breaks(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, cut: int, connections: int
) -> None:
    with make_transfer(ssh_server, connections=connections) as transfer:
        ssh_server.cut_after(cut)
        assert send(transfer, ssh_server, local, resume=True) == {"checksum"}
    assert everything(ssh_server.root / "up") == CONTENT


def test_what_was_there_already_is_compared_too(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[str],
) -> None:
    with make_transfer(ssh_server) as transfer:
        with monkeypatch.context() as patch:
            patch.setattr(Verification, "find_different", stopped)
            with pytest.raises(KeyboardInterrupt):
                send(transfer, ssh_server, local)
        for name, size in [("large", 6_000_000), ("other", SIZES["other"])]:
            (partial,) = (ssh_server.root / "up").glob(f".{name}.part*")
            os.truncate(partial, size)
        assert send(transfer, ssh_server, local, resume=True) == {"checksum"}
    assert "large" not in late
    assert everything(ssh_server.root / "up") == CONTENT


def stopped(*_: object) -> list[Outgoing]:
    raise KeyboardInterrupt


def test_a_host_that_is_known_to_lack_it_is_not_asked(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    take = CommandsAhead.take

    def note(self: CommandsAhead, wanted: Program) -> RemoteCommand:
        asked.append(wanted.tool)
        return take(self, wanted)

    monkeypatch.setattr(CommandsAhead, "take", note)
    with make_transfer(ssh_server) as transfer:
        transfer._tools["perl"] = False
        assert send(transfer, ssh_server, local) == {"checksum"}
    assert "blake2b" in asked
    assert "perl" not in asked


def test_perl_that_takes_all_files_for_text(
    make_transfer: MakeTransfer, local: Path, tmp_path_factory: pytest.TempPathFactory, late: list[str]
) -> None:
    served = tmp_path_factory.mktemp("served")
    with (
        sshd(served, options=("SetEnv PERL_UNICODE=SDA",)) as server,
        make_transfer(server) as transfer,
    ):
        assert send(transfer, server, local) == {"checksum"}
    assert late == ["empty"]


def test_what_it_told_of_a_file_says_nothing_of_the_one_that_is_sent_instead(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That one is not followed, as it does not pay for it alone."""
    folder = RemotePath(f"{ssh_server.root.as_posix()}/up")
    large, other = (
        SendRequest(local=local / name, remote=folder / name, resume=True, checksum_algorithm=algorithm)
        for name, algorithm in [("large", "md5"), ("other", "sha256")]
    )
    (ssh_server.root / "up").mkdir()
    partial = ssh_server.root / "up" / partial_of(other)
    partial.write_bytes(CONTENT["other"][:10])
    compare, wrote = Verification.find_different, Verification.wrote

    def longer(self: Verification, items: Sequence[Outgoing]) -> list[Outgoing]:
        monkeypatch.setattr(Verification, "find_different", compare)
        monkeypatch.setattr(Verification, "wrote", damage)
        with partial.open("ab") as file:
            file.write(b"x")
        return compare(self, items)

    def damage(self: Verification, item: Outgoing, start: int, end: int) -> None:
        with partial.open("r+b") as file:
            file.write(b"x x")
        wrote(self, item, start, end)

    monkeypatch.setattr(Verification, "find_different", longer)
    monkeypatch.setattr(following, "_LEAST_BYTES", 20_000_000)
    with (
        make_transfer(ssh_server) as transfer,
        transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection,
        pytest.raises(IntegrityError, match="/other\n"),
    ):
        connection.send_files([large, other])


def test_an_interrupt_that_leaves_a_lock_of_its_channel_held_stops_no_other_connection(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Channel] = []
    ready = Channel.send_ready

    def interrupted(channel: Channel) -> bool:
        if not held and threading.current_thread() is threading.main_thread():
            held.append(channel)
            channel.lock.acquire()
            # Others write something meanwhile.
            time.sleep(0.5)
            raise KeyboardInterrupt
        return ready(channel)

    monkeypatch.setattr(channels, "_MOST_CLOSING_SECONDS", 0.3)
    with make_transfer(ssh_server, connections=3) as transfer:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Channel, "send_ready", interrupted)
            with pytest.raises(KeyboardInterrupt):
                send(transfer, ssh_server, local)
        assert send(transfer, ssh_server, local, resume=True) == {"checksum"}
    held[0].lock.release()


def test_nobody_waits_for_ever_for_a_program_that_hangs(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host answers, but has nothing else to do for it than to wait."""
    reading = "sysread $$one[0]"
    changed_program(monkeypatch, reading, f"$$one[2] > 1000000 ? (sleep 4 and exit) : {reading}")
    with make_transfer(ssh_server, timeout=1.0) as transfer:
        assert send(transfer, ssh_server, local) == {"checksum"}
    assert everything(ssh_server.root / "up") == CONTENT
