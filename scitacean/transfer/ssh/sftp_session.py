"""An SFTP session in which many requests can be in flight, over one channel of an SSH connection.

Every operation puts its request into what is sent next and returns a :class:`Pending`; to wait for its
reply is a step of its own, with ``await`` in a job of :mod:`scitacean.transfer.ssh.pipeline`, or with
:meth:`Pending.result`. Small requests share packets of the connection. One thread at a time may use a
session.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Generic, TypeVar

from paramiko import Channel, SSHException

from scitacean.errors import FileNotAccessibleError, HostNotReachableError
from scitacean.transfer.ssh.channels import SEND_AT_ONCE, close_transport, send_all
from scitacean.transfer.ssh.sftp_packets import (
    ATTRIBUTES_NONE,
    VERSION,
    Attributes,
    Kind,
    OpenFlag,
    SftpRefusedError,
    string,
)
from scitacean.transfer.ssh.sftp_replies import (
    UnexpectedReplyError,
    reply_attributes,
    reply_data,
    reply_done,
    reply_handle,
    reply_limits,
    reply_listing,
    reply_names,
    reply_space,
    reply_version,
)

_T = TypeVar("_T")

# What every server must take, and what OpenSSH answers and takes at most, minus the header of a packet.
_SAFE_BLOCK = 32 * 1024
_LARGEST_BLOCK = 255 * 1024
_LARGEST_PACKET = _LARGEST_BLOCK + 64 * 1024
# Taking all that has arrived is cheap; taking a part moves the rest.
_RECEIVE_AT_ONCE = 1 << 24
# Of open files, where a server does not tell how many it allows: half of what most systems allow a process.
_SAFE_HANDLES = 500

# Of a packet: its length without this field, its kind, and the number of the request.
_HEADER = struct.Struct(">IBI")
_NUMBER = struct.Struct(">I")
_RANGE = struct.Struct(">QI")

_PARTLY_SENT = "got a part of a request only"

_FSYNC = b"fsync@openssh.com"
_LIMITS = b"limits@openssh.com"
_POSIX_RENAME = b"posix-rename@openssh.com"
_STATVFS = b"statvfs@openssh.com"


class Pending(Generic[_T]):
    """A request, and a way to wait for its reply."""

    __slots__ = ("_read", "_reply", "_session")

    def __init__(self, session: SftpSession, read: Callable[[int, memoryview], _T]) -> None:
        self._session = session
        self._read: Callable[[int, memoryview], _T] | None = read
        self._reply: tuple[int, memoryview] | None = None

    def result(self) -> _T:
        """Wait for the reply. To be called once.

        Raises
        ------
        SftpRefusedError
            If the server refused.
        HostNotReachableError
            If the connection broke, or nothing came for longer than the timeout.
        """
        while self._reply is None:
            self._session.receive()
        return self._take()

    def __await__(self) -> Generator[Pending[_T], None, _T]:
        """Wait in a job of a pipeline, for which other jobs go on in the meantime."""
        if self._reply is None:
            yield self
        return self._take()

    def ignore(self) -> None:
        """Let the reply be dropped when it comes. To be called instead of :meth:`result`."""
        self._read = self._reply = None

    def answer(self, kind: int, body: memoryview) -> None:
        """Note the reply."""
        if self._read is not None:
            self._reply = kind, body

    def _take(self) -> _T:
        reply, read = self._reply, self._read
        if reply is None or read is None:
            raise RuntimeError("The reply to this request has been taken, dropped, or is not there yet.")
        # What a large reply holds is not needed twice.
        self._read = self._reply = None
        try:
            return read(*reply)
        except (UnexpectedReplyError, struct.error):
            raise self._session.no_sftp() from None


class SftpSession:
    """An SFTP session.

    Parameters
    ----------
    channel:
        A channel with the subsystem ``sftp``, and with a timeout.
    host:
        Name of the server for messages.

    Attributes
    ----------
    read_size, write_size:
        How many bytes one request reads or writes best.
    max_handles:
        How many files may be open at the same time.
    round_trip:
        How many seconds passed until the answer to a question without effect was here; None where there
        was no such question.
    """

    def __init__(self, channel: Channel, *, host: str) -> None:
        self._channel = channel
        self.host = host
        self._next_request = 0
        self._waiting: dict[int, Pending[Any]] = {}
        self._outgoing: list[bytes] = []
        self._outgoing_size = 0
        self._incomplete: list[bytes] = []
        self._incomplete_size = 0
        self._needed = 0
        self._broken: str | None = None
        self._spoiled = False
        self.read_size = self.write_size = _SAFE_BLOCK
        self.max_handles = _SAFE_HANDLES
        self._extensions = self._greet()
        self.round_trip: float | None = None
        if _LIMITS in self._extensions:
            begin = time.perf_counter()
            self._ask_limits()
            self.round_trip = time.perf_counter() - begin

    @property
    def is_usable(self) -> bool:
        """Whether it is worth keeping: it is not broken, and nobody has left anything open on the host."""
        return self._broken is None and not self._spoiled

    @property
    def can_sync(self) -> bool:
        """Whether the server offers to put files onto its disk at once."""
        return _FSYNC in self._extensions

    def open(self, path: bytes, flags: OpenFlag, attributes: bytes = ATTRIBUTES_NONE) -> Pending[bytes]:
        """Open a file; the result is its handle. A new one gets the attributes."""
        return self._start(Kind.OPEN, string(path) + _NUMBER.pack(flags) + attributes, reply_handle)

    def close(self, handle: bytes) -> Pending[None]:
        """Close a file."""
        return self._start(Kind.CLOSE, handle, reply_done)

    def read(self, handle: bytes, offset: int, size: int) -> Pending[memoryview]:
        """Read a block of a file; the result may be shorter."""
        return self._start(Kind.READ, handle + _RANGE.pack(offset, size), partial(reply_data, size))

    def write(self, handle: bytes, offset: int, content: bytes | memoryview) -> Pending[None]:
        """Write a block into a file; the memory may be used for something else then."""
        return self._start(Kind.WRITE, handle + _RANGE.pack(offset, len(content)), reply_done, content)

    def stat(self, path: bytes) -> Pending[Attributes]:
        """Ask about a file, or what a link leads to."""
        return self._start(Kind.STAT, string(path), reply_attributes)

    def lstat(self, path: bytes) -> Pending[Attributes]:
        """Ask about a file or link."""
        return self._start(Kind.LSTAT, string(path), reply_attributes)

    def fstat(self, handle: bytes) -> Pending[Attributes]:
        """Ask about an open file."""
        return self._start(Kind.FSTAT, handle, reply_attributes)

    def fsetstat(self, handle: bytes, attributes: bytes) -> Pending[None]:
        """Set permissions or times of an open file."""
        return self._start(Kind.FSETSTAT, handle + attributes, reply_done)

    def fsync(self, handle: bytes) -> Pending[None]:
        """Put an open file onto the server's disk, where :attr:`can_sync` says that this can be."""
        return self._start(Kind.EXTENDED, string(_FSYNC) + handle, reply_done)

    def mkdir(self, path: bytes, attributes: bytes = ATTRIBUTES_NONE) -> Pending[None]:
        """Make a folder."""
        return self._start(Kind.MKDIR, string(path) + attributes, reply_done)

    def opendir(self, path: bytes) -> Pending[bytes]:
        """Open a folder to list it; the result is its handle."""
        return self._start(Kind.OPENDIR, string(path), reply_handle)

    def readdir(self, handle: bytes) -> Pending[list[tuple[bytes, Attributes]]]:
        """Read a part of the listing of a folder; refused with "end of file" after the last one."""
        return self._start(Kind.READDIR, handle, reply_listing)

    def rmdir(self, path: bytes) -> Pending[None]:
        """Remove an empty folder."""
        return self._start(Kind.RMDIR, string(path), reply_done)

    def remove(self, path: bytes) -> Pending[None]:
        """Remove a file or link."""
        return self._start(Kind.REMOVE, string(path), reply_done)

    def rename(self, old: bytes, new: bytes) -> Pending[None]:
        """Rename a file; refused where there is one of the new name."""
        return self._start(Kind.RENAME, string(old) + string(new), reply_done)

    def replace(self, old: bytes, new: bytes) -> Pending[None]:
        """Rename a file, replacing one of the new name; without the extension this is :meth:`rename`."""
        if _POSIX_RENAME not in self._extensions:
            return self.rename(old, new)
        return self._start(Kind.EXTENDED, string(_POSIX_RENAME) + string(old) + string(new), reply_done)

    def free_space(self, path: bytes) -> int | None:
        """Wait for how many bytes a user may still write there; None where the server does not tell."""
        if _STATVFS not in self._extensions:
            return None
        try:
            space = self._start(Kind.EXTENDED, string(_STATVFS) + string(path), reply_space)
            _block, fragment, blocks, _free, available = space.result()
        except SftpRefusedError:
            return None
        # File systems without a disk say that they have no room at all.
        return fragment * available if blocks else None

    def ping(self) -> None:
        """Wait for an answer to a question without effect.

        Raises
        ------
        HostNotReachableError
            If none comes.
        """
        self._start(Kind.REALPATH, string(b"."), reply_names).result()

    def receive(self) -> list[Pending[Any]]:
        """Send what there is to send, wait for the next replies, and note them.

        Returns
        -------
        :
            The requests that have their reply now; none where only a part of a reply has come.

        Raises
        ------
        HostNotReachableError
            If the connection broke, or nothing came for longer than the timeout.
        """
        self._flush()
        # After an interrupt in between, the next reply would be looked for in the middle of this one.
        self._broken = "sent a reply that was not read whole"
        stream = self._arrived()
        answered = [] if stream is None else self._answered(stream)
        self._broken = None
        return answered

    def spoil(self) -> None:
        """Note that somebody was stopped in the middle of something, and has left files open on the host."""
        self._spoiled = True

    def abort(self) -> None:
        """Break the connection of this session; whoever waits for a reply gets an error. From any thread."""
        # Not the channel alone: to say farewell may wait for a server that takes nothing.
        close_transport(self._channel.get_transport())

    def no_sftp(self) -> FileNotAccessibleError:
        """Return the error for answers that are not SFTP."""
        self._broken = "answered something else than SFTP"
        return FileNotAccessibleError(
            f"What {self.host} answers is not SFTP.",
            hint="A login script there that prints text may be the reason: try 'sftp' by hand and, where "
            "that fails as well, tell those who run the server.",
        )

    def _greet(self) -> dict[bytes, bytes]:
        self._send(_HEADER.pack(5, Kind.INIT, VERSION))
        # The number of this one reply is a version.
        pending = self._waiting[VERSION] = Pending[dict[bytes, bytes]](self, reply_version)
        while not self.receive():
            pass
        return pending.result()

    def _ask_limits(self) -> None:
        _packet, read, write, handles = self._start(Kind.EXTENDED, string(_LIMITS), reply_limits).result()
        # Zero stands for "no limit of its own".
        self.read_size = min(read or _SAFE_BLOCK, _LARGEST_BLOCK)
        self.write_size = min(write or _SAFE_BLOCK, _LARGEST_BLOCK)
        self.max_handles = handles or _SAFE_HANDLES

    def _start(
        self,
        kind: Kind,
        body: bytes,
        read: Callable[[int, memoryview], _T],
        content: bytes | memoryview = b"",
    ) -> Pending[_T]:
        if self._broken is not None:
            raise self._unreachable(self._broken)
        number = self._next_request
        self._next_request = (number + 1) & 0xFFFFFFFF
        request = _HEADER.pack(len(body) + len(content) + 5, kind, number) + body
        pending = self._waiting[number] = Pending(self, read)
        room = max(0, SEND_AT_ONCE - self._outgoing_size - len(request))
        if len(content) > room:
            self._send_large(request, content, room)
            return pending
        self._outgoing.append(b"".join((request, content)))
        self._outgoing_size += len(self._outgoing[-1])
        if self._outgoing_size >= SEND_AT_ONCE:
            self._flush()
        return pending

    def _send_large(self, request: bytes, content: bytes | memoryview, room: int) -> None:
        """Send a block that is copied as seldom as possible: the first packet takes a beginning with it."""
        self._broken = _PARTLY_SENT
        message = b"".join((*self._outgoing, request, content[:room]))
        self._outgoing.clear()
        self._outgoing_size = 0
        self._send(message, content[room:])

    def _flush(self) -> None:
        if self._broken is not None:
            raise self._unreachable(self._broken)
        if self._outgoing:
            message = b"".join(self._outgoing)
            self._outgoing.clear()
            self._outgoing_size = 0
            self._send(message)

    def _send(self, message: bytes, rest: bytes | memoryview = b"") -> None:
        # After an interrupt in between the server would take the next packet for the rest of this one.
        self._broken = _PARTLY_SENT
        try:
            sent = send_all(self._channel, message) and send_all(self._channel, rest)
        except (OSError, EOFError, SSHException) as error:
            raise self._lost(error) from error
        if not sent:
            raise self._lost(None)
        self._broken = None

    def _arrived(self) -> bytes | None:
        """Wait for more; return it with what was left over, or None while a packet is incomplete."""
        try:
            arrived = self._channel.recv(_RECEIVE_AT_ONCE)
        except (OSError, EOFError, SSHException) as error:
            raise self._lost(error) from error
        if not arrived:
            raise self._lost(None)
        if not self._incomplete:
            return arrived
        self._incomplete.append(arrived)
        self._incomplete_size += len(arrived)
        return b"".join(self._incomplete) if self._incomplete_size >= self._needed else None

    def _answered(self, stream: bytes) -> list[Pending[Any]]:
        answered = []
        view = memoryview(stream)
        position, end = 0, len(stream)
        while True:
            needed = _HEADER.size
            if end - position < needed:
                break
            length, kind, number = _HEADER.unpack_from(stream, position)
            if not 5 <= length <= _LARGEST_PACKET:
                raise self.no_sftp()
            needed = length + 4
            if end - position < needed:
                break
            pending = self._waiting.pop(number, None)
            if pending is None:
                raise self.no_sftp()
            pending.answer(kind, view[position + _HEADER.size : position + needed])
            answered.append(pending)
            position += needed
        self._keep(stream[position:] if position else stream, needed)
        return answered

    def _keep(self, rest: bytes, needed: int) -> None:
        self._incomplete = [rest] if rest else []
        self._incomplete_size = len(rest)
        self._needed = needed

    def _lost(self, error: Exception | None) -> HostNotReachableError:
        silent = isinstance(error, TimeoutError)
        what = f"did not answer for {self._channel.gettimeout():g} s" if silent else "closed the connection"
        # Nobody waits a second time for a server that was silent for so long.
        self._broken = what
        return self._unreachable(what)

    def _unreachable(self, what: str) -> HostNotReachableError:
        return HostNotReachableError(
            f"The file server {self.host} {what} during the transfer.",
            hint="Check the network and start again.",
        )
