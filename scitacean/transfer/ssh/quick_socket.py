"""A socket that serves the SSH library's many small reads from few large ones, and says at once what arrived.

The library reads each packet in several pieces, and lets other threads have their turn for each of them.

OpenSSH tells of all its host keys when somebody has signed in, and the system that it runs on keeps its
next answer back until that has been acknowledged; systems otherwise wait some 40 ms with that.
"""

from __future__ import annotations

import socket
from typing import Final, Self

# To connect takes fewer blocks. Later this would only cost time.
_BLOCKS: Final = 100
_AHEAD: Final = 256 * 1024


class QuickSocket(socket.socket):
    """Takes the place of a socket that is connected.

    Where the system cannot acknowledge at once, it does so when it does.
    """

    _remaining = _BLOCKS if hasattr(socket, "TCP_QUICKACK") else 0
    _ahead = b""
    _position = 0

    @classmethod
    def instead_of(cls, sock: socket.socket) -> Self:
        """Return a socket for the same connection; the other one is closed."""
        timeout = sock.gettimeout()
        quick = cls(sock.family, sock.type, sock.proto, fileno=sock.detach())
        quick.settimeout(timeout)
        return quick

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive a block.

        Raises
        ------
        ValueError
            For flags: what they ask for cannot be had of what was read ahead.
        """
        if flags:
            raise ValueError("This socket receives without flags only.")
        position = self._position
        if position == len(self._ahead):
            self._ahead, position = self._receive(), 0
        block = self._ahead[position : position + size]
        self._position = position + len(block)
        return block

    def ahead(self, size: int) -> memoryview:
        """Look at so many bytes that were read ahead, or at all of them where they are fewer."""
        return memoryview(self._ahead)[self._position : self._position + size]

    def skip(self, size: int) -> None:
        """Take what :meth:`ahead` has shown."""
        self._position += size

    def _receive(self) -> bytes:
        block = super().recv(_AHEAD)
        if self._remaining:
            self._remaining -= 1
            # The system forgets about it soon.
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return block
