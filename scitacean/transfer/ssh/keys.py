"""Keys to sign in with: named ones, those of the SSH configuration, of an agent, and of the user."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import attrs
from paramiko import Agent, PKey, SSHException

from scitacean.errors import FileServerLoginError
from scitacean.transfer.ssh.key_files import content_of

_USERS = tuple(Path("~/.ssh", name) for name in ("id_rsa", "id_ecdsa", "id_ed25519"))
_TRIES = 3
_LOCKED = (
    "it is encrypted, and nobody has given its passphrase",
    "Give it with passphrase=... (SCITACEAN_SSH_PASSPHRASE), or name another key file.",
)
_UNKNOWN = (
    "it is no private key in the format of OpenSSH or PEM",
    "Name another key file; ssh-keygen and puttygen convert keys of other formats.",
)
_WRONG = (
    "the passphrase is wrong, or it is no encrypted private key",
    "Check the passphrase with: ssh-keygen -y -f KEYFILE",
)

Unlock = Callable[[Path, int], str | None]
"""Returns the passphrase of a key file; is told how many were wrong. None for nobody knows."""


@attrs.frozen
class Offer:
    """A key that a server may accept, and what it is called in messages."""

    key: PKey
    name: str


def load_key(path: Path, unlock: Unlock) -> PKey:
    """Read a private key, and the certificate beside it where there is one.

    Parameters
    ----------
    path:
        File in OpenSSH's or PEM format.
    unlock:
        Knows the passphrase of an encrypted one.

    Raises
    ------
    FileServerLoginError
        If the file cannot be read or the passphrase is wrong.
    """
    secret: str | None = None
    reason, hint = _UNKNOWN
    for wrong in range(_TRIES + 1):
        try:
            found = _read_or_look(path, secret)
        except OSError as error:
            reason, hint = error.strerror or "it cannot be read", "Check the path and its permissions."
            break
        if isinstance(found, PKey):
            return found
        if found == "a public key":
            reason = "it is a public key"
            hint = f"Name the private one, which is usually {path.with_suffix('')}."
            break
        if found == "something else":
            reason, hint = _UNKNOWN
            break
        reason, hint = _LOCKED if secret is None else _WRONG
        given = unlock(path, wrong) if wrong < _TRIES else None
        if not given or given == secret:
            break
        secret = given
    raise FileServerLoginError(f"Cannot use the key file {path}: {reason}.", hint=hint) from None


def offers(
    named: Path | None,
    configured: Sequence[Path],
    *,
    certificate: Path | None = None,
    unlock: Unlock,
    only_these: bool,
    agent: bool,
    users: bool,
) -> Generator[Offer, None, None]:
    """Yield keys in the order in which to offer them; those that need a passphrase come last.

    Parameters
    ----------
    named:
        Key file that must be usable.
    configured:
        Key files that may be missing, or hold the public part of a key of the agent.
    certificate:
        File with the certificate of one of the keys, beside which it need not be.
    unlock:
        Knows passphrases.
    only_these:
        Whether keys of the agent count only if they are among the files.
    agent, users:
        Whether to use the agent's keys, and those of ``~/.ssh``.

    Raises
    ------
    FileServerLoginError
        If ``named`` cannot be used.
    """
    found = _offers(named, configured, unlock, only_these=only_these, agent=agent, users=users)
    with closing(found):
        for offer in found:
            if certificate is not None:
                _add_certificate(offer.key, certificate.expanduser())
            yield offer


def _offers(
    named: Path | None,
    configured: Sequence[Path],
    unlock: Unlock,
    *,
    only_these: bool,
    agent: bool,
    users: bool,
) -> Generator[Offer, None, None]:
    with closing(Agent()) as running:
        held = {key.asbytes(): key for key in running.get_keys()} if agent else {}
        seen: set[bytes] = set()
        locked: list[Path] = []
        if named is not None:
            key = _unlocked(named, held) or load_key(named, unlock)
            seen.add(key.asbytes())
            yield Offer(key, f"the key file {named}")
        for path in configured:
            yield from _offer_file(path, held, seen, locked)
        if not only_these:
            for blob, key in held.items():
                if blob not in seen:
                    seen.add(blob)
                    yield Offer(key, f"the agent's key {key.fingerprint}")
        if users and not (only_these and (named or configured)):
            for path in _USERS:
                yield from _offer_file(path, held, seen, locked)
        for path in locked:
            try:
                yield Offer(load_key(path, unlock), f"the key file {path}")
            except FileServerLoginError:
                # It may be no private key at all, and there may be other ways in.
                continue


def _offer_file(
    path: Path, held: Mapping[bytes, PKey], seen: set[bytes], locked: list[Path]
) -> Iterator[Offer]:
    key = _unlocked(path, held)
    if key is None:
        if path.expanduser().is_file():
            locked.append(path)
    elif key.asbytes() not in seen:
        seen.add(key.asbytes())
        yield Offer(key, f"the key file {path}")


def _unlocked(path: Path, held: Mapping[bytes, PKey]) -> PKey | None:
    """Return the key of a file if it needs no passphrase, or if the agent has it."""
    try:
        return _read(path, None)
    except (OSError, SSHException, TypeError, ValueError):
        key = held.get(_public_part(path))
    certificate = Path(f"{path.expanduser()}-cert.pub")
    if key is not None and certificate.exists():
        key.load_certificate(str(certificate))
    return key


def _read_or_look(path: Path, passphrase: str | None) -> PKey | str:
    """Return the key of a file, or what else is in it."""
    try:
        return _read(path, passphrase)
    except (SSHException, TypeError, ValueError):
        # What the libraries say differs with the format of the key, and frames hold the passphrase.
        return content_of(path.expanduser())


def _read(path: Path, passphrase: str | None) -> PKey:
    secret = None if passphrase is None else passphrase.encode()
    return PKey.from_path(path.expanduser(), secret)  # type: ignore[arg-type]  # bytes: str is refused


def _add_certificate(key: PKey, file: Path) -> None:
    """Give a key a certificate if that is its own."""
    try:
        certificate = binascii.a2b_base64(file.read_text(encoding="utf-8").split()[1])
    except (OSError, ValueError, IndexError):
        return
    public = key.asbytes()
    # After its kind and a random number it goes on as the public key does after its kind.
    if certificate[_after_string(certificate, _after_string(certificate)) :].startswith(
        public[_after_string(public) :]
    ):
        key.load_certificate(str(file))


def _after_string(blob: bytes, position: int = 0) -> int:
    start = position + 4
    return start + int.from_bytes(blob[position:start])


def _public_part(path: Path) -> bytes:
    """Return the public key in a file, or in the one beside it; nothing where there is none."""
    for file in (path.expanduser(), Path(f"{path.expanduser()}.pub")):
        try:
            kind, text = file.read_text(encoding="utf-8").split()[:2]
            if kind.startswith(("ssh-", "ecdsa-", "sk-")):
                return binascii.a2b_base64(text)
        except (OSError, ValueError):
            continue
    return b""
