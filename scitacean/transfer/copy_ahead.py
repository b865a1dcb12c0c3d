"""Looking what a mounted file system has where files shall be copied to, and removing what was left there."""

# ruff: noqa: PTH114, PTH106, PTH108, PTH112, PTH113, PTH116, PTH120
# For many small files, pathlib takes longer than the looking.
from __future__ import annotations

import filecmp
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from scitacean.errors import FileUploadError
from scitacean.model.checksum import checksum_of_file
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.copy_download import checksum_of_linked
from scitacean.transfer.mounted import free_space, not_accessible
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import Leftover, Outlook, SendRequest, Sent

_MOST_LISTED = 20


def look_ahead(requests: Sequence[SendRequest]) -> Outlook:
    """Look what is there under the names of files, and whether they can be copied.

    Where a process was killed while a complete file had both its partial name and its own, the partial one is
    removed.

    Parameters
    ----------
    requests:
        The files. Only those that may be resumed are compared with what is there.

    Raises
    ------
    FileUploadError
        If something else has the name of a file, one may not write, or there is too little space.
    FileNotAccessibleError
        If a local file cannot be read.
    """
    missing = _missing_folders({_folder(request) for request in requests})
    present: dict[RemotePath, Sent] = {}
    in_the_way: list[str] = []
    needed = 0
    for request in requests:
        target = request.remote.posix
        try:
            status = os.stat(request.local)
            if _folder(request) in missing or not os.path.lexists(target):
                needed += status.st_size
            elif request.resume and _is_same(request.local, target):
                checksum = checksum_of_linked(request.local, request.checksum_algorithm)
                present[request.remote] = sent_as_is(status, checksum)
                _drop_second_name(request, status)
            else:
                in_the_way.append(target)
        except OSError as error:
            raise not_accessible(error, request.local) from error
    if in_the_way:
        raise _already_there(in_the_way)
    free = _free_space(requests, present, missing, needed) if len(present) < len(requests) else None
    return Outlook(present=present, missing_folders=tuple(sorted(missing)), free=free)


def clear(leftovers: Sequence[Leftover], made_folders: Sequence[str]) -> list[RemotePath]:
    """Remove copies and partial ones, and folders that are empty then.

    Parameters
    ----------
    leftovers:
        The files.
    made_folders:
        Folders that were not there before.

    Returns
    -------
    :
        Files of which it cannot be found out whether they are those that were copied: they stay, as those
        that surely are not.

    Raises
    ------
    FileUploadError
        If files cannot be removed: it names them, and the others are removed.
    """
    unknown: list[RemotePath] = []
    ours: list[str] = []
    for leftover in leftovers:
        remote = leftover.request.remote
        target = remote.posix
        identity = (target, leftover.size, leftover.mtime_ns)
        ours.append(f"{os.path.dirname(target)}/{partial_name(remote.name, *identity)}")
        if not _is_file_of_size(target, leftover.size):
            continue
        is_ours = _is_ours(leftover, target)
        if is_ours:
            ours.append(target)
        elif is_ours is None:
            unknown.append(remote)
    stay = remove_copies(ours)
    for folder in sorted(made_folders, reverse=True):
        with suppress(OSError):
            os.rmdir(folder)
    if stay:
        raise not_removed(stay)
    return unknown


def remove_copies(paths: Iterable[str]) -> dict[str, str]:
    """Remove files that are there; what cannot be removed does not keep the rest from being removed.

    Parameters
    ----------
    paths:
        The files.

    Returns
    -------
    :
        Those that stay, and why.

    Examples
    --------
    >>> remove_copies(["not-there.dat"])
    {}
    """
    stay = {}
    for path in paths:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            stay[path] = error.strerror or str(error)
    return stay


