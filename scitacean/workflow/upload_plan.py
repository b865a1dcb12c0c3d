"""What an upload would do: found out with all the checks of an upload, and nothing sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import ScicatError, ValidationError
from scitacean.model.dataset import Dataset
from scitacean.model.orig_datablock import split_into_blocks
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FileTransfer, Outlook
from scitacean.workflow.alike import refuse_hidden
from scitacean.workflow.block_limits import BlockLimits
from scitacean.workflow.interrupted import made_by_another
from scitacean.workflow.journal import Steps, read_steps
from scitacean.workflow.journal_file import no_journal
from scitacean.workflow.preflight import check_catalogue, check_new_dataset, check_session, record_of
from scitacean.workflow.register import find_created, several
from scitacean.workflow.send import outlook_of
from scitacean.workflow.unfinished import (
    UnfinishedUpload,
    journal_path,
    refuse_other_upload,
    refuse_unfinished,
    summary_of,
)
from scitacean.workflow.upload_record import UploadRecord


@attrs.frozen(kw_only=True)
class PlannedFile:
    """A file that an upload would send.

    Attributes
    ----------
    path:
        Full path on the file server.
    size:
        Size in bytes.
    is_there:
        Whether it is there already with the same content, so that it would not be sent.
    """

    path: RemotePath
    size: int
    is_there: bool


@attrs.frozen(kw_only=True)
class UploadPlan:
    """What an upload would do.

    Attributes
    ----------
    source_folder:
        Folder on the file server; None where it cannot be found out.
    files:
        What would be sent, in the order of the dataset.
    new_folders:
        Folders that would be made, as the file transfer names them.
    free:
        Free space on the file server, in bytes; None where that is not known.
    blocks, attachments:
        How many blocks of files and attachments would be registered.
    resumes:
        The unfinished upload that the same call would go on with, which may be running; None where it would
        begin a new one.
    problems:
        Why it would fail; empty where it would not.
    """

    source_folder: RemotePath | None = None
    files: tuple[PlannedFile, ...] = ()
    new_folders: tuple[str, ...] = ()
    free: int | None = None
    blocks: int = 0
    attachments: int = 0
    resumes: UnfinishedUpload | None = None
    problems: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Size of the files that would be sent, in bytes.

        Examples
        --------
        >>> UploadPlan().size
        0
        """
        return sum(file.size for file in self.files if not file.is_there)

    @property
    def requests(self) -> int:
        """How many requests would change the catalogue; at most, where it goes on with an unfinished upload.

        Examples
        --------
        >>> UploadPlan(blocks=2, attachments=1).requests
        4
        """
        is_there = self.resumes is not None and self.resumes.pid is not None
        return (0 if is_there else 1) + self.blocks + self.attachments


def plan_upload(
    dataset: Dataset,
    *,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
    journal: Path | None = None,
    limits: BlockLimits | None = None,
) -> UploadPlan:
    """Find out what an upload would do, and all that would make it fail; nothing is sent.

    Parameters
    ----------
    dataset:
        The dataset.
    scicat:
        Talks to the catalogue.
    transfer:
        Would move the files.
    journal:
        File that would note what is done; by default one in the user's state folder.
    limits:
        How many files one request registers at most.

    Examples
    --------
    >>> from scitacean import Client
    >>> with Client.local("my-catalogue") as client:
    ...     plan = plan_upload(Dataset(type="raw"), scicat=client.scicat, transfer=client.file_transfer)
    >>> any("owner_group" in problem for problem in plan.problems)
    True
    """
    problems: list[str] = []
    plan = UploadPlan()
    with _noted(problems):
        record = record_of(dataset, check_new_dataset(dataset), transfer, scicat)
        outlook = Outlook(present={})
        path = journal_path(record) if journal is None else journal
        resumes = None
        if path.exists():
            steps = _steps_of(record, path)
            record, resumes = steps.record, summary_of(path, steps)
            with _noted(problems):
                check_session(0, scicat)
                resumes = attrs.evolve(resumes, pid=_created(steps, path, scicat))
        else:
            with _noted(problems):
                refuse_unfinished(record, path.parent)
            with _noted(problems):
                check_catalogue(record, scicat)
        with _noted(problems):
            outlook = _look(record, transfer)
        plan = attrs.evolve(_plan(record, outlook, limits or BlockLimits()), resumes=resumes)
    return attrs.evolve(plan, problems=tuple(problems))


def _steps_of(record: UploadRecord, journal: Path) -> Steps:
    try:
        steps = read_steps(journal)
    except OSError:
        raise no_journal(journal) from None
    refuse_other_upload(journal, steps, record)
    return steps


def _created(steps: Steps, journal: Path, scicat: ScicatClient) -> str | None:
    """Return the dataset that an unfinished upload has created, if it has."""
    if steps.pid is not None:
        return steps.pid
    found = find_created(steps, scicat)
    if found and not steps.is_creating:
        raise made_by_another(found[0], steps.record, journal)
    if len(found) > 1:
        raise several(found)
    if not found and steps.is_creating:
        refuse_hidden(steps.record, scicat)
    return found[0] if found else None


def _look(record: UploadRecord, transfer: FileTransfer | None) -> Outlook:
    if transfer is None or not record.local:
        return Outlook(present={})
    with transfer.connect_for_upload(record.as_dataset(), record.requests[0].remote) as connection:
        return outlook_of(record, connection)


def _plan(record: UploadRecord, outlook: Outlook, limits: BlockLimits) -> UploadPlan:
    folder = record.source_folder
    files = [*record.remote, *(one.file for one in record.local)]
    blocks = split_into_blocks(
        files, files_per_block=limits.files_per_block, bytes_per_block=limits.bytes_per_block
    )
    paths = [(request.remote, one.size) for request, one in zip(record.requests, record.local, strict=True)]
    return UploadPlan(
        source_folder=folder,
        files=tuple(
            PlannedFile(path=path, size=size, is_there=path in outlook.present) for path, size in paths
        ),
        new_folders=outlook.missing_folders,
        free=outlook.free,
        blocks=sum(1 for _ in blocks),
        attachments=len(record.attachments),
    )


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """Note an error instead of raising it."""
    try:
        yield
    except ValidationError as error:
        problems += [*map(str, error.problems), *error.server_messages] or [str(error)]
    except ScicatError as error:
        problems.append(str(error))
