"""Downloading the files of a dataset: to partial files, checked, then renamed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import attrs

from scitacean.errors import IntegrityError
from scitacean.model.dataset import Dataset
from scitacean.transfer.protocol import FileTransfer
from scitacean.workflow.checksum_cache import ChecksumCache
from scitacean.workflow.download_checks import (
    check_space,
    connected,
    expecting_remote_checksums,
    look_at_host,
)
from scitacean.workflow.download_lock import only_download_into
from scitacean.workflow.download_plan import (
    Item,
    folders_there,
    has_checksum,
    listing,
    local_errors,
    plan_download,
)
from scitacean.workflow.existing import Existing, existing_policy, files_to_download
from scitacean.workflow.fetching import Fetching, request_for
from scitacean.workflow.progress import OnProgress, ProgressMeter, observing
from scitacean.workflow.select import FileSelector, select_files

_logger = logging.getLogger("scitacean")


def download_files(
    dataset: Dataset,
    *,
    target: Path,
    transfer: FileTransfer,
    select: FileSelector = True,
    checksum_algorithm: str | None = None,
    flatten: bool = False,
    existing: Existing | None = None,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> Dataset:
    """Download files into a folder.

    A second download into the same folder waits for the first one.

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
    flatten:
        Whether to leave out the folders of the dataset.
    existing:
        What to do about files that are there already: see :data:`scitacean.workflow.existing.Existing`.
    force:
        Another way to say ``existing="overwrite"``.
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
        If files, the file server, or the target cannot be reached, if the target has too little space, or
        if it cannot have the paths of the catalogue: those that lead out of it, are too long, or differ for
        one file.
    LocalFileExistsError
        If files are there, with ``existing="error"``.
    ConfigurationError
        If the target is a file, the dataset has no source folder, or ``existing`` and ``force`` contradict
        each other.
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
    policy = existing_policy(existing, force=force)
    chosen = {
        id(file): attrs.evolve(file, checksum_algorithm=checksum_algorithm) if checksum_algorithm else file
        for file in select_files(dataset.files, select)
        if file.is_on_remote
    }
    anew = policy == "overwrite"
    items = (
        plan_download(dataset, list(chosen.values()), target, flatten=flatten, force=anew) if chosen else []
    )
    if items:
        with observing(on_progress), only_download_into(target):
            _download(_Download(dataset, target, transfer, on_progress), items, policy)
    places = {item.file.remote_path: item.path for item in items}
    return dataset.replace(
        files=[
            chosen[id(file)].downloaded(local_path=places[file.remote_path]) if id(file) in chosen else file
            for file in dataset.files
        ]
    )


@attrs.frozen
class _Download:
    """What stays the same for all files."""

    dataset: Dataset
    target: Path
    transfer: FileTransfer
    on_progress: OnProgress | None
    cache: ChecksumCache = attrs.field(factory=ChecksumCache.of_user)


def _download(download: _Download, items: Sequence[Item], policy: Existing) -> None:
    wanted = files_to_download(items, policy, download.cache)
    unproven = 0 if policy == "skip" else sum(map(_is_unproven, set(items).difference(wanted)))
    if wanted:
        unproven += _move(download, wanted)
    if unproven:
        _logger.warning(
            "The catalogue has no checksum that can be computed here for %d of %d file(s): their sizes were "
            "checked, their content was not.",
            unproven,
            len(items),
        )


def _move(download: _Download, items: Sequence[Item]) -> int:
    """Move files; return for how many of them nothing proves that their content is right."""
    meter = ProgressMeter(((item.remote, item.size) for item in items), download.on_progress)
    with connected(download.transfer, download.dataset, items) as connection, local_errors("write"):
        differences = look_at_host(connection, items, download.dataset.lifecycle)
        for item in differences:
            meter.left_out(item.remote)
        right = expecting_remote_checksums(connection, [item for item in items if item not in differences])
        folders = folders_there(right)
        requests = {item: request_for(item, is_new=item.folder not in folders) for item in right}
        check_space(connection, list(requests.values()), download.target)
        if requests:
            with _new_folders(right):
                differences |= Fetching(connection, meter, download.cache).run(requests)
    meter.phase("done")
    if differences:
        _refuse(differences)
    return sum(map(_is_unproven, right))


def _is_unproven(item: Item) -> bool:
    return not has_checksum(item.file)


def _refuse(differences: Mapping[Item, str]) -> NoReturn:
    told = listing(f"{item.target}: {difference}" for item, difference in differences.items())
    raise IntegrityError(
        f"{len(differences)} file(s) are not what the catalogue says and were not kept; all others are in "
        f"place.{told}\n",
        hint="Download them again; if that does not help, they have changed on the server since they "
        "were registered: tell the dataset's owner.",
        paths=[item.path for item in differences],
        remote_paths=[item.file.remote_path.posix for item in differences],
    )


@contextmanager
def _new_folders(items: Sequence[Item]) -> Iterator[None]:
    """Make the folders for the files, and remove those that are empty in the end."""
    made: list[Path] = []
    try:
        for folder in {item.folder: None for item in items}:
            missing = [path for path in (folder, *folder.parents) if not path.exists()]
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                made.append(path)
        yield
    finally:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
