"""A program on the host receives many files and tells of them; nobody relies on what it did not tell."""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.errors import IntegrityError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import SendRequest, Sent
from scitacean.transfer.ssh import SSHFileTransfer, bundle, channels, host_program, receiving
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.remote_command import LEAST_FILES
from scitacean.transfer.ssh.sending import SendSettings
from scitacean.transfer.ssh.sftp_session import SftpSession

from .conftest import MakeTransfer, patched_operation

NUMBER = LEAST_FILES + 26
CONTENT = {f"{number:03}": bytes([number]) * (number * 37) for number in range(NUMBER)}
CONTENT |= {"-r": b"1", "a b\n'$(x)`": b"22", "é" * 120: b"333", "7 8 9 x": b"4"}
RECEIVES = "more() while length $in < $size;"
# What becomes of the program, and whether it is of use then.
BROKEN = {
    ("perl -MFcntl", "no-such-command"): False,
    ("perl -MFcntl -e '", "echo 1; false '"): False,
    ("perl -MFcntl -e '", "cat; false '"): False,
    # It ends before, in the middle of and after the files.
    (RECEIVES, "exit;"): False,
    (RECEIVES, f"{RECEIVES} exit if $count++ > 5;"): False,
    ("print $told;", "exit;"): False,
    # It says something else.
    ("my @is =", "$count++ < 5 or $told .= qq(what\\n); my @is ="): False,
    ("print $told;", "print qq(1 2 3\\n) x 200;"): False,
    # It cannot write any of the files, or some.
    ("sysopen $file,", "0 and sysopen $file,"): True,
    ("$done = $size ==", "$done = 7 < length $name && $count++ % 3 && $size =="): True,
}


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "local"
    folder.mkdir()
    for number, (name, content) in enumerate(CONTENT.items()):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1_000_000_000 + number, 1_000_000_000 + number))
    return folder


@pytest.fixture
def up(ssh_server: RunningSSHServer) -> Path:
    return ssh_server.root / "up"


def send(transfer: SSHFileTransfer, up: Path, local: Path, moved: Counter[str] | None = None) -> list[Sent]:
    requests = [
        SendRequest(local=local / name, remote=RemotePath(f"{up.as_posix()}/{name}")) for name in CONTENT
    ]
    progress = None if moved is None else lambda path, size: moved.update({path.name: size})
    with transfer.connect_for_upload(
        Dataset(type="raw", source_folder=up.as_posix()), requests[0].remote
    ) as connection:
        return connection.send_files(requests, on_progress=progress)


def assert_all_there(up: Path, local: Path) -> None:
    assert {path.name: path.read_bytes() for path in up.iterdir()} == CONTENT
    assert [(up / name).stat().st_mtime for name in CONTENT] == [
        (local / name).stat().st_mtime for name in CONTENT
    ]


