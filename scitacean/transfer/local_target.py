"""Opening local files to write into, so that nothing is written through links that others put there."""

# ruff: noqa: PTH108
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

StrPath = str | os.PathLike[str]

# Windows lacks some of these; there the comparison after opening finds a link.
_SAFELY = (
    getattr(os, "O_NOFOLLOW", 0)
    # Opening a pipe would wait for somebody who reads from it.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY


def open_local_target(path: StrPath, *, offset: int) -> BinaryIO:
    """Open a local file to write to from an offset on; the caller closes it.

    From offset 0 the file is a new one: an old one of that name, or a link, is removed before, so that
    what a link leads to, and other names of the old file, keep their content. From any other offset the
    file must be a regular one; what follows the offset is cut off.

    Parameters
    ----------
    path:
        The file; its folder exists.
    offset:
        Where writing begins, in bytes; the file has at least that size.

    Raises
    ------
    OSError
        If the file cannot be made or opened, is a folder, a device or, for a later offset, anything but a
        regular file of that size.

    Examples
    --------
    >>> from pathlib import Path
    >>> for offset, content in [(0, b"12345"), (2, b"x")]:
    ...     with open_local_target(Path("counts.dat"), offset=offset) as file:
    ...         _ = file.write(content)
    >>> Path("counts.dat").read_bytes()
    b'12x'
    """
    return os.fdopen(open_local_descriptor(path, offset=offset), "r+b")


def open_local_descriptor(path: StrPath, *, offset: int) -> int:
    """Open a local file like :func:`open_local_target`, as a descriptor of the system.

    That is for those who write whole blocks of many files: a file object costs more than a small file.

    Parameters
    ----------
    path:
        The file; its folder exists.
    offset:
        Where writing begins, in bytes; the file has at least that size.

    Raises
    ------
    OSError
        As :func:`open_local_target`.

    Examples
    --------
    >>> import os
    >>> descriptor = open_local_descriptor("counts.dat", offset=0)
    >>> os.write(descriptor, b"12345")
    5
    >>> os.close(descriptor)
    """
    return _open_new(path) if offset == 0 else _open_old(path, offset)


def make_way(path: StrPath) -> None:
    """Remove an old file or link, so that there can be a new one of that name.

    Parameters
    ----------
    path:
        The file; nothing happens where there is none.

    Raises
    ------
    OSError
        If it cannot be removed, or is a folder or a device.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("counts.dat").write_text("1,2")
    >>> make_way(Path("counts.dat"))
    >>> Path("counts.dat").exists()
    False
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise _not_regular(path)
    os.unlink(path)


def _open_new(path: StrPath) -> int:
    try:
        return os.open(path, _NEW, 0o666)
    except FileExistsError:
        make_way(path)
        return os.open(path, _NEW, 0o666)


def _open_old(path: StrPath, offset: int) -> int:
    by_name = os.lstat(path)
    if not stat.S_ISREG(by_name.st_mode):
        raise _not_regular(path)
    descriptor = os.open(path, os.O_RDWR | _SAFELY)
    try:
        _check_opened(path, by_name, os.fstat(descriptor), offset)
        os.ftruncate(descriptor, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_opened(path: StrPath, by_name: os.stat_result, opened: os.stat_result, offset: int) -> None:
    # The name may lead elsewhere since it was looked at.
    if not os.path.samestat(by_name, opened):
        raise _not_regular(path)
    if opened.st_size < offset:
        raise OSError(errno.EINVAL, f"It has {opened.st_size} bytes, fewer than {offset}", str(path))


def _not_regular(path: StrPath) -> OSError:
    return OSError(errno.EINVAL, "It is no regular file", str(path))
