"""A file of the host on its way here: blocks come in any order and are written in order.

So what there is of a file is always a beginning of it, whatever happens, and its checksum can be computed
on the way. What comes early waits in memory; the schedule bounds how much that is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import attrs

from scitacean.errors import FileNotAccessibleError
from scitacean.transfer.local_target import open_local_descriptor
from scitacean.transfer.protocol import Fetched, FetchRequest
from scitacean.transfer.ssh.digest import Digest
from scitacean.transfer.ssh.errors import local_problem
from scitacean.transfer.ssh.paths import shown
from scitacean.transfer.ssh.schedule import PART_SIZE, Part
from scitacean.transfer.ssh.sftp_packets import Attributes

_ASKED_BLINDLY = 256 * 1024


@attrs.define(eq=False, slots=True)
class IncomingPart(Part):
    """A range of a file that is fetched."""

    file: Incoming


@attrs.define(eq=False)
class Incoming:
    """One file on its way.

    Attributes
    ----------
    index:
        Its number among all.
    request:
        What was asked for.
    path:
        On the host.
    host:
        Name of the host for messages.
    remote_size:
        Size of the file on the host in bytes; None until :meth:`begin`.
    mtime:
        When it was last changed there, in seconds since 1970; None where the host does not tell.
    """

    index: int
    request: FetchRequest
    path: bytes
    host: str
    remote_size: int | None = None
    mtime: int | None = None
    _position: int = 0
    _end: int = 0
    _early: dict[int, memoryview] = attrs.field(factory=dict)
    _sink: int | None = None
    _digest: Digest | None = None
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def first_part(self) -> IncomingPart:
        """Return what is fetched first; where it ends is guessed where the length is not known."""
        start, length = self.request.offset, self.request.length
        size = _ASKED_BLINDLY if length is None else min(PART_SIZE, length)
        return IncomingPart(start, start + size, self)

    def begin(self, remote_size: int) -> int:
        """Note how large the file is and make the local one.

        Returns
        -------
        :
            Where in the file to stop.

        Raises
        ------
        FileNotAccessibleError
            If the local file cannot be made.
        """
        request = self.request
        end = remote_size if request.length is None else min(remote_size, request.offset + request.length)
        self._position = request.offset
        self._end = max(end, request.offset)
        if request.checksum_algorithm is not None:
            self._digest = Digest(request.checksum_algorithm, size=self._end - self._position)
        try:
            self._sink = open_local_descriptor(request.local, offset=request.offset)
            self._close_if_complete()
        except OSError as error:
            raise local_problem(error, request.local) from error
        self.remote_size = remote_size
        return self._end

    def parts_after(self, first: IncomingPart) -> Iterator[IncomingPart]:
        """Yield the parts that come after the first one."""
        for start in range(first.end, self._end, PART_SIZE):
            yield IncomingPart(start, min(start + PART_SIZE, self._end), self)

    def arrived(self, offset: int, block: memoryview) -> int:
        """Take a block.

        Returns
        -------
        :
            How many bytes have been written, of this block and of those that waited for it.

        Raises
        ------
        FileNotAccessibleError
            If they cannot be written.
        """
        with self._lock:
            if offset != self._position:
                self._early[offset] = block
                return 0
            try:
                self._write(block)
                while self._early and (early := self._early.pop(self._position, None)) is not None:
                    self._write(early)
                self._close_if_complete()
            except OSError as error:
                raise local_problem(error, self.request.local) from error
            return self._position - offset

    @property
    def is_complete(self) -> bool:
        """Whether all of it is here."""
        return self.remote_size is not None and self._position >= self._end

    def close(self) -> None:
        """Close the local file, in which a beginning stays."""
        with self._lock:
            if self._sink is not None:
                os.close(self._sink)
                self._sink = None
            if self._digest is not None:
                self._digest.close()

    def drop(self) -> None:
        """Remove what is here of the file, if it has been begun: nobody knows whether it is right."""
        self.close()
        if self.remote_size is not None:
            self.request.local.unlink(missing_ok=True)

    def shrunk(self) -> FileNotAccessibleError:
        """Return the error for a file that ends too early."""
        return FileNotAccessibleError(
            f"{shown(self.path)} on {self.host} ends too early: it had {self.remote_size} bytes.",
            hint="Somebody writes to it: tell its owner.",
            remote_path=shown(self.path),
        )

    def check_is_same(self, opened: Attributes) -> None:
        """Check that what was opened for a further part is the file of the first one; it may have grown.

        Raises
        ------
        FileNotAccessibleError
            If it is another one, or has other content.
        """
        has_grown = opened.size is not None and opened.size > (self.remote_size or 0)
        if None not in (self.mtime, opened.mtime) and opened.mtime != self.mtime and not has_grown:
            raise FileNotAccessibleError(
                f"{shown(self.path)} on {self.host} changed while it was fetched.",
                hint="Somebody writes to it or has replaced it: fetch it again from the beginning.",
                remote_path=shown(self.path),
            )

    def fetched(self) -> Fetched:
        """Return what is known when all of it is here."""
        return Fetched(
            size=self._position - self.request.offset,
            checksum=None if self._digest is None else self._digest.hexdigest(),
            remote_size=self.remote_size or 0,
        )

    def _write(self, block: memoryview) -> None:
        if self._sink is None:
            raise RuntimeError("A block came for a file that is complete.")
        rest = block[os.write(self._sink, block) :]
        while rest:
            rest = rest[os.write(self._sink, rest) :]
        if self._digest is not None:
            self._digest.update(block)
        self._position += len(block)

    def _close_if_complete(self) -> None:
        if self._sink is not None and self._position >= self._end:
            os.close(self._sink)
            self._sink = None
