"""Where the benchmark takes place: the server, the ways to it, and the files that clients sign in with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from scitacean.testing.sshd import sshd
from transfers.link import relay

_LEAST_FREE = 3 << 30


@frozen
class Place:
    """A server that runs.

    Attributes
    ----------
    folder:
        For data; it goes at the end.
    ports:
        Port on 127.0.0.1 of each link, by the name of the link.
    username:
        Who may sign in.
    key_file:
        With which key.
    home:
        A home folder, with ``.ssh/known_hosts`` that knows the server at all ports.
    """

    folder: Path
    ports: Mapping[str, int]
    username: str
    key_file: Path
    home: Path

    @property
    def known_hosts(self) -> Path:
        """File of known host keys."""
        return self.home / ".ssh" / "known_hosts"

    def ssh_config(self, link: str) -> Path:
        """Return an SSH configuration in which ``bench`` is the server over a link."""
        return self.home / f"config-{link}"


@contextmanager
def place(folder: Path, delays: Mapping[str, float]) -> Iterator[Place]:
    """Run OpenSSH's server for this user, with a way to it for each link.

    Parameters
    ----------
    folder:
        Existing empty folder.
    delays:
        Seconds that each way takes, by the name of the link; with 0 there is no relay.
    """
    data, home = folder / "data", folder / "home"
    data.mkdir()
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    with sshd(data) as server, ExitStack() as stack:
        ports = {
            link: stack.enter_context(relay(server.direct_port, delay)) if delay else server.direct_port
            for link, delay in delays.items()
        }
        ready = Place(data, ports, server.username, server.key_file, home)
        key = server.known_hosts.read_text(encoding="ascii").split(maxsplit=1)[1].strip()
        lines = [f"[{server.host}]:{port} {key}\n" for port in ports.values()]
        ready.known_hosts.write_text("".join(lines), encoding="ascii")
        for link, port in ports.items():
            _write_ssh_config(ready, link, port)
        yield ready


def _write_ssh_config(ready: Place, link: str, port: int) -> None:
    settings = {
        "HostName": "127.0.0.1",
        "Port": port,
        "User": ready.username,
        "IdentityFile": ready.key_file,
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": ready.known_hosts,
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
    }
    text = "".join(f"  {name} {value}\n" for name, value in settings.items())
    ready.ssh_config(link).write_text(f"Host bench\n{text}", encoding="utf-8")


def folder_for_data() -> Path | None:
    """Return a file system in memory with room for the workloads, None for where temporary files go."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        return None
    return memory if shutil.disk_usage(memory).free >= _LEAST_FREE else None
