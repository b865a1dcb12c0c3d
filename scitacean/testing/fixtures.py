"""pytest fixtures with SSH servers. Name this module in ``pytest_plugins`` of a ``conftest.py``.

``ssh_server`` runs each test against the server of :mod:`scitacean.testing.ssh_server` and, where it is
installed, OpenSSH's. With the environment variable ``SCITACEAN_REQUIRE_SSHD=1`` a missing one is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from scitacean.errors import ConfigurationError
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.testing.sshd import find_sshd, sshd
from scitacean.transfer.ssh import SSHFileTransfer

ServerKind = Callable[..., AbstractContextManager[RunningSSHServer]]
"""Starts a server that serves a folder; takes ``shell``, ``forwarding`` and ``read_only``."""


def server_kinds() -> dict[str, ServerKind]:
    """Return the SSH servers that tests can use here, by name.

    Raises
    ------
    ConfigurationError
        If OpenSSH's server is required but not installed.
    """
    kinds: dict[str, ServerKind] = {"asyncssh": asyncssh_server}
    if find_sshd() is not None:
        kinds["sshd"] = sshd
    elif os.environ.get("SCITACEAN_REQUIRE_SSHD") == "1":
        raise ConfigurationError(
            "SCITACEAN_REQUIRE_SSHD is set, but OpenSSH's server sshd is not installed.",
            hint="Install it, with: apt-get install openssh-server",
        )
    return kinds


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that use an SSH server once for each kind of server."""
    if "ssh_server_kind" in metafunc.fixturenames:
        kinds = server_kinds()
        metafunc.parametrize("ssh_server_kind", list(kinds.values()), ids=list(kinds))


@pytest.fixture
def ssh_server(ssh_server_kind: ServerKind, tmp_path: Path) -> Iterator[RunningSSHServer]:
    """Run an SSH server that serves an empty folder."""
    root = tmp_path / "served"
    root.mkdir()
    with ssh_server_kind(root) as server:
        yield server


@pytest.fixture
def ssh_file_transfer(ssh_server: RunningSSHServer) -> SSHFileTransfer:
    """Return a file transfer that reaches the server of the fixture ``ssh_server``."""
    return SSHFileTransfer(
        host=ssh_server.host,
        port=ssh_server.port,
        username=ssh_server.username,
        key_filename=ssh_server.key_file,
        known_hosts=ssh_server.known_hosts,
        config=os.devnull,
        source_folder=f"{ssh_server.root.as_posix()}/{{uid}}",
        timeout=20.0,
    )
