"""What an observer is told while files move."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

import attrs

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import ProgressCallback

_REPORT_SECONDS = 0.1
_SMOOTHED_SECONDS = 3.0

Phase = Literal["checking", "moving", "verifying", "registering", "done"]


@attrs.frozen(kw_only=True)
class Progress:
    """Where an upload or download is.

    Attributes
    ----------
    phase:
        What is being done.
    files_done, files_total:
        How many files have moved, and shall move.
    bytes_done, bytes_total:
        How many bytes have moved, and shall move.
    rate:
        Bytes per second, averaged such that the last seconds count most.
    """

    phase: Phase
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    rate: float = 0.0


class OnProgress(Protocol):
    """Is told how an upload or download goes on.

    One that is a context manager, too, is entered before the first state and left after the last one,
    whatever happens.
    """

    def __call__(self, progress: Progress, /) -> None:
        """Note the progress; an exception stops the work."""


@contextmanager
def observing(observer: OnProgress | None) -> Iterator[None]:
    """Enter an observer that can be entered, for as long as the block runs.

    Parameters
    ----------
    observer:
        Who wants to know; may be None.

    Examples
    --------
    >>> with observing(None):
    ...     pass
    """
    if isinstance(observer, AbstractContextManager):
        with observer:
            yield
    else:
        yield


class ProgressMeter:
    """Adds up what transfers report per file, and tells the observer.

    Parameters
    ----------
    sizes:
        The files that shall move, with their sizes in bytes.
    observer:
        Who wants to know; may be None.
    clock:
        Tells the time in seconds.
    """

    def __init__(
        self,
        sizes: Iterable[tuple[RemotePath, int]],
        observer: OnProgress | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._missing = dict(sizes)
        self._observer = observer
        self._phase: Phase = "checking"
        self._files_done = sum(size == 0 for size in self._missing.values())
        self._files_total = len(self._missing)
        self._bytes_done = 0
        self._bytes_total = sum(self._missing.values())
        self._rate = _Rate(clock)
        self._tell()

    def phase(self, phase: Phase) -> None:
        """Note that the work has come to another phase."""
        self._phase = phase
        self._rate.start()
        self._tell()

    def moved(self, path: RemotePath, moved: int, /) -> None:
        """Note that bytes of a file have moved."""
        self._rate.add(moved)
        self._advance(path, moved)

    def resumed(self, path: RemotePath, size: int) -> None:
        """Note that the beginning of a file is there from an earlier time."""
        self._advance(path, size)

    def restarted(self, path: RemotePath, size: int) -> None:
        """Note that a file moves once more from its start, because what had arrived was wrong."""
        missing = self._missing[path]
        self._bytes_done -= size - missing
        self._files_done -= missing == 0
        self._missing[path] = size
        self._tell()

    def left_out(self, path: RemotePath) -> None:
        """Note that a file, of which nothing has moved, will not."""
        size = self._missing.pop(path)
        self._bytes_total -= size
        self._files_total -= 1
        self._files_done -= size == 0

    @property
    def callback(self) -> ProgressCallback | None:
        """What to hand to a transfer; None where nobody listens."""
        return self.moved if self._observer is not None else None

    def _advance(self, path: RemotePath, size: int) -> None:
        missing = self._missing[path] - size
        self._missing[path] = missing
        self._bytes_done += size
        self._files_done += missing == 0
        self._tell()

    def _tell(self) -> None:
        if self._observer is not None:
            self._observer(
                Progress(
                    phase=self._phase,
                    files_done=self._files_done,
                    files_total=self._files_total,
                    bytes_done=self._bytes_done,
                    bytes_total=self._bytes_total,
                    rate=self._rate.value,
                )
            )


class _Rate:
    """Bytes per second, of which older ones count the less the older they are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._new = 0
        self._sum = 0.0
        self._weight = 0.0
        self.value = 0.0

    def start(self) -> None:
        """Begin to count; what comes next has moved from now on."""
        self._last = self._clock()

    def add(self, size: int) -> None:
        """Count bytes."""
        self._new += size
        seconds = self._clock() - self._last
        if seconds >= _REPORT_SECONDS:
            kept = math.exp(-seconds / _SMOOTHED_SECONDS)
            self._sum = self._sum * kept + self._new / seconds * (1 - kept)
            self._weight = self._weight * kept + 1 - kept
            self.value = self._sum / self._weight
            self._last += seconds
            self._new = 0
