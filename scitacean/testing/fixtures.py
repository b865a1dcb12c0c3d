"""pytest fixtures: a catalogue, a client of it, SSH servers.

Name this module in ``pytest_plugins`` of the ``conftest.py`` in the root of your tests::

    pytest_plugins = ["scitacean.testing.fixtures"]

It is no plugin that pytest finds by itself, since that would load it wherever scitacean is installed.

``ssh_server`` runs each test against the server of :mod:`scitacean.testing.ssh_server` and, where it is
installed, OpenSSH's. With the environment variable ``SCITACEAN_REQUIRE_SSHD=1`` a missing one is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from scitacean.errors import ConfigurationError
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.testing.sshd import find_sshd, sshd
from scitacean.transfer.ssh import SSHFileTransfer

if TYPE_CHECKING:
    from scitacean.embedded import EmbeddedCatalogue
    from scitacean.testing.client import FakeClient

# The catalogue takes longer to import than all the rest, so only its fixtures do that.

ServerKind = Callable[..., AbstractContextManager[RunningSSHServer]]
"""Starts a server that serves a folder; takes ``shell``, ``forwarding`` and ``read_only``."""


@pytest.fixture
def embedded_catalogue() -> Iterator[EmbeddedCatalogue]:
    """Make an empty catalogue in this process with the user ``me``, password ``me``, who may do everything.

    A fixture of this name in your own tests may give one with other users, or one that behaves like another
    version of the server; ``client`` then is a client of that.
    """
    from scitacean.embedded import Accounts, EmbeddedCatalogue

    with EmbeddedCatalogue(accounts=Accounts.single(password="me")) as catalogue:
        yield catalogue


@pytest.fixture
def client(embedded_catalogue: EmbeddedCatalogue) -> Iterator[FakeClient]:
    """Make a client of ``embedded_catalogue``, signed in as its first user; it keeps files in memory."""
    from scitacean.testing.client import FakeClient
    from scitacean.testing.transfer import FakeFileTransfer

    with FakeClient(catalogue=embedded_catalogue, file_transfer=FakeFileTransfer()) as client:
        yield client


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
def ssh_server(
    ssh_server_kind: ServerKind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSSHServer]:
    """Run an SSH server that serves an empty folder."""
    # Not in tmp_path, which is for the files of the test: programs upload whole folders.
    with ssh_server_kind(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def ssh_file_transfer(ssh_server: RunningSSHServer) -> Iterator[SSHFileTransfer]:
    """Make a file transfer that reaches the server of the fixture ``ssh_server``."""
    with SSHFileTransfer(
        host=ssh_server.host,
        port=ssh_server.port,
        username=ssh_server.username,
        key_filename=ssh_server.key_file,
        known_hosts=ssh_server.known_hosts,
        config=os.devnull,
        source_folder=f"{ssh_server.root.as_posix()}/{{uid}}",
        timeout=20.0,
    ) as transfer:
        yield transfer
