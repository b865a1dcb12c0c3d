"""An SFTP session in which many requests can be in flight, over one channel of an SSH connection.

Every operation sends its request at once and returns a :class:`Pending`; waiting for its result is a step
of its own. Who sends a second request before waiting for the first saves a round trip. Requests of less
than the channel's window (2 MiB) in all can wait for their replies without blocking each other. One
thread at a time may use a session.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Generic, TypeVar

from paramiko import Channel, SSHException

from scitacean.errors import FileNotAccessibleError, HostNotReachableError
from scitacean.transfer.ssh.sftp_packets import (
    ATTRIBUTES_NONE,
    VERSION,
    Attributes,
    Kind,
    OpenFlag,
    SftpRefusedError,
    read_attributes,
    read_extensions,
    read_status,
    read_string,
    string,
)

_T = TypeVar("_T")

# What every server must take, and what OpenSSH answers and takes at most, minus the header of a packet.
_SAFE_BLOCK = 32 * 1024
_LARGEST_BLOCK = 255 * 1024
_LARGEST_PACKET = _LARGEST_BLOCK + 64 * 1024
# Channel.sendall is quadratic in what it is given, and Channel.send takes at most this much.
_SEND_AT_ONCE = 32_704
# Taking all that has arrived is cheap; taking a part moves the rest.
_RECEIVE_AT_ONCE = 1 << 24


class Pending(Generic[_T]):
    """A request that has been sent, and a way to wait for its reply."""

    def __init__(
        self, session: SftpSession, request: int, expected: Kind, read: Callable[[memoryview], _T]
    ) -> None:
        self._session = session
        self._request = request
        self._expected = expected
        self._read = read

    def result(self) -> _T:
        """Wait for the reply. To be called once.

        Raises
        ------
        SftpRefusedError
            If the server refused.
        HostNotReachableError
            If the connection broke, or nothing came for longer than the timeout.
        """
        kind, body = self._session.wait_for(self._request)
        if kind == Kind.STATUS and (refusal := read_status(body)) is not None:
            raise refusal
        if kind != self._expected:
            raise self._session.no_sftp()
        return self._read(body)

    def ignore(self) -> None:
        """Let the reply be dropped when it comes. To be called instead of :meth:`result`."""
        self._session.ignore(self._request)


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
    """

    def __init__(self, channel: Channel, *, host: str) -> None:
        self._channel = channel
        self.host = host
        self._next_request = 0
        self._received = bytearray()
        self._replies: dict[int, tuple[int, memoryview]] = {}
        self._ignored: set[int] = set()
        self._broken: str | None = None
        self.read_size = self.write_size = _SAFE_BLOCK
        self._send_packet(bytes([Kind.INIT]) + struct.pack(">I", VERSION))
        kind, body = self._receive_packet()
        if kind != Kind.VERSION:
            raise self.no_sftp()
        self._extensions = read_extensions(body)
        self._ask_limits()

    @property
    def is_usable(self) -> bool:
        """Whether another one may go on with this session."""
        return self._broken is None

    def open(self, path: bytes, flags: OpenFlag) -> Pending[bytes]:
        """Open a file; the result is its handle."""
        packed = struct.pack(">I", flags)
        return self._start(Kind.HANDLE, _string, Kind.OPEN, string(path), packed, ATTRIBUTES_NONE)

    def close(self, handle: bytes) -> Pending[None]:
        """Close a file."""
        return self._start(Kind.STATUS, _nothing, Kind.CLOSE, string(handle))

    def read(self, handle: bytes, offset: int, size: int) -> Pending[memoryview]:
        """Read a block of a file; the result may be shorter."""
        packed = struct.pack(">QI", offset, size)
        return self._start(Kind.DATA, _view, Kind.READ, string(handle), packed)

    def write(self, handle: bytes, offset: int, content: bytes) -> Pending[None]:
        """Write a block into a file."""
        packed = struct.pack(">QI", offset, len(content))
        return self._start(Kind.STATUS, _nothing, Kind.WRITE, string(handle), packed, content)

    def stat(self, path: bytes) -> Pending[Attributes]:
        """Ask about a file, or what a link leads to."""
        return self._start(Kind.ATTRS, read_attributes, Kind.STAT, string(path))

    def lstat(self, path: bytes) -> Pending[Attributes]:
        """Ask about a file or link."""
        return self._start(Kind.ATTRS, read_attributes, Kind.LSTAT, string(path))

    def fstat(self, handle: bytes) -> Pending[Attributes]:
        """Ask about an open file."""
        return self._start(Kind.ATTRS, read_attributes, Kind.FSTAT, string(handle))

    def mkdir(self, path: bytes) -> Pending[None]:
        """Make a folder."""
        return self._start(Kind.STATUS, _nothing, Kind.MKDIR, string(path), ATTRIBUTES_NONE)

    def rmdir(self, path: bytes) -> Pending[None]:
        """Remove an empty folder."""
        return self._start(Kind.STATUS, _nothing, Kind.RMDIR, string(path))

    def remove(self, path: bytes) -> Pending[None]:
        """Remove a file or link."""
        return self._start(Kind.STATUS, _nothing, Kind.REMOVE, string(path))

    def rename(self, old: bytes, new: bytes) -> Pending[None]:
        """Rename a file; refused where there is one of the new name."""
        return self._start(Kind.STATUS, _nothing, Kind.RENAME, string(old), string(new))

    def free_space(self, path: bytes) -> int | None:
        """Wait for how many bytes a user may still write there; None where the server does not tell."""
        name = b"statvfs@openssh.com"
        if name not in self._extensions:
            return None
        try:
            body = self._start(
                Kind.EXTENDED_REPLY, lambda body: body, Kind.EXTENDED, string(name), string(path)
            ).result()
        except SftpRefusedError:
            return None
        values = struct.unpack_from(">5Q", body)
        return int(values[1] * values[4])

    def ping(self) -> None:
        """Wait for an answer to a question without effect.

        Raises
        ------
        HostNotReachableError
            If none comes.
        """
        self._start(Kind.NAME, _nothing, Kind.REALPATH, string(b".")).result()

    def wait_for(self, request: int) -> tuple[int, memoryview]:
        """Wait for the reply to a request."""
        while request not in self._replies:
            kind, body = self._receive_packet()
            (number,) = struct.unpack_from(">I", body)
            if number in self._ignored:
                self._ignored.discard(number)
            else:
                self._replies[number] = kind, body[4:]
        return self._replies.pop(request)

    def ignore(self, request: int) -> None:
        """Drop the reply to a request when it comes, or if it is there."""
        if self._replies.pop(request, None) is None:
            self._ignored.add(request)

    def no_sftp(self) -> FileNotAccessibleError:
        """Return the error for answers that are not SFTP."""
        return FileNotAccessibleError(
            f"What {self.host} answers is not SFTP.",
            hint="A login script there that prints text may be the reason: try 'sftp' by hand and, where "
            "that fails as well, tell those who run the server.",
        )

    def _ask_limits(self) -> None:
        name = b"limits@openssh.com"
        if name not in self._extensions:
            return
        body = self._start(Kind.EXTENDED_REPLY, lambda body: body, Kind.EXTENDED, string(name)).result()
        _packet, read, write, _handles = struct.unpack_from(">4Q", body)
        # Zero stands for "no limit of its own".
        self.read_size = min(read or _SAFE_BLOCK, _LARGEST_BLOCK)
        self.write_size = min(write or _SAFE_BLOCK, _LARGEST_BLOCK)

    def _start(
        self, expected: Kind, read: Callable[[memoryview], _T], kind: Kind, *fields: bytes
    ) -> Pending[_T]:
        number = self._next_request
        self._next_request = (number + 1) & 0xFFFFFFFF
        self._send_packet(b"".join([bytes([kind]), struct.pack(">I", number), *fields]))
        return Pending(self, number, expected, read)

    def _send_packet(self, packet: bytes) -> None:
        if self._broken is not None:
            raise self._unreachable(self._broken)
        message = struct.pack(">I", len(packet)) + packet
        position = 0
        # After an interrupt in between the server would take the next packet for the rest of this one.
        self._broken = "got a part of a request only"
        try:
            while position < len(message):
                position += self._channel.send(message[position : position + _SEND_AT_ONCE])
        except (OSError, EOFError, SSHException) as error:
            raise self._lost(error) from error
        self._broken = None

    def _receive_packet(self) -> tuple[int, memoryview]:
        (length,) = struct.unpack(">I", self._receive(4))
        if not 1 <= length <= _LARGEST_PACKET:
            raise self.no_sftp()
        packet = self._receive(length)
        return packet[0], memoryview(packet)[1:]

    def _receive(self, size: int) -> bytes:
        try:
            while len(self._received) < size:
                arrived = self._channel.recv(_RECEIVE_AT_ONCE)
                if not arrived:
                    break
                self._received += arrived
        except (OSError, EOFError, SSHException) as error:
            raise self._lost(error) from error
        if len(self._received) < size:
            raise self._lost(None)
        with memoryview(self._received) as view:
            taken = bytes(view[:size])
        del self._received[:size]
        return taken

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


def _string(body: memoryview) -> bytes:
    return bytes(read_string(body)[0])


def _view(body: memoryview) -> memoryview:
    return read_string(body)[0]


def _nothing(_: memoryview) -> None:
    return None
