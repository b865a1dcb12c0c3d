"""Reading and writing the content of one remote file with many requests in flight.

What is in flight is bounded, so memory is too; blocks are used in order, so what has been read or
written when something fails is a beginning of the whole.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.sftp_packets import OpenFlag, SftpRefusedError, Status
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession

# More than a line of 100 MB/s has under way in 20 ms; half of what the channel takes unread.
_IN_FLIGHT = 2 << 20


@contextmanager
def opened_to_read(session: SftpSession, path: bytes) -> Iterator[bytes]:
    """Open a file, give its handle, and close it at the end, for which nobody waits.

    Raises
    ------
    SftpRefusedError
        If the server refuses.
    """
    handle = session.open(path, OpenFlag.READ).result()
    try:
        yield handle
    finally:
        abandon(session, handle)


def abandon(session: SftpSession, handle: bytes) -> None:
    """Close a file without waiting, whatever has happened."""
    with suppress(HostNotReachableError):
        session.close(handle).ignore()


def read_blocks(session: SftpSession, handle: bytes, start: int, end: int) -> Iterator[memoryview]:
    """Yield the bytes of an open file from ``start`` to ``end``, fewer where the file ends before.

    Raises
    ------
    SftpRefusedError
        If the server cannot read.
    HostNotReachableError
        If the connection breaks.
    """
    waiting: deque[tuple[int, int, Pending[memoryview]]] = deque()
    position = start
    in_flight = 0
    try:
        while True:
            while position < end and in_flight < _IN_FLIGHT:
                size = min(session.read_size, end - position)
                waiting.append((position, size, session.read(handle, position, size)))
                position += size
                in_flight += size
            if not waiting:
                return
            offset, size, pending = waiting.popleft()
            block = _block(pending)
            in_flight -= len(block)
            if not block:
                return
            if len(block) < size:
                # Servers may answer with less than was asked for; the rest comes before what follows.
                rest = offset + len(block), size - len(block)
                waiting.appendleft((*rest, session.read(handle, *rest)))
            yield block
    finally:
        for _, _, pending in waiting:
            pending.ignore()


def write_blocks(
    session: SftpSession,
    handle: bytes,
    source: BinaryIO,
    *,
    start: int,
    end: int,
    on_written: Callable[[int], None],
    digest: hashlib._Hash | None = None,
) -> int:
    """Write the bytes that a local file has from ``start`` to ``end`` to the same place of an open file.

    Parameters
    ----------
    session, handle:
        The open file.
    source:
        The local file, where reading begins.
    start, end:
        Range of bytes.
    on_written:
        Is told how many bytes the server has confirmed, block by block.
    digest:
        Is given all that is written.

    Returns
    -------
    :
        Where writing ended: before ``end`` where the local file is shorter.

    Raises
    ------
    SftpRefusedError
        If the server cannot write.
    HostNotReachableError
        If the connection breaks.
    """
    waiting: deque[tuple[int, Pending[None]]] = deque()
    position = start
    in_flight = 0
    try:
        while True:
            content = source.read(min(session.write_size, end - position))
            if content:
                if digest is not None:
                    digest.update(content)
                waiting.append((len(content), session.write(handle, position, content)))
                position += len(content)
                in_flight += len(content)
            while waiting and (in_flight > _IN_FLIGHT or not content):
                size, pending = waiting.popleft()
                pending.result()
                in_flight -= size
                on_written(size)
            if not content:
                return position
    finally:
        for _, pending in waiting:
            pending.ignore()


def _block(pending: Pending[memoryview]) -> memoryview:
    try:
        return pending.result()
    except SftpRefusedError as refusal:
        if refusal.code == Status.EOF:
            return memoryview(b"")
        raise
