"""Downloading the files of a dataset: to partial files, checked, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import attrs

from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    HostNotReachableError,
    IntegrityError,
    TransferError,
)
from scitacean.model.checksum import is_known_algorithm
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import (
    DownloadConnection,
    FetchRequest,
    FileTransfer,
    ResumableDownload,
)
from scitacean.validation.paths import unsafe_path_reason
from scitacean.workflow.progress import OnProgress, ProgressMeter
from scitacean.workflow.select import FileSelector, select_files


@attrs.frozen
class _Item:
    """One file that is on its way."""

    file: File
    remote: RemotePath
    target: Path
    partial: Path


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
    items = _plan(dataset, files, target)
    wanted = [item for item in items if force or not _is_there(item)]
    if wanted:
        _move(dataset, wanted, transfer, on_progress)
    return dataset.replace_files(*(item.file.downloaded(local_path=item.target) for item in items))


def _plan(dataset: Dataset, files: Sequence[File], target: Path) -> list[_Item]:
    _refuse_unsafe(files)
    if target.exists() and not target.is_dir():
        raise ConfigurationError(
            f"Cannot download into {target}: it is a file, not a folder.", hint="Name a folder."
        )
    if files and dataset.source_folder is None:
        raise ConfigurationError(
            "The dataset has no source folder, so it is not known where its files are.",
            hint="Set dataset.source_folder, or ask the dataset's owner to mend the entry.",
        )
    root = target.resolve()
    items: dict[Path, _Item] = {}
    for file in files:
        local = target.joinpath(*file.remote_path.resolve().parts)
        _refuse_links(local, root)
        remote = RemotePath(dataset.source_folder or "", file.remote_path)
        partial = partial_name(local.name, remote, file.remote_size, file.remote_checksum)
        items[local] = _Item(file, remote, local, local.with_name(partial))
    return list(items.values())


def _refuse_unsafe(files: Sequence[File]) -> None:
    reasons = {
        file.remote_path.posix: reason
        for file in files
        if (reason := unsafe_path_reason(file.remote_path.posix, windows=os.name == "nt"))
    }
    if reasons:
        listing = "".join(f"\n  - {path!r}: {reason}" for path, reason in reasons.items())
        raise FileNotAccessibleError(
            f"The catalogue has {len(reasons)} file path(s) that could lead out of the target folder "
            f"or cannot be made here; nothing was downloaded.{listing}\n",
            hint="Leave them out with select=..., and tell the dataset's owner.",
        )


def _refuse_links(local: Path, root: Path) -> None:
    if not local.parent.resolve().is_relative_to(root):
        raise FileNotAccessibleError(
            f"{local.parent} leads out of the target folder through a link; nothing was downloaded.",
            hint="Download into another folder, or remove the link.",
        )
    if local.is_dir() and not local.is_symlink():
        raise FileNotAccessibleError(
            f"There is a folder {local} where a file of the dataset shall go; nothing was downloaded.",
            hint="Download into another folder.",
        )


def _is_there(item: _Item) -> bool:
    return not item.target.is_symlink() and item.file.downloaded(local_path=item.target).local_is_up_to_date()


def _move(
    dataset: Dataset, items: Sequence[_Item], transfer: FileTransfer, on_progress: OnProgress | None
) -> None:
    meter = ProgressMeter(((item.remote, item.file.remote_size or 0) for item in items), on_progress)
    with transfer.connect_for_download(dataset, items[0].remote) as connection, _new_folders(items):
        meter.phase("moving")
        resumed = [item for item in items if _offset(item)]
        differences = _fetch(connection, items, meter)
        # What an interrupted download left may be no beginning of the right content: then start anew.
        if again := [item for item in resumed if item in differences]:
            for item in again:
                item.partial.unlink()
                meter.restarted(item.remote, item.file.remote_size or 0)
            others = {item: text for item, text in differences.items() if item not in again}
            differences = others | _fetch(connection, again, meter)
        if differences:
            _refuse(differences)
    meter.phase("done")


def _fetch(connection: DownloadConnection, items: Sequence[_Item], meter: ProgressMeter) -> dict[_Item, str]:
    """Fetch, put in place what is right, and return how the others differ."""
    try:
        checksums = _transfer(connection, items, meter)
    except TransferError as error:
        for item in _place(items, {}):
            # The beginning of a file is worth keeping where the same call can go on from it.
            if not isinstance(error, HostNotReachableError) or not _offset(item):
                item.partial.unlink(missing_ok=True)
        raise
    meter.phase("verifying")
    return _place(items, checksums)


def _transfer(
    connection: DownloadConnection, items: Sequence[_Item], meter: ProgressMeter
) -> dict[_Item, str]:
    if not isinstance(connection, ResumableDownload):
        connection.download_files(
            remote=[item.remote for item in items], local=[item.partial for item in items]
        )
        return {}
    requests = [_request(item) for item in items]
    for request in requests:
        if request.offset:
            meter.moved(request.remote, request.offset)
    fetched = connection.fetch_files(requests, on_progress=meter.callback)
    return {item: result.checksum for item, result in zip(items, fetched, strict=True) if result.checksum}


def _request(item: _Item) -> FetchRequest:
    offset = _offset(item)
    algorithm = item.file.checksum_algorithm
    on_the_way = item.file.remote_checksum and not offset and algorithm and is_known_algorithm(algorithm)
    return FetchRequest(
        remote=item.remote,
        local=item.partial,
        offset=offset,
        checksum_algorithm=algorithm if on_the_way else None,
    )


def _offset(item: _Item) -> int:
    """How much of the file an earlier download has left."""
    size = item.partial.stat().st_size if item.partial.is_file() else 0
    return size if size <= (item.file.remote_size or 0) else 0


def _place(items: Sequence[_Item], checksums: dict[_Item, str]) -> dict[_Item, str]:
    """Give complete files their names; return how the others differ from what the catalogue says."""
    differences = {}
    for item in items:
        if not item.partial.is_file():
            differences[item] = "it did not arrive"
        elif difference := _difference(item, checksums.get(item)):
            differences[item] = difference
        else:
            with item.partial.open("rb") as file:
                os.fsync(file.fileno())
            item.partial.replace(item.target)
    return differences


def _difference(item: _Item, checksum: str | None) -> str:
    file = item.file.downloaded(local_path=item.partial)
    if checksum is None or file.size != file.remote_size:
        return file.difference_from_remote()
    if checksum != (file.remote_checksum or "").lower():
        return f"its {file.checksum_algorithm} is {checksum} instead of {file.remote_checksum}"
    return ""


def _refuse(differences: dict[_Item, str]) -> NoReturn:
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
def _new_folders(items: Sequence[_Item]) -> Iterator[None]:
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
        raise FileNotAccessibleError(
            f"Cannot write {error.filename or 'the downloaded files'}: {error.strerror or error}.",
            hint="Check that you may write to the target folder and that there is space.",
        ) from error
    finally:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
