"""Files of known host keys, as OpenSSH reads them: patterns, hashed names, several keys, revoked ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
from paramiko import PKey, SSHException
from paramiko.hostkeys import HostKeyEntry, HostKeys, InvalidHostKey

from scitacean.errors import ConfigurationError


@attrs.frozen(kw_only=True)
class KnownKeys:
    """What files say about one host.

    Attributes
    ----------
    accepted:
        Keys that are the host's; it may have several, of one kind too.
    revoked:
        Keys that are not to be trusted whoever shows them.
    """

    accepted: list[PKey]
    revoked: list[PKey]


def known_keys(files: Iterable[Path], host: str, port: int) -> KnownKeys:
    """Look up a host. The SSH library's own look-up knows one key of a kind only, and no patterns.

    Parameters
    ----------
    files:
        Those that are missing know none.
    host, port:
        As one connects to it.

    Raises
    ------
    ConfigurationError
        If a file cannot be read, or what it has about this host is damaged.
    """
    name = (host if port == 22 else f"[{host}]:{port}").lower()
    found = KnownKeys(accepted=[], revoked=[])
    for path in files:
        file = path.expanduser()
        try:
            if not file.exists():
                continue
            for marker, key in _keys(file.read_text(encoding="utf-8"), name):
                (found.revoked if marker == "@revoked" else found.accepted).append(key)
        except (OSError, SSHException, InvalidHostKey, ValueError) as error:
            reason = f"this line is damaged: {error.line}" if isinstance(error, InvalidHostKey) else error
            raise ConfigurationError(
                f"Cannot read the known host keys in {file}: {reason}.",
                hint="Repair the file; without it no file server can be told from an impostor.",
            ) from None
    return found


def _keys(text: str, name: str) -> Iterator[tuple[str, PKey]]:
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if line.startswith("@") else ""
        # Certificates of hosts are not known to the SSH library.
        if len(fields) < 3 or line.startswith("#") or marker == "@cert-authority":
            continue
        # Of many thousand lines few are of this host, and reading a key takes its time.
        if _matches(fields[0], name) and (entry := HostKeyEntry.from_line(" ".join(fields[:3]))) is not None:
            yield marker, entry.key


def _matches(patterns: str, name: str) -> bool:
    matched = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            matched |= HostKeys.hash_host(name, pattern) == pattern
        elif _matches_one(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched


def _matches_one(pattern: str, name: str) -> bool:
    literal = re.escape(pattern.lower())
    return re.fullmatch(literal.replace(r"\*", ".*").replace(r"\?", "."), name) is not None