def not_removed(stay: Mapping[str, str]) -> FileUploadError:
    """Return the error for files that cannot be removed.

    Parameters
    ----------
    stay:
        The files, and why.

    Examples
    --------
    >>> print(not_removed({"/data/a.dat": "Permission denied"}).message)
    Cannot remove 1 file(s):
      - /data/a.dat: Permission denied
    <BLANKLINE>
    """
    listing = "".join(f"\n  - {path}: {reason}" for path, reason in stay.items())
    return FileUploadError(f"Cannot remove {len(stay)} file(s):{listing}\n", hint="Remove them by hand.")


def sent_as_is(status: os.stat_result, checksum: str | None) -> Sent:
    """Return what is said of a file that was copied.

    Parameters
    ----------
    status:
        Of the local file.
    checksum:
        Its hexadecimal digest, if one was asked for.
    """
    modified = datetime.fromtimestamp(status.st_mtime_ns / 1e9, tz=UTC)
    return Sent(size=status.st_size, modified=modified, checksum=checksum)


def _folder(request: SendRequest) -> str:
    return request.remote.posix.rpartition("/")[0] or "/"


def _missing_folders(folders: set[str]) -> set[str]:
    missing: set[str] = set()
    for folder in folders:
        path = folder
        while path not in missing and not os.path.isdir(path):
            missing.add(path)
            path = os.path.dirname(path)
    return missing


def _free_space(
    requests: Sequence[SendRequest], present: dict[RemotePath, Sent], missing: set[str], needed: int
) -> int | None:
    folder = ""
    for folder in {_folder(request) for request in requests if request.remote not in present}:
        while folder in missing:
            folder = os.path.dirname(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise FileUploadError(
                f"Cannot write to the folder {folder}: permission denied.",
                hint="Check the source folder and its permissions.",
            )
    try:
        free = free_space(folder)
    except OSError:
        return None
    if free is None:
        return None
    if free < needed:
        needed -= sum(_size_in_part(request) for request in requests if request.remote not in present)
    if free < needed:
        raise FileUploadError(
            f"The disk is full: {free} bytes are free at {folder}, {needed} are needed.",
            hint="Make room there or use another source folder.",
        )
    return free


def _is_same(local: Path, target: str) -> bool:
    return os.path.isfile(target) and not os.path.islink(target) and filecmp.cmp(local, target, shallow=False)


def _size_in_part(request: SendRequest) -> int:
    """Return how much is there of a file that an earlier upload has begun."""
    try:
        return os.lstat(_partial(request, os.stat(request.local))).st_size if request.resume else 0
    except OSError:
        return 0


def _drop_second_name(request: SendRequest, status: os.stat_result) -> None:
    second = _partial(request, status)
    # What cannot be removed is there twice at most, and does no harm.
    with suppress(OSError):
        if os.path.samestat(os.lstat(second), os.lstat(request.remote.posix)):
            os.unlink(second)


def _partial(request: SendRequest, status: os.stat_result) -> str:
    target = request.remote.posix
    name = partial_name(request.remote.name, target, status.st_size, status.st_mtime_ns)
    return f"{os.path.dirname(target)}/{name}"


def _is_file_of_size(path: str, size: int) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size


def _is_ours(leftover: Leftover, target: str) -> bool | None:
    """Tell whether a file has the content that was copied; None where that cannot be found out."""
    algorithm = leftover.request.checksum_algorithm
    try:
        if leftover.checksum is not None and algorithm is not None:
            return checksum_of_file(target, algorithm=algorithm) == leftover.checksum
        return _is_same(leftover.request.local, target) if _is_unchanged(leftover) else None
    except OSError:
        return None


def _is_unchanged(leftover: Leftover) -> bool:
    try:
        status = os.stat(leftover.request.local)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (leftover.size, leftover.mtime_ns)


def _already_there(paths: Sequence[str]) -> FileUploadError:
    listing = "".join(f"\n  - {path}" for path in paths[1:_MOST_LISTED])
    more = len(paths) - _MOST_LISTED
    listing += f"\n  and {more:,} more" if more > 0 else ""
    listing = f" The same holds for:{listing}\n" if listing else ""
    return FileUploadError(
        f"There is a file {paths[0]} already, and files are never overwritten.{listing}",
        hint="Use another source folder, or move what is there away.",
    )