def forbid(patch: pytest.MonkeyPatch, *operations: str) -> None:
    def never(*_: object) -> None:
        raise AssertionError(operations)

    for operation in operations:
        patch.setattr(SftpSession, operation, never)


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("portion", [1, 20, 500])
def test_no_request_is_made_for_a_file_that_the_host_tells_of(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
    streams: int,
    portion: int,
) -> None:
    monkeypatch.setattr(bundle, "LONG_ROUND_TRIP", 0.0 if streams > 1 else 9.0)
    monkeypatch.setattr(bundle, "_MOST_STREAMS", streams)
    monkeypatch.setattr(bundle, "_BYTES_OF_STREAM", 1)
    monkeypatch.setattr(receiving, "_FILES_AT_ONCE", portion)
    forbid(monkeypatch, "open", "rename", "fsetstat", "opendir")
    asked: list[bytes] = []

    def note(_session: SftpSession, lstat: Callable[[bytes], Any], arguments: tuple[Any, ...]) -> Any:
        asked.extend(arguments)
        return lstat(*arguments)

    patched_operation(monkeypatch, "lstat", note)
    moved: Counter[str] = Counter()
    with make_transfer(ssh_server, verify="size") as transfer:
        sent = send(transfer, up, local, moved)
    assert_all_there(up, local)
    assert len(asked) < 10
    assert moved == Counter({name: len(content) for name, content in CONTENT.items()})
    for one, name in zip(sent, CONTENT, strict=True):
        there = (up / name).stat()
        assert (one.size, one.verified) == (there.st_size, "size")
        assert (one.uid, one.gid, one.permissions) == (
            str(there.st_uid),
            str(there.st_gid),
            str(there.st_mode),
        )


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("streams", [1, 3])
def test_all_are_sent_whatever_the_program_does(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
    broken: tuple[str, str],
    streams: int,
) -> None:
    assert broken[0] in host_program._PROGRAM
    monkeypatch.setattr(host_program, "_PROGRAM", host_program._PROGRAM.replace(*broken))
    monkeypatch.setattr(receiving, "_FILES_AT_ONCE", 11)
    monkeypatch.setattr(bundle, "LONG_ROUND_TRIP", 0.0 if streams > 1 else 9.0)
    monkeypatch.setattr(bundle, "_MOST_STREAMS", streams)
    monkeypatch.setattr(bundle, "_BYTES_OF_STREAM", 1)
    with make_transfer(ssh_server, timeout=1.5) as transfer:
        send(transfer, up, local)
        assert transfer._tools.get("perl", True) == BROKEN[broken]
        # What does not run at all leaves the files to tar.
        assert transfer._tools.get("tar", True)
    assert_all_there(up, local)


def test_a_login_shell_that_takes_long_is_not_waited_for(
    ssh_file_transfer: SSHFileTransfer, up: Path, local: Path
) -> None:
    up.mkdir()
    runs = host_program.program()
    # Says that it runs when nothing is said to it any more.
    takes_long = attrs.evolve(runs, command=f"cat; {runs.command}")
    with (
        ssh_file_transfer.connect_for_upload(Dataset(type="raw"), RemotePath("")) as connection,
        CommandsAhead(connection._line, {}) as ahead,
    ):
        requests = [
            SendRequest(local=local / name, remote=RemotePath(f"{up.as_posix()}/{name}")) for name in CONTENT
        ]
        items = [Outgoing.from_request(request, connection._paths) for request in requests]
        commands = [ahead.take(runs), ahead.take(takes_long), ahead.take(runs)]
        commands[0].wait_until_it_runs()
        sent: list[Outgoing] = []
        there = receiving.send_to(
            commands,
            items,
            SendSettings(),
            algorithms=lambda _: (),
            on_sent=sent.append,
            on_there=sent.append,
        )
        assert there == set(sent) == set(items)
        for command in commands:
            ahead.put_back(runs, command)
    assert {Path(os.fsdecode(item.partial)).read_bytes() for item in items} == set(CONTENT.values())


def test_a_host_without_perl_uses_tar(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_program, "_PROGRAM", "no-such-command")
    forbid(monkeypatch, "open")
    with make_transfer(ssh_server, sync=False) as transfer:
        send(transfer, up, local)
    assert_all_there(up, local)


