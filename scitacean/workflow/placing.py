"""Giving complete files their times and names, such that these survive a loss of power."""

# ruff: noqa: PTH105, PTH116, PTH120
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from scitacean.workflow.download_plan import Item

StrPath = str | os.PathLike[str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# From so many files on, writing all of the file system to disk costs less than one file after the other.
_MANY = 256


def place(items: Collection[Item]) -> None:
    """Give files that are complete their names.

    Parameters
    ----------
    items:
        The files.

    Raises
    ------
    OSError
        If the file system refuses.

    Examples
    --------
    >>> from pathlib import Path
    >>> from scitacean import File, RemotePath
    >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> item = Item(file, RemotePath("/data/a.nxs"), Path("a.nxs"), Path(".a.nxs.part"), 3)
    >>> _ = item.partial.write_text("abc")
    >>> place([item])
    >>> item.target.stat().st_mtime == file.remote_creation_time.timestamp()
    True
    """
    shared = [item for item in items if not _set_time(item)]
    folders = dict.fromkeys(os.path.dirname(item.target) for item in items)
    if len(items) < _MANY or not _file_systems_written(folders):
        for item in items:
            _write_to_disk(item.partial)
    for item in items:
        os.replace(item.partial, item.target)
    for item in shared:
        # Nothing is renamed where both are names of one file.
        item.partial.unlink(missing_ok=True)
    for folder in folders:
        # Windows opens no folders, and some file systems of networks write none to disk.
        with suppress(OSError):
            _write_to_disk(folder)


def _set_time(item: Item) -> bool:
    """Give a file the time of the catalogue; False where it is, or leads to, that of the file server."""
    status = os.lstat(item.partial)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        return False
    nanoseconds = _nanoseconds(item.file.remote_creation_time)
    if nanoseconds is not None:
        # File systems have their limits for times, and the content is right with any.
        with suppress(OSError, OverflowError):
            os.utime(item.partial, ns=(status.st_atime_ns, nanoseconds))
    return True


def _nanoseconds(time: object) -> int | None:
    """Return a time as file systems count it; None for what is no time, which a server may have here."""
    if not isinstance(time, datetime) or time.utcoffset() is None:
        return None
    return (time - _EPOCH) // timedelta(microseconds=1) * 1000


def _write_to_disk(path: StrPath) -> None:
    with _opened(path) as descriptor:
        os.fsync(descriptor)


def _file_systems_written(folders: Iterable[str]) -> bool:
    """Write all of the file systems of folders to disk, where the system can: only Linux does."""
    if sys.platform != "linux":
        return False
    sync = getattr(ctypes.CDLL(None), "syncfs", None)
    one_of_each = {os.stat(folder).st_dev: folder for folder in folders}
    for folder in one_of_each.values():
        with _opened(folder) as descriptor:
            if sync is None or sync(descriptor) != 0:
                return False
    return True


@contextmanager
def _opened(path: StrPath) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
