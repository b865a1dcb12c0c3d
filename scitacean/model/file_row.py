"""Files as rows of what notebooks show."""

from __future__ import annotations

from collections.abc import Iterable

from scitacean.display import html
from scitacean.errors import FileNotAccessibleError
from scitacean.model.file import File


def file_row(file: File) -> html.FileRow:
    """Return the row of a file; size and time are None for one that is gone from this machine.

    Parameters
    ----------
    file:
        The file; what is none, which validation reports, has a row as well.

    Examples
    --------
    >>> file_row(File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")).place
    'remote'
    """
    if not isinstance(file, File):
        return html.FileRow(file, None, None, "no file")
    place = " and ".join(["local"] * file.is_on_local + ["remote"] * file.is_on_remote)
    try:
        return html.FileRow(str(file.remote_path), file.size, file.creation_time, place)
    except FileNotAccessibleError:
        return html.FileRow(str(file.remote_path), None, None, f"{place}, gone")


def size_or_none(files: Iterable[File]) -> int | None:
    """Return the size of files in bytes; None where one is gone from this machine, or is no file.

    Parameters
    ----------
    files:
        The files.

    Examples
    --------
    >>> size_or_none([File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")])
    3
    """
    try:
        return sum(file.size for file in files)
    except (FileNotAccessibleError, AttributeError):
        return None
