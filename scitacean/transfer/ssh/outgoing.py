"""A local file on its way to the host: what it was when it was looked at, and reading it in parts."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from io import FileIO

import attrs

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import SendRequest, Sent, Verified
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.errors import changed_meanwhile, local_problem
from scitacean.transfer.ssh.paths import HostPaths, child, parent
from scitacean.transfer.ssh.schedule import PART_SIZE, Part
from scitacean.transfer.ssh.sftp_packets import Attributes

_CHUNK = 1 << 20
# Windows changes the ends of lines otherwise.
_READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)


@attrs.define(eq=False)
class OutgoingPart(Part):
    """A range of a file that is sent.

    Attributes
    ----------
    file:
        The file.
    is_written:
        Whether the host has confirmed all of it.
    """

    file: Outgoing
    is_written: bool = False


@attrs.define(eq=False)
class Outgoing:
    """One file on its way.

    Attributes
    ----------
    request:
        What was asked for.
    size, mtime_ns:
        What the local file was at the beginning.
    target:
        Its path on the host when it is complete.
    start:
        How many bytes are there already.
    is_begun:
        Whether the partial file has been made or found.
    needs_sync:
        Whether it has to be put onto the host's disk before it gets its name.
    attributes:
        What the host says of the file when all of it is there.
    told_over:
        The connection over which what wrote the file on the host told its attributes; None where it did not.
    verified:
        How it was compared with the local file.
    """

    request: SendRequest
    size: int
    mtime_ns: int
    target: bytes
    start: int = 0
    is_begun: bool = False
    needs_sync: bool = False
    attributes: Attributes | None = None
    told_over: Connected | None = None
    verified: Verified | None = None
    _checksums: dict[str, str] | None = None
    _reader: _Reader | None = None
    _partial: bytes | None = None
    _opening: threading.Lock = attrs.field(factory=threading.Lock)

    @classmethod
    def from_request(cls, request: SendRequest, paths: HostPaths) -> Outgoing:
        """Look at the local file.

        Raises
        ------
        FileNotAccessibleError
            If it is not there, or no file of the host can have the path.
        """
        try:
            status = os.stat(request.local)  # noqa: PTH116  # for tens of thousands of files
        except OSError as error:
            raise local_problem(error, request.local) from error
        return cls(request, status.st_size, status.st_mtime_ns, paths.on_host(request.remote))

    @property
    def partial(self) -> bytes:
        """Its path on the host until it is complete."""
        # Of many files it is found out one by one, while others are on their way.
        if self._partial is None:
            self._partial = partial_on_host(self.target, self.request.remote, self.size, self.mtime_ns)
        return self._partial

    def first_part(self) -> OutgoingPart:
        """Return what is sent first; nothing of a file that is there."""
        return OutgoingPart(self.start, min(self.start + PART_SIZE, self.size), self)

    def parts_after(self, first: OutgoingPart) -> Iterator[OutgoingPart]:
        """Yield the parts that come after the first one."""
        for start in range(first.end, self.size, PART_SIZE):
            yield OutgoingPart(start, min(start + PART_SIZE, self.size), self)

    def read(
        self, part: OutgoingPart, size: int, algorithms: Collection[str]
    ) -> Iterator[tuple[int, memoryview]]:
        """Yield the blocks of a part and their offsets; compute checksums on the way.

        Each block takes the place of the one before.

        Parameters
        ----------
        part:
            Of this file.
        size:
            How large a block is at most.
        algorithms:
            Of the checksums of the whole file.

        Raises
        ------
        FileUploadError
            If the file is not what it was any more.
        FileNotAccessibleError
            If it cannot be read.
        """
        try:
            yield from self._opened(algorithms).blocks(part, size)
        except OSError as error:
            raise local_problem(error, self.request.local) from error

    def _opened(self, algorithms: Collection[str]) -> _Reader:
        # Several connections may begin with parts of it at the same time.
        with self._opening:
            if self._reader is None:
                self._reader = _Reader(self, algorithms)
            return self._reader

    def read_all(self, algorithms: Collection[str]) -> bytes:
        """Return the content of a small file that nobody reads in parts; compute its checksums.

        Parameters
        ----------
        algorithms:
            Of the checksums.

        Raises
        ------
        FileUploadError
            If the file is not what it was any more.
        FileNotAccessibleError
            If it cannot be read.
        """
        try:
            descriptor = os.open(self.request.local, _READING)
            try:
                content = os.read(descriptor, self.size + 1)
                # A file that replaces this one from now on might as well do so after it has been sent.
                status = os.fstat(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise local_problem(error, self.request.local) from error
        if len(content) != self.size or not self.is_like(status):
            raise changed_meanwhile(self.request.local)
        self._checksums = {
            name: hashlib.new(name, content, usedforsecurity=False).hexdigest() for name in algorithms
        }
        return content

    def finish_reading(self) -> None:
        """Note the checksums and close the local file, when all parts have been read.

        Raises
        ------
        FileUploadError
            If it is not what it was any more.
        FileNotAccessibleError
            If it is not there any more.
        """
        reader = self._reader
        if reader is None:
            return
        try:
            self._checksums = (self._checksums or {}) | reader.finish()
        except OSError as error:
            raise local_problem(error, self.request.local) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the local file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def checksum(self, algorithm: str) -> str:
        """Return a checksum of what was sent: that of the local file, read again where it was not sent now.

        Raises
        ------
        FileUploadError
            If the file is not what it was any more.
        FileNotAccessibleError
            If it cannot be read.
        """
        if self._checksums is None or algorithm not in self._checksums:
            everything = OutgoingPart(0, self.size, self)
            self.close()
            try:
                for _ in self.read(everything, _CHUNK, {algorithm}):
                    pass
                self.finish_reading()
            finally:
                self.close()
        return (self._checksums or {})[algorithm]

    def sent(self) -> Sent:
        """Return what is known when all of it is on the host.

        Raises
        ------
        FileUploadError
            If the file is not what it was any more.
        FileNotAccessibleError
            If it cannot be read, where that is needed for its checksum.
        """
        algorithm = self.request.checksum_algorithm
        there = self.attributes or Attributes()
        return Sent(
            size=self.size,
            # As precise as other times of files are.
            modified=datetime.fromtimestamp(self.mtime_ns / 1e9, tz=UTC),
            checksum=None if algorithm is None else self.checksum(algorithm),
            verified=self.verified,
            uid=None if there.uid is None else str(there.uid),
            gid=None if there.gid is None else str(there.gid),
            permissions=None if there.mode is None else str(there.mode),
        )

    def is_like(self, status: os.stat_result) -> bool:
        """Whether a local file is what this one was at the beginning."""
        return status.st_size == self.size and status.st_mtime_ns == self.mtime_ns


def partial_on_host(target: bytes, remote: RemotePath, size: int, mtime_ns: int) -> bytes:
    """Return the path on the host that a file has until it is complete.

    Parameters
    ----------
    target:
        Its path on the host when it is complete.
    remote:
        The same in the catalogue's terms.
    size, mtime_ns:
        Size in bytes and modification time in nanoseconds of the local file.
    """
    name = partial_name(remote.name, remote.posix, size, mtime_ns)
    return child(parent(target), name.encode("utf-8", "surrogateescape"))


class _Reader:
    """Reads parts of a file in any order, and gives them in order to what computes checksums."""

    def __init__(self, item: Outgoing, algorithms: Collection[str]) -> None:
        self._item = item
        self._source = FileIO(item.request.local)  # close()
        self._digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._hashed = 0
        self._ahead: dict[int, int] = {}
        self._lock = threading.Lock()

    def blocks(self, part: OutgoingPart, size: int) -> Iterator[tuple[int, memoryview]]:
        space = memoryview(bytearray(min(size, part.end - part.start)))
        for offset in range(part.start, part.end, size):
            content = space[: part.end - offset]
            with self._lock:
                self._read(offset, content)
                self._hash(offset, content)
            yield offset, content

    def finish(self) -> dict[str, str]:
        item = self._item
        with self._lock:
            if self._digests:
                # What was on the host already.
                self._hash_until(item.size)
            # The open file and the one that has the name now: it may have been replaced.
            for status in (os.fstat(self._source.fileno()), os.stat(item.request.local)):  # noqa: PTH116
                if not item.is_like(status):
                    raise changed_meanwhile(item.request.local)
        return {name: digest.hexdigest() for name, digest in self._digests.items()}

    def close(self) -> None:
        self._source.close()

    def _read(self, offset: int, content: memoryview) -> None:
        self._source.seek(offset)
        while content:
            # A single read may give less than there is; nothing means that somebody has cut the file.
            if not (size := self._source.readinto(content)):
                raise changed_meanwhile(self._item.request.local)
            content = content[size:]

    def _hash(self, offset: int, content: memoryview) -> None:
        if not self._digests or offset < self._hashed:
            return
        if offset > self._hashed:
            self._ahead[offset] = len(content)
            return
        self._update(content)
        while (size := self._ahead.pop(self._hashed, 0)) > 0:
            # Read moments ago, so it is still in memory.
            self._hash_until(self._hashed + size)

    def _hash_until(self, end: int) -> None:
        space = memoryview(bytearray(min(_CHUNK, end - self._hashed)))
        while self._hashed < end:
            content = space[: end - self._hashed]
            self._read(self._hashed, content)
            self._update(content)

    def _update(self, content: memoryview) -> None:
        for digest in self._digests.values():
            digest.update(content)
        self._hashed += len(content)
