"""What is moved next: parts of files, fairly between many small and few large ones, within bounds.

Large files are moved in parts, so that one large file can use several connections and small ones need not
wait for it. What is under way is bounded in bytes, which bounds the memory. Any number of threads may take
parts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

import attrs

PART_SIZE: Final = 4 << 20
"""How many bytes of a file are one part."""

# A small file costs some round trips as well; about what fits through a line in the same time.
_COST_OF_FILE: Final = 32 * 1024
_MOST_LARGE: Final = 2


@attrs.define(eq=False)
class Part:
    """A range of a file.

    Attributes
    ----------
    start, end:
        In bytes.
    """

    start: int
    end: int
    _charged: int | None = attrs.field(default=None, init=False)

    @property
    def charged(self) -> int:
        """How many bytes of this part count as under way, at most, while it is done."""
        if self._charged is None:
            self._charged = self.end - self.start
        return self._charged


_P = TypeVar("_P", bound=Part)


class Stopped(Exception):  # noqa: N818  # no error: something else went wrong before
    """Others have stopped the work."""


class Schedule(Generic[_P]):
    """Hands out parts of files until all are done.

    Parameters
    ----------
    small:
        Files that are one part, most likely.
    large:
        First parts of all other files; for each of them :meth:`add` is called when it is begun.
    most_bytes:
        How many bytes may be under way at a time; a single part is always let through.

    Notes
    -----
    Of small and large files, those go on that have had less so far. At most two large ones are under way at
    a time, so that some are complete before others are begun.
    """

    def __init__(self, small: Iterable[_P], large: Iterable[_P], *, most_bytes: int) -> None:
        self._small: Iterator[_P] | None = iter(small)
        self._large = iter(large)
        self._begun: deque[Iterator[_P]] = deque()
        self._opening = 0
        self._returned: deque[_P] = deque()
        self._served_small = 0
        self._served_large = 0
        self._most_bytes = most_bytes
        self._bytes = 0
        self._unfinished = 0
        self._stopped = False
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    def take(self, *, wait: bool) -> _P | None:
        """Return the next part, or None where there is none now.

        Parameters
        ----------
        wait:
            Whether to wait until there is one; then None means that all parts are done.

        Raises
        ------
        Stopped
            If somebody called :meth:`stop`.
        """
        with self._lock:
            while True:
                if self._stopped:
                    raise Stopped
                if (part := self._next()) is not None:
                    self._unfinished += 1
                    return part
                if not wait or not self._unfinished:
                    return None
                # With a limit, because waiting without one cannot be interrupted everywhere.
                self._changed.wait(1.0)

    def add(self, first: _P, rest: Iterable[_P]) -> None:
        """Add the other parts of a file whose first one is under way."""
        with self._lock:
            if first.charged >= PART_SIZE:
                self._opening -= 1
            self._begun.append(iter(rest))
            self._changed.notify_all()

    def give_back(self, part: _P) -> None:
        """Let a part be handed out again."""
        with self._lock:
            self._unfinished -= 1
            self._returned.append(part)
            self._changed.notify_all()

    def finish(self) -> None:
        """Note that a part is done."""
        with self._lock:
            self._unfinished -= 1
            if not self._unfinished:
                self._changed.notify_all()

    def release(self, size: int) -> None:
        """Note that bytes are under way no longer."""
        with self._lock:
            was_full = self._bytes >= self._most_bytes
            self._bytes -= size
            if was_full:
                self._changed.notify_all()

    def stop(self) -> None:
        """Let nobody begin anything any more."""
        with self._lock:
            self._stopped = True
            self._changed.notify_all()

    def _next(self) -> _P | None:
        if self._returned:
            return self._returned.popleft()
        if self._bytes >= self._most_bytes:
            return None
        part = None
        if self._small is None or self._served_large < self._served_small:
            part = self._next_large()
        if part is None and self._small is not None:
            part = self._next_small() or self._next_large()
        if part is not None:
            self._bytes += part.charged
        return part

    def _next_small(self) -> _P | None:
        part = None if self._small is None else next(self._small, None)
        if part is None:
            self._small = None
        else:
            self._served_small += part.charged + _COST_OF_FILE
        return part

    def _next_large(self) -> _P | None:
        part = None
        while part is None and self._begun:
            parts = self._begun.popleft()
            if (part := next(parts, None)) is not None:
                self._begun.append(parts)
        if part is None and self._opening < _MOST_LARGE and (part := next(self._large, None)) is not None:
            self._opening += 1
        if part is not None:
            self._served_large += part.charged
        return part
