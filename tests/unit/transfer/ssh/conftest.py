from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scitacean.model.dataset import Dataset
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh import SSHFileTransfer

MakeTransfer = Callable[..., SSHFileTransfer]


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(type="raw", name="run 7")


@pytest.fixture
def make_transfer() -> MakeTransfer:
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
        return SSHFileTransfer(**(parameters | changed))

    return make


def settled_size(path: Path) -> int:
    """Return the size of a file when the server has written all that it received before the end."""
    size = -1
    while size != (size := path.stat().st_size):
        time.sleep(0.2)
    return size
