"""Progress bars in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


class ProgressState(Protocol):
    """What the bar shows; any object with these attributes will do."""

    @property
    def phase(self) -> str:
        """What is being done."""

    @property
    def files_done(self) -> int:
        """How many files have moved."""

    @property
    def files_total(self) -> int:
        """How many files shall move."""

    @property
    def bytes_done(self) -> int:
        """How many bytes have moved."""

    @property
    def bytes_total(self) -> int:
        """How many bytes shall move."""


class ProgressBar:
    """Draws the states it is called with."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, files="")

    def __call__(self, state: ProgressState, /) -> None:
        """Draw a state."""
        self._progress.update(
            self._task,
            description=state.phase,
            completed=state.bytes_done,
            total=state.bytes_total,
            files=f"{state.files_done}/{state.files_total} files",
        )


@contextmanager
def progress_bar(console: Console) -> Iterator[ProgressBar | None]:
    """Show a progress bar for as long as the block runs; none, and None, where no person looks.

    Parameters
    ----------
    console:
        Where to draw.
    """
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description:>11}"),
        BarColumn(),
        TextColumn("{task.fields[files]}"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield ProgressBar(progress)
