from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.upload import SSHUploadConnection

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
def breaking_at(
    connection: SSHUploadConnection, server: RunningSSHServer, *operations: str, done: bool
) -> Iterator[None]:
    """Break the connection at its next operation of some kinds, before or after the server has done it."""

    def breaking(original: Callable[..., Any]) -> Callable[..., object]:
        def breaks(*arguments: object) -> object:
            if done:
                original(*arguments).result()
            server.kill_connections()
            return original(*arguments)

        return breaks

    with pytest.MonkeyPatch.context() as patch:
        for operation in operations:
            patch.setattr(connection._sftp, operation, breaking(getattr(connection._sftp, operation)))
        with pytest.raises(HostNotReachableError):
            yield


def partial_of(request: SendRequest) -> str:
    status = request.local.stat()
    return partial_name(request.remote.name, request.remote, status.st_size, status.st_mtime_ns)
