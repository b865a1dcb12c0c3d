"""Checksums of local files, computed once per content, several at a time."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from scitacean.warn import warn_user

DEFAULT_ALGORITHM = "blake2b"
"""Used for new files, with its full 512 bits, as ``b2sum`` has them: fast on every processor.

SHA-256 is so only on processors that have instructions for it: without them, ``sha256sum`` takes three
times as long as ``b2sum``.
"""

# A file that is written twice within one tick of its file system's clock keeps its times, so fresh times
# do not prove that the content is still the same. FAT has the coarsest clock.
_CLOCK_TICK_NS = 2_000_000_000

_CHUNK = 1024 * 1024
_MOST_WORKERS = 4
_MOST_REMEMBERED = 100_000

# Both take little, as there may be many: 16 bytes stand for the file, its state and the algorithm, and
# the digest is the object that files have.
_remembered: dict[bytes, str] = {}
_remembering = threading.Lock()


class Reading(NamedTuple):
    """What was found in a local file.

    Attributes
    ----------
    status:
        What the file system said when its last byte had been read.
    checksum:
        Hexadecimal digest of the bytes.
    steady:
        Whether nobody wrote to it meanwhile: otherwise the digest is of no content that ever was.
    """

    status: os.stat_result
    checksum: str
    steady: bool


def is_known_algorithm(algorithm: str | None) -> bool:
    """Whether Python can compute such checksums to a fixed length.

    Parameters
    ----------
    algorithm:
        A name; None is no algorithm.

    Examples
    --------
    >>> is_known_algorithm("blake2b"), is_known_algorithm("crc-7")
    (True, False)
    """
    # A server may have anything here.
    return isinstance(algorithm, str) and _is_known(algorithm)


@functools.lru_cache(maxsize=64)
def _is_known(algorithm: str) -> bool:
    try:
        return hashlib.new(algorithm, usedforsecurity=False).digest_size > 0
    except (TypeError, ValueError):  # the first is for text that is no valid unicode
        return False


def known_or_none(algorithm: str | None) -> str | None:
    """Return the algorithm where Python can compute it, else None.

    Parameters
    ----------
    algorithm:
        A name; None is no algorithm.

    Examples
    --------
    >>> known_or_none("blake2b"), known_or_none("crc-7")
    ('blake2b', None)
    """
    return algorithm if is_known_algorithm(algorithm) else None


def checksum_of_file(path: str | os.PathLike[str], *, algorithm: str) -> str:
    """Compute the checksum of a local file.

    The result is remembered for as long as the file is the same one, with the same size and times (in
    nanoseconds, that of its last change of any kind included).

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
    return _read(path, algorithm, threading.Event()).checksum


def checksums_of_files(
    paths: Iterable[str | os.PathLike[str]], *, algorithm: str, workers: int | None = None
) -> list[str]:
    """Compute the checksums of many local files, or of a large one, in threads.

    The calling thread only waits, so that it can be interrupted at any time. The first error, or the
    interrupt, stops all threads; none is left when this function returns or raises.

    Parameters
    ----------
    paths:
        The files to read.
    algorithm:
        A name that :func:`hashlib.new` takes.
    workers:
        How many files to read at a time; by default as many as there are processors, at most 4.

    Returns
    -------
    :
        The digests in hexadecimal, in the order of the paths.

    Raises
    ------
    ValueError
        If Python does not know the algorithm.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("a.txt").write_text("counts")
    >>> checksums_of_files(["a.txt"], algorithm="md5")
    ['0700cd3e2cd8b37ef510dd5aa2c81fc6']
    """
    return [reading.checksum for reading in read_files(paths, algorithm=algorithm, workers=workers)]


def read_files(
    paths: Iterable[str | os.PathLike[str]], *, algorithm: str, workers: int | None = None
) -> list[Reading]:
    """Do what :func:`checksums_of_files` does, and say of which state of the files the checksums are.

    Parameters
    ----------
    paths, algorithm, workers:
        See :func:`checksums_of_files`.

    Returns
    -------
    :
        What was found, in the order of the paths.

    Raises
    ------
    ValueError
        If Python does not know the algorithm.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("a.txt").write_text("counts")
    >>> [(reading.status.st_size, reading.steady) for reading in read_files(["a.txt"], algorithm="md5")]
    [(6, True)]
    """
    todo = list(paths)
    results: dict[int, Reading] = {}
    jobs = iter(range(len(todo)))
    taking = threading.Lock()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with taking:
                index = next(jobs, None)
            if index is None:
                return
            results[index] = _read(todo[index], algorithm, stop)

    wanted = workers or min(os.cpu_count() or 1, _MOST_WORKERS)
    with ThreadPoolExecutor(max(1, min(wanted, len(todo))), "checksum") as pool:
        try:
            running = {pool.submit(work) for _ in range(min(wanted, len(todo)))}
            while running:
                # On Windows only a wait with a limit can be interrupted.
                done, running = wait(running, timeout=0.2, return_when=FIRST_EXCEPTION)
                for thread in done:
                    thread.result()
        finally:
            stop.set()
    return [results[index] for index in range(len(todo))]


def _read(path: str | os.PathLike[str], algorithm: str, stop: threading.Event) -> Reading:
    """Read a file, if it is not known; what is returned once ``stop`` is set means nothing."""
    absolute = Path(path).absolute()
    status = absolute.stat()
    known = _remembered.get(_state(status, algorithm))
    if known is not None:
        return Reading(status, known, steady=True)
    digest = hashlib.new(algorithm, usedforsecurity=False)
    if not digest.digest_size:
        raise ValueError(f"Checksums of the algorithm {algorithm!r} have no fixed length.")
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        # To open a pipe may wait for ever; a folder has an error of its own.
        raise OSError(errno.EINVAL, "It is neither a file nor a folder", str(absolute))
    started = time.time_ns()
    with absolute.open("rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        buffer = memoryview(bytearray(min(_CHUNK, before.st_size + 1)))
        while not stop.is_set() and (length := file.readinto(buffer)):
            digest.update(buffer[:length])
        status = os.fstat(file.fileno())
    # Another name or other permissions change the state, but no byte.
    steady = (before.st_size, before.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    checksum = digest.hexdigest()
    state, last = _state(before, algorithm), max(before.st_mtime_ns, before.st_ctime_ns)
    if state == _state(status, algorithm) and not stop.is_set() and started - last > _CLOCK_TICK_NS:
        _remember(state, checksum)
    return Reading(status, checksum, steady)


def _state(status: os.stat_result, algorithm: str) -> bytes:
    """Return what tells one state of one file from all others."""
    times = (status.st_mtime_ns, status.st_ctime_ns)
    told = repr((algorithm, status.st_dev, status.st_ino, status.st_size, times))
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _remember(state: bytes, checksum: str) -> None:
    with _remembering:
        _remembered[state] = checksum
        if len(_remembered) > _MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]


def warn_unknown_algorithm(algorithm: str) -> None:
    """Warn that checksums cannot be computed, and that only sizes are compared.

    The text names no file, so that Python shows it once for all files of an algorithm.

    Parameters
    ----------
    algorithm:
        Its name.

    Warns
    -----
    UserWarning
        Always.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_unknown_algorithm("crc-7")
    >>> print(caught[0].message)
    The checksum algorithm 'crc-7' is not known here, so that of such files only the size is compared.
    """
    warn_user(
        f"The checksum algorithm {algorithm!r} is not known here, so that of such files only the size is "
        "compared."
    )
