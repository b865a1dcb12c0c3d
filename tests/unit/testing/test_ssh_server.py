"""The servers for tests refuse what they must, and run commands as one expects of an SSH server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import asyncssh
import pytest

from scitacean.testing.fixtures import ServerKind
from scitacean.testing.loop_thread import loop_thread
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server

PRIVATE = asyncssh.SFTPAttrs(permissions=0o700)
ENDLESS = {
    "itself": "exec 9>{fifo}; echo ready; exec sleep 1000",
    "its child": "exec 9>{fifo}; sleep 1000 & echo ready; wait",
    "its child after it": "exec 9>{fifo}; sleep 1000 & echo ready",
    "a silent reader": "exec 9>{fifo}; echo ready; exec cat",
    "a talker": "exec 9>{fifo}; echo ready; while echo talk; do sleep 0.001; done",
}


async def connect(server: RunningSSHServer) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        server.host,
        server.port,
        username=server.username,
        client_keys=[server.key_file],
        known_hosts=str(server.known_hosts),
        config=None,
        agent_path=None,
    )


def state(folder: Path) -> dict[str, object]:
    """Everything about a folder that changes."""
    found: dict[str, object] = {}
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        found[str(path)] = status.st_mode, status.st_mtime_ns, status.st_nlink, content
    return found


async def _fsetstat(sftp: asyncssh.SFTPClient, path: str) -> None:
    async with sftp.open(f"{path}/file", "rb") as file:
        await file.setstat(PRIVATE)


async def _write(sftp: asyncssh.SFTPClient, path: str, mode: str) -> None:
    async with sftp.open(f"{path}/file", mode):
        pass


CHANGES: dict[str, Callable[[asyncssh.SFTPClient, str], Awaitable[None]]] = {
    "overwrite": lambda sftp, at: _write(sftp, at, "wb"),
    "append": lambda sftp, at: _write(sftp, at, "ab"),
    "update": lambda sftp, at: _write(sftp, at, "r+b"),
    "remove": lambda sftp, at: sftp.remove(f"{at}/file"),
    "rename": lambda sftp, at: sftp.rename(f"{at}/file", f"{at}/new"),
    "posix_rename": lambda sftp, at: sftp.posix_rename(f"{at}/file", f"{at}/new"),
    "mkdir": lambda sftp, at: sftp.mkdir(f"{at}/new"),
    "rmdir": lambda sftp, at: sftp.rmdir(f"{at}/folder"),
    "setstat": lambda sftp, at: sftp.setstat(f"{at}/file", PRIVATE),
    "truncate": lambda sftp, at: sftp.truncate(f"{at}/file", 1),
    "utime": lambda sftp, at: sftp.utime(f"{at}/file", (1, 1)),
    "lsetstat": lambda sftp, at: sftp.utime(f"{at}/link", (1, 1), follow_symlinks=False),
    "fsetstat": _fsetstat,
    "symlink": lambda sftp, at: sftp.symlink("file", f"{at}/new"),
    "link": lambda sftp, at: sftp.link(f"{at}/file", f"{at}/new"),
}


@pytest.fixture
def served(tmp_path: Path) -> Path:
    root = tmp_path / "served"
    (root / "folder").mkdir(parents=True)
    (root / "file").write_bytes(b"123")
    (root / "link").symlink_to("file")
    return root


def test_a_read_only_server_changes_nothing(ssh_server_kind: ServerKind, served: Path) -> None:
    async def change_all() -> None:
        async with await connect(server) as connection, connection.start_sftp_client() as sftp:
            for name, change in CHANGES.items():
                with pytest.raises((asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported)):
                    await change(sftp, served.as_posix())
                assert state(served) == before, name
            async with sftp.open(f"{served.as_posix()}/file", "rb") as file:
                content: object = await file.read()
                assert content == b"123"

    before = state(served)
    with ssh_server_kind(served, read_only=True) as server:
        asyncio.run(change_all())


@pytest.mark.parametrize("name", CHANGES)
def test_other_servers_change_what_they_are_told(name: str, served: Path) -> None:
    async def change_one() -> None:
        async with await connect(server) as connection, connection.start_sftp_client() as sftp:
            await CHANGES[name](sftp, served.as_posix())

    before = state(served)
    with asyncssh_server(served) as server:
        asyncio.run(change_one())
    assert (state(served) != before) == (name not in {"append", "update"})


def test_commands_start_before_their_input_ends(ssh_server: RunningSSHServer) -> None:
    async def talk() -> None:
        async with (
            await connect(ssh_server) as connection,
            connection.create_process("echo ready; cat; echo end >&2; exit 3") as process,
        ):
            assert await process.stdout.readline() == "ready\n"
            process.stdin.write("first\n")
            assert await process.stdout.readline() == "first\n"
            process.stdin.write("second\n")
            process.stdin.write_eof()
            assert await process.stdout.read() == "second\n"
            assert await process.stderr.read() == "end\n"
            await process.wait_closed()
            assert process.exit_status == 3

    asyncio.run(talk())


def test_all_that_commands_say_arrives(ssh_server: RunningSSHServer) -> None:
    content = os.urandom(3_000_000)

    async def talk() -> None:
        async with await connect(ssh_server) as connection:
            done = await connection.run("tee /dev/stderr", input=content, encoding=None)
            assert (done.stdout, done.stderr, done.exit_status) == (content, content, 0)
            # How much of its input a command reads is its own business.
            for _ in range(2):
                done = await connection.run("head -c 1 >&2; echo deaf", input=b"1" * 100_000, encoding=None)
                assert (done.stdout, done.exit_status) == (b"deaf\n", 0)

    asyncio.run(talk())


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A pipe whose end is read when the last process that has it open has ended."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    yield path, reading
    os.close(reading)


async def start(
    server: RunningSSHServer, command: str
) -> tuple[asyncssh.SSHClientConnection, asyncssh.SSHClientProcess[str]]:
    connection = await connect(server)
    process = await connection.create_process(command)
    assert await process.stdout.readline() == "ready\n"
    return connection, process


async def leave(connection: asyncssh.SSHClientConnection) -> None:
    connection.close()
    await connection.wait_closed()


@pytest.mark.parametrize("command", ENDLESS.values(), ids=list(ENDLESS))
@pytest.mark.parametrize("how", ["channel", "connection", "cut", "server"])
def test_commands_end_with_their_channel(
    command: str, how: str, fifo: tuple[Path, int], tmp_path: Path
) -> None:
    path, reading = fifo
    with loop_thread() as client:
        with asyncssh_server(tmp_path) as server:
            connection, process = client.run(start(server, command.format(fifo=path)))
            if how == "channel":
                process.close()
            elif how == "connection":
                client.run(leave(connection))
            elif how == "cut":
                server.kill_connections()
            if how != "server":
                assert os.read(reading, 1) == b""
        assert os.read(reading, 1) == b""
        client.run(leave(connection))


def test_commands_end_where_there_are_no_groups_of_processes(
    fifo: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scitacean.testing.ssh_command.os", SimpleNamespace(name="nt"))
    path, reading = fifo
    with loop_thread() as client, asyncssh_server(tmp_path) as server:
        connection, _ = client.run(start(server, ENDLESS["itself"].format(fifo=path)))
        client.run(leave(connection))
        assert os.read(reading, 1) == b""
