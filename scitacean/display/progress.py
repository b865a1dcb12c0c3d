"""Progress bars in terminals and notebooks."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


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

    @property
    def rate(self) -> float:
        """Bytes per second."""


class ProgressBar:
    """Draws the states it is called with, for as long as it is entered.

    Uploads and downloads enter what they are given as ``on_progress``, and leave it whatever happens.

    Parameters
    ----------
    console:
        Where to draw; nothing is drawn where no person looks.
    """

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description:>11}"),
            BarColumn(),
            TextColumn("{task.fields[files]}"),
            DownloadColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("", total=None, files="", rate="")
        self._is_seen = console.is_terminal or console.is_jupyter
        self._entered = 0

    def __enter__(self) -> Self:
        if self._is_seen and not self._entered:
            self._progress.start()
        self._entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered -= 1
        if self._is_seen and not self._entered:
            self._progress.stop()

    def __call__(self, state: ProgressState, /) -> None:
        """Draw a state."""
        if self._is_seen:
            self._progress.update(
                self._task,
                description=state.phase,
                completed=state.bytes_done,
                total=state.bytes_total,
                files=f"{state.files_done}/{state.files_total} files",
                rate=f"{decimal(int(state.rate))}/s",
            )


def progress_bar(console: Console | None = None) -> ProgressBar:
    """Return a progress bar, to be given as ``on_progress``.

    Parameters
    ----------
    console:
        Where to draw; by default in the notebook, or the terminal that errors go to.

    Examples
    --------
    >>> from scitacean import Client, Dataset
    >>> with Client.local("my-catalogue") as client:
    ...     dataset = Dataset(type="raw", source_folder="/data")
    ...     _ = client.download_files(dataset, target="here", on_progress=progress_bar())
    """
    return ProgressBar(console or Console(stderr=True))
