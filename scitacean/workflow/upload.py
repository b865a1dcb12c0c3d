"""Uploading a new dataset: check, send the files, verify them, then register them in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from scitacean.catalogue import convert
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    IntegrityError,
    ScicatCommError,
    TransferError,
    UploadInterrupted,
    ValidationError,
)
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import (
    FileTransfer,
    RemoteChecksums,
    ResumableUpload,
    SendRequest,
    UploadConnection,
)
from scitacean.validation.dataset import problems_of_new_dataset
from scitacean.validation.paths import unsafe_path_reason
from scitacean.validation.problem import Problem
from scitacean.workflow.progress import OnProgress, ProgressMeter

FILES_PER_BLOCK = 20_000
"""Servers take bodies of 16 MiB and stall while they read them, so a dataset's files are split."""


def upload_new_dataset(
    dataset: Dataset,
    *,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    on_progress: OnProgress | None = None,
) -> Dataset:
    """Upload files and register them and their dataset.

    Parameters, errors and the result are those of :meth:`scitacean.Client.upload_new_dataset_now`.
    """
    local = [file for file in dataset.files if file.is_on_local and not file.is_on_remote]
    if local and transfer is None:
        raise ConfigurationError(
            "The dataset has files to upload, but the client has no file transfer.",
            hint="Make the client with file_transfer=SSHFileTransfer(...) or another one.",
        )
    if transfer is not None and local:
        dataset = dataset.replace(source_folder=transfer.source_folder_for(dataset))
    _check(dataset)
    scicat.validate_dataset_model(convert.dataset_to_upload_model(dataset))
    if transfer is None or not local:
        return _register(dataset, scicat)
    return _upload_with_files(dataset, local, scicat, transfer, on_progress)


def _upload_with_files(
    dataset: Dataset,
    local: list[File],
    scicat: ScicatClient,
    transfer: FileTransfer,
    on_progress: OnProgress | None,
) -> Dataset:
    folder = RemotePath(dataset.source_folder or "")
    meter = ProgressMeter(((folder / file.remote_path, file.size) for file in local), on_progress)
    with transfer.connect_for_upload(dataset, folder / local[0].remote_path) as connection:
        try:
            meter.phase("moving")
            uploaded = _send(connection, local, folder, meter)
            meter.phase("verifying")
            _verify(connection, uploaded, folder)
        except BaseException as error:
            _undo(connection, dataset, local, transfer, error)
            raise
        meter.phase("registering")
        try:
            result = _register(dataset.replace_files(*uploaded), scicat)
        except ScicatCommError as error:
            # Only a refusal proves that no dataset needs the files: after anything else they stay.
            if not _surely_refused(error):
                raise _outcome_unknown(error, folder) from error
            _undo(connection, dataset, local, transfer, error)
            raise
    meter.phase("done")
    return result


def _undo(
    connection: UploadConnection,
    dataset: Dataset,
    files: Sequence[File],
    transfer: FileTransfer,
    error: BaseException,
) -> None:
    """Remove what was sent, over a new connection where the old one is broken."""
    folder = RemotePath(dataset.source_folder or "")
    try:
        connection.revert_upload(*files)
    except TransferError:
        try:
            with transfer.connect_for_upload(dataset, folder / files[0].remote_path) as another:
                another.revert_upload(*files)
        except TransferError as reason:
            message = f"The upload failed and could not be undone, so files may be left in {folder}: {reason}"
            error.add_note(message)
            if isinstance(error, Exception):
                raise UploadInterrupted(
                    f"{error} {message}",
                    hint="Remove what is in that folder before you upload the dataset again.",
                    source_folder=str(folder),
                ) from error


