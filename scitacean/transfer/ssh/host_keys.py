"""Checking that a file server is the one it claims to be, before anything secret is sent to it."""

from __future__ import annotations

import shlex
from pathlib import Path

from paramiko import BadHostKeyException, MissingHostKeyPolicy, PKey, SSHClient
from paramiko.hostkeys import InvalidHostKey

from scitacean.errors import ConfigurationError, HostKeyError

_USER_FILE = Path("~/.ssh/known_hosts")
_SYSTEM_FILES = (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2"))


def check_host_keys(client: SSHClient, known_hosts: Path | None) -> None:
    """Make a client, before it connects, accept known host keys only.

    Parameters
    ----------
    client:
        Fabric's clients accept unknown keys and, having loaded none, changed ones as well.
    known_hosts:
        File of known keys; None for the user's and those of the system. A missing file knows none.

    Raises
    ------
    ConfigurationError
        If a file cannot be read.
    """
    for path in (_USER_FILE, *_SYSTEM_FILES) if known_hosts is None else (known_hosts,):
        file = path.expanduser()
        if not file.exists():
            continue
        try:
            client.load_system_host_keys(str(file))
        except (OSError, UnicodeDecodeError, InvalidHostKey) as error:
            reason = f"this line is damaged: {error.line}" if isinstance(error, InvalidHostKey) else error
            raise ConfigurationError(
                f"Cannot read the known host keys in {file}: {reason}.",
                hint="Repair the file; without it no file server can be told from an impostor.",
            ) from None
    client.set_missing_host_key_policy(_Refuse(known_hosts))


def host_key_changed(error: BadHostKeyException, *, port: int, known_hosts: Path | None) -> HostKeyError:
    """Return the error for a host that shows another key than the known one."""
    name = error.hostname if port == 22 else f"[{error.hostname}]:{port}"
    file = _USER_FILE if known_hosts is None else known_hosts
    command = shlex.join(["ssh-keygen", "-f", str(file.expanduser()), "-R", name])
    return HostKeyError(
        f"WARNING: the host key of {error.hostname} port {port} HAS CHANGED. It shows the key "
        f"{_described(error.key)}, known is {_described(error.expected_key)}. Somebody may be listening "
        "in, or the server has been set up anew. Nothing was sent.",
        hint="Ask those who run the server. Only if they confirm the new key, forget the old one with: "
        f"{command}",
    )


class _Refuse(MissingHostKeyPolicy):
    def __init__(self, known_hosts: Path | None) -> None:
        self._known_hosts = known_hosts

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        del client
        host, port = _split(hostname)
        raise HostKeyError(
            f"The file server {host} port {port} is not known yet. It shows the key {_described(key)}.",
            hint="Compare this with what those who run the server publish. If it is the same, accept it "
            f"with: {_accepting_command(host, port, key, self._known_hosts)}",
        )


def _accepting_command(host: str, port: int, key: PKey, known_hosts: Path | None) -> str:
    if known_hosts is None:
        return shlex.join(["ssh", "-p", str(port), host])
    kind = key.get_name().removeprefix("ssh-").partition("-")[0]
    scan = shlex.join(["ssh-keyscan", "-p", str(port), "-t", kind, host])
    return f"{scan} >> {shlex.quote(str(known_hosts))}"


def _described(key: PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"


def _split(name: str) -> tuple[str, int]:
    host, _, port = name.removeprefix("[").rpartition("]:")
    return (host, int(port)) if host else (name, 22)
