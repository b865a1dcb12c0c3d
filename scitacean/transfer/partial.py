"""Names of files that are not complete yet."""

from __future__ import annotations

import hashlib

_MAX_NAME_BYTES = 255


def partial_name(name: str, *identity: object) -> str:
    """Return the name that a file has until it is complete: hidden, and the same for the same content.

    Parameters
    ----------
    name:
        The name that the file will have.
    identity:
        What tells this content from others: path, size and modification time.

    Returns
    -------
    :
        A name of at most 255 bytes, the limit of common file systems.

    Examples
    --------
    >>> partial_name("a.nxs", "/data/a.nxs", 3, 17)
    '.a.nxs.part-b37f246c'
    """
    text = "\0".join(map(str, identity))
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    room = _MAX_NAME_BYTES - len(f"..part-{digest}")
    if not name.isascii() or len(name) > room:
        name = name.encode("utf-8", "surrogateescape")[:room].decode("utf-8", "ignore")
    return f".{name}.part-{digest}"
