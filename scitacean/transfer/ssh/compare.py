"""Comparing files on the host with local ones by reading both, for hosts that cannot compute checksums."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal, TypeAlias

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.lanes import MOST_BYTES, Lanes, Line
from scitacean.transfer.ssh.outgoing import Outgoing, OutgoingPart
from scitacean.transfer.ssh.schedule import PART_SIZE, Schedule
from scitacean.transfer.ssh.sftp_packets import OpenFlag, SftpRefusedError, Status
from scitacean.transfer.ssh.sftp_session import SftpSession

_HowMuch: TypeAlias = Literal["all", "sample"]

_SAMPLE = 64 * 1024


def differing(
    items: Sequence[Outgoing], line: Line, *, how_much: _HowMuch, connections: int
) -> set[int]:
    """Read files of the host and compare them with the local ones.

    Parameters
    ----------
    items:
        The files; what is compared has their partial names, or their own where these do not exist.
    line:
        The connection.
    how_much:
        All of each file, or its beginning, its end and a random place in between.
    connections:
        How many connections to use.

    Returns
    -------
    :
        Indices of those that differ or cannot be read.

    Raises
    ------
    FileUploadError
        If a local file is not what it was any more.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """

    def parts() -> Iterator[_Compared]:
        for index, item in enumerate(items):
            number = sum(1 for _ in _ranges(item.size, how_much))
            for start, end in _ranges(item.size, how_much):
                yield _Compared(start, end, item, index, number)

    schedule = Schedule(parts(), (), most_bytes=MOST_BYTES)
    comparing = _Comparing(schedule)
    try:
        Lanes(line, schedule, comparing, number=connections).run()
    finally:
        for item in items:
            item.close()
    return comparing.different


class _Compared(OutgoingPart):
    """One of some ranges of a file that are compared."""

    def __init__(self, start: int, end: int, file: Outgoing, index: int, number: int) -> None:
        super().__init__(start, end, file)
        self.index = index
        self.number = number


class _Comparing:
    """The steps of comparing a part of a file."""

    def __init__(self, schedule: Schedule[_Compared]) -> None:
        self._schedule = schedule
        self._compared: Counter[int] = Counter()
        self._lock = threading.Lock()
        self.different: set[int] = set()

    async def job(self, session: SftpSession, part: _Compared) -> None:
        try:
            if part.index not in self.different and not await self._is_same(session, part):
                self.different.add(part.index)
        except SftpRefusedError:
            self.different.add(part.index)
        self._schedule.release(part.charged)
        self._note_compared(part)

    def _note_compared(self, part: _Compared) -> None:
        """Close the local file after its last part; there may be more files than can be open."""
        with self._lock:
            self._compared[part.index] += 1
            if self._compared[part.index] == part.number:
                del self._compared[part.index]
                part.file.close()

    async def _is_same(self, session: SftpSession, part: _Compared) -> bool:
        handle = await _opened(session, part.file)
        try:
            blocks = [
                (content, session.read(handle, offset, len(content)))
                for offset, content in part.file.read(part, session.read_size, ())
            ]
            for content, pending in blocks:
                if content != await pending:
                    return False
        finally:
            with suppress(HostNotReachableError):
                session.close(handle).ignore()
        return True


async def _opened(session: SftpSession, item: Outgoing) -> bytes:
    try:
        return await session.open(item.partial, OpenFlag.READ)
    except SftpRefusedError as refusal:
        if refusal.code != Status.NO_SUCH_FILE:
            raise
        return await session.open(item.target, OpenFlag.READ)


def _ranges(size: int, how_much: _HowMuch) -> Iterator[tuple[int, int]]:
    return _everything(size) if how_much == "all" else _sample(size)


def _everything(size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, size, PART_SIZE):
        yield start, min(start + PART_SIZE, size)


def _sample(size: int) -> Iterator[tuple[int, int]]:
    if size <= 3 * _SAMPLE:
        yield from _everything(size)
        return
    # Chosen anew each time, so that no fault can hide from all of them.
    between = random.randrange(_SAMPLE, size - 2 * _SAMPLE)  # noqa: S311  # no secret
    for start in (0, between, size - _SAMPLE):
        yield start, start + _SAMPLE
