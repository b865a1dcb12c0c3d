"""Uploading a new dataset: check, send the files, verify them, then register all in the catalogue.

Each step is noted in a journal, so that whatever happens, the same upload can be gone on with or undone.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import (
    HostNotReachableError,
    ScicatCommError,
    TransferError,
    UploadInterrupted,
    ValidationError,
)
from scitacean.model.dataset import Dataset
from scitacean.transfer.protocol import FileTransfer, Outlook, ResumableUpload, UploadConnection
from scitacean.workflow.block_limits import BlockLimits
from scitacean.workflow.interrupted import how_to_go_on, interrupted, made_by_another, what_is_where
from scitacean.workflow.journal import Journal, Steps
from scitacean.workflow.preflight import check_catalogue, check_new_dataset, check_session, record_of
from scitacean.workflow.progress import OnProgress, ProgressMeter, observing
from scitacean.workflow.register import find_created, register
from scitacean.workflow.send import is_to_send, outlook_of, send_files
from scitacean.workflow.undo import refuse_other_catalogue, transfer_for, undo_sending
from scitacean.workflow.unfinished import (
    alone_in_folder,
    journal_path,
    refuse_other_upload,
    refuse_unfinished,
)
from scitacean.workflow.upload_record import UploadRecord

_logger = logging.getLogger("scitacean")


def upload_new_dataset(
    dataset: Dataset,
    *,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    on_progress: OnProgress | None = None,
    journal: Path | None = None,
    limits: BlockLimits | None = None,
) -> Dataset:
    """Upload files and register them and their dataset.

    Parameters
    ----------
    dataset:
        The dataset; it is checked before anything else is done.
    scicat:
        Talks to the catalogue.
    transfer:
        Moves the files; None where there are none to move.
    on_progress:
        Is told how it goes on.
    journal:
        File that notes what is done, as long as something is to be done; by default one in the user's state
        folder. If the same upload was interrupted, this goes on with it.
    limits:
        How many files one request registers at most.

    Returns
    -------
    :
        A copy of the dataset as the catalogue has it.

    Raises
    ------
    ValidationError
        If the dataset breaks rules of the catalogue; nothing was sent.
    ScicatCommError
        If the catalogue refuses the dataset; the files were removed again.
    FileNotAccessibleError
        If a file of this machine is not there or cannot be read; nothing was sent.
    TransferError
        If files cannot be sent; those sent were removed again.
    UploadInterrupted
        If it stopped half way: it says what is where, and how to go on.
    ConfigurationError
        If there are files but no file transfer, or no folder for them, or if the journal cannot be written.

    Examples
    --------
    >>> from scitacean import Client
    >>> with Client.local("my-catalogue") as client:
    ...     upload_new_dataset(Dataset(type="raw"), scicat=client.scicat, transfer=client.file_transfer)
    Traceback (most recent call last):
    ...
    scitacean.errors.ValidationError: The dataset cannot go into the catalogue. ...
    """
    limits = limits or BlockLimits()
    record = record_of(dataset, check_new_dataset(dataset), transfer, scicat)
    path = journal_path(record) if journal is None else journal
    with alone_in_folder(record, path.parent), observing(on_progress):
        if path.exists():
            with Journal.open(path) as opened:
                refuse_other_upload(path, opened.steps, record)
                _warn_of_other_time(opened, record)
                return _go_on(opened, scicat, transfer, on_progress, limits)
        refuse_unfinished(record, path.parent)
        alike = check_catalogue(record, scicat)
        return _begin(record, alike, path, scicat, transfer, on_progress, limits)


def resume_upload(
    path: Path,
    *,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    on_progress: OnProgress | None = None,
    limits: BlockLimits | None = None,
) -> Dataset:
    """Go on with an upload that was interrupted.

    Parameters
    ----------
    path:
        Its journal.
    scicat:
        Talks to the catalogue.
    transfer:
        Moves the files; None where there are none to move.
    on_progress:
        Is told how it goes on.
    limits:
        How many files one request registers at most.

    Returns
    -------
    :
        The dataset as the catalogue has it.

    Raises
    ------
    ScicatCommError
        If the catalogue refuses the dataset; the files were removed again.
    UploadInterrupted
        If it stopped once more.
    ConfigurationError
        If it is no journal, its upload is running, or it is of another catalogue or file server; or if there
        are files but no file transfer.
    """
    with (
        Journal.open(path) as journal,
        alone_in_folder(journal.steps.record, path.parent),
        observing(on_progress),
    ):
        refuse_other_catalogue(journal, scicat)
        return _go_on(journal, scicat, transfer, on_progress, limits or BlockLimits())


def _begin(
    record: UploadRecord,
    alike: frozenset[str],
    path: Path,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    on_progress: OnProgress | None,
    limits: BlockLimits,
) -> Dataset:
    meter = _meter(record, on_progress)
    steps = Steps(begun=datetime.now(tz=UTC), record=record, alike=alike)
    with ExitStack() as stack:
        connection, outlook = None, None
        if transfer is not None and record.local:
            connection = _connect(record, transfer, stack)
            outlook = outlook_of(record, connection)
            steps.present = frozenset(outlook.present)
            steps.made_folders = outlook.missing_folders
        journal = stack.enter_context(Journal.create(path, steps))
        return _carry_on(journal, connection, scicat, meter, limits, outlook)


def _go_on(
    journal: Journal,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    on_progress: OnProgress | None,
    limits: BlockLimits,
) -> Dataset:
    steps = journal.steps
    _logger.info("Going on with the upload of %r that began at %s.", steps.record.name, steps.begun)
    meter = _meter(steps.record, on_progress)
    with ExitStack() as stack:
        connection = None
        if steps.record.local:
            transfer = transfer_for(journal, transfer)
            try:
                if not steps.is_creating:
                    _check_again(journal, scicat)
                connection = _connect(steps.record, transfer, stack)
            except UploadInterrupted:
                raise
            except (ScicatCommError, TransferError) as error:
                raise interrupted(journal, error) from error
        return _carry_on(journal, connection, scicat, meter, limits)


def _check_again(journal: Journal, scicat: ScicatClient) -> None:
    """Check what may have changed in the catalogue since an upload began."""
    steps = journal.steps
    check_session(
        sum(one.size for index, one in enumerate(steps.record.local) if index not in steps.sent), scicat
    )
    if found := find_created(steps, scicat):
        raise made_by_another(found[0], steps.record, journal.path)


def _carry_on(
    journal: Journal,
    connection: UploadConnection | None,
    scicat: ScicatClient,
    meter: ProgressMeter,
    limits: BlockLimits,
    outlook: Outlook | None = None,
) -> Dataset:
    try:
        if connection is not None and is_to_send(journal, connection):
            send_files(journal, connection, meter, outlook)
        meter.phase("registering")
    except BaseException as error:
        _stop_sending(journal, connection, error)
        raise
    try:
        files = journal.steps.record.all_files(journal.steps.sent)
        result = register(files, journal, scicat, limits)
    except (ScicatCommError, ValidationError) as error:
        if isinstance(error, ValidationError) and journal.steps.is_creating:
            # It is about what would be sent next; the catalogue may have the dataset.
            raise interrupted(journal, error) from error
        # The catalogue has surely not got the dataset.
        _undo(journal, connection, error)
        raise
    except UploadInterrupted:
        raise
    except BaseException as error:
        error.add_note(f"{what_is_where(journal)} {how_to_go_on(journal)}")
        raise
    journal.remove()
    meter.phase("done")
    return result


def _stop_sending(journal: Journal, connection: UploadConnection | None, error: BaseException) -> None:
    """Undo an upload that stopped before the catalogue was asked, or keep it where that makes sense."""
    may_pass = isinstance(error, HostNotReachableError) or not isinstance(error, Exception)
    if journal.is_resumed or (may_pass and isinstance(connection, ResumableUpload)):
        if isinstance(error, Exception):
            raise interrupted(journal, error) from error
        error.add_note(f"{what_is_where(journal)} {how_to_go_on(journal)}")
        return
    _undo(journal, connection, error)


def _undo(
    journal: Journal,
    connection: UploadConnection | None,
    error: BaseException,
) -> None:
    """Remove what was sent; where that cannot be, say so."""
    try:
        if connection is not None:
            undo_sending(journal, connection)
    except (TransferError, OSError) as reason:
        folder = journal.steps.record.source_folder
        message = f"The upload failed and could not be undone, so files may be left in {folder}: {reason}"
        if isinstance(error, Exception):
            raise UploadInterrupted(
                f"{error} {message}",
                hint=how_to_go_on(journal),
                source_folder=folder.posix,
                journal=journal.path,
            ) from error
        error.add_note(f"{message} {how_to_go_on(journal)}")
    except BaseException as stop:
        stop.add_note(
            f"The upload failed and was not undone to its end, so files may be left in "
            f"{journal.steps.record.source_folder}. {how_to_go_on(journal)}"
        )
        raise
    else:
        journal.remove()


def _connect(record: UploadRecord, transfer: FileTransfer, stack: ExitStack) -> UploadConnection:
    representative = record.requests[0].remote
    return stack.enter_context(transfer.connect_for_upload(record.as_dataset(), representative))


def _meter(record: UploadRecord, on_progress: OnProgress | None) -> ProgressMeter:
    sizes = zip(
        (request.remote for request in record.requests), (one.size for one in record.local), strict=True
    )
    return ProgressMeter(sizes, on_progress)


def _warn_of_other_time(journal: Journal, record: UploadRecord) -> None:
    kept, asked = (one.dataset["creationTime"] for one in (journal.steps.record, record))
    if kept != asked:
        warnings.warn(
            f"This goes on with the upload that began at {journal.steps.begun:%Y-%m-%d %H:%M} UTC, so the "
            f"dataset gets the creation time {kept} of then.",
            UserWarning,
            stacklevel=4,
        )
