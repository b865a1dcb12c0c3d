"""Downloading the files of a dataset: to partial files, checked, then renamed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import attrs

from scitacean.errors import HostNotReachableError, IntegrityError, TransferError
from scitacean.model.checksum import checksums_of_files, known_or_none
from scitacean.model.dataset import Dataset
from scitacean.transfer.protocol import (
    DownloadConnection,
    Fetched,
    FetchRequest,
    FileTransfer,
    ResumableDownload,
)
from scitacean.workflow.download_plan import Item, has_checksum, local_errors, plan_download
from scitacean.workflow.progress import OnProgress, ProgressMeter
from scitacean.workflow.select import FileSelector, select_files

_logger = logging.getLogger("scitacean")


def download_files(
    dataset: Dataset,
    *,
    target: Path,
    transfer: FileTransfer,
    select: FileSelector = True,
    checksum_algorithm: str | None = None,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> Dataset:
    """Download files into a folder; the folders of the dataset are kept.

    Parameters
    ----------
    dataset:
        The dataset.
    target:
        The folder; made where it is not there.
    transfer:
        Moves the files.
    select:
        Which files; see :func:`scitacean.workflow.select.select_files`.
    checksum_algorithm:
        Replaces the algorithm that the catalogue says.
    force:
        Whether to download files that are there already.
    on_progress:
        Is told how it goes on.

    Returns
    -------
    :
        A copy of the dataset whose downloaded files have a local path.

    Raises
    ------
    IntegrityError
        If files do not have the size or checksum that the catalogue has; all others are in place.
    FileNotAccessibleError
        If files, the file server, or the target cannot be reached, or if the target cannot have the paths of
        the catalogue: those that lead out of it, are too long, or differ for one file.
    ConfigurationError
        If the target is a file or the dataset has no source folder.
    TypeError, ValueError
        If ``select`` names no files.

    Examples
    --------
    >>> from scitacean.transfer.copy import CopyFileTransfer
    >>> from scitacean.model.file import File
    >>> Path("data").mkdir()
    >>> _ = Path("data/a.csv").write_text("1,2")
    >>> file = File.from_remote("a.csv", 3, "2026-03-01T12:00:00Z")
    >>> dataset = Dataset(type="raw", source_folder=Path("data").absolute().as_posix(), files=[file])
    >>> found = download_files(dataset, target=Path("here"), transfer=CopyFileTransfer())
    >>> found.files[0].local_path.read_text()
    '1,2'
    """
    chosen = {
        id(file): attrs.evolve(file, checksum_algorithm=checksum_algorithm or file.checksum_algorithm)
        for file in select_files(dataset.files, select)
        if file.is_on_remote
    }
    items = plan_download(dataset, list(chosen.values()), target, force=force) if chosen else []
    wanted = items if force else _not_there(items)
    if wanted:
        _move(dataset, wanted, transfer, on_progress)
    if by_size := sum(not has_checksum(item.file) for item in items):
        _logger.warning(
            "The catalogue has no checksum that can be computed here for %d of %d file(s): their sizes were "
            "checked, their content was not.",
            by_size,
            len(items),
        )
    places = {item.file.remote_path: item.target for item in items}
    return dataset.replace(
        files=[
            chosen[id(file)].downloaded(local_path=places[file.remote_path]) if id(file) in chosen else file
            for file in dataset.files
        ]
    )


def _not_there(items: Sequence[Item]) -> list[Item]:
    """Return the items whose complete file is not there already."""
    with local_errors("read"):
        alike = [item for item in items if item.is_like_target()]
        checksums = _checksums({item: item.target for item in alike})
    there = {item for item in alike if not item.file.difference_of(item.size, checksums.get(item))}
    return [item for item in items if item not in there]


def _checksums(paths: Mapping[Item, Path]) -> dict[Item, str]:
    """Compute the checksums of local files, where they can be compared with the catalogue."""
    groups: dict[str, list[Item]] = {}
    for item in paths:
        if has_checksum(item.file) and item.file.checksum_algorithm is not None:
            groups.setdefault(item.file.checksum_algorithm, []).append(item)
    return {
        item: checksum
        for algorithm, group in groups.items()
        for item, checksum in zip(
            group, checksums_of_files([paths[item] for item in group], algorithm=algorithm), strict=True
        )
    }


def _move(
    dataset: Dataset, items: Sequence[Item], transfer: FileTransfer, on_progress: OnProgress | None
) -> None:
    meter = ProgressMeter(((item.remote, item.size) for item in items), on_progress)
    with (
        transfer.connect_for_download(dataset, items[0].remote) as connection,
        local_errors("write"),
        _new_folders(items),
    ):
        meter.phase("moving")
        resumed = [item for item in items if item.offset()]
        differences = _fetch(connection, items, meter)
        # What an interrupted download left may be no beginning of the right content: then start anew.
        if again := [item for item in resumed if item in differences]:
            for item in again:
                item.partial.unlink(missing_ok=True)
                meter.restarted(item.remote, item.size)
                del differences[item]
            differences |= _fetch(connection, again, meter)
        if differences:
            _refuse(differences)
    meter.phase("done")


def _fetch(connection: DownloadConnection, items: Sequence[Item], meter: ProgressMeter) -> dict[Item, str]:
    """Fetch, put in place what is right, and return how the others differ."""
    try:
        fetched = _transfer(connection, items, meter)
    except TransferError as error:
        for item in _place(items, {}):
            # The beginning of a file is worth keeping where the same call can go on from it.
            if not isinstance(error, HostNotReachableError) or not item.offset():
                item.partial.unlink(missing_ok=True)
        raise
    meter.phase("verifying")
    return _place(items, fetched)


def _transfer(
    connection: DownloadConnection, items: Sequence[Item], meter: ProgressMeter
) -> Mapping[Item, Fetched]:
    if not isinstance(connection, ResumableDownload):
        for item in items:
            item.partial.unlink(missing_ok=True)
        connection.download_files(
            remote=[item.remote for item in items], local=[item.partial for item in items]
        )
        return {}
    requests = [_request(item) for item in items]
    for request in requests:
        if request.offset:
            meter.moved(request.remote, request.offset)
    fetched = connection.fetch_files(requests, on_progress=meter.callback)
    return dict(zip(items, fetched, strict=True))


def _request(item: Item) -> FetchRequest:
    offset = item.offset()
    return FetchRequest(
        remote=item.remote,
        local=item.partial,
        offset=offset,
        length=item.size - offset,
        checksum_algorithm=None if offset else known_or_none(item.file.checksum_algorithm),
    )


def _place(items: Sequence[Item], fetched: Mapping[Item, Fetched]) -> dict[Item, str]:
    """Give complete files their names; return how the others differ from what the catalogue says."""
    sizes = {item: item.partial.stat().st_size for item in items if item.partial.is_file()}
    checksums = {
        item: one.checksum
        for item, one in fetched.items()
        if one.checksum is not None and has_checksum(item.file)
    }
    # What has another size need not be read, and what was read on its way need not be read again.
    checksums |= _checksums(
        {item: item.partial for item, size in sizes.items() if size == item.size and item not in checksums}
    )
    differences = {}
    for item in items:
        if item not in sizes:
            differences[item] = "it did not arrive"
        elif difference := _difference(item, sizes[item], fetched.get(item), checksums.get(item)):
            differences[item] = difference
        else:
            with item.partial.open("rb") as file:
                os.fsync(file.fileno())
            item.partial.replace(item.target)
            # Nothing is renamed where both are names of one file.
            item.partial.unlink(missing_ok=True)
    return differences


def _difference(item: Item, size: int, fetched: Fetched | None, checksum: str | None) -> str:
    if fetched is not None and fetched.remote_size != item.size:
        return f"it has {fetched.remote_size} bytes instead of {item.size}"
    return item.file.difference_of(size, checksum)


def _refuse(differences: Mapping[Item, str]) -> NoReturn:
    for item in differences:
        item.partial.unlink(missing_ok=True)
    listing = "".join(f"\n  - {item.target}: {difference}" for item, difference in differences.items())
    raise IntegrityError(
        f"{len(differences)} downloaded file(s) are not what the catalogue says and were removed; "
        f"all others are in place.{listing}\n",
        hint="Download them again; if that does not help, they have changed on the server since they "
        "were registered: tell the dataset's owner.",
    )


@contextmanager
def _new_folders(items: Sequence[Item]) -> Iterator[None]:
    """Make the folders for the files, and remove those that are empty in the end."""
    made: list[Path] = []
    try:
        for folder in {item.target.parent: None for item in items}:
            missing = [path for path in (folder, *folder.parents) if not path.exists()]
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                made.append(path)
        yield
    finally:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
