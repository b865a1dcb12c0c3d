"""Copying bytes between two open files of this machine in the cheapest way that their file systems have."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import IO

_CHUNK = 1 << 20
_KERNEL_CHUNK = 16 << 20
_ZEROS = memoryview(bytes(_CHUNK))

# Below this, asking the kernel for more than plain reading and writing costs as much as it saves.
_WORTH_ASKING = 64 * 1024

# _IOW(0x94, 9, int) of <linux/fs.h>. Where it has another number, the kernel knows no such request.
_FICLONE = 0x40049409

OnBytes = Callable[[int], None]
"""Is told how many more bytes have been copied."""


def copy_bytes(
    source: IO[bytes],
    sink: IO[bytes],
    *,
    offset: int = 0,
    length: int | None = None,
    digest: hashlib._Hash | None = None,
    on_bytes: OnBytes | None = None,
) -> int:
    """Copy a range of a file to the same range of another file, which ends where that range begins.

    On Linux the content is shared where the file system can (reflink), else copied within the kernel, and
    holes stay holes. What that leaves, for whatever reason, is read and written: files that are longer than
    they say, as those of ``/proc``, come whole. No byte is read twice.

    Parameters
    ----------
    source:
        File to read, opened without buffer.
    sink:
        File to write to, with nothing in its buffer.
    offset:
        First byte to copy.
    length:
        How many bytes to copy at most; None for all up to the end.
    digest:
        Is updated with the bytes in order; None for no checksum.
    on_bytes:
        Is told about progress; when it raises, what is in the sink is a beginning of the right content.

    Returns
    -------
    :
        How many bytes were copied.

    Raises
    ------
    OSError
        If the file cannot be read or written.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("a.dat").write_bytes(b"counts")
    >>> with open("a.dat", "rb", buffering=0) as source, open("b.dat", "w+b") as sink:
    ...     copy_bytes(source, sink, length=5)
    5
    >>> Path("b.dat").read_bytes()
    b'count'
    """
    copying = _Copying(source, sink, digest, on_bytes)
    status = os.fstat(source.fileno())
    expected = max(0, status.st_size - offset)
    if length is not None:
        expected = min(expected, length)
    if expected >= _WORTH_ASKING:
        if offset == 0 and expected == status.st_size and _clone(source, sink, expected):
            return copying.note_cloned(expected)
        for start, end, is_hole in _extents(source.fileno(), offset, offset + expected, status):
            if offset + copying.moved < start:
                break  # somebody has cut the file off meanwhile
            if is_hole:
                copying.skip(max(0, min(end, os.fstat(source.fileno()).st_size) - start))
            else:
                copying.seek(start)
                copying.move(end - start)
        copying.seek(offset + copying.moved)
        os.ftruncate(sink.fileno(), offset + copying.moved)
    else:
        copying.seek(offset)
    copying.pump(None if length is None else length - copying.moved)
    return copying.moved


class _Copying:
    """One copy on its way."""

    def __init__(
        self, source: IO[bytes], sink: IO[bytes], digest: hashlib._Hash | None, on_bytes: OnBytes | None
    ) -> None:
        self._source = source.fileno()
        self._sink = sink.fileno()
        self._digest = digest
        self._on_bytes = on_bytes
        self.moved = 0

    def seek(self, position: int) -> None:
        """Go on from a position, in both files."""
        os.lseek(self._source, position, os.SEEK_SET)
        os.lseek(self._sink, position, os.SEEK_SET)

    def skip(self, length: int) -> None:
        """Pass over a hole."""
        if self._digest is None:
            self._note(length)
            return
        while length:
            zeros = _ZEROS[: min(_CHUNK, length)]
            self._digest.update(zeros)
            self._note(len(zeros))
            length -= len(zeros)

    def note_cloned(self, length: int) -> int:
        """Note that the sink has all of it; for a checksum it has to be read."""
        if self._digest is None:
            self._note(length)
            return length
        os.lseek(self._sink, 0, os.SEEK_SET)
        while chunk := os.read(self._sink, _CHUNK):
            self._digest.update(chunk)
            self._note(len(chunk))
        return length

    def move(self, length: int) -> None:
        """Copy from where both files are; fewer bytes where the source ends before."""
        end = self.moved + length
        if self._digest is None:
            self._move_in_kernel(end)
        self.pump(end - self.moved)

    def _move_in_kernel(self, end: int) -> None:
        if sys.platform != "linux":
            return
        while self.moved < end:
            try:
                count = os.copy_file_range(self._source, self._sink, min(_KERNEL_CHUNK, end - self.moved))
            except OSError:
                # Kernels and file systems have many ways to say that they cannot do this. What is wrong with
                # the files themselves, or with the disk, will show when they are read and written.
                return
            if count == 0:
                return
            self._note(count)

    def pump(self, length: int | None) -> None:
        """Read and write; up to the end without a length."""
        end = None if length is None else self.moved + length
        while room := _CHUNK if end is None else min(_CHUNK, end - self.moved):
            chunk = os.read(self._source, room)
            if not chunk:
                return
            if self._digest is not None:
                self._digest.update(chunk)
            unwritten = memoryview(chunk)
            while unwritten:
                unwritten = unwritten[os.write(self._sink, unwritten) :]
            self._note(len(chunk))

    def _note(self, length: int) -> None:
        self.moved += length
        if self._on_bytes is not None:
            self._on_bytes(length)


def _clone(source: IO[bytes], sink: IO[bytes], size: int) -> bool:
    """Let both files share their content until one is written to, where the file system can."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(sink.fileno(), _FICLONE, source.fileno())
    except OSError:
        return False
    # It may have grown since its size was asked.
    os.ftruncate(sink.fileno(), size)
    return os.fstat(sink.fileno()).st_size == size


def _extents(file: int, position: int, end: int, status: os.stat_result) -> Iterator[tuple[int, int, bool]]:
    """Split a range into data and holes: start, end, and whether it is a hole."""
    if sys.platform == "linux" and status.st_blocks * 512 < status.st_size:
        while position < end:
            try:
                data = min(end, os.lseek(file, position, os.SEEK_DATA))
                hole = min(end, os.lseek(file, data, os.SEEK_HOLE)) if data < end else end
            except OSError as error:
                if error.errno != errno.ENXIO:
                    break  # the file system knows no holes: reading shows them as zeros
                data = hole = end
            if position < data:
                yield position, data, True
            if data < hole:
                yield data, hole, False
            position = hole
    if position < end:
        yield position, end, False
