"""What tests get of a running SSH server, whichever program it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import attrs

from scitacean.errors import ConfigurationError
from scitacean.model.remote_path import RemotePath
from scitacean.testing.loop_thread import LoopThread
from scitacean.testing.relay import Relay

try:
    import asyncssh as asyncssh
except ModuleNotFoundError:
    raise ConfigurationError(
        "The SSH server for tests needs the package asyncssh, which is not installed.",
        hint="Install it with: python -m pip install 'scitacean[testing]'",
    ) from None

if TYPE_CHECKING:
    from asyncssh import SSHKey

_HOST = "127.0.0.1"


@attrs.frozen(kw_only=True)
class RunningSSHServer:
    """An SSH server that runs, with all that a client needs to sign in.

    Attributes
    ----------
    host, port:
        Where it is, behind a relay that breaks connections when it is told to.
    direct_port:
        Port of the server itself, for measurements; its host key is known for ``port`` only.
    username:
        Who may sign in.
    password:
        With which password; None where only keys are accepted.
    key_file:
        Private key that is accepted.
    known_hosts:
        File with the server's host key.
    root:
        Folder that it serves, on this machine.
    served:
        What that folder is called on the server: the same, but for servers that show nothing else.
    """

    host: str = _HOST
    port: int
    direct_port: int
    username: str
    password: str | None = attrs.field(repr=False)
    key_file: Path
    known_hosts: Path
    root: Path
    served: RemotePath
    _relay: Relay = attrs.field(repr=False, alias="relay")
    _thread: LoopThread = attrs.field(repr=False, alias="thread")

    @property
    def connections_made(self) -> int:
        """How many connections there have been, with those that were refused."""
        return self._relay.accepted

    def kill_connections(self) -> None:
        """Break all connections now, without farewell."""
        self._thread.run(self._relay.kill_connections())

    def cut_after(self, size: int) -> None:
        """Break all connections when that many more bytes have passed, both ways together; once."""
        self._thread.run(self._relay.cut_after(size))

    def damage_after(self, size: int) -> None:
        """Change a bit when that many more bytes have passed, both ways together; once."""
        self._thread.run(self._relay.damage_after(size))

    def freeze(self) -> None:
        """Pass nothing on any more, but keep the connections."""
        self._thread.run(self._relay.freeze())

    def flow(self) -> None:
        """Pass on again what comes, and what has come since :meth:`freeze`."""
        self._thread.run(self._relay.flow())

    def refuse_connections(self) -> None:
        """End new connections at once, and let the open ones be."""
        self._thread.run(self._relay.refuse())

    def accept_connections(self) -> None:
        """Let new connections be again."""
        self._thread.run(self._relay.accept())


@attrs.frozen(kw_only=True)
class SSHKeys:
    """Keys for a server and a client, in a folder that goes with the server.

    Attributes
    ----------
    folder:
        Holds the files.
    host_key, host_key_file:
        The server's key and its file.
    client_key, client_key_file:
        The client's key and its file.
    """

    folder: Path
    host_key: SSHKey
    client_key: SSHKey

    @property
    def host_key_file(self) -> Path:
        """File of the server's private key."""
        return self.folder / "host_key"

    @property
    def client_key_file(self) -> Path:
        """File of the client's private key."""
        return self.folder / "client_key"


@contextmanager
def ssh_keys() -> Iterator[SSHKeys]:
    """Make new keys, in files that only this user can read, and remove them at the end."""
    with TemporaryDirectory(prefix="scitacean-ssh-") as folder:
        keys = SSHKeys(
            folder=Path(folder),
            host_key=asyncssh.generate_private_key("ssh-ed25519"),
            client_key=asyncssh.generate_private_key("ssh-ed25519"),
        )
        for key, path in ((keys.host_key, keys.host_key_file), (keys.client_key, keys.client_key_file)):
            key.write_private_key(path)
            path.chmod(0o600)
        yield keys


@contextmanager
def behind_relay(
    thread: LoopThread,
    keys: SSHKeys,
    *,
    server_port: int,
    username: str,
    password: str | None,
    root: Path,
    served: RemotePath | None = None,
) -> Iterator[RunningSSHServer]:
    """Put a relay before a server and describe how to reach it."""
    relay = Relay(target_port=server_port)
    thread.run(relay.start())
    known_hosts = keys.folder / "known_hosts"
    public = keys.host_key.export_public_key().decode().split()
    known_hosts.write_text(f"[{_HOST}]:{relay.port} {public[0]} {public[1]}\n", encoding="ascii")
    try:
        yield RunningSSHServer(
            port=relay.port,
            direct_port=server_port,
            username=username,
            password=password,
            key_file=keys.client_key_file,
            known_hosts=known_hosts,
            root=root,
            served=RemotePath(root.as_posix()) if served is None else served,
            relay=relay,
            thread=thread,
        )
    finally:
        thread.run(relay.stop())
