"""Checksums of local files, computed once per content."""

from __future__ import annotations

import functools
import hashlib
import os
import time
import warnings
from pathlib import Path

DEFAULT_ALGORITHM = "sha256"
"""Used for new files: every file server can check it, and processors have instructions for it."""


def is_known_algorithm(algorithm: str | None) -> bool:
    """Whether Python can compute such checksums to a fixed length; None is no algorithm.

    Examples
    --------
    >>> is_known_algorithm("sha256"), is_known_algorithm("crc-7")
    (True, False)
    """
    if algorithm is None:
        return False
    try:
        return hashlib.new(algorithm, usedforsecurity=False).digest_size > 0
    except ValueError:
        return False


def known_or_none(algorithm: str | None) -> str | None:
    """Return the algorithm where Python can compute it, else None."""
    return algorithm if is_known_algorithm(algorithm) else None


def checksum_of_file(path: str | os.PathLike[str], *, algorithm: str) -> str:
    """Compute the checksum of a local file.

    The result is remembered for as long as path, size and modification time (in nanoseconds) are the
    same.

    Parameters
    ----------
    path:
        The file to read.
    algorithm:
        A name that :func:`hashlib.new` takes.

    Returns
    -------
    :
        The digest in hexadecimal.

    Raises
    ------
    ValueError
        If Python does not know the algorithm.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("a.txt").write_text("counts")
    >>> checksum_of_file("a.txt", algorithm="md5")
    '0700cd3e2cd8b37ef510dd5aa2c81fc6'
    """
    absolute = Path(path).absolute()
    status = absolute.stat()
    remember = time.time_ns() - status.st_mtime_ns > _MTIME_GRANULARITY_NS
    compute = _checksum if remember else _checksum.__wrapped__
    return compute(absolute, algorithm, status.st_size, status.st_mtime_ns)


# A file that is written twice within one tick of its file system's clock keeps its modification time, so
# a fresh time does not prove that the content is still the same. FAT has the coarsest clock.
_MTIME_GRANULARITY_NS = 2_000_000_000


@functools.lru_cache(maxsize=200_000)
def _checksum(path: Path, algorithm: str, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return digest.hexdigest()


def warn_unknown_algorithm(algorithm: str, *, what: str) -> None:
    """Warn that a checksum cannot be computed, and that only the size is compared."""
    warnings.warn(
        f"The checksum algorithm {algorithm!r} of {what} is not known here, so only the size is compared.",
        UserWarning,
        stacklevel=3,
    )
