"""Comparing files on the host with local ones by reading both, for hosts that cannot compute checksums."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Literal

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.lanes import MOST_BYTES, Lanes, Line
from scitacean.transfer.ssh.outgoing import Outgoing, OutgoingPart
from scitacean.transfer.ssh.schedule import PART_SIZE, Schedule
from scitacean.transfer.ssh.sftp_packets import OpenFlag, SftpRefusedError
from scitacean.transfer.ssh.sftp_session import SftpSession

_SAMPLE = 64 * 1024


def differing(
    places: Mapping[Outgoing, bytes], line: Line, *, how_much: Literal["all", "sample"], connections: int
) -> set[Outgoing]:
    """Read files of the host and compare them with the local ones.

    Parameters
    ----------
    places:
        The files, and their paths on the host.
    line:
        The connection.
    how_much:
        All of each file, or its beginning, its end and a random place in between.
    connections:
        How many connections to use.

    Returns
    -------
    :
        Those that differ or cannot be read.

    Raises
    ------
    FileUploadError
        If a local file is not what it was any more.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """
    if not places:
        return set()

    def parts() -> Iterator[OutgoingPart]:
        for item in places:
            ranges = list(_everything(item.size) if how_much == "all" else _sample(item.size))
            comparing.unread[item] = {start for start, _ in ranges}
            for start, end in ranges:
                yield OutgoingPart(start, end, item)

    schedule = Schedule(parts(), (), most_bytes=MOST_BYTES)
    comparing = _Comparing(schedule, places)
    try:
        Lanes(line, schedule, comparing, number=connections).run()
    finally:
        comparing.close()
    return comparing.different


class _Comparing:
    """The steps of comparing a part of a file."""

    def __init__(self, schedule: Schedule[OutgoingPart], places: Mapping[Outgoing, bytes]) -> None:
        self._schedule = schedule
        self._places = places
        self._lock = threading.Lock()
        self.unread: dict[Outgoing, set[int]] = {}
        self.different: set[Outgoing] = set()

    async def job(self, session: SftpSession, part: OutgoingPart) -> None:
        item = part.file
        try:
            if item not in self.different and not await self._is_same(session, part):
                self.different.add(item)
        except SftpRefusedError:
            self.different.add(item)
        self._schedule.release(part.charged)
        self._was_read(part)

    def close(self) -> None:
        """Close the local files of which a part is missing."""
        for item in self.unread:
            item.close()

    def _was_read(self, part: OutgoingPart) -> None:
        """Close the local file with its last part: all that are under way cannot stay open."""
        with self._lock:
            unread = self.unread.get(part.file, set())
            unread.discard(part.start)
            if not unread:
                self.unread.pop(part.file, None)
                part.file.finish_reading()

    async def _is_same(self, session: SftpSession, part: OutgoingPart) -> bool:
        handle = await session.open(self._places[part.file], OpenFlag.READ)
        try:
            blocks = [
                (bytes(content), session.read(handle, offset, len(content)))
                for offset, content in part.file.read(part, session.read_size, ())
            ]
            self._was_read(part)
            for content, pending in blocks:
                if content != await pending:
                    return False
        finally:
            with suppress(HostNotReachableError):
                session.close(handle).ignore()
        return True


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
