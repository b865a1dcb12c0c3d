"""Checksums of what is received, computed beside the receiving.

What is sent is read into the same memory again and again, so it is not computed there in this way: copies
cost as much as the other thread saves.
"""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

LARGE: Final = 8 << 20
"""From how many bytes on a file is worth a thread."""

# Of 255 KiB each, most likely: what waits is memory.
_MOST_WAITING: Final = 16


class Digest:
    """Computes a checksum of blocks that come in order; of a large file in a thread of its own.

    Parameters
    ----------
    algorithm:
        As :mod:`hashlib` names it.
    size:
        How many bytes will come, as far as known.

    Examples
    --------
    >>> digest = Digest("md5", size=2)
    >>> digest.update(b"ab")
    >>> digest.hexdigest()
    '187ef4436122d1cc2f40dc2b92f0eba0'
    """

    def __init__(self, algorithm: str, *, size: int) -> None:
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        self._worker: ThreadPoolExecutor | None = None
        if size >= LARGE:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="scitacean-checksum")
        self._waiting: deque[Future[None]] = deque()

    def update(self, block: bytes | memoryview) -> None:
        """Take the next block, which must not change any more; wait where they come faster than that."""
        if self._worker is None:
            self._digest.update(block)
            return
        self._waiting.append(self._worker.submit(self._digest.update, block))
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft().result()

    def hexdigest(self) -> str:
        """Return the checksum of all blocks; nothing may come afterwards."""
        if self._worker is not None:
            self._worker.shutdown()
            for computed in self._waiting:
                computed.result()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Give up, where nobody wants the checksum any more."""
        if self._worker is not None:
            self._worker.shutdown(cancel_futures=True)
