"""Files of the file server that are within reach of this machine's own file system."""

# ruff: noqa: PTH116
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from scitacean.errors import FileNotAccessibleError
from scitacean.model.checksum import checksum_of_file, is_known_algorithm
from scitacean.model.remote_path import RemotePath

_NOT_THERE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG}
)


class ChecksumsHere:
    """Checksums at the source, which is this machine."""

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums; None for an algorithm that Python does not know."""
        if not is_known_algorithm(algorithm):
            return None
        try:
            return {path: checksum_of_file(path.posix, algorithm=algorithm) for path in paths}
        except OSError as error:
            raise not_accessible(error, paths[0]) from error


class FilesHere:
    """Looks what is there, on a file system that is mounted."""

    def look_up(self, paths: Sequence[RemotePath]) -> Mapping[RemotePath, int | None]:
        """Find out how large files are; those that are not there, or cannot be read, are missing.

        Raises
        ------
        FileNotAccessibleError
            If the file system does not answer.
        """
        sizes = ((path, _size(path)) for path in paths)
        return {path: size for path, size in sizes if size is not None}


def _size(path: RemotePath) -> int | None:
    try:
        status = os.stat(path.posix)
    except ValueError:  # no file can have this name
        return None
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise not_accessible(error, path) from error
    return status.st_size if stat.S_ISREG(status.st_mode) and os.access(path.posix, os.R_OK) else None


def readable_status(path: RemotePath) -> os.stat_result:
    """Find out what the file system says of a file of a dataset.

    Parameters
    ----------
    path:
        The file.

    Returns
    -------
    :
        Its size, times and so on.

    Raises
    ------
    FileNotAccessibleError
        If it is not there, cannot be read, or is no regular file.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("a.csv").write_text("1,2")
    >>> readable_status(RemotePath("a.csv")).st_size
    3
    """
    try:
        status = os.stat(path.posix)
    except (OSError, ValueError) as error:
        raise not_accessible(error, path) from error
    if not stat.S_ISREG(status.st_mode):
        raise FileNotAccessibleError(
            f"{path} is no regular file, so it cannot be a file of a dataset.",
            hint="Leave it out with select=..., and tell the dataset's owner.",
            remote_path=path.posix,
        )
    if not os.access(path.posix, os.R_OK):
        raise not_accessible(PermissionError(0, "Permission denied"), path)
    return status


def check_writable(folder: RemotePath) -> None:
    """Find out whether files can go into a folder, which need not be there yet.

    Parameters
    ----------
    folder:
        The folder.

    Raises
    ------
    FileNotAccessibleError
        If not even the first folder of its path is there, as where a file system is not mounted; or if what
        there is of it is no folder, or may not be written to.

    Examples
    --------
    >>> check_writable(RemotePath("/not-mounted-here/run7"))
    Traceback (most recent call last):
    ...
    scitacean.errors.FileNotAccessibleError: Cannot write to /not-mounted-here/run7: there is no folder ...
    """
    path = Path(folder.posix).absolute()
    there = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    if there == Path(there.anchor) and path != there:
        reason = f"there is no folder {there / path.parts[1]}"
    elif not there.is_dir():
        reason = f"{there} is no folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        reason = f"you may not write to {there}"
    else:
        return
    raise FileNotAccessibleError(
        f"Cannot write to {folder}: {reason}.",
        hint="Check that the path is right, that its file system is mounted on this machine, and its "
        "permissions.",
        remote_path=folder.posix,
    )


def free_space(folder: str | Path) -> int | None:
    """Return how many bytes may still be written to a file system; None where it does not say.

    Some that have no disk, as that of ``/sys`` and some of networks, say that they have no room at all; then
    only who writes finds out.

    Parameters
    ----------
    folder:
        A folder of it.

    Raises
    ------
    OSError
        If it does not answer.

    Examples
    --------
    >>> free_space(".") > 0
    True
    """
    usage = shutil.disk_usage(folder)
    return usage.free if usage.total else None


def not_accessible(error: Exception, path: str | Path | RemotePath) -> FileNotAccessibleError:
    """Return an error that says what failed.

    Parameters
    ----------
    error:
        What the file system said.
    path:
        The file, where the error does not name it: opening names the file, reading and writing do not.

    Examples
    --------
    >>> print(not_accessible(OSError(5, "Input/output error"), "/data/a.nxs").message)
    Cannot read or write /data/a.nxs: Input/output error.
    """
    name = getattr(error, "filename", None) or path
    return FileNotAccessibleError(
        f"Cannot read or write {name}: {getattr(error, 'strerror', None) or error}.",
        hint="Check that the path is right, that the file system is mounted, and its permissions.",
        remote_path=str(name),
    )
