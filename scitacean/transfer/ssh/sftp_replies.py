"""What the replies of a server mean, by what was asked; raises where they mean nothing.

Raised are :class:`~scitacean.transfer.ssh.sftp_packets.SftpRefusedError`, :class:`UnexpectedReplyError`, and
``struct.error`` for packets that are too short.
"""

from __future__ import annotations

import struct

from scitacean.transfer.ssh.sftp_packets import (
    Attributes,
    Kind,
    read_attributes,
    read_extensions,
    read_names,
    read_status,
    read_string,
)


class UnexpectedReplyError(Exception):
    """A reply of a kind that does not belong to the request."""


def _checked(kind: int, body: memoryview, expected: Kind) -> memoryview:
    if kind == expected:
        return body
    if kind == Kind.STATUS and (refusal := read_status(body)) is not None:
        raise refusal
    raise UnexpectedReplyError


def reply_done(kind: int, body: memoryview) -> None:
    """Check that the server has done it."""
    if kind != Kind.STATUS:
        raise UnexpectedReplyError
    if (refusal := read_status(body)) is not None:
        raise refusal


def reply_handle(kind: int, body: memoryview) -> bytes:
    """Read the handle of an open file, with its length in front, as requests name it."""
    _, end = read_string(_checked(kind, body, Kind.HANDLE))
    return bytes(body[:end])


def reply_data(most: int, kind: int, body: memoryview) -> memoryview:
    """Read a block of a file, of at most so many bytes."""
    block, _ = read_string(_checked(kind, body, Kind.DATA))
    if len(block) > most:
        raise UnexpectedReplyError
    return block


def reply_attributes(kind: int, body: memoryview) -> Attributes:
    """Read what the server says about a file."""
    return read_attributes(_checked(kind, body, Kind.ATTRS))


def reply_names(kind: int, body: memoryview) -> None:
    """Check that there is an answer."""
    _checked(kind, body, Kind.NAME)


def reply_listing(kind: int, body: memoryview) -> list[tuple[bytes, Attributes]]:
    """Read a part of a listing."""
    return read_names(_checked(kind, body, Kind.NAME))


def reply_limits(kind: int, body: memoryview) -> tuple[int, ...]:
    """Read the limits of a server: of packets, of reading, of writing, and of open files."""
    return struct.unpack_from(">4Q", _checked(kind, body, Kind.EXTENDED_REPLY))


def reply_space(kind: int, body: memoryview) -> tuple[int, ...]:
    """Read how full a file system is: sizes of blocks and fragments, then how many there are."""
    return struct.unpack_from(">5Q", _checked(kind, body, Kind.EXTENDED_REPLY))


def reply_version(kind: int, body: memoryview) -> dict[bytes, bytes]:
    """Read the extensions of a server."""
    return read_extensions(_checked(kind, body, Kind.VERSION))