def _check(dataset: Dataset) -> None:
    fields = attrs.asdict(dataset, recurse=False)
    folder = dataset.source_folder
    problems = problems_of_new_dataset(fields | {"source_folder": folder and folder.posix})
    problems += [
        Problem(f"files[{index}].remote_path", file.remote_path.posix, f"a safe path, but {reason}")
        for index, file in enumerate(dataset.files)
        if (reason := unsafe_path_reason(file.remote_path.posix, windows=False))
    ]
    if problems:
        raise ValidationError(
            f"The dataset cannot go into the catalogue; nothing was sent. {len(problems)} problem(s):",
            problems=[str(problem) for problem in problems],
        )
    for file in dataset.files:
        if file.local_path is not None and not file.local_path.is_file():
            raise FileNotAccessibleError(
                f"The file {file.local_path} is not there any more; nothing was sent.",
                hint="Put it back, or leave it out of the dataset.",
            )


def _send(
    connection: UploadConnection, files: Sequence[File], folder: RemotePath, meter: ProgressMeter
) -> list[File]:
    if not isinstance(connection, ResumableUpload):
        return connection.upload_files(*files)
    requests = [
        SendRequest(local=file.local_path, remote=folder / file.remote_path)
        for file in files
        if file.local_path is not None
    ]
    connection.send_files(requests, on_progress=meter.callback)
    return [file.uploaded() for file in files]


def _verify(connection: UploadConnection, files: Sequence[File], folder: RemotePath) -> None:
    """Compare what arrived with what was sent, where the transfer can look."""
    if not isinstance(connection, RemoteChecksums):
        return
    bad = []
    for algorithm, group in _by_algorithm(files):
        paths = [folder / file.remote_path for file in group]
        found = connection.remote_checksums(paths, algorithm=algorithm) if algorithm else None
        for file, path in zip(group, paths, strict=True):
            if found is not None and file.remote_checksum not in (None, found[path]):
                bad.append(f"\n  - {path}: its {algorithm} is {found[path]}, not {file.remote_checksum}")
    if bad:
        raise IntegrityError(
            f"{len(bad)} file(s) did not arrive as they were sent; the upload was undone.{''.join(bad)}\n",
            hint="Upload again; if that does not help, tell the file server's administrator.",
        )


def _by_algorithm(files: Sequence[File]) -> Iterator[tuple[str | None, list[File]]]:
    groups: dict[str | None, list[File]] = {}
    for file in files:
        groups.setdefault(file.checksum_algorithm, []).append(file)
    yield from groups.items()


def _register(dataset: Dataset, scicat: ScicatClient) -> Dataset:
    created = scicat.create_dataset_model(convert.dataset_to_upload_model(dataset))
    pid = PID.parse(created.pid)
    try:
        for algorithm, files in _by_algorithm(dataset.files):
            for start in range(0, len(files), FILES_PER_BLOCK):
                scicat.create_orig_datablock(
                    convert.files_to_upload_model(
                        pid, files[start : start + FILES_PER_BLOCK], checksum_algorithm=algorithm
                    )
                )
        attachments = [
            convert.attachment_from_model(
                scicat.create_attachment_for_dataset(
                    pid, convert.attachment_to_upload_model(attachment, owner_group=dataset.owner_group)
                )
            )
            for attachment in dataset.attachments or ()
        ]
    except ScicatCommError as error:
        raise UploadInterrupted(
            f"The dataset {pid} is in the catalogue and its files are in {dataset.source_folder}, "
            f"but not all of its files or attachments are registered: {error}",
            hint=f"Ask an administrator of the catalogue to delete {pid}, then upload again into another "
            "source folder; do not upload it once more before.",
            pid=str(pid),
            source_folder=str(dataset.source_folder),
        ) from error
    return convert.dataset_from_model(created).replace(
        files=dataset.files, attachments=attachments, uid=dataset.uid
    )


def _surely_refused(error: ScicatCommError) -> bool:
    return error.status is not None and 400 <= error.status < 500 and error.status not in (401, 408, 429)


def _outcome_unknown(error: ScicatCommError, folder: RemotePath) -> UploadInterrupted:
    return UploadInterrupted(
        f"The files are in {folder}, but it is not known whether the catalogue has the dataset: {error}",
        hint="Look for a dataset with that source folder before you upload it again.",
        source_folder=str(folder),
    )
