from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scitacean.errors import HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.fixtures import ServerKind
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer, following
from scitacean.transfer.ssh.sftp_session import SftpSession

MakeTransfer = Callable[..., SSHFileTransfer]


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(type="raw", name="run 7")


@pytest.fixture
def make_transfer() -> Iterator[MakeTransfer]:
    """Makes a transfer to a server, with some parameters of its own."""

    def make(server: RunningSSHServer, **changed: Any) -> SSHFileTransfer:
        parameters: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "username": server.username,
            "key_filename": server.key_file,
            "known_hosts": server.known_hosts,
            "config": os.devnull,
            "source_folder": f"{server.root.as_posix()}/{{uid}}",
            "timeout": 20.0,
        }
        made.append(SSHFileTransfer(**(parameters | changed)))
        return made[-1]

    made: list[SSHFileTransfer] = []
    yield make
    for transfer in made:
        transfer.close()


def settled_size(path: Path) -> int:
    """Return the size of a file when the server has written all that it received before the end."""
    size = -1
    while size != (size := path.stat().st_size):
        time.sleep(0.2)
    return size


def on_server(server: RunningSSHServer, name: str) -> RemotePath:
    return RemotePath(server.root.as_posix(), name)


def local_file(folder: Path, name: str, content: bytes = b"123") -> File:
    (folder / name).write_bytes(content)
    return File.from_local(folder / name)


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture(params=[True, False], ids=["shell", "no shell"])
def server(
    ssh_server_kind: ServerKind, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[RunningSSHServer]:
    """Servers that can compute checksums, and servers that cannot."""
    root = tmp_path / "served"
    root.mkdir()
    with ssh_server_kind(root, shell=request.param) as server:
        yield server


@contextmanager
def broken_for_good(server: RunningSSHServer) -> Iterator[None]:
    """Let no new connection be made, and expect that this is told."""
    server.refuse_connections()
    try:
        with pytest.raises(HostNotReachableError):
            yield
    finally:
        server.accept_connections()


@contextmanager
def breaking_at(server: RunningSSHServer, *operations: str, done: bool) -> Iterator[list[str]]:
    """Break the connection at the next operation of some kinds, before or after the server has done it."""
    broken: list[str] = []

    def breaking(name: str, original: Callable[..., Any]) -> Callable[..., object]:
        def breaks(session: SftpSession, *arguments: object) -> object:
            if not broken:
                broken.append(name)
                if done:
                    original(session, *arguments).result()
                server.kill_connections()
            return original(session, *arguments)

        return breaks

    with pytest.MonkeyPatch.context() as patch:
        for operation in operations:
            patch.setattr(SftpSession, operation, breaking(operation, getattr(SftpSession, operation)))
        yield broken
    assert broken


def patched_operation(
    patch: pytest.MonkeyPatch,
    name: str,
    change: Callable[[SftpSession, Callable[..., Any], tuple[Any, ...]], Any],
) -> None:
    """Let all sessions do something else than an operation: called with the session, it and its arguments."""
    original = getattr(SftpSession, name)
    patch.setattr(
        SftpSession, name, lambda session, *arguments: change(session, partial(original, session), arguments)
    )


def partial_of(request: SendRequest) -> str:
    status = request.local.stat()
    return partial_name(request.remote.name, request.remote, status.st_size, status.st_mtime_ns)


def changed_program(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> None:
    """Let the program that follows files while they are written do something else."""
    assert before in following._PROGRAM
    monkeypatch.setattr(following, "_PROGRAM", following._PROGRAM.replace(before, after))
