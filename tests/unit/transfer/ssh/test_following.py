"""The host compares large files while they are written, and nobody trusts it where it may be wrong."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from scitacean.transfer.ssh.following import Following
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import HostPaths
from scitacean.transfer.ssh.verify import Verification
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, partial_of

ANY = RemotePath("")
FOLLOWED = 5_000_000
SIZES = {"large": 13_000_000, "other": 9_500_001, "just": FOLLOWED, "middle": 3_000_000, "next": 200_000}
CONTENT = {name: random.Random(name).randbytes(size) for name, size in SIZES.items()} | {"empty": b""}
ODD = ["plain", "a\nb", "-", "= x", "!", "$(touch x)", "'\"`", "ä", "with blanks  ", "\udcff"]


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


def changed_program(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> None:
    assert before in following._PROGRAM
    monkeypatch.setattr(following, "_PROGRAM", following._PROGRAM.replace(before, after))


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


@contextmanager
def followed(
    transfer: SSHFileTransfer, folder: Path, sizes: dict[str, int]
) -> Iterator[tuple[Following, dict[str, Outgoing]]]:
    """The program, and files of which nothing is on the host yet."""
    there, here = folder / "there", folder / "here"
    there.mkdir(parents=True)
    here.mkdir()
    items: dict[str, Outgoing] = {}
    for name, size in sizes.items():
        local = here / str(len(items))
        local.write_bytes(random.Random(name.encode("utf-8", "replace")).randbytes(size))
        item = Outgoing.from_request(SendRequest(local=local, remote=RemotePath("x")), HostPaths())
        item._partial = os.fsencode(there / name)
        Path(os.fsdecode(item._partial)).touch()
        items[name] = item
    with (
        transfer.connect_for_upload(Dataset(type="raw"), ANY) as connection,
        CommandsAhead(connection._line, {}) as ahead,
        closing(Following(ahead, "md5")) as program,
    ):
        # Else it would be told everything at the end.
        program._command.wait_until_it_runs()
        yield program, items


def write(program: Following, item: Outgoing, start: int, end: int) -> None:
    with Path(os.fsdecode(item.partial)).open("r+b") as file:
        file.seek(start)
        file.write(item.request.local.read_bytes()[start:end])
    program.wrote(item, start, end)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(
        st.sampled_from(ODD),
        st.tuples(st.integers(1, 400_000), st.lists(st.integers(1, 400_000), max_size=6)),
        min_size=1,
    ),
    missing=st.sets(st.sampled_from(ODD)),
    chance=st.randoms(use_true_random=False),
    threshold=st.integers(1, 400_000),
)
def test_checksums_of_all_of_which_every_range_was_written(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, tuple[int, list[int]]],
    missing: set[str],
    chance: random.Random,
    threshold: int,
) -> None:
    sizes = {name: size for name, (size, _) in files.items()}
    parts = []
    for name, (size, cuts) in files.items():
        ends = sorted({*(cut for cut in cuts if cut < size), size})
        of_file = [(name, start, end) for start, end in zip([0, *ends], ends, strict=False)]
        parts += of_file[:-1] if name in missing else of_file
    chance.shuffle(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "_FOLLOWED", threshold)
        patch.setattr(following, "_BYTES_OF_TOOL", threshold)
        folder = tmp_path_factory.mktemp("followed")
        with followed(ssh_file_transfer, folder, sizes) as (program, items):
            for name, start, end in parts:
                write(program, items[name], start, end)
            found = program.results()
    expected = {
        items[name]: hashlib.md5(items[name].request.local.read_bytes()).hexdigest()
        for name in files
        if name not in missing
    }
    assert found == expected


def test_more_files_than_it_takes(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_MOST_FILES", 3)
    sizes = {str(number): 10 + number for number in range(5)}
    with followed(ssh_file_transfer, tmp_path / "f", sizes) as (program, items):
        for item in items.values():
            write(program, item, 0, item.size)
        assert list(program.results()) == list(items.values())[:3]


@pytest.mark.parametrize("written", [1000, FOLLOWED])
def test_nothing_over_a_connection_that_broke(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path, written: int
) -> None:
    with (
        make_transfer(ssh_server) as transfer,
        followed(transfer, tmp_path / "f", {"a": FOLLOWED, "b": 5}) as (program, items),
    ):
        write(program, items["a"], 0, written)
        ssh_server.kill_connections()
        # With all of it known already, there is nothing to tell before the end.
        for item in items.values():
            write(program, item, 0, item.size)
        assert program.results() == {}


def test_every_shell_takes_the_program_as_it_is() -> None:
    """The C shell looks for events of its history inside of quotes too."""
    command = following.program("blake2b").command
    assert [command.count(character) for character in "'!\n\\`"] == [2, 0, 0, 0, 0]


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


def test_nobody_waits_for_one_that_reads_nothing(
    make_transfer: MakeTransfer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = tmp_path / "reads"
    changed_program(monkeypatch, "while (my $what", f"sleep 1 until -e q({reads}); while (my $what")
    monkeypatch.setattr(following, "_FILES_OF_TOOL", 50)
    (tmp_path / "served").mkdir()
    deep = tmp_path.joinpath(*["d" * 250] * 12)
    with (
        # It keeps two million bytes for a program that does not read them.
        sshd(tmp_path / "served") as server,
        make_transfer(server, timeout=2.0) as transfer,
        followed(transfer, deep, {str(number): 10 for number in range(900)}) as (program, items),
    ):
        for item in items.values():
            write(program, item, 0, item.size)
        assert program._unsent
        reads.touch()
        assert program.results().keys() == set(items.values())
