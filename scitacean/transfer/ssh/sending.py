"""The steps of sending files to their partial names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import suppress

import attrs

from scitacean.errors import HostNotReachableError
from scitacean.transfer.protocol import ProgressCallback
from scitacean.transfer.ssh.errors import (
    LocalFileChangedError,
    cannot_write,
)
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.outgoing import Outgoing, OutgoingPart
from scitacean.transfer.ssh.schedule import PART_SIZE, Schedule
from scitacean.transfer.ssh.sftp_packets import (
    ATTRIBUTES_NONE,
    OpenFlag,
    SftpRefusedError,
    attributes_of,
)
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession

# Exclusive: a link that somebody put there must not be followed.
_NEW = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.EXCLUSIVE


@attrs.frozen
class SendSettings:
    """How files are written.

    Attributes
    ----------
    file_mode, folder_mode:
        Permissions of new files and folders; None for what the server gives.
    keep_times:
        Whether files get the time of the last change that the local ones have.
    sync:
        Whether files are put onto the server's disk before they get their names.
    """

    file_mode: int | None = None
    folder_mode: int | None = None
    keep_times: bool = True
    sync: bool = True


class Sending:
    """The steps of sending a part of a file to its partial name.

    Parameters
    ----------
    schedule:
        Hands out the parts.
    journal:
        Notes what is made.
    settings:
        How files are written.
    algorithms:
        Tells of which checksums are to be computed on the way.
    on_written:
        Is told of ranges that the host has written, by any of the threads.
    on_progress:
        Is told what the server has confirmed.
    """

    def __init__(
        self,
        schedule: Schedule[OutgoingPart],
        journal: Journal,
        settings: SendSettings,
        algorithms: Callable[[Outgoing], Collection[str]],
        on_written: Callable[[Outgoing, int, int], None],
        on_progress: ProgressCallback | None,
    ) -> None:
        self._schedule = schedule
        self._journal = journal
        self._settings = settings
        self._algorithms = algorithms
        self._on_written = on_written
        self._on_progress = on_progress
        self._missing: dict[Outgoing, int] = {}
        self._lock = threading.Lock()

    async def job(self, session: SftpSession, part: OutgoingPart) -> None:
        """Send a part; with the last one of a file, set its time, and have it put onto the disk.

        Raises
        ------
        FileUploadError
            If it cannot be written or the local file has changed.
        FileNotAccessibleError
            If the local file cannot be read, or the connection breaks.
        """
        item = part.file
        try:
            handle = await self._open(session, part)
            try:
                await self._send(session, handle, part)
            except BaseException:
                with suppress(HostNotReachableError):
                    session.close(handle).ignore()
                raise
        except SftpRefusedError as refusal:
            raise cannot_write(refusal, item.partial, session, needed=item.size) from refusal
        except LocalFileChangedError:
            # Nobody can go on from it: it is known by what the local file was.
            with suppress(SftpRefusedError):
                await session.remove(item.partial)
            raise
        self._schedule.release(part.charged)

    def close(self) -> None:
        """Close the local files of which a part is missing."""
        for item in self._missing:
            item.close()

    async def _open(self, session: SftpSession, part: OutgoingPart) -> bytes:
        item = part.file
        if item.is_begun:
            return await session.open(item.partial, OpenFlag.WRITE)
        # Noted first: when the connection breaks now, the file may be there all the same.
        was_known = item.partial in self._journal.partial
        self._journal.partial[item.partial] = item.target
        try:
            handle = await self._begin(session, item)
        except SftpRefusedError:
            if not was_known:
                del self._journal.partial[item.partial]
            raise
        item.is_begun = True
        self._missing[item] = item.size - item.start
        if part.charged >= PART_SIZE or part.end < item.size:
            self._schedule.add(part, item.parts_after(part))
        return handle

    async def _begin(self, session: SftpSession, item: Outgoing) -> bytes:
        if item.start:
            return await session.open(item.partial, OpenFlag.WRITE)
        mode = self._settings.file_mode
        attributes = ATTRIBUTES_NONE if mode is None else attributes_of(mode=mode)
        try:
            return await session.open(item.partial, _NEW, attributes)
        except SftpRefusedError:
            # An earlier transfer of the same file may have left something, or a link.
            with suppress(SftpRefusedError):
                await session.remove(item.partial)
            return await session.open(item.partial, _NEW, attributes)

    async def _send(self, session: SftpSession, handle: bytes, part: OutgoingPart) -> None:
        item = part.file
        writing = [
            (len(content), session.write(handle, offset, content))
            for offset, content in item.read(part, session.write_size, self._algorithms(item))
        ]
        ending = None
        if self._is_all_missing(part):
            # Most files are one part, whose last steps need not wait for the first ones. All that are under
            # way cannot stay open here.
            item.finish_reading()
            ending = self._start_ending(session, handle, item)
        for size, pending in writing:
            await pending
            # Where to go on from, should the connection break.
            part.start += size
            if self._on_progress is not None:
                with self._lock:
                    self._on_progress(item.request.remote, size)
        self._on_written(item, part.end - part.charged, part.end)
        if self._is_last(part):
            await self._finish(item, ending or self._start_ending(session, handle, item))
            self._missing.pop(item, None)
        else:
            await session.close(handle)

    def _is_all_missing(self, part: OutgoingPart) -> bool:
        return not part.is_written and self._missing[part.file] == part.charged

    def _is_last(self, part: OutgoingPart) -> bool:
        """Note that a part has been written; return whether nothing else is missing."""
        with self._lock:
            # Once only: the connection may break after that, and the part is done again.
            if not part.is_written:
                part.is_written = True
                self._missing[part.file] -= part.charged
            return not self._missing.get(part.file)

    def _start_ending(self, session: SftpSession, handle: bytes, item: Outgoing) -> _Ending:
        settings = self._settings
        mtime = item.mtime_ns // 1_000_000_000 if settings.keep_times else None
        attributes = attributes_of(mode=settings.file_mode, mtime=mtime)
        return _Ending(
            None if attributes == ATTRIBUTES_NONE else session.fsetstat(handle, attributes),
            session.fsync(handle) if settings.sync and session.can_sync else None,
            session.close(handle),
        )

    async def _finish(self, item: Outgoing, ending: _Ending) -> None:
        if ending.setting is not None:
            # Some servers do not let anybody set times; the file is right all the same.
            with suppress(SftpRefusedError):
                await ending.setting
        if ending.syncing is not None:
            await ending.syncing
            item.needs_sync = False
        # Some servers say only at the end that the disk was full.
        await ending.closing
        item.finish_reading()


@attrs.frozen
class _Ending:
    """What is asked for when all of a file has been written."""

    setting: Pending[None] | None
    syncing: Pending[None] | None
    closing: Pending[None]
