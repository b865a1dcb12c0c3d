"""Registering a dataset, its files and its attachments in the catalogue, in that order."""

from __future__ import annotations

import attrs

from scicat_api.models import CreateAttachmentV3Dto, CreateDatasetDto, CreateOrigDatablockDto
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import ScicatCommError, ServerUnreachableError, UploadInterrupted
from scitacean.model.attachment import Attachment
from scitacean.model.dataset import Dataset
from scitacean.model.pid import PID

_NOT_REFUSED = (401, 408, 429)
"""Answers that say nothing about the dataset itself: the same request may succeed later."""


@attrs.frozen(kw_only=True)
class Registration:
    """All that will be sent, made before the first request so that none fails for want of the next.

    Attributes
    ----------
    dataset, blocks, attachments:
        The bodies of the requests; the blocks get their PID when there is one.
    """

    dataset: CreateDatasetDto
    blocks: list[CreateOrigDatablockDto]
    attachments: list[CreateAttachmentV3Dto]


def prepare(dataset: Dataset) -> Registration:
    """Make all that will be sent for a dataset whose files are on the file server.

    Parameters
    ----------
    dataset:
        The dataset, with its source folder.

    Raises
    ------
    ValidationError
        If something cannot be sent.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> dataset = Dataset(
    ...     type="raw", name="Run 7", owner_group="beamline1", owner="Ada Example",
    ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    ...     source_folder="/data/run-7",
    ... )
    >>> registration = prepare(dataset)
    >>> registration.dataset.dataset_name, registration.blocks, registration.attachments
    ('Run 7', [], [])
    """
    later = PID(pid="later")
    return Registration(
        dataset=dataset.make_upload_model(),
        blocks=dataset.make_datablock_upload_models(later).orig_datablocks,
        attachments=dataset.make_attachment_upload_models(),
    )


def register(registration: Registration, dataset: Dataset, scicat: ScicatClient) -> Dataset:
    """Create the dataset, then its blocks, then its attachments.

    Parameters
    ----------
    registration:
        What is sent.
    dataset:
        What it was made of.
    scicat:
        Talks to the catalogue.

    Returns
    -------
    :
        The dataset as the catalogue has it.

    Raises
    ------
    ScicatCommError
        If the catalogue has surely refused the dataset: nothing of it is there.
    UploadInterrupted
        If the dataset is there, or may be there, but not complete.

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
    ...     registered = register(prepare(dataset), dataset, client.scicat)
    >>> registered.pid is None
    False
    """
    pid, result = _create(registration, dataset, scicat)
    try:
        for block in registration.blocks:
            scicat.create_orig_datablock(attrs.evolve(block, dataset_id=str(pid)))
        attachments = [
            Attachment.from_download_model(scicat.create_attachment_for_dataset(pid, attachment))
            for attachment in registration.attachments
        ]
    except BaseException as error:
        message = (
            f"The dataset {pid} is in the catalogue{_and_files(dataset)}, but not all of its files or "
            "attachments are registered"
        )
        hint = (
            f"Ask an administrator of the catalogue to delete {pid}, then upload again into another source "
            "folder; do not upload it once more before."
        )
        if isinstance(error, Exception):
            raise UploadInterrupted(
                f"{message}: {error}", hint=hint, pid=str(pid), source_folder=str(dataset.source_folder)
            ) from error
        error.add_note(f"{message}. {hint}")
        raise
    return result.replace(files=dataset.files, attachments=attachments, uid=dataset.uid)


def _create(registration: Registration, dataset: Dataset, scicat: ScicatClient) -> tuple[PID, Dataset]:
    try:
        created = scicat.create_dataset_model(registration.dataset)
    except ScicatCommError as error:
        if isinstance(error, ServerUnreachableError) and error.nothing_sent:
            raise
        if error.status is not None and 400 <= error.status < 500 and error.status not in _NOT_REFUSED:
            raise
        raise _not_known(error, dataset) from error
    except BaseException as error:
        error.add_note(
            f"It is not known whether the catalogue has the dataset{_and_files(dataset)}. Look for it before "
            "you upload it again."
        )
        raise
    return _pid(created.pid, dataset), Dataset.from_download_model(created)


def _pid(text: str, dataset: Dataset) -> PID:
    try:
        return PID.parse(text)
    except ValueError as error:
        raise UploadInterrupted(
            f"The dataset is in the catalogue{_and_files(dataset)}, but the catalogue calls it {text!r}, "
            "which is no PID, so its files and attachments cannot be registered.",
            hint="Ask an administrator of the catalogue to delete it, then upload again into another source "
            "folder; do not upload it once more before.",
            pid=text,
            source_folder=str(dataset.source_folder),
        ) from error


def _not_known(error: ScicatCommError, dataset: Dataset) -> UploadInterrupted:
    if error.status in _NOT_REFUSED:
        return UploadInterrupted(
            f"The catalogue did not take the dataset{_and_files(dataset)}: {error}",
            hint="Then upload it again into another source folder, and remove those files.",
            source_folder=str(dataset.source_folder),
        )
    return UploadInterrupted(
        f"It is not known whether the catalogue has the dataset{_and_files(dataset)}: {error}",
        hint="Look for a dataset with that name and source folder before you upload it again.",
        source_folder=str(dataset.source_folder),
    )


def _and_files(dataset: Dataset) -> str:
    return f", its files are in {dataset.source_folder}" if dataset.files else ""
