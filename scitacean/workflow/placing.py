"""Giving complete files their times and names, such that these survive a loss of power."""

# ruff: noqa: PTH105, PTH108, PTH116
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scitacean.workflow.download_plan import Item

StrPath = str | os.PathLike[str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# From so many files on, writing all of the file system to disk costs less than one file after the other.
_MANY = 256


def place(items: Mapping[Item, os.stat_result]) -> None:
    """Give files that are complete their names.

    Parameters
    ----------
    items:
        The files, and what the file system says of what stands under their partial names: of links, not of
        what they lead to.

    Raises
    ------
    OSError
        If the file system refuses.

    Examples
    --------
    >>> from scitacean import File, RemotePath
    >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> item = Item(file, RemotePath("/data/a.nxs"), Path(), "a.nxs", ".a.nxs.part", 3)
    >>> _ = Path(item.partial).write_text("abc")
    >>> place({item: os.lstat(item.partial)})
    >>> Path(item.target).stat().st_mtime == file.remote_creation_time.timestamp()
    True
    """
    shared = [item for item, status in items.items() if not _set_time(item, status)]
    folders = {item.folder for item in items}
    if len(items) < _MANY or not _file_systems_written(folders):
        for item in items:
            _write_to_disk(item.partial)
    for item in items:
        os.replace(item.partial, item.target)
    for item in shared:
        # Nothing is renamed where both are names of one file.
        with suppress(FileNotFoundError):
            os.unlink(item.partial)
    for folder in folders:
        # Windows opens no folders, and some file systems of networks write none to disk.
        with suppress(OSError):
            _write_to_disk(folder)


def _set_time(item: Item, status: os.stat_result) -> bool:
    """Give a file the time of the catalogue; False where it is, or leads to, that of the file server."""
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
    return (time - _EPOCH) // _MICROSECOND * 1000


def _write_to_disk(path: StrPath) -> None:
    with _opened(path) as descriptor:
        os.fsync(descriptor)


def _file_systems_written(folders: Iterable[Path]) -> bool:
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
