"""Sending the files of an upload and comparing what arrived with what was sent."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from scitacean.errors import FileUploadError, IntegrityError
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import (
    LooksAhead,
    LooksUpFiles,
    Outlook,
    RemoteChecksums,
    ResumableUpload,
    SendRequest,
    Sent,
    UploadConnection,
)
from scitacean.workflow.journal import Journal
from scitacean.workflow.progress import ProgressMeter
from scitacean.workflow.upload_record import LocalFile, UploadRecord

_logger = logging.getLogger("scitacean")
_SAME_TIME = timedelta(milliseconds=1)
"""Transfers may round."""


def outlook_of(record: UploadRecord, connection: UploadConnection) -> Outlook:
    """Find out whether files can be sent, as far as the transfer can tell.

    Parameters
    ----------
    record:
        The upload.
    connection:
        To the file server.

    Raises
    ------
    FileUploadError
        If they cannot: something else has their names, the folder is read-only, or there is no space.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """
    if not isinstance(connection, LooksAhead):
        return Outlook(present={})
    return connection.look_ahead(record.requests)


def is_to_send(journal: Journal, connection: UploadConnection) -> bool:
    """Tell whether there are files to send.

    Once the catalogue was asked to create the dataset, all were there; but they may have gone since.

    Parameters
    ----------
    journal:
        Of the upload.
    connection:
        To the file server.

    Raises
    ------
    FileNotAccessibleError
        If the connection breaks.
    """
    steps = journal.steps
    if not steps.is_creating:
        return True
    if not isinstance(connection, LooksUpFiles):
        return False
    folder = steps.record.source_folder
    sizes = {folder / one.file.remote_path: one.size for one in steps.record.local}
    found = connection.look_up(list(sizes))
    gone = [path for path, size in sizes.items() if found.get(path, -1) not in (None, size)]
    if gone:
        _logger.warning(
            "%d of the %d file(s) that were sent to %s are not there any more, or have another size, %s for "
            "one: they are sent once more.",
            len(gone),
            len(sizes),
            folder,
            gone[0],
        )
    return bool(gone)


def send_files(
    journal: Journal,
    connection: UploadConnection,
    meter: ProgressMeter,
    outlook: Outlook | None = None,
) -> None:
    """Send what is not there yet, compare it, and note what was sent.

    Parameters
    ----------
    journal:
        Of the upload; notes all of its files.
    connection:
        To the file server.
    meter:
        Is told how it goes on.
    outlook:
        What was found there a moment ago; None where nobody has looked.

    Raises
    ------
    FileUploadError
        If a file cannot be written, or has changed since the upload began.
    IntegrityError
        If files did not arrive as they were sent.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """
    record = journal.steps.record
    _refuse_changed(record.local, _changed_since)
    meter.phase("moving")
    if isinstance(connection, ResumableUpload):
        if outlook is None:
            outlook = outlook_of(record, connection)
        unverified = _send(journal, connection, meter, outlook.present)
        _refuse_changed_before_sent(record.local, journal.steps.sent)
    else:
        unverified = _send_plainly(journal, connection)
    _refuse_changed_meanwhile(record.local, journal.steps.sent)
    meter.phase("verifying")
    _verify(connection, unverified, journal)


def _send(
    journal: Journal, resumable: ResumableUpload, meter: ProgressMeter, present: Mapping[RemotePath, Sent]
) -> list[int]:
    """Send files that are not there; return the places of those that the transfer did not compare."""
    record = journal.steps.record
    requests = record.requests
    places = {request.remote: index for index, request in enumerate(requests)}
    journal.steps.sent.clear()
    for path, sent in present.items():
        journal.note_sent(places[path], sent)
        if sent.size:
            meter.resumed(path, sent.size)

    missing = {request.remote: one.size for request, one in zip(requests, record.local, strict=True)}

    def note(request: SendRequest, sent: Sent) -> None:
        # What was there of it from an earlier call has not moved now.
        if meter.callback is not None and (rest := missing[request.remote]):
            meter.resumed(request.remote, rest)
        journal.note_sent(places[request.remote], sent)

    def tell(path: RemotePath, moved: int, /) -> None:
        missing[path] -= moved
        meter.moved(path, moved)

    wanted = [request for request in requests if request.remote not in present]
    on_progress = tell if meter.callback is not None else None
    sent_now = resumable.send_files(wanted, on_progress=on_progress, on_sent=note) if wanted else []
    return [
        places[request.remote]
        for request, sent in zip(wanted, sent_now, strict=True)
        if sent.verified is None
    ]


def _send_plainly(journal: Journal, connection: UploadConnection) -> list[int]:
    record = journal.steps.record
    for index, file in enumerate(connection.upload_files(*(one.file for one in record.local))):
        # The transfer may be anybody's.
        file = file if file.is_on_remote else file.uploaded()
        size = cast("int", file.remote_size)
        sent = Sent(
            size=size,
            modified=file.remote_creation_time or _modified(record.local[index]),
            checksum=file.remote_checksum,
            uid=file.remote_uid,
            gid=file.remote_gid,
            permissions=file.remote_perm,
        )
        journal.note_sent(index, sent)
    _refuse_changed(record.local, _changed)
    return list(range(len(record.local)))


def _refuse_changed(local: Sequence[LocalFile], error_of: Callable[[Path], FileUploadError]) -> None:
    """Refuse files that are not what they were when the upload began."""
    for one in local:
        path = cast("Path", one.file.local_path)
        try:
            status = os.stat(path)  # noqa: PTH116  # for tens of thousands of files
        except OSError as error:
            raise FileUploadError(
                f"Cannot read {path}: {error.strerror or error}.",
                hint="It was there when the upload began: put it back.",
            ) from error
        if (status.st_size, status.st_mtime_ns) != (one.size, one.mtime_ns):
            raise error_of(path)


def _refuse_changed_before_sent(local: Sequence[LocalFile], sent: Mapping[int, Sent]) -> None:
    """Refuse files that had changed when their turn came; later changes are for the transfer to see."""
    for index, one in enumerate(local):
        if abs(sent[index].modified - _modified(one)) > _SAME_TIME:
            raise _changed(cast("Path", one.file.local_path))


def _refuse_changed_meanwhile(local: Sequence[LocalFile], sent: Mapping[int, Sent]) -> None:
    for index, one in enumerate(local):
        if sent[index].size != one.size:
            raise _changed(cast("Path", one.file.local_path))


def _modified(one: LocalFile) -> datetime:
    return datetime.fromtimestamp(one.mtime_ns / 1e9, tz=UTC)


def _changed_since(path: Path) -> FileUploadError:
    return FileUploadError(
        f"The file {path} changed after the upload began.",
        hint="Undo the upload, and upload the files as they are now; or put back the old file to go on.",
    )


def _changed(path: Path) -> FileUploadError:
    return FileUploadError(
        f"The file {path} changed while it was uploaded.",
        hint="Wait until nothing writes to it any more, then upload again.",
    )


def _verify(connection: UploadConnection, places: Sequence[int], journal: Journal) -> None:
    """Compare what arrived with what was sent, where the transfer can look."""
    if not isinstance(connection, RemoteChecksums):
        return
    record, sent = journal.steps.record, journal.steps.sent
    groups: dict[str, dict[RemotePath, int]] = {}
    for place in places:
        request = record.requests[place]
        if (algorithm := request.checksum_algorithm) is not None:
            groups.setdefault(algorithm, {})[request.remote] = place
    bad: list[str] = []
    wrong: list[File] = []
    for algorithm, group in groups.items():
        found = connection.remote_checksums(list(group), algorithm=algorithm) or {}
        for path, checksum in found.items():
            if (expected := sent[group[path]].checksum) not in (None, checksum):
                bad.append(f"\n  - {path}: its {algorithm} is {checksum}, not {expected}")
                wrong.append(record.local[group[path]].file)
    if bad:
        if journal.is_resumed:
            # It is not undone, so they would be in the way of being sent once more.
            connection.revert_upload(*wrong)
        raise IntegrityError(
            f"{len(bad)} file(s) did not arrive as they were sent; nothing was registered.{''.join(bad)}\n",
            hint="Upload again; if that does not help, tell the file server's administrator.",
        )
