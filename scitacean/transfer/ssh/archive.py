"""The format of tar, as far as streams of small regular files need it.

Python's own module takes as long for the header of a small file as the rest of its transfer does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import attrs

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)

_LONG_NAME = b"././@LongLink"
_MAGIC = b"ustar  \0"
_NAME_FIELD = 100
_OF_LONG_NAME = 0x4C
_REGULAR = (0x30, 0)
_BLANKS = b" " * 8
# Of nobody: they are left to the host.
_OWNERS = b"%07o\0" % 0 * 2
# What is empty, as the name of a link is, is filled up with zeros.
_HEADER = struct.Struct("100s48s8s1s100x8s247x")
_TOTAL_OF_REST = sum(_MAGIC) + sum(_BLANKS)


class NotAnArchiveError(Exception):
    """What came is no archive, or a broken one."""


@attrs.frozen
class Entry:
    """What a header says of a file.

    Attributes
    ----------
    name:
        Path.
    size:
        In bytes.
    is_file:
        Whether it is a regular file.
    """

    name: bytes
    size: int
    is_file: bool


def header(name: bytes, *, size: int, mode: int, mtime: int) -> bytes:
    """Write the header of a file, with another entry for its name where that is long.

    Parameters
    ----------
    name:
        Path.
    size:
        In bytes; less than 8 GiB.
    mode:
        Permissions.
    mtime:
        Time of the last change, in seconds since 1970.

    Examples
    --------
    >>> len(header(b"/data/a.nxs", size=3, mode=0o640, mtime=0))
    512
    """
    if len(name) < _NAME_FIELD:
        return _header(name, b"0", size, mode, mtime)
    content = name + b"\0"
    long = _header(_LONG_NAME, b"L", len(content), 0o644, 0)
    return long + content + padding(len(content)) + _header(name[: _NAME_FIELD - 1], b"0", size, mode, mtime)


def padding(size: int) -> bytes:
    """Return what follows the content of a file of some size.

    Examples
    --------
    >>> len(padding(3)), len(padding(1024))
    (509, 0)
    """
    return bytes(-size % BLOCK)


def _header(name: bytes, kind: bytes, size: int, mode: int, mtime: int) -> bytes:
    numbers = b"%07o\0%s%011o\0%011o\0" % (mode, _OWNERS, size, min(max(mtime, 0), 0o77777777777))
    total = sum(name) + sum(numbers) + kind[0] + _TOTAL_OF_REST
    return _HEADER.pack(name, numbers, b"%06o\0 " % total, kind, _MAGIC)


class Stream:
    """Takes apart what comes in blocks of any size.

    Parameters
    ----------
    blocks:
        What comes.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._current = memoryview(b"")

    def some(self, most: int) -> memoryview:
        """Return what comes next, at least a byte and at most some.

        Raises
        ------
        NotAnArchiveError
            If nothing comes any more.
        """
        if not self._current:
            block = next(self._blocks, None)
            if block is None:
                raise NotAnArchiveError
            self._current = memoryview(block)
        taken, self._current = self._current[:most], self._current[most:]
        return taken

    def exactly(self, size: int) -> bytes:
        """Return the next bytes, so many.

        Raises
        ------
        NotAnArchiveError
            If fewer come.
        """
        parts = []
        while size > 0:
            parts.append(self.some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def entries(self) -> Iterator[Entry]:
        """Yield what there is; who asks for the next one has taken the content of the last one.

        Raises
        ------
        NotAnArchiveError
            If what comes is no archive, or ends too early.
        """
        while (entry := self._entry()) is not None:
            yield entry
            self.exactly(-entry.size % BLOCK)
        for _ in self._blocks:
            # The writer fills up its last block.
            pass

    def _entry(self) -> Entry | None:
        block = self.exactly(BLOCK)
        entry = read_header(block)
        if entry is not None and block[156] == _OF_LONG_NAME:
            name = self.exactly(entry.size)[:-1]
            self.exactly(-entry.size % BLOCK)
            of_file = read_header(self.exactly(BLOCK))
            if of_file is None:
                raise NotAnArchiveError
            return attrs.evolve(of_file, name=name)
        return entry


def read_header(block: bytes) -> Entry | None:
    """Read a header; None for what stands at the end.

    Raises
    ------
    NotAnArchiveError
        If it is none.
    """
    if not block.strip(b"\0"):
        return None
    try:
        expected = int(block[148:156].strip(b" \0"), 8)
        size = _number(block[124:136])
    except ValueError:
        raise NotAnArchiveError from None
    if sum(block) - sum(block[148:156]) + sum(_BLANKS) != expected:
        raise NotAnArchiveError
    return Entry(block[:_NAME_FIELD].rstrip(b"\0"), size, block[156] in _REGULAR)


def _number(field: bytes) -> int:
    # Large ones are binary.
    if field[0] & 0x80:
        return int.from_bytes(field[1:])
    return int(field.strip(b" \0") or b"0", 8)
