"""Tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text


def fields_table(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """Make a table of names and values, leaving out what is empty.

    Parameters
    ----------
    title:
        Stands above.
    rows:
        Names with their values; text of a catalogue is shown as it is, never as markup.
    """
    table = Table(title=Text(printable(title)), title_justify="left", show_header=False, box=None)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value not in (None, "", [], (), {}):
            table.add_row(Text(name), Text(_shown(value)))
    return table


def files_table(rows: Iterable[tuple[str, int]]) -> Table:
    """Make a table of files and their sizes in bytes."""
    table = Table(box=None)
    table.add_column("file", overflow="fold")
    table.add_column("bytes", justify="right")
    for name, size in rows:
        table.add_row(Text(printable(name)), Text(f"{size:,}"))
    return table


def datasets_table(rows: Iterable[tuple[str, str, datetime | None, int | None]]) -> Table:
    """Make a table of datasets: identifier, name, when they were taken, and their sizes in bytes."""
    table = Table(box=None)
    # To be copied, in one piece.
    table.add_column("PID", no_wrap=True)
    table.add_column("name", overflow="fold")
    table.add_column("taken (UTC)", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    for pid, name, taken, size in rows:
        when = "" if taken is None else f"{taken.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(Text(printable(pid)), Text(printable(name)), when, "" if size is None else f"{size:,}")
    return table


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return printable(", ".join(str(item) for item in value))
    return printable(str(value))


def printable(text: str) -> str:
    r"""Replace what a terminal would obey instead of showing: text of a catalogue may be hostile.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a\ufffd[2Jb'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
