"""What an observer is told while files move."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

import attrs

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import ProgressCallback

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
    """

    phase: Phase
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int


class OnProgress(Protocol):
    """Is told how an upload or download goes on."""

    def __call__(self, progress: Progress, /) -> None:
        """Note the progress; an exception stops the work."""


class ProgressMeter:
    """Adds up what transfers report per file, and tells the observer.

    Parameters
    ----------
    sizes:
        The files that shall move, with their sizes in bytes.
    observer:
        Who wants to know; may be None.
    """

    def __init__(self, sizes: Iterable[tuple[RemotePath, int]], observer: OnProgress | None) -> None:
        self._missing = dict(sizes)
        self._observer = observer
        self._now = Progress(
            phase="checking",
            files_done=sum(size == 0 for size in self._missing.values()),
            files_total=len(self._missing),
            bytes_done=0,
            bytes_total=sum(self._missing.values()),
        )
        self._tell()

    def phase(self, phase: Phase) -> None:
        """Note that the work has come to another phase."""
        self._now = attrs.evolve(self._now, phase=phase)
        self._tell()

    def moved(self, path: RemotePath, moved: int, /) -> None:
        """Note that bytes of a file have moved."""
        self._missing[path] -= moved
        self._now = attrs.evolve(
            self._now,
            bytes_done=self._now.bytes_done + moved,
            files_done=self._now.files_done + (self._missing[path] == 0),
        )
        self._tell()

    def restarted(self, path: RemotePath, size: int) -> None:
        """Note that a file moves once more from its start, because what had arrived was wrong."""
        self._now = attrs.evolve(
            self._now,
            bytes_done=self._now.bytes_done - (size - self._missing[path]),
            files_done=self._now.files_done - (self._missing[path] == 0),
        )
        self._missing[path] = size
        self._tell()

    @property
    def callback(self) -> ProgressCallback | None:
        """What to hand to a transfer; None where nobody listens."""
        return self.moved if self._observer is not None else None

    def _tell(self) -> None:
        if self._observer is not None:
            self._observer(self._now)
