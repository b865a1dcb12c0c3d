"""Entries of files as the catalogue has them: which of them are files, and what is sent for files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from scicat_api.models import DataFile
from scitacean.model.file_fields import FileFields
from scitacean.model.local_content import LocalContent, local_contents
from scitacean.model.metadata import plain_object
from scitacean.model.wire import required, to_send


def usable_entries(entries: object) -> Iterator[DataFile]:
    """Yield the entries of a block that have a path, without which there is no file.

    The reader of the generated classes has reported the others.

    Parameters
    ----------
    entries:
        What the catalogue has as list of files.

    Examples
    --------
    >>> [entry.size for entry in usable_entries([DataFile.from_dict({"path": "a", "size": 3}), 7])]
    [3]
    """
    if isinstance(entries, list):
        for entry in entries:
            if isinstance(entry, DataFile) and isinstance(cast("object", entry.path), str):
                yield entry


def files_to_send(files: Iterable[FileFields]) -> list[DataFile]:
    """Make what is sent to register files that have passed validation: what is on the file server.

    A local file may have changed since it was sent, so it is looked at only if it was not sent. Those that
    have to be read are read in threads.

    Parameters
    ----------
    files:
        The files.

    Returns
    -------
    :
        Entries in the order of the files.

    Raises
    ------
    LocalFileNotFoundError
        If a file that is not on the file server is not here either.
    FileNotAccessibleError
        If it cannot be read, or changes meanwhile.

    Examples
    --------
    >>> from scitacean import File
    >>> files = [File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")]
    >>> [entry.size for entry in files_to_send(files)]
    [3]
    """
    files = list(files)
    local = _local_contents(files)
    return [_to_send(file, local.get(index)) for index, file in enumerate(files)]


def _local_contents(files: Sequence[FileFields]) -> dict[int, LocalContent]:
    """Return what those files have in them of which the catalogue shall have what is here."""
    unknown: dict[str | None, list[tuple[int, Path]]] = {}
    for index, file in enumerate(files):
        if file.local_path is not None and None in (file.remote_size, file.remote_creation_time):
            # Only the time of a file that was sent needs no reading.
            algorithm = file.checksum_algorithm if file.remote_size is None else None
            unknown.setdefault(algorithm, []).append((index, file.local_path))
    return {
        index: content
        for algorithm, some in unknown.items()
        for (index, _), content in zip(
            some, local_contents([path for _, path in some], algorithm), strict=True
        )
    }


def _to_send(file: FileFields, local: LocalContent | None) -> DataFile:
    size, time, checksum = _described(file, local)
    return DataFile(
        path=file.remote_path.posix,
        size=required(size, "remote_size"),
        time=required(time, "remote_creation_time"),
        chk=to_send(checksum or None),
        uid=to_send(file.remote_uid),
        gid=to_send(file.remote_gid),
        perm=to_send(file.remote_perm),
        type_=to_send(file.file_type),
        metadata=to_send(plain_object(file.metadata)),
    )


def _described(
    file: FileFields, local: LocalContent | None
) -> tuple[int | None, datetime | None, str | None]:
    if local is None:
        return file.remote_size, file.remote_creation_time, file.remote_checksum
    if file.remote_size is None:
        return local.size, local.time, local.checksum
    return file.remote_size, local.time, file.remote_checksum
