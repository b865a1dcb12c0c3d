"""Copying files of datasets from a mounted file system."""

# ruff: noqa: PTH116, PTH123
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scitacean.model.checksum import checksum_of_file
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.copy_bytes import copy_bytes
from scitacean.transfer.local_target import make_way, open_local_target
from scitacean.transfer.mounted import FilesHere, not_accessible, readable_status
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback


class CopyDownloadConnection(FilesHere):
    """Copies files from a mounted file system.

    Parameters
    ----------
    hard_link:
        See :class:`scitacean.transfer.copy.CopyFileTransfer`.
    """

    def __init__(self, *, hard_link: bool = False) -> None:
        self._hard_link = hard_link

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Copy files, the first remote one to the first local path, and so on."""
        self.fetch_files(
            [FetchRequest(remote=source, local=target) for source, target in zip(remote, local, strict=True)]
        )

    def fetch_files(
        self, requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Fetched]:
        """Copy files or ranges."""
        return [self._fetch(request, on_progress) for request in requests]

    def space_needed(self, requests: Sequence[FetchRequest]) -> int:
        """Return how much space copies will take: on the same file system they may share their content."""
        devices: dict[str, int] = {}

        def device(folder: str) -> int:
            # Many files are in one folder: it is looked at once.
            if folder not in devices:
                devices[folder] = _device(Path(folder))
            return devices[folder]

        return sum(
            _taken(request)
            for request in requests
            if device(_folder(os.fspath(request.local), os.sep)) != device(_folder(request.remote.posix, "/"))
        )

    def _fetch(self, request: FetchRequest, on_progress: ProgressCallback | None) -> Fetched:
        status = readable_status(request.remote)
        is_whole = request.offset == 0 and (request.length is None or request.length >= status.st_size)
        try:
            if is_whole and self._hard_link and link_if_possible(request.remote.posix, request.local):
                checksum = checksum_of_linked(request.local, request.checksum_algorithm)
                if on_progress is not None:
                    on_progress(request.remote, status.st_size)
                return Fetched(size=status.st_size, checksum=checksum, remote_size=status.st_size)
            digest = new_digest(request.checksum_algorithm)
            with (
                open(request.remote.posix, "rb", buffering=0) as source,
                open_local_target(request.local, offset=request.offset) as sink,
            ):
                size = copy_bytes(
                    source,
                    sink,
                    offset=request.offset,
                    length=request.length,
                    digest=digest,
                    on_bytes=partial(on_progress, request.remote) if on_progress else None,
                )
        except OSError as error:
            raise not_accessible(error, request.local) from error
        return Fetched(size=size, checksum=digest.hexdigest() if digest else None, remote_size=status.st_size)


def _folder(path: str, separator: str) -> str:
    """Return the folder of a path that is normal, faster than os.path.dirname."""
    head, found, _ = path.rpartition(separator)
    return head or found or "."


def _device(folder: Path) -> int:
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return there.stat().st_dev


def _taken(request: FetchRequest) -> int:
    try:
        status = os.stat(request.remote.posix)
    except (OSError, ValueError):
        return 0  # fetching it will say what is wrong
    # Holes stay holes.
    blocks = getattr(status, "st_blocks", status.st_size) * 512
    return max(0, min(blocks, status.st_size - request.offset))


def new_digest(algorithm: str | None) -> hashlib._Hash | None:
    """Start a checksum; None without an algorithm.

    Parameters
    ----------
    algorithm:
        As :mod:`hashlib` names it.

    Examples
    --------
    >>> new_digest("md5").digest_size, new_digest(None)
    (16, None)
    """
    return hashlib.new(algorithm, usedforsecurity=False) if algorithm else None


def checksum_of_linked(path: Path, algorithm: str | None) -> str | None:
    """Compute the checksum of a file that was not read on its way; None without an algorithm.

    Parameters
    ----------
    path:
        The file.
    algorithm:
        As :mod:`hashlib` names it.

    Examples
    --------
    >>> checksum_of_linked(Path("a.nxs"), None) is None
    True
    """
    return checksum_of_file(path, algorithm=algorithm) if algorithm else None


def link_if_possible(source: str, target: Path) -> bool:
    """Give a file a second name, instead of what is there, where the file system can.

    Parameters
    ----------
    source:
        The file; where it is a symbolic link, the file that it leads to is meant.
    target:
        The new name.

    Returns
    -------
    :
        Whether it has been done.

    Raises
    ------
    OSError
        If what is at the target cannot be removed.

    Examples
    --------
    >>> _ = Path("a.nxs").write_text("counts")
    >>> link_if_possible("a.nxs", Path("b.nxs")), Path("b.nxs").samefile("a.nxs")
    (True, True)
    """
    make_way(target)
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        # Another file system, one without hard links, or a file of somebody else: it can be copied still.
        return False
    return True
