"""What the file system says of a local file, or why it does not say it."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

from scitacean.errors import FileNotAccessibleError, LocalFileNotFoundError

_HINTS = {
    errno.ENAMETOOLONG: "Shorten its name, or the names of the folders that it lies in.",
    errno.ELOOP: "Links lead in a circle here: remove one of them.",
}


def status_of(path: Path) -> os.stat_result:
    """Return what the file system says of a file or folder; of what a link points to.

    Parameters
    ----------
    path:
        The file or folder.

    Raises
    ------
    LocalFileNotFoundError
        If it is not there.
    FileNotAccessibleError
        If it cannot be looked at.

    Examples
    --------
    >>> _ = Path("run.csv").write_text("1,2")
    >>> status_of(Path("run.csv")).st_size
    3
    """
    try:
        return path.stat()
    except OSError as error:
        raise unreadable(path, error) from error


def refuse_unreadable(path: Path) -> None:
    """Refuse a file that the user may not read, without opening it.

    Parameters
    ----------
    path:
        A file that is there.

    Raises
    ------
    FileNotAccessibleError
        If the user may not read it.

    Examples
    --------
    >>> _ = Path("run.csv").write_text("1,2")
    >>> refuse_unreadable(Path("run.csv"))
    """
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise unreadable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def modified(status: os.stat_result) -> datetime:
    """Return when a file was last changed, in UTC.

    Parameters
    ----------
    status:
        What :func:`status_of` returns.

    Examples
    --------
    >>> _ = Path("run.csv").write_text("1,2")
    >>> os.utime("run.csv", (0, 0))
    >>> modified(status_of(Path("run.csv"))).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(status.st_mtime, tz=UTC)


def unreadable(path: str | os.PathLike[str], error: OSError) -> FileNotAccessibleError:
    """Make the error that tells a user why a file or folder cannot be read.

    Parameters
    ----------
    path:
        The file or folder.
    error:
        What the system said.

    Returns
    -------
    :
        A :class:`scitacean.errors.LocalFileNotFoundError` for what is not there.

    Examples
    --------
    >>> print(unreadable("run.csv", PermissionError(13, "Permission denied")))
    Cannot read run.csv: Permission denied. Check its permissions, or leave it out.
    """
    path = os.fspath(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return LocalFileNotFoundError(
            f"There is no file or folder {path}.", hint="Check the path for typing mistakes."
        )
    hint = _HINTS.get(error.errno or 0, "Check its permissions, or leave it out.")
    return FileNotAccessibleError(f"Cannot read {path}: {error.strerror or error}.", hint=hint)
