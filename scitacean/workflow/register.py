"""Registering a dataset, its files and its attachments in the catalogue, in that order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import attrs

from scicat_api.models import CreateAttachmentV3Dto, CreateDatasetDto, CreateOrigDatablockDto
from scitacean.catalogue import convert
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import ScicatCommError, ServerUnreachableError, UploadInterrupted
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.pid import PID

FILES_PER_BLOCK = 20_000
BYTES_PER_BLOCK = 8 * 1024 * 1024
"""Servers take bodies of up to 16 MiB and stall while they read them, so files are split into blocks."""

_BYTES_PER_FILE = 300
"""What an entry takes besides its path, at most: size, time, checksum, owner, group, permissions."""

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

    Raises
    ------
    ValidationError
        If something cannot be sent.
    """
    later = PID(pid="later")
    return Registration(
        dataset=convert.dataset_to_upload_model(dataset),
        blocks=[
            convert.files_to_upload_model(
                later, files, checksum_algorithm=algorithm, is_published=dataset.is_published
            )
            for algorithm, group in by_algorithm(dataset.files)
            for files in _split(group)
        ],
        attachments=[
            convert.attachment_to_upload_model(attachment, dataset=dataset)
            for attachment in dataset.attachments or ()
        ],
    )


def register(registration: Registration, dataset: Dataset, scicat: ScicatClient) -> Dataset:
    """Create the dataset, then its blocks, then its attachments.

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
    """
    pid, result = _create(registration, dataset, scicat)
    try:
        for block in registration.blocks:
            scicat.create_orig_datablock(attrs.evolve(block, dataset_id=str(pid)))
        attachments = [
            convert.attachment_from_model(scicat.create_attachment_for_dataset(pid, attachment))
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


def by_algorithm(files: Iterable[File]) -> Iterator[tuple[str | None, list[File]]]:
    """Yield files in groups of one checksum algorithm: a block has one."""
    groups: dict[str | None, list[File]] = {}
    for file in files:
        groups.setdefault(file.checksum_algorithm, []).append(file)
    yield from groups.items()


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
    return PID.parse(created.pid), convert.dataset_from_model(created)


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


def _split(files: Iterable[File]) -> Iterator[list[File]]:
    block: list[File] = []
    size = 0
    for file in files:
        entry = len(json.dumps(file.remote_path.posix)) + _BYTES_PER_FILE
        if block and (len(block) == FILES_PER_BLOCK or size + entry > BYTES_PER_BLOCK):
            yield block
            block, size = [], 0
        block.append(file)
        size += entry
    if block:
        yield block
