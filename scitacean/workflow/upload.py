"""Uploading a new dataset: check, send the files, verify them, then register all in the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import (
    ConfigurationError,
    FileUploadError,
    IntegrityError,
    ScicatCommError,
    TransferError,
    UploadInterrupted,
)
from scitacean.model.checksum import known_or_none
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.orig_datablock import split_into_blocks
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import (
    FileTransfer,
    RemoteChecksums,
    ResumableUpload,
    SendRequest,
    UploadConnection,
)
from scitacean.workflow.preflight import check_new_dataset, with_source_folder
from scitacean.workflow.progress import OnProgress, ProgressMeter
from scitacean.workflow.register import prepare, register


def upload_new_dataset(
    dataset: Dataset,
    *,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    on_progress: OnProgress | None = None,
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
        If something is left on the servers: it says what and where.
    ConfigurationError
        If there are files but no file transfer, or no folder for them.

    Examples
    --------
    >>> from scitacean import Client
    >>> with Client.local("my-catalogue") as client:
    ...     upload_new_dataset(Dataset(type="raw"), scicat=client.scicat, transfer=client.file_transfer)
    Traceback (most recent call last):
    ...
    scitacean.errors.ValidationError: The dataset cannot go into the catalogue. ...
    """
    local = check_new_dataset(dataset)
    if local and transfer is None:
        raise ConfigurationError(
            "The dataset has files to upload, but the client has no file transfer.",
            hint="Make the client with file_transfer=SSHFileTransfer(...), or give the command --host.",
        )
    if transfer is not None and local:
        dataset = with_source_folder(dataset, transfer)
    scicat.validate_dataset_model(dataset.make_upload_model())
    if transfer is None or not local:
        return register(prepare(dataset), dataset, scicat)
    return _upload_with_files(dataset, local, scicat, transfer, on_progress)


def _upload_with_files(
    dataset: Dataset,
    local: list[File],
    scicat: ScicatClient,
    transfer: FileTransfer,
    on_progress: OnProgress | None,
) -> Dataset:
    folder = RemotePath(dataset.source_folder or "")
    meter = ProgressMeter(((folder / file.remote_path, size) for file, size in _sizes(local)), on_progress)
    with transfer.connect_for_upload(dataset, folder / local[0].remote_path) as connection:
        try:
            meter.phase("moving")
            uploaded, unverified = _send(connection, local, folder, meter)
            meter.phase("verifying")
            _verify(connection, unverified, folder)
            dataset = dataset.replace_files(*uploaded)
            registration = prepare(dataset)
            meter.phase("registering")
        except BaseException as error:
            _undo(connection, local, folder, error)
            raise
        try:
            result = register(registration, dataset, scicat)
        except ScicatCommError as error:
            _undo(connection, local, folder, error)
            raise
    meter.phase("done")
    return result


def _sizes(files: Sequence[File]) -> list[tuple[File, int]]:
    return [(file, file.size) for file in files]


def _send(
    connection: UploadConnection, files: Sequence[File], folder: RemotePath, meter: ProgressMeter
) -> tuple[list[File], list[File]]:
    """Send files; return them as they were sent, and those of them that were not verified thereby."""
    if not isinstance(connection, ResumableUpload):
        uploaded = _send_plainly(connection, files)
        return uploaded, uploaded
    requests = [
        SendRequest(
            local=file.local_path,
            remote=folder / file.remote_path,
            checksum_algorithm=known_or_none(file.checksum_algorithm),
        )
        for file in files
        if file.local_path is not None
    ]
    sent = connection.send_files(requests, on_progress=meter.callback)
    uploaded = [
        file.uploaded(remote_size=one.size, remote_creation_time=one.modified, remote_checksum=one.checksum)
        for file, one in zip(files, sent, strict=True)
    ]
    return uploaded, [file for file, one in zip(uploaded, sent, strict=True) if one.verified is None]


def _send_plainly(connection: UploadConnection, files: Sequence[File]) -> list[File]:
    before = [(size, file.creation_time) for file, size in _sizes(files)]
    uploaded = connection.upload_files(*files)
    for file, (size, changed) in zip(files, before, strict=True):
        if (file.size, file.creation_time) != (size, changed):
            raise FileUploadError(
                f"The file {file.local_path} changed while it was uploaded.",
                hint="Wait until nothing writes to it any more, then upload again.",
            )
    return uploaded


def _verify(connection: UploadConnection, files: Sequence[File], folder: RemotePath) -> None:
    """Compare what arrived with what was sent, where the transfer can look."""
    if not isinstance(connection, RemoteChecksums):
        return
    bad = []
    for block in split_into_blocks(files):
        algorithm = block.checksum_algorithm
        paths = [folder / file.remote_path for file in block.files]
        found = connection.remote_checksums(paths, algorithm=algorithm) if algorithm else None
        for file, path in zip(block.files, paths, strict=True):
            if found is not None and file.remote_checksum not in (None, found[path]):
                bad.append(f"\n  - {path}: its {algorithm} is {found[path]}, not {file.remote_checksum}")
    if bad:
        raise IntegrityError(
            f"{len(bad)} file(s) did not arrive as they were sent; the upload was undone.{''.join(bad)}\n",
            hint="Upload again; if that does not help, tell the file server's administrator.",
        )


def _undo(
    connection: UploadConnection, files: Sequence[File], folder: RemotePath, error: BaseException
) -> None:
    """Remove what was sent; where that cannot be, say so."""
    try:
        connection.revert_upload(*files)
    except (TransferError, OSError) as reason:
        message = f"The upload failed and could not be undone, so files may be left in {folder}: {reason}"
        if isinstance(error, Exception):
            raise UploadInterrupted(
                f"{error} {message}",
                hint="Remove what is in that folder before you upload the dataset again.",
                source_folder=str(folder),
            ) from error
        error.add_note(message)
