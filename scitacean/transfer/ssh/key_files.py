"""Telling what is in a key file that cannot be used as it is."""

from __future__ import annotations

import binascii
from pathlib import Path
from typing import Literal

_PUBLIC = (b"ssh-", b"ecdsa-", b"sk-", b"-----BEGIN PUBLIC KEY", b"---- BEGIN SSH2 PUBLIC KEY")
_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_NO_CIPHER = b"\0\0\0\x04none"
_MOST_BYTES = 100_000
"""Of any key."""


def content_of(path: Path) -> Literal["a public key", "an encrypted key", "something else"]:
    """Tell what is in a file that should have a private key.

    Parameters
    ----------
    path:
        The file.

    Raises
    ------
    OSError
        If it cannot be read.

    Examples
    --------
    >>> _ = Path("key.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI ada@site.example")
    >>> content_of(Path("key.pub"))
    'a public key'
    """
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES).strip()
    if content.startswith(_PUBLIC):
        return "a public key"
    is_encrypted = _is_encrypted_openssh(content) if content.startswith(_OPENSSH) else _has_pem_mark(content)
    return "an encrypted key" if is_encrypted else "something else"


def _has_pem_mark(content: bytes) -> bool:
    # Both kinds of PEM say so within their first lines, the old one as "Proc-Type: 4,ENCRYPTED".
    head = content.splitlines()[:2]
    return content.startswith(b"-----BEGIN ") and any(b"ENCRYPTED" in line for line in head)


def _is_encrypted_openssh(content: bytes) -> bool:
    body = b"".join(line for line in content.splitlines() if not line.startswith(b"-"))
    try:
        key = binascii.a2b_base64(body)
    except ValueError:
        return False
    return key.startswith(_MAGIC) and not key[len(_MAGIC) :].startswith(_NO_CIPHER)
