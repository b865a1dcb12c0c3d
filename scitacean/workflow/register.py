"""Registering a dataset, its files and its attachments in the catalogue, in that order and each once.

Whether a request whose answer got lost was carried out is looked up, never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import attrs

from scicat_api.models import (
    Attachment as AttachmentDto,
)
from scicat_api.models import (
    CreateAttachmentV3Dto,
    CreateOrigDatablockDto,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    PartialOutputOrigDatablockDto,
)
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import ConflictError, ScicatCommError
from scitacean.model.attachment import Attachment
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.file_wire import usable_entries
from scitacean.model.orig_datablock import split_into_blocks
from scitacean.model.pid import PID
from scitacean.model.wire import received
from scitacean.workflow.alike import find_alike, refuse_hidden
from scitacean.workflow.block_limits import BlockLimits
from scitacean.workflow.interrupted import interrupted
from scitacean.workflow.journal import Journal, Steps

T = TypeVar("T")

_NOT_REFUSED = (401, 408, 429)
"""Answers that say nothing about the request itself: the same one may succeed later."""

_SURELY_NOT_DONE = (401, 429)
"""Answers of a server that has not begun with the request."""

_PASSING = (500, 503)
"""Answers of a server that has stopped working on the request, so that it can be sent once more where it has
left nothing; after a timeout it may still be working on it."""


def is_refusal(error: ScicatCommError) -> bool:
    """Whether an answer says that the catalogue has surely not done what was asked, and never will.

    Parameters
    ----------
    error:
        The answer.

    Examples
    --------
    >>> is_refusal(ScicatCommError("No.", status=400)), is_refusal(ScicatCommError("Late.", status=504))
    (True, False)
    """
    return error.status is not None and 400 <= error.status < 500 and error.status not in _NOT_REFUSED


def register(files: Sequence[File], journal: Journal, scicat: ScicatClient, limits: BlockLimits) -> Dataset:
    """Create the dataset, then its blocks, then its attachments; what is there already is not made again.

    Parameters
    ----------
    files:
        All files of the dataset, as they are on the file server.
    journal:
        Says what to create, and what was begun.
    scicat:
        Talks to the catalogue.
    limits:
        How large blocks may be.

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
    # All bodies are made before the first request, so that none fails for want of the next.
    blocks = _blocks(files, journal, limits)
    attachments = journal.steps.record.attachment_models()
    may_be_there = journal.steps.is_creating
    created = _dataset(journal, scicat)
    pid = _pid(created, journal)
    try:
        if may_be_there:
            # By file: earlier calls may have made other blocks of them.
            paths = {path for block in scicat.get_orig_datablock_models(pid) for path in _paths(block)}
            missing = [file for file in files if file.remote_path.posix not in paths]
            blocks = _blocks(missing, journal, limits)
        _create_each(
            [attrs.evolve(block, dataset_id=str(pid)) for block in blocks],
            key=_paths,
            create=scicat.create_orig_datablock,
            there=lambda: [_paths(block) for block in scicat.get_orig_datablock_models(pid)],
            look_first=False,
            note=lambda index: journal.note_registered(f"block {index + 1} of {len(blocks)}"),
        )
        _create_each(
            attachments,
            key=_key_of_attachment,
            create=partial(scicat.create_attachment_for_dataset, pid),
            there=lambda: [_key_of_attachment(one) for one in scicat.get_attachment_models(pid)],
            look_first=may_be_there,
            note=lambda index: journal.note_registered(f"attachment {index + 1} of {len(attachments)}"),
        )
        pictures = [
            Attachment.from_download_model(model)
            for model in (scicat.get_attachment_models(pid) if attachments else [])
        ]
    except Exception as error:
        raise interrupted(journal, error) from error
    result = Dataset.from_download_model(created)
    return result.replace(files=files, attachments=pictures, uid=journal.steps.record.uid)


def _blocks(files: Sequence[File], journal: Journal, limits: BlockLimits) -> list[CreateOrigDatablockDto]:
    is_published = journal.steps.record.request_model().is_published
    later = PID(pid="later")
    return [
        attrs.evolve(block, is_published=received(is_published)).make_upload_model(later)
        for block in split_into_blocks(
            files, files_per_block=limits.files_per_block, bytes_per_block=limits.bytes_per_block
        )
    ]


