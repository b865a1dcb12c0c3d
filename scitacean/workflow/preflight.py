"""What is checked before anything of a new dataset is sent."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import cast

import attrs

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import (
    ConfigurationError,
    ConflictError,
    FileNotAccessibleError,
    LocalFileNotFoundError,
)
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FileTransfer
from scitacean.workflow.alike import find_alike
from scitacean.workflow.upload_record import LocalFile, UploadRecord

_logger = logging.getLogger("scitacean")

_LEAST_TIME = timedelta(minutes=2)
_EXPECTED_BYTES_PER_SECOND = 20e6
"""Of a slow network: a token that ends before the files are there is worth a new one."""

_LATER = RemotePath("/later")
"""Stands for the folder of the files until it is known."""


def check_new_dataset(dataset: Dataset) -> list[LocalFile]:
    """Check all that can be checked here, before anything else is done with a dataset.

    Parameters
    ----------
    dataset:
        The dataset. Where files are to be sent, the file transfer will say what its source folder is, so
        that is not checked.

    Returns
    -------
    :
        The files that are to be sent, as they are now.

    Raises
    ------
    ValidationError
        If the dataset breaks rules of the catalogue: with all problems.
    LocalFileNotFoundError
        If a file that shall be sent is not there any more.
    FileNotAccessibleError
        If such a file cannot be read.

    Warns
    -----
    ValidationWarning
        If the catalogue may not give back all of it as it is.

    Examples
    --------
    >>> check_new_dataset(Dataset(type="raw", name="Run 7"))
    Traceback (most recent call last):
    ...
    scitacean.errors.ValidationError: The dataset cannot go into the catalogue. ...
    """
    local = [file for file in dataset.files if _is_to_send(file)]
    # Other than Dataset.replace, this copies no metadata: it may be anything until it has been checked.
    (attrs.evolve(dataset, source_folder=_LATER) if local else dataset).validate()
    return [_looked_at(file) for file in local]


def with_source_folder(dataset: Dataset, transfer: FileTransfer) -> Dataset:
    """Find out to which folder the files of a valid dataset will go.

    Parameters
    ----------
    dataset:
        The dataset.
    transfer:
        Knows the folder.

    Returns
    -------
    :
        A copy of the dataset with that source folder.

    Raises
    ------
    ConfigurationError
        If there is no such folder, or if the dataset has files on the file server already, in another one.

    Examples
    --------
    >>> from scitacean.transfer.copy import CopyFileTransfer
    >>> transfer = CopyFileTransfer(source_folder="/data/{name}")
    >>> with_source_folder(Dataset(type="raw", name="Run 7"), transfer).source_folder
    RemotePath('/data/Run_7')
    """
    folder = transfer.source_folder_for(dataset)
    there = [file.remote_path.posix for file in dataset.files if file.is_on_remote]
    if there and folder != dataset.source_folder:
        raise ConfigurationError(
            f"{len(there)} file(s) of the dataset are in {dataset.source_folder} on the file server already "
            f"({there[0]!r} for one), but the new ones would go to {folder}: one dataset has one folder.",
            hint="Use a file transfer without source_folder, or download those files and add them anew.",
        )
    return dataset.replace(source_folder=folder)


def record_of(
    dataset: Dataset, local: list[LocalFile], transfer: FileTransfer | None, scicat: ScicatClient
) -> UploadRecord:
    """Find out all that will be sent for a valid dataset.

    Parameters
    ----------
    dataset:
        The dataset.
    local:
        The files that are to be sent.
    transfer:
        Will send them; None where there are none.
    scicat:
        Talks to the catalogue.

    Raises
    ------
    ConfigurationError
        If there are files but no file transfer, or no folder for them.
    ValidationError
        If something cannot be sent.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from scitacean import Client
    >>> dataset = Dataset(
    ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example",
    ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    ...     source_folder="/data/run-7",
    ... )
    >>> with Client.local("my-catalogue") as client:
    ...     record_of(dataset, [], client.file_transfer, client.scicat).source_folder
    RemotePath('/data/run-7')
    """
    if local:
        if transfer is None:
            raise ConfigurationError(
                "The dataset has files to upload, but the client has no file transfer.",
                hint="Make the client with file_transfer=SSHFileTransfer(...), or give the command --host.",
            )
        dataset = with_source_folder(dataset, transfer)
    return UploadRecord.of_dataset(dataset, local, catalogue=scicat.url)


def check_catalogue(record: UploadRecord, scicat: ScicatClient) -> frozenset[str]:
    """Check all that the catalogue can say beforehand.

    Parameters
    ----------
    record:
        The upload.
    scicat:
        Talks to the catalogue.

    Returns
    -------
    :
        PIDs of datasets that are there already and could later be taken for this one.

    Raises
    ------
    ValidationError
        If the catalogue would not take the dataset.
    LoginError, SessionExpiredError
        If one is not signed in, or not for long enough.
    ForbiddenError
        If one is not in the owner group.
    ConflictError
        If the catalogue has the dataset already.
    ScicatCommError
        If there is no proper answer.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from scitacean import Client
    >>> dataset = Dataset(
    ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example",
    ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    ...     source_folder="/data/run-7",
    ... )
    >>> with Client.local("my-catalogue") as client:
    ...     check_catalogue(record_of(dataset, [], None, client.scicat), client.scicat)
    frozenset()
    """
    check_session(sum(one.size for one in record.local), scicat)
    model = record.request_model()
    scicat.validate_dataset_model(model)
    groups = scicat.my_groups()
    if groups is not None and model.owner_group not in groups:
        # Not an error: some accounts may create datasets for others, and the server does not say which.
        _logger.warning(
            "You are not in the group %r that shall own the dataset, so the catalogue may refuse it. "
            "Your groups are: %s.",
            model.owner_group,
            ", ".join(sorted(groups)) or "none",
        )
    alike = find_alike(record, scicat)
    if alike and record.local:
        raise ConflictError(
            f"The catalogue has this dataset already, as {alike[0]}: with the same source folder, name, "
            "creation time and owner. Nothing was sent.",
            hint="If it is another one, give it another creation time or source folder.",
            request=scicat.url,
        )
    return frozenset(alike)


def check_session(size: int, scicat: ScicatClient) -> None:
    """Make sure that one is signed in for as long as sending files may take.

    Parameters
    ----------
    size:
        Of the files, in bytes.
    scicat:
        Talks to the catalogue.

    Raises
    ------
    LoginError, SessionExpiredError
        If one is not.
    ScicatCommError
        If there is no proper answer.

    Examples
    --------
    >>> from scitacean import Client
    >>> with Client.local("my-catalogue") as client:
    ...     check_session(10**12, client.scicat)
    """
    scicat.check_session(_LEAST_TIME + timedelta(seconds=size / _EXPECTED_BYTES_PER_SECOND))


def _is_to_send(file: object) -> bool:
    # What is no file is for validation to report.
    return isinstance(file, File) and file.is_on_local and not file.is_on_remote


def _looked_at(file: File) -> LocalFile:
    path = cast("Path", file.local_path)
    try:
        looked_at = LocalFile.now(file)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # the last for names with a NUL
        raise LocalFileNotFoundError(
            f"The file {path} is not there any more; nothing was sent.",
            hint="Put it back, or leave it out of the dataset.",
        ) from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if not os.access(path, os.R_OK):
        raise _unreadable(path, "Permission denied")
    return looked_at


def _unreadable(path: Path, reason: str) -> FileNotAccessibleError:
    return FileNotAccessibleError(
        f"Cannot read {path}: {reason}; nothing was sent.",
        hint="Check its permissions and those of its folder, or leave it out of the dataset.",
    )
