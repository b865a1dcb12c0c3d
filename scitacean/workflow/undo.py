"""Undoing an upload: removing what it has made, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UploadInterrupted,
)
from scitacean.model.checksum import known_or_none
from scitacean.model.file_wire import usable_entries
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import (
    ClearsUploads,
    FileTransfer,
    Leftover,
    SendRequest,
    UploadConnection,
)
from scitacean.workflow.alike import refuse_hidden
from scitacean.workflow.interrupted import interrupted
from scitacean.workflow.journal import Journal
from scitacean.workflow.register import find_created
from scitacean.workflow.unfinished import alone_in_folder

_logger = logging.getLogger("scitacean")
_MOST_LISTED = 20
_MOST_DATASETS = 10_000


def undo_sending(
    journal: Journal, connection: UploadConnection, registered: Container[RemotePath] = ()
) -> None:
    """Remove the files that an upload has sent, those of earlier calls included.

    Parameters
    ----------
    journal:
        Of the upload; the catalogue surely does not have its dataset.
    connection:
        To the file server.
    registered:
        Files that stay, because they are those of another dataset, too.

    Raises
    ------
    TransferError
        If they cannot be removed; then they can be sent once more.
    """
    steps = journal.steps
    if not journal.is_resumed:
        folder = steps.record.source_folder
        files = [one.file for one in steps.record.local]
        journal.note_undoing()
        connection.revert_upload(*(one for one in files if folder / one.remote_path not in steps.present))
        return
    if not isinstance(connection, ClearsUploads):
        raise _by_hand(journal, [leftover.request.remote for leftover in _leftovers(journal, registered)])
    journal.note_undoing()
    if unknown := connection.clear_upload(_leftovers(journal, registered), made_folders=steps.made_folders):
        raise _by_hand(journal, unknown)


def discard_upload(path: Path, *, scicat: ScicatClient, transfer: FileTransfer | None) -> None:
    """Undo an upload that was interrupted: remove its dataset, its files and its journal.

    Parameters
    ----------
    path:
        The journal.
    scicat:
        Talks to the catalogue.
    transfer:
        Reaches the files.

    Raises
    ------
    UploadInterrupted
        If something cannot be removed: it says what and who can.
    ConfigurationError
        If it is no journal, its upload is running, or it is of another catalogue or file server.
    ScicatCommError, TransferError
        If a server cannot be reached.
    """
    with Journal.open(path) as journal, alone_in_folder(journal.steps.record, path.parent):
        refuse_other_catalogue(journal, scicat)
        _delete_dataset(journal, scicat)
        registered = _registered(journal, scicat)
        if leftovers := _leftovers(journal, registered):
            dataset = journal.steps.record.as_dataset()
            transfer = transfer_for(journal, transfer)
            representative = leftovers[0].request.remote
            with transfer.connect_for_upload(dataset, representative) as connection:
                undo_sending(journal, connection, registered)
        journal.remove()


def refuse_other_catalogue(journal: Journal, scicat: ScicatClient) -> None:
    """Check that an upload goes to this catalogue.

    Parameters
    ----------
    journal:
        Of the upload.
    scicat:
        Talks to the catalogue.

    Raises
    ------
    ConfigurationError
        If it goes to another one.
    """
    if journal.steps.record.catalogue != scicat.url:
        raise ConfigurationError(
            f"The upload of {journal.path}, into {journal.steps.record.source_folder}, goes to "
            f"{journal.steps.record.catalogue}, not to {scicat.url}.",
            hint="Use a client of that catalogue; each folder with a catalogue of one's own is another one.",
        )


def transfer_for(journal: Journal, transfer: FileTransfer | None) -> FileTransfer:
    """Return a file transfer that sends to the folder of an upload.

    Parameters
    ----------
    journal:
        Of the upload.
    transfer:
        That of the client.

    Raises
    ------
    ConfigurationError
        If there is none, or it sends to another folder.
    """
    record = journal.steps.record
    if transfer is None:
        raise ConfigurationError(
            f"The files of the upload are in {record.source_folder}, but the client has no file transfer.",
            hint="Make the client with file_transfer=SSHFileTransfer(...), or give the command --host.",
        )
    if (folder := transfer.source_folder_for(record.as_dataset())) != record.source_folder:
        raise ConfigurationError(
            f"The upload goes to {record.source_folder}, but the file transfer would send to {folder}.",
            hint="Use a file transfer with the source folder with which the upload began.",
        )
    return transfer


def _registered(journal: Journal, scicat: ScicatClient) -> frozenset[RemotePath]:
    """Return the files of datasets in the same folder: they stay, whoever has sent them."""
    folder = journal.steps.record.source_folder
    datasets = scicat.query_datasets({"sourceFolder": folder.posix}, limit=_MOST_DATASETS)
    registered = frozenset(
        folder / entry.path
        for dataset in datasets
        for block in scicat.get_orig_datablock_models(str(dataset.pid))
        for entry in usable_entries(block.data_file_list)
    )
    if stay := len(registered.intersection(one.request.remote for one in _leftovers(journal))):
        _logger.warning(
            "%d file(s) in %s stay, because they belong to a dataset of the catalogue.", stay, folder
        )
    return registered


def _leftovers(journal: Journal, registered: Container[RemotePath] = ()) -> list[Leftover]:
    steps = journal.steps
    leftovers = []
    for index, one in enumerate(steps.record.local):
        remote = steps.record.source_folder / one.file.remote_path
        if remote not in steps.present and remote not in registered and one.file.local_path is not None:
            request = SendRequest(
                local=one.file.local_path,
                remote=remote,
                resume=True,
                checksum_algorithm=known_or_none(one.file.checksum_algorithm),
            )
            checksum = steps.sent[index].checksum if index in steps.sent else None
            leftovers.append(
                Leftover(request=request, size=one.size, mtime_ns=one.mtime_ns, checksum=checksum)
            )
    return leftovers


def _delete_dataset(journal: Journal, scicat: ScicatClient) -> None:
    steps = journal.steps
    found = [steps.pid] if steps.pid is not None else []
    if not found and steps.is_creating:
        found = find_created(steps, scicat)
        if not found:
            try:
                refuse_hidden(steps.record, scicat)
            except ConflictError as error:
                raise interrupted(journal, error) from error
    if len(found) > 1:
        raise UploadInterrupted(
            f"The catalogue has {len(found)} datasets that may be this one: {', '.join(found)}. Nothing was "
            "removed.",
            hint="Ask an administrator of the catalogue which of them to delete.",
            source_folder=steps.record.source_folder.posix,
            journal=journal.path,
        )
    for pid in found:
        told = f"You may not delete the dataset {pid}, so nothing was removed"
        hint = f"Ask an administrator of the catalogue to delete {pid}, then discard the upload again; "
        hint += "or go on with it."
        try:
            # Whoever may not delete it must find it with all of its files.
            with suppress(NotFoundError):
                scicat.delete_dataset(pid)
            told = f"The dataset {pid} was deleted, but you may not delete what it leaves in the catalogue"
            hint = (
                "Ask an administrator of the catalogue to delete its blocks of files and attachments, then "
            )
            hint += "discard the upload again."
            scicat.delete_files_and_attachments(pid)
        except ForbiddenError as error:
            raise UploadInterrupted(
                f"{told}: its files stay in {steps.record.source_folder}.",
                hint=hint,
                pid=pid,
                source_folder=steps.record.source_folder.posix,
                journal=journal.path,
            ) from error
        except Exception as error:
            raise interrupted(journal, error) from error


def _by_hand(journal: Journal, paths: list[RemotePath]) -> UploadInterrupted:
    listing = "".join(f"\n  - {path}" for path in paths[:_MOST_LISTED])
    more = len(paths) - _MOST_LISTED
    listing += f"\n  and {more:,} more" if more > 0 else ""
    folder = journal.steps.record.source_folder
    return UploadInterrupted(
        f"It cannot be found out whether {len(paths)} file(s) in {folder} are those that were sent, so they "
        f"were not removed.{listing}\n",
        hint=f"Remove them, if they are, and then the journal {journal.path}.",
        source_folder=folder.posix,
        journal=journal.path,
    )
