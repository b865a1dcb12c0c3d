"""Checking that a file server is the one it claims to be, before anything secret is sent to it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from paramiko import MissingHostKeyPolicy, PKey, SSHClient

from scitacean.errors import HostKeyError
from scitacean.transfer.ssh.known_hosts import known_keys

_USER_FILE = Path("~/.ssh/known_hosts")
_SYSTEM_FILES = (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2"))
_ALGORITHMS_OF_RSA = ("rsa-sha2-512", "rsa-sha2-256")


class KnownOnly(MissingHostKeyPolicy):
    """Accepts known keys of one host only.

    Fabric's clients accept unknown keys and, having loaded none, changed ones as well.

    Parameters
    ----------
    host, port:
        As one connects to it.
    known_hosts:
        File of known keys; None for the user's and those of the system. A missing file knows none.
    configured:
        What the SSH configuration says of this host: ``UserKnownHostsFile`` counts where ``known_hosts`` is
        None, ``HostKeyAlias`` always.

    Raises
    ------
    ConfigurationError
        If a file cannot be read.
    """

    def __init__(
        self, host: str, port: int, known_hosts: Path | None, configured: Mapping[str, str] | None = None
    ) -> None:
        configured = {} if configured is None else configured
        self._host = host
        self._port = port
        self._alias = configured.get("hostkeyalias")
        names = configured.get("userknownhostsfile", str(_USER_FILE)).split()
        users = [Path(name) for name in names if name != "none"]
        if known_hosts is None and users and users[0] != _USER_FILE:
            self._known_hosts: Path | None = users[0]
        else:
            self._known_hosts = known_hosts
        files = (*users, *_SYSTEM_FILES) if known_hosts is None else (known_hosts,)
        # An alias is that of a server, whichever port it has.
        self._known = known_keys(files, self._alias or host, 22 if self._alias else port)

    @property
    def algorithms(self) -> list[str]:
        """What to ask the host for, so that it shows a key that is known where it has several."""
        kinds = dict.fromkeys(key.get_name() for key in self._known.accepted)
        return [name for kind in kinds for name in (_ALGORITHMS_OF_RSA if kind == "ssh-rsa" else (kind,))]

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        """Check a key; the client knows none by itself, so it comes here with each.

        Raises
        ------
        HostKeyError
            If the key is unknown, changed or revoked.
        """
        del client, hostname
        if key in self._known.revoked:
            raise HostKeyError(
                f"The host key of {self._host} port {self._port} is REVOKED: {_described(key)}. Somebody may "
                "have stolen it. Nothing was sent.",
                hint="Ask those who run the server.",
            )
        if key in self._known.accepted:
            return
        if self._known.accepted:
            raise host_key_changed(
                self._host,
                self._port,
                key,
                self._known.accepted,
                known_hosts=self._known_hosts,
                alias=self._alias,
            )
        raise HostKeyError(
            f"The file server {self._host} port {self._port} is not known yet. It shows the key "
            f"{_described(key)}.",
            hint="Compare this with what those who run the server publish. If it is the same, accept it "
            f"with: {_accepting_command(self._host, self._port, key, self._known_hosts, self._alias)}",
        )


def host_key_changed(
    host: str,
    port: int,
    shown: PKey,
    known: Sequence[PKey],
    *,
    known_hosts: Path | None,
    alias: str | None = None,
) -> HostKeyError:
    """Return the error for a host that shows another key than the known ones."""
    name = alias or (host if port == 22 else f"[{host}]:{port}")
    file = _USER_FILE if known_hosts is None else known_hosts
    command = shlex.join(["ssh-keygen", "-f", str(file.expanduser()), "-R", name])
    return HostKeyError(
        f"WARNING: the host key of {host} port {port} HAS CHANGED. It shows the key {_described(shown)}, "
        f"known is {' and '.join(map(_described, known))}. Somebody may be listening in, or the server has "
        "been set up anew. Nothing was sent.",
        hint="Ask those who run the server. Only if they confirm the new key, forget the old one with: "
        f"{command}",
    )


def _accepting_command(host: str, port: int, key: PKey, known_hosts: Path | None, alias: str | None) -> str:
    if known_hosts is None:
        as_alias = [] if alias is None else ["-o", f"HostKeyAlias={alias}"]
        return shlex.join(["ssh", "-p", str(port), *as_alias, host])
    kind = key.get_name().removeprefix("ssh-").partition("-")[0]
    scan = shlex.join(["ssh-keyscan", "-p", str(port), "-t", kind, host])
    if alias is not None:
        scan += " | " + shlex.join(["sed", f"s/^[^ ]*/{alias}/"])
    return f"{scan} >> {shlex.quote(str(known_hosts.expanduser()))}"


def _described(key: PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"
