"""A program on the host computes checksums of files of which more and more is there."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.sshd import sshd
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer, following
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.following import Following
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import HostPaths
from tests.unit.transfer.ssh.conftest import MakeTransfer, changed_program

ANY = RemotePath("")
FOLLOWED = 5_000_000
ODD = ["plain", "a\nb", "-", "= x", "!", "$(touch x)", "'\"`", "ä", "with blanks  ", "\udcff"]


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_LEAST_BYTES", 1)
    monkeypatch.setattr(following, "_FOLLOWED", FOLLOWED)
    monkeypatch.setattr(following, "_BYTES_OF_TOOL", 1_000_000)


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


def test_the_host_has_no_tool_left_of_a_file_that_is_complete(
    make_transfer: MakeTransfer, tmp_path: Path, ssh_server: RunningSSHServer
) -> None:
    """Hundreds of them would be more than it lets one have."""
    with (
        make_transfer(ssh_server) as transfer,
        followed(transfer, tmp_path / "f", {"a": FOLLOWED, "b": FOLLOWED}) as (program, items),
    ):
        for item in items.values():
            write(program, item, 0, item.size)
        output = program._command.output()
        told = b""
        while told.count(b"=") < 2:
            told += next(output)
        # Nothing is left to be told at the end.
        assert program.results() == {}


def test_every_shell_takes_the_program_as_it_is() -> None:
    """The C shell looks for events of its history inside of quotes too."""
    command = following.program("blake2b").command
    assert [command.count(character) for character in "'!\n\\`"] == [2, 0, 0, 0, 0]


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
