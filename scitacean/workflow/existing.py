"""Which files of a download are there already, and what to do about them."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast, get_args

from scitacean.errors import ConfigurationError, LocalFileExistsError
from scitacean.model.checksum import read_files
from scitacean.workflow.checksum_cache import ChecksumCache, Known
from scitacean.workflow.download_plan import Item, folders_there, has_checksum, listing, local_errors

_logger = logging.getLogger("scitacean")

Existing = Literal["refresh", "skip", "overwrite", "error"]
"""What to do about files that are there: download those that are not what the catalogue has, leave all as
they are without a look, download all once more, or refuse to do anything."""


def existing_policy(existing: Existing | None, *, force: bool) -> Existing:
    """Return what to do about files that are there already.

    Parameters
    ----------
    existing:
        What the user says; None for ``"refresh"``.
    force:
        Another way to say ``"overwrite"``.

    Raises
    ------
    ConfigurationError
        If they contradict each other, or there is no such way.

    Examples
    --------
    >>> existing_policy(None, force=False), existing_policy(None, force=True)
    ('refresh', 'overwrite')
    """
    given = cast("object", existing)
    if given not in (None, *get_args(Existing)):
        raise ConfigurationError(
            f"There is no way {given!r} to treat files that are there already.",
            hint="Give 'refresh', 'skip', 'overwrite' or 'error'.",
        )
    if force and existing not in (None, "overwrite"):
        raise ConfigurationError(
            f"To download again what is there (force) and existing={existing!r} contradict each other.",
            hint="Give one of them.",
        )
    return existing or ("overwrite" if force else "refresh")


def files_to_download(items: Sequence[Item], policy: Existing, cache: ChecksumCache) -> list[Item]:
    """Find out which files have to be downloaded.

    Parameters
    ----------
    items:
        All that are meant.
    policy:
        What to do about those that are there.
    cache:
        Checksums of files here that are known from before.

    Raises
    ------
    LocalFileExistsError
        If there are files, and that is an error.
    FileNotAccessibleError
        If the target cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from scitacean import Dataset, File
    >>> from scitacean.workflow.download_plan import plan_download
    >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> dataset = Dataset(type="raw", source_folder="/data", files=[file])
    >>> items = plan_download(dataset, dataset.files, Path())
    >>> len(files_to_download(items, "skip", ChecksumCache(None)))
    1
    >>> _ = Path("a.nxs").write_text("anything")
    >>> len(files_to_download(items, "skip", ChecksumCache(None)))
    0
    """
    if policy == "overwrite":
        return list(items)
    with local_errors("read"):
        folders = folders_there(items)
        perhaps_there = [item for item in items if item.folder in folders]
        if policy == "refresh":
            there = _up_to_date(perhaps_there, cache)
            return [item for item in items if item not in there]
        there = {item for item in perhaps_there if os.path.lexists(item.target)}
    if there and policy == "error":
        raise LocalFileExistsError(
            f"{len(there):,} of {len(items):,} file(s) are in the target already; nothing was downloaded."
            f"{listing(item.target for item in there)}\n",
            hint="Download into another folder, or give another way to treat them: existing='refresh', "
            "'skip' or 'overwrite' (--existing).",
        )
    if there:
        _logger.info("%d file(s) were there already: they stay as they are, unchecked.", len(there))
    return [item for item in items if item not in there]


def _up_to_date(items: Sequence[Item], cache: ChecksumCache) -> set[Item]:
    alike = {item: status for item in items if (status := _status_if_alike(item)) is not None}
    checksums = _known_checksums(alike, cache)
    return {item for item in alike if not item.file.difference_of(item.size, checksums.get(item))}


def _status_if_alike(item: Item) -> os.stat_result | None:
    """Return what the file system says of a file at the target that can be read and has the right size."""
    try:
        status = os.lstat(item.target)
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_alike = stat.S_ISREG(status.st_mode) and status.st_size == item.size
    return status if is_alike and os.access(item.target, os.R_OK) else None


def _known_checksums(alike: Mapping[Item, os.stat_result], cache: ChecksumCache) -> dict[Item, str]:
    """Return the checksums of files here: those that are known, then those that have to be computed."""
    found: dict[Item, str] = {}
    new: list[Known] = []
    for algorithm, group in _by_algorithm(alike).items():
        known = cache.find({item.target: alike[item] for item in group}, algorithm)
        found |= {item: known[item.target] for item in group if item.target in known}
        unknown = [item for item in group if item.target not in known]
        started = time.time_ns()
        for item, reading in zip(
            unknown, read_files([item.target for item in unknown], algorithm=algorithm), strict=True
        ):
            found[item] = reading.checksum
            if reading.steady:
                new.append(Known(item.target, reading.status, algorithm, reading.checksum, started))
    cache.note(new)
    return found


def checksums_of(paths: Mapping[Item, str]) -> dict[Item, str]:
    """Compute the checksums of local files, where they can be compared with what is said of them.

    Parameters
    ----------
    paths:
        A file for each item.

    Raises
    ------
    OSError
        If one cannot be read.

    Examples
    --------
    >>> checksums_of({})
    {}
    """
    return {
        item: reading.checksum
        for algorithm, group in _by_algorithm(paths).items()
        for item, reading in zip(
            group, read_files([paths[item] for item in group], algorithm=algorithm), strict=True
        )
    }


def _by_algorithm(items: Iterable[Item]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        if has_checksum(item.file) and item.file.checksum_algorithm is not None:
            groups.setdefault(item.file.checksum_algorithm, []).append(item)
    return groups
