"""Fetching files over an open connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from scitacean.errors import FileNotAccessibleError, HostNotReachableError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.bundle import SMALL, fetch_bundles
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.errors import cannot_read, check_is_file
from scitacean.transfer.ssh.incoming import Incoming, IncomingPart
from scitacean.transfer.ssh.lanes import MOST_BYTES, Lanes, Line, lanes_for
from scitacean.transfer.ssh.lookup import look_up_sizes
from scitacean.transfer.ssh.paths import HostPaths, shown
from scitacean.transfer.ssh.remote_command import LEAST_FILES
from scitacean.transfer.ssh.schedule import PART_SIZE, Schedule
from scitacean.transfer.ssh.sftp_packets import OpenFlag, SftpRefusedError, Status
from scitacean.transfer.ssh.sftp_session import SftpSession


class SSHDownloadConnection:
    """Fetches files from one file server.

    Parameters
    ----------
    line:
        The connection.
    paths:
        What paths are on the host.
    connections:
        How many connections to use.
    tools:
        See :class:`~scitacean.transfer.ssh.checksums.HostChecksums`.
    ahead:
        May have commands that were started.
    """

    def __init__(
        self,
        line: Line,
        paths: HostPaths,
        *,
        connections: int | Literal["auto"] = "auto",
        tools: dict[str, bool],
        ahead: CommandsAhead,
    ) -> None:
        self._line = line
        self._paths = paths
        self._connections = connections
        self._tools = tools
        self._ahead = ahead
        self._checksums = HostChecksums(line, paths, tools)

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Fetch files, the first remote one to the first local path, and so on.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read or written, or the connection breaks.
        """
        self.fetch_files(
            [FetchRequest(remote=source, local=target) for source, target in zip(remote, local, strict=True)]
        )

    def fetch_files(
        self, requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Fetched]:
        """Fetch files or ranges, many at a time.

        A connection that breaks is made anew once. When it fails, what has arrived of a file stays, as a
        beginning of the right content. The local file of one that cannot be opened there is not touched.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read or written, is no regular file or shrinks, or the connection breaks.
        """
        host = self._line.sftp.host

        def first_parts(*, of_large: bool) -> Iterator[IncomingPart]:
            for index, request in enumerate(requests):
                if ((request.length or 0) >= PART_SIZE) == of_large and not fetching.is_done(index):
                    yield Incoming(index, request, self._paths.on_host(request.remote), host).first_part()

        schedule = Schedule(first_parts(of_large=False), first_parts(of_large=True), most_bytes=MOST_BYTES)
        fetching = _Fetching(schedule, len(requests), on_progress)
        try:
            self._bundle(requests, fetching)
            sizes = [r.length or 0 for index, r in enumerate(requests) if not fetching.is_done(index)]
            number = lanes_for(self._line, sizes, connections=self._connections)
            Lanes(self._line, schedule, fetching, number=number).run()
        finally:
            fetching.close()
        return fetching.results()

    def _bundle(self, requests: Sequence[FetchRequest], fetching: _Fetching) -> None:
        """Fetch the small ones of many files at once, as far as that goes."""
        small = {
            request.remote: index
            for index, request in enumerate(requests)
            if request.length is not None and request.length <= SMALL and not request.offset
        }
        if len(small) >= LEAST_FILES:
            files = (
                Incoming(index, requests[index], self._paths.on_host(path), self._line.sftp.host)
                for path, index in small.items()
            )
            fetch_bundles(self._line, self._tools, files, fetching.note, fetching.complete, ahead=self._ahead)

    def look_up(self, paths: Sequence[RemotePath]) -> Mapping[RemotePath, int | None]:
        """Find out how large files are; links are followed, and what is no file is missing."""
        return look_up_sizes(self._line, self._paths, paths)

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums on the host; None where it has no tool for the algorithm or no shell."""
        return self._checksums.compute(paths, algorithm=algorithm)


class _Fetching:
    """The steps of fetching a part of a file."""

    def __init__(
        self, schedule: Schedule[IncomingPart], number: int, on_progress: ProgressCallback | None
    ) -> None:
        self._schedule = schedule
        self._on_progress = on_progress
        self._results: list[Fetched | None] = [None] * number
        self._begun: dict[int, Incoming] = {}
        self._told: dict[int, int] = {}
        self._telling = threading.Lock()

    async def job(self, session: SftpSession, part: IncomingPart) -> None:
        file = part.file
        try:
            # Before it is opened: a server that opens a pipe waits for somebody who writes into it.
            size = None if file.remote_size is not None else await self._size(session, file)
            handle = await session.open(file.path, OpenFlag.READ)
            try:
                if size is None:
                    # By its name, which may be that of another file now.
                    with suppress(SftpRefusedError):
                        file.check_is_same(await session.fstat(handle))
                else:
                    self._begin(part, size)
                await self._read(session, handle, part)
            finally:
                with suppress(HostNotReachableError):
                    session.close(handle).ignore()
        except SftpRefusedError as refusal:
            if refusal.code == Status.EOF:
                raise file.shrunk() from refusal
            raise cannot_read(refusal, file.path, file.host) from refusal
        if file.is_complete:
            self._results[file.index] = file.fetched()
            self._begun.pop(file.index, None)

    def note(self, file: Incoming, written: int) -> None:
        """Note that more bytes of a file have come in a bundle, which may still turn out to be wrong."""
        self._begun[file.index] = file
        self._told[file.index] = self._told.get(file.index, 0) + written
        if self._on_progress is not None:
            self._on_progress(file.request.remote, written)

    def complete(self, files: Iterable[Incoming]) -> None:
        """Note files of which all is here."""
        for file in files:
            self._results[file.index] = file.fetched()
            self._begun.pop(file.index, None)
            self._told.pop(file.index, None)

    def is_done(self, index: int) -> bool:
        """Whether all of a file is here."""
        return self._results[index] is not None

    def results(self) -> list[Fetched]:
        """Return what has been fetched, when all has."""
        return [result for result in self._results if result is not None]

    def close(self) -> None:
        """Close the local files of which a part is missing."""
        for file in self._begun.values():
            file.close()

    async def _size(self, session: SftpSession, file: Incoming) -> int:
        attributes = await session.stat(file.path)
        check_is_file(attributes, file.path, file.host)
        file.mtime = attributes.mtime
        if attributes.size is None:
            raise FileNotAccessibleError(
                f"{file.host} does not tell how large {shown(file.path)} is.",
                hint="Tell those who run the server.",
                remote_path=shown(file.path),
            )
        return attributes.size

    def _begin(self, part: IncomingPart, size: int) -> None:
        file = part.file
        if (before := self._begun.get(file.index)) is not None:
            before.close()
        self._begun[file.index] = file
        end = file.begin(size)
        if part.charged >= PART_SIZE or end > part.end:
            self._schedule.add(part, file.parts_after(part))
        if end < part.end:
            self._schedule.release(part.end - end)
            part.end = end

    async def _read(self, session: SftpSession, handle: bytes, part: IncomingPart) -> None:
        most = session.read_size
        # What is asked for at once is what comes at once.
        asked = [(offset, min(most, part.end - offset)) for offset in range(part.start, part.end, most)]
        waiting = [session.read(handle, offset, size) for offset, size in asked]
        for (offset, size), pending in zip(asked, waiting, strict=True):
            block = await pending
            self._arrived(part, offset, block)
            # Servers may answer with less than was asked for.
            while len(block) < size:
                offset, size = offset + len(block), size - len(block)
                block = await session.read(handle, offset, size)
                self._arrived(part, offset, block)

    def _arrived(self, part: IncomingPart, offset: int, block: memoryview) -> None:
        file = part.file
        if not block:
            raise file.shrunk()
        part.start = offset + len(block)
        if written := file.arrived(offset, block):
            self._schedule.release(written)
            if self._on_progress is not None:
                self._tell(file, written, self._on_progress)

    def _tell(self, file: Incoming, written: int, on_progress: ProgressCallback) -> None:
        with self._telling:
            # What did not come through in a bundle is not told twice.
            if before := self._told.get(file.index, 0):
                self._told[file.index] = max(0, before - written)
                written -= before - self._told[file.index]
            if written:
                on_progress(file.request.remote, written)
