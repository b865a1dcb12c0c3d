"""The packets of SFTP version 3 that transfers need: how requests are written and replies are read.

The format is that of draft-ietf-secsh-filexfer-02 with OpenSSH's extensions, which is what servers speak.
"""

from __future__ import annotations

import enum
import stat
import struct
from typing import Final, NamedTuple

VERSION: Final = 3
ATTRIBUTES_NONE: Final = b"\0\0\0\0"


_NUMBER = struct.Struct(">I")
# What servers usually say of a file: size, owner, permissions, and the times of the last look and change.
_USUAL = 0xF
_USUAL_ATTRIBUTES = struct.Struct(">QIIIII")


class Kind(enum.IntEnum):
    """Types of packets."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Status(enum.IntEnum):
    """What a server says of a request."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4


class OpenFlag(enum.IntFlag):
    """How a file is opened."""

    READ = 0x01
    WRITE = 0x02
    CREATE = 0x08
    EXCLUSIVE = 0x20


class SftpRefusedError(Exception):
    """The server refused a request.

    Parameters
    ----------
    code:
        What kind of refusal, see :class:`Status`; servers may know more.
    text:
        In the server's words.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Attributes(NamedTuple):
    """What a server says about a file; None for what it does not say.

    A tuple, because it is made for each of tens of thousands of files.
    """

    size: int | None = None
    uid: int | None = None
    gid: int | None = None
    mode: int | None = None
    mtime: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode is not None and stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.mode is not None and stat.S_ISREG(self.mode)


def string(content: bytes) -> bytes:
    """Write a string: its length and its bytes."""
    return len(content).to_bytes(4) + content


def attributes_of(*, mode: int | None = None, mtime: int | None = None) -> bytes:
    """Write permissions and the time of the last change, in seconds since 1970, where they are asked for."""
    flags = (0x4 if mode is not None else 0) | (0x8 if mtime is not None else 0)
    return (
        struct.pack(">I", flags)
        + (b"" if mode is None else struct.pack(">I", mode))
        # The protocol has 32 bits without a sign, for the time of access before that of change.
        + (b"" if mtime is None else struct.pack(">II", *[min(max(mtime, 0), 0xFFFFFFFF)] * 2))
    )


def read_string(body: memoryview, position: int = 0) -> tuple[memoryview, int]:
    """Read a string; return it and the position after it.

    Raises
    ------
    struct.error
        If the packet ends before it.
    """
    start = position + 4
    end = start + int.from_bytes(body[position:start])
    if end > len(body):
        raise struct.error("The packet is too short.")
    return body[start:end], end


def read_attributes(body: memoryview) -> Attributes:
    """Read what a server says about a file."""
    return _read_attributes(body, 0)[0]


def _read_attributes(body: memoryview | bytes, position: int) -> tuple[Attributes, int]:
    (flags,) = _NUMBER.unpack_from(body, position)
    position += 4
    if flags == _USUAL:
        size, uid, gid, mode, _, mtime = _USUAL_ATTRIBUTES.unpack_from(body, position)
        return Attributes(size, uid, gid, mode, mtime), position + _USUAL_ATTRIBUTES.size
    size = uid = gid = mode = mtime = None
    if flags & 0x1:
        (size,) = struct.unpack_from(">Q", body, position)
        position += 8
    if flags & 0x2:
        uid, gid = struct.unpack_from(">II", body, position)
        position += 8
    if flags & 0x4:
        (mode,) = struct.unpack_from(">I", body, position)
        position += 4
    if flags & 0x8:
        _, mtime = struct.unpack_from(">II", body, position)
        position += 8
    if flags & 0x80000000:
        (extensions,) = struct.unpack_from(">I", body, position)
        position += 4
        for _ in range(2 * extensions):
            position += 4 + _NUMBER.unpack_from(body, position)[0]
    return Attributes(size=size, uid=uid, gid=gid, mode=mode, mtime=mtime), position


def read_names(body: memoryview) -> list[tuple[bytes, Attributes]]:
    """Read a part of the listing of a folder: names, and what the server says about the files."""
    found = []
    stream = bytes(body)
    position = 4
    for _ in range(_NUMBER.unpack_from(stream)[0]):
        start = position + 4
        end = start + _NUMBER.unpack_from(stream, position)[0]
        # After the name comes a line as people are shown it in a terminal.
        after = end + 4 + _NUMBER.unpack_from(stream, end)[0]
        attributes, position = _read_attributes(stream, after)
        found.append((stream[start:end], attributes))
    return found


def read_status(body: memoryview) -> SftpRefusedError | None:
    """Read a status; None where it says that all went well.

    Raises
    ------
    struct.error
        If the packet is too short.
    """
    (code,) = _NUMBER.unpack_from(body)
    if code == Status.OK:
        return None
    text = bytes(read_string(body, 4)[0]).decode("utf-8", "replace") if len(body) > 4 else ""
    return SftpRefusedError(code, text)


def read_extensions(body: memoryview) -> dict[bytes, bytes]:
    """Read the names and values of extensions that follow a server's version."""
    extensions = {}
    position = 0
    while position < len(body):
        name, position = read_string(body, position)
        value, position = read_string(body, position)
        extensions[bytes(name)] = bytes(value)
    return extensions