def test_a_file_that_is_not_what_was_sent_is_found_by_what_the_host_tells(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuts = host_program._PROGRAM.replace("my @is", "truncate $name, 3 if $name =~ m|/[.]040[.]|; my @is")
    monkeypatch.setattr(host_program, "_PROGRAM", cuts)
    with (
        make_transfer(ssh_server, verify="size") as transfer,
        pytest.raises(IntegrityError, match=r"1 file\(s\) did not arrive as they were sent.*\n  - .*/040\n"),
    ):
        send(transfer, up, local)
    assert all(path.name.startswith(".") for path in up.iterdir())


def test_commands_that_see_other_files_than_the_file_server_are_found_out(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    reads = host_program._PROGRAM.replace("my $new = $mode", f"$name =~ s|.*/|{elsewhere}/|; my $new = $mode")
    monkeypatch.setattr(host_program, "_PROGRAM", reads)
    with (
        make_transfer(ssh_server, verify="size") as transfer,
        pytest.raises(IntegrityError, match=rf"{NUMBER + 4} file"),
    ):
        send(transfer, up, local)


@pytest.mark.parametrize("when", ["bundle", "check"])
def test_what_was_told_over_a_connection_that_broke_is_looked_up(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    """The host went down and has lost the content of a file that it had told of."""
    original = receiving.send_to

    def lose(*arguments: Any, **named: Any) -> object:
        there = original(*arguments, **named)
        (lost,) = up.glob(".040.part*")
        lost.write_bytes(b"")
        ssh_server.kill_connections()
        return there

    monkeypatch.setattr(bundle, "send_to", lose)
    if when == "bundle":
        # A file that goes by requests finds that the connection is another one.
        monkeypatch.setattr("scitacean.transfer.ssh.upload.SMALL", 3_000)
    with make_transfer(ssh_server, verify="size") as transfer, pytest.raises(IntegrityError, match="/040\n"):
        send(transfer, up, local)


@pytest.mark.parametrize("at_once", [100, 20_000])
def test_a_server_that_takes_little_at_a_time(
    ssh_server: RunningSSHServer,
    up: Path,
    local: Path,
    make_transfer: MakeTransfer,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    monkeypatch.setattr(channels, "SEND_AT_ONCE", at_once)
    monkeypatch.setattr(receiving, "_FILES_AT_ONCE", 2)
    monkeypatch.setattr(host_program, "_WINDOW", 1 << 15)
    with make_transfer(ssh_server) as transfer:
        send(transfer, up, local)
        assert transfer._tools.get("perl", True)
    assert_all_there(up, local)


names = st.binary(min_size=1, max_size=60).map(lambda name: name.translate(None, b"\0/"))
files = st.dictionaries(
    names.filter(lambda name: name not in (b"", b".", b"..")),
    st.binary(max_size=3_000),
    min_size=1,
    max_size=12,
)


@given(files=files, cut=st.none() | st.integers(0, 9_000), seed=st.integers())
def test_the_program_receives_what_was_sent_and_nothing_that_was_cut_off(
    tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, bytes], cut: int | None, seed: int
) -> None:
    folder = os.fsencode(tmp_path_factory.mktemp("received"))
    frames = [
        b"r%d %d %d %s/%s\0%s" % (len(content), 0o600, seed % 2**31, folder, name, content)
        for name, content in files.items()
    ]
    stream = b"".join(frame + host_program.TELL for frame in frames)[:cut]
    process = subprocess.Popen(
        host_program._PROGRAM, shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
    )
    assert process.stdin is not None
    chosen = random.Random(seed)
    while stream:
        size = chosen.randint(1, 4_000)
        process.stdin.write(stream[:size])
        process.stdin.flush()
        stream = stream[size:]
    output, _ = process.communicate()
    complete = 0
    while complete < len(files) and (cut is None or sum(map(len, frames[: complete + 1])) + complete <= cut):
        complete += 1
    expected = dict(list(files.items())[:complete])
    found = {name: Path(os.fsdecode(folder + b"/" + name)).read_bytes() for name in os.listdir(folder)}  # noqa: PTH208  # bytes
    assert found == expected
    told = output.split(b"\n")[1:-1]
    assert len(told) in (complete, complete - 1)
    assert all(
        line.startswith(b"+%d " % len(content))
        for line, content in zip(told, expected.values(), strict=False)
    )
    for name in expected:
        status = os.stat(folder + b"/" + name)  # noqa: PTH116  # bytes
        assert (status.st_mode & 0o777, status.st_mtime) == (0o600, seed % 2**31)
