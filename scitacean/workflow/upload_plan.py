"""What an upload would do: found out with all the checks of an upload, and nothing sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import ScicatError, ValidationError
from scitacean.model.dataset import Dataset
from scitacean.model.orig_datablock import split_into_blocks
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FileTransfer, Outlook
from scitacean.workflow.block_limits import BlockLimits
from scitacean.workflow.preflight import check_catalogue, check_new_dataset, record_of
from scitacean.workflow.send import outlook_of
from scitacean.workflow.unfinished import journal_folder, journal_path, refuse_unfinished
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
    problems:
        Why it would fail; empty where it would not.
    """

    source_folder: RemotePath | None = None
    files: tuple[PlannedFile, ...] = ()
    new_folders: tuple[str, ...] = ()
    free: int | None = None
    blocks: int = 0
    attachments: int = 0
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
        """How many requests would change the catalogue.

        Examples
        --------
        >>> UploadPlan(blocks=2, attachments=1).requests
        4
        """
        return 1 + self.blocks + self.attachments


def plan_upload(
    dataset: Dataset,
    *,
    scicat: ScicatClient,
    transfer: FileTransfer | None,
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
        with _noted(problems):
            if not journal_path(record).exists():  # else the same call would go on with it
                refuse_unfinished(record, journal_folder())
        with _noted(problems):
            check_catalogue(record, scicat)
        with _noted(problems):
            outlook = _look(record, transfer)
        plan = _plan(record, outlook, limits or BlockLimits())
    return attrs.evolve(plan, problems=tuple(problems))


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
