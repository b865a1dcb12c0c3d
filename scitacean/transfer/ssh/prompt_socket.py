"""A socket that says at once what has arrived, while a connection is made.

OpenSSH tells of all its host keys when somebody has signed in, and the system that it runs on keeps its
next answer back until that has been acknowledged; systems otherwise wait some 40 ms with that.
"""

from __future__ import annotations

import socket
from typing import Final, Self

# To connect takes fewer blocks. Later this would only cost time.
_BLOCKS: Final = 100


class PromptSocket(socket.socket):
    """Takes the place of a socket that is connected.

    Where the system cannot acknowledge at once, it does so when it does.
    """

    _remaining = _BLOCKS if hasattr(socket, "TCP_QUICKACK") else 0

    @classmethod
    def instead_of(cls, sock: socket.socket) -> Self:
        """Return a socket for the same connection; the other one is closed."""
        timeout = sock.gettimeout()
        prompt = cls(sock.family, sock.type, sock.proto, fileno=sock.detach())
        prompt.settimeout(timeout)
        return prompt

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive a block."""
        block = super().recv(size, flags)
        if self._remaining:
            self._remaining -= 1
            # The system forgets about it soon.
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return block