def _dataset(journal: Journal, scicat: ScicatClient) -> OutputDatasetDto:
    """Return the dataset of the catalogue, created now if it surely is not there."""
    steps = journal.steps
    if steps.pid is not None:
        try:
            return scicat.get_dataset_model(steps.pid)
        except Exception as error:
            raise interrupted(journal, error) from error
    if steps.is_creating and (found := _look(journal, scicat)) is not None:
        return found
    outcome = _try_to_create(journal, scicat)
    if isinstance(outcome, ScicatCommError) and outcome.status in _PASSING:
        outcome = _try_to_create(journal, scicat)
    if isinstance(outcome, ScicatCommError):
        raise interrupted(journal, outcome) from outcome
    return outcome


def _try_to_create(journal: Journal, scicat: ScicatClient) -> OutputDatasetDto | ScicatCommError:
    """Create the dataset; return it, or the error if it is surely not there."""
    try:
        return _created(journal, scicat)
    except ScicatCommError as error:
        if is_refusal(error):
            raise
        if error.status in _SURELY_NOT_DONE:
            journal.steps.is_absent = True
            return error
        return _look(journal, scicat, because=error) or error
    except Exception as error:
        raise interrupted(journal, error) from error


def _created(journal: Journal, scicat: ScicatClient) -> OutputDatasetDto:
    journal.note_creating()
    created = scicat.create_dataset_model(journal.steps.record.request_model())
    journal.note_created(str(created.pid))
    return created


def _look(
    journal: Journal, scicat: ScicatClient, *, because: ScicatCommError | None = None
) -> OutputDatasetDto | None:
    """Find out whether an earlier request has created the dataset."""
    try:
        found = find_created(journal.steps, scicat)
        if len(found) == 1:
            journal.note_created(found[0])
            return scicat.get_dataset_model(found[0])
        if not found:
            refuse_hidden(journal.steps.record, scicat)
    except ConflictError as error:
        raise interrupted(journal, error) from because
    except Exception as error:
        raise interrupted(journal, because or error) from error
    journal.steps.is_absent = not found
    if found:
        raise interrupted(journal, several(found)) from because
    return None


def find_created(steps: Steps, scicat: ScicatClient) -> list[str]:
    """Return the PIDs of datasets that an upload may have created.

    Parameters
    ----------
    steps:
        Of the upload; say which datasets were there before.
    scicat:
        Talks to the catalogue.

    Raises
    ------
    ScicatCommError
        If there is no proper answer.
    """
    found = find_alike(steps.record, scicat)
    return [pid for pid in found if pid not in steps.alike]


def several(found: Sequence[str]) -> ConflictError:
    """Return the error for datasets of which any may be the one that an upload has created.

    Parameters
    ----------
    found:
        Their PIDs.
    """
    return ConflictError(
        f"The catalogue has {len(found)} datasets that may be this one: {', '.join(found)}.",
        hint="Find out which is right, and ask an administrator to delete the others.",
    )


def _pid(created: OutputDatasetDto, journal: Journal) -> PID:
    try:
        return PID.parse(created.pid)
    except ValueError as error:
        raise interrupted(journal, error) from error


def _create_each(
    wanted: Sequence[T],
    *,
    key: Callable[[T], Hashable],
    create: Callable[[T], object],
    there: Callable[[], Iterable[Hashable]],
    look_first: bool,
    note: Callable[[int], None],
) -> None:
    """Create all of some entries that are not there, in order."""
    found = Counter(there()) if look_first and wanted else Counter[Hashable]()
    done = Counter[Hashable]()
    for index, item in enumerate(wanted):
        name = key(item)
        done[name] += 1
        if found[name] >= done[name]:
            continue
        try:
            create(item)
        except ScicatCommError as error:
            # The request may have been carried out although no proper answer came.
            if is_refusal(error):
                raise
            if Counter(there())[name] < done[name]:
                if error.status not in _PASSING:
                    raise
                create(item)
        note(index)


def _paths(
    block: CreateOrigDatablockDto | PartialOutputOrigDatablockDto | OutputOrigDatablockDto,
) -> tuple[str, ...]:
    return tuple(entry.path for entry in usable_entries(block.data_file_list))


def _key_of_attachment(
    attachment: CreateAttachmentV3Dto | OutputAttachmentV4Dto | AttachmentDto,
) -> Hashable:
    return received(attachment.caption), received(attachment.thumbnail)
