"""What the file server and the disk of this machine say about a download before anything moves."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scitacean.errors import FileNotAccessibleError
from scitacean.model.checksum import DEFAULT_ALGORITHM
from scitacean.model.dataset import Dataset
from scitacean.model.parts import Lifecycle
from scitacean.transfer.mounted import free_space
from scitacean.transfer.protocol import (
    DownloadConnection,
    FetchRequest,
    FileTransfer,
    LooksUpFiles,
    NeedsSpace,
    RemoteChecksums,
)
from scitacean.workflow.download_plan import Item, has_checksum, listing

_logger = logging.getLogger("scitacean")

# The one of new files, and one that all hosts have a tool for: each costs a question.
_ALGORITHMS = (DEFAULT_ALGORITHM, "md5")


@contextmanager
def connected(
    transfer: FileTransfer, dataset: Dataset, items: Sequence[Item]
) -> Iterator[DownloadConnection]:
    """Connect to where files of a dataset are.

    Parameters
    ----------
    transfer:
        Moves files.
    dataset:
        The dataset.
    items:
        Its files, at least one. Where a transfer connects only for a file that is there, others than the
        first one are tried, too, so that all that are missing can be named.

    Raises
    ------
    FileNotAccessibleError
        If there is no connection. Where the files may be in the archive, that is said.

    Examples
    --------
    >>> from scitacean import File
    >>> from scitacean.transfer.copy import CopyFileTransfer
    >>> from scitacean.workflow.download_plan import plan_download
    >>> dataset = Dataset(
    ...     type="raw",
    ...     source_folder="/nowhere",
    ...     files=[File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")],
    ...     lifecycle=Lifecycle(retrievable=True),
    ... )
    >>> items = plan_download(dataset, dataset.files, Path("here"))
    >>> with connected(CopyFileTransfer(), dataset, items):
    ...     pass
    Traceback (most recent call last):
    ...
    scitacean.errors.FileNotAccessibleError: Cannot read or write /nowhere/a.nxs: ... in the archive, ...
    """
    with ExitStack() as stack:
        first: FileNotAccessibleError | None = None
        for item in {id(item): item for item in (items[0], items[-1], items[len(items) // 2])}.values():
            try:
                connection = stack.enter_context(transfer.connect_for_download(dataset, item.remote))
                break
            except FileNotAccessibleError as error:
                first = first or error
                if not isinstance(error.__cause__, FileNotFoundError):
                    raise
        else:
            assert first is not None
            hint = _archive_hint(dataset.lifecycle) or first.hint
            raise FileNotAccessibleError(first.message, hint=hint, remote_path=first.remote_path) from first
        yield connection


def look_at_host(
    connection: DownloadConnection, items: Sequence[Item], lifecycle: Lifecycle | None
) -> dict[Item, str]:
    """Find out whether the files are there, with the sizes that the catalogue says.

    Parameters
    ----------
    connection:
        To the file server; not all can look.
    items:
        The files.
    lifecycle:
        What the catalogue says about the archive.

    Returns
    -------
    :
        How files differ; they need not be fetched.

    Raises
    ------
    FileNotAccessibleError
        If files are not there: with all of them.

    Examples
    --------
    >>> from scitacean import File, RemotePath
    >>> from scitacean.transfer.copy import CopyDownloadConnection
    >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> item = Item(file, RemotePath("a.nxs"), Path(), "here", "partial", 3)
    >>> _ = Path("a.nxs").write_text("abcd")
    >>> list(look_at_host(CopyDownloadConnection(), [item], None).values())
    ['it has 4 bytes instead of 3']
    """
    if not isinstance(connection, LooksUpFiles):
        return {}
    sizes = connection.look_up([item.remote for item in items])
    missing = [item.remote.posix for item in items if item.remote not in sizes]
    if missing:
        raise FileNotAccessibleError(
            f"{len(missing):,} of {len(items):,} file(s) are not on the file server, or you may not read "
            f"them; nothing was downloaded.{listing(missing)}\n",
            hint=_archive_hint(lifecycle)
            or "They may have been moved or archived, or the file server has them under another path: ask "
            "the dataset's owner, or leave them out with select=...",
            remote_path=missing[0],
        )
    wrong = {
        item: f"it has {size} bytes instead of {item.size}"
        for item in items
        if (size := sizes[item.remote]) not in (None, item.size)
    }
    if wrong:
        _logger.warning(
            "%d of %d file(s) have another size on the file server than in the catalogue; only the others "
            "are downloaded.",
            len(wrong),
            len(items),
        )
    return wrong


def expecting_remote_checksums(connection: DownloadConnection, items: Sequence[Item]) -> list[Item]:
    """Let the file server compute what the catalogue does not have, where it can.

    Parameters
    ----------
    connection:
        To the file server.
    items:
        The files.

    Returns
    -------
    :
        The same, in which files without checksum have one, so that what arrives can be compared with it.

    Raises
    ------
    FileNotAccessibleError
        If a file cannot be read, or the connection breaks.

    Examples
    --------
    >>> from scitacean.transfer.copy import CopyDownloadConnection
    >>> expecting_remote_checksums(CopyDownloadConnection(), [])
    []
    """
    unknown = [item.remote for item in items if not has_checksum(item.file)]
    if not unknown or not isinstance(connection, RemoteChecksums):
        return list(items)
    for algorithm in _ALGORITHMS:
        found = connection.remote_checksums(unknown, algorithm=algorithm)
        if found is not None:
            return [
                item if has_checksum(item.file) else item.expecting(algorithm, found[item.remote])
                for item in items
            ]
    return list(items)


def check_space(connection: DownloadConnection, requests: Sequence[FetchRequest], target: Path) -> None:
    """Find out whether there is room for files.

    Parameters
    ----------
    connection:
        To the file server; it may know better than by the number of bytes.
    requests:
        What will be fetched.
    target:
        Folder that they go into; it need not be there yet.

    Raises
    ------
    FileNotAccessibleError
        If there is too little space.
    OSError
        If the file system does not answer.

    Examples
    --------
    >>> from scitacean import RemotePath
    >>> from scitacean.testing.transfer import FakeDownloadConnection
    >>> request = FetchRequest(remote=RemotePath("a.nxs"), local=Path("a.nxs"), length=2**62)
    >>> check_space(FakeDownloadConnection(None, {}), [request], Path("here"))
    Traceback (most recent call last):
    ...
    scitacean.errors.FileNotAccessibleError: There is too little space in here: ...
    """
    if isinstance(connection, NeedsSpace):
        needed = connection.space_needed(requests)
    else:
        needed = sum(request.length or 0 for request in requests)
    path = target.absolute()
    free = free_space(next(folder for folder in (path, *path.parents) if folder.exists()))
    if free is not None and needed > free:
        raise FileNotAccessibleError(
            f"There is too little space in {target}: {needed:,} bytes are needed and {free:,} are free; "
            "nothing was downloaded.",
            hint="Make room, download into a folder of another disk, or take fewer files with select=...",
        )


def _archive_hint(lifecycle: Lifecycle | None) -> str:
    """Say what to do about missing files that are archived, as far as the catalogue knows; else nothing."""
    if lifecycle is None:
        return ""
    if lifecycle.retrievable is True:
        return (
            "The catalogue says that the dataset is in the archive, from where it can be retrieved: ask for "
            "that in the catalogue (a job of the type retrieve), and download it when the job is done."
        )
    if lifecycle.archivable is False or lifecycle.is_on_central_disk is False:
        status = lifecycle.archive_status_message
        told = f" (status {status!r})" if status else ""
        return (
            f"The catalogue says that the dataset is archived, or about to be{told}, and cannot be "
            "retrieved: ask those who run the archive. Files that are there can be had with select=..."
        )
    return ""
