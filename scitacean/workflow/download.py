"""Downloading the files of a dataset: to partial files, checked, then renamed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import attrs

from scitacean.errors import (
    FileNotAccessibleError,
    HostNotReachableError,
    IntegrityError,
    TransferError,
)
from scitacean.model.checksum import known_or_none
from scitacean.model.dataset import Dataset
from scitacean.transfer.protocol import (
    DownloadConnection,
    Fetched,
    FetchRequest,
    FileTransfer,
    ResumableDownload,
)
from scitacean.workflow.download_plan import Item, has_checksum, plan_download
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

    Parameters, errors and the result are those of :meth:`scitacean.Client.download_files`.
    """
    files = [
        attrs.evolve(file, checksum_algorithm=checksum_algorithm or file.checksum_algorithm)
        for file in select_files(dataset.files, select)
        if file.is_on_remote
    ]
    items = plan_download(dataset, files, target, force=force) if files else []
    wanted = [item for item in items if force or not item.is_there()]
    if wanted:
        _move(dataset, wanted, transfer, on_progress)
    if by_size := sum(not has_checksum(item.file) for item in items):
        _logger.warning(
            "The catalogue has no checksum that can be computed here for %d of %d file(s): their sizes were "
            "checked, their content was not.",
            by_size,
            len(items),
        )
    return dataset.replace_files(*(item.at(item.target) for item in items))


def _move(
    dataset: Dataset, items: Sequence[Item], transfer: FileTransfer, on_progress: OnProgress | None
) -> None:
    meter = ProgressMeter(((item.remote, item.size) for item in items), on_progress)
    with transfer.connect_for_download(dataset, items[0].remote) as connection, _new_folders(items):
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
    differences = {}
    for item in items:
        if not item.partial.is_file():
            differences[item] = "it did not arrive"
        elif difference := _difference(item, fetched.get(item)):
            differences[item] = difference
        else:
            with item.partial.open("rb") as file:
                os.fsync(file.fileno())
            item.partial.replace(item.target)
    return differences


def _difference(item: Item, fetched: Fetched | None) -> str:
    file = item.at(item.partial)
    if fetched is not None and fetched.remote_size != item.size:
        return f"it has {fetched.remote_size} bytes instead of {item.size}"
    if fetched is None or fetched.checksum is None or file.size != item.size:
        return file.difference_from_remote()
    expected = file.remote_checksum
    if expected is not None and fetched.checksum != expected.lower():
        return f"its {file.checksum_algorithm} is {fetched.checksum} instead of {expected}"
    return ""


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
    except OSError as error:
        # Errors of our tree that are also an OSError say already what they are about.
        if isinstance(error, TransferError):
            raise
        raise FileNotAccessibleError(
            f"Cannot write {error.filename or 'the downloaded files'}: {error.strerror or error}.",
            hint="Check that you may write to the target folder and that there is space.",
        ) from error
    finally:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
