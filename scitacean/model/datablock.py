"""Copies of datasets in an archive, as the catalogue knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import attrs

from scicat_api.models import CreateDatablockDto, CreateDatasetDatablockDto
from scicat_api.models import Datablock as DownloadDatablock
from scitacean.model.entry import TrackedEntry, read_only
from scitacean.model.file import File
from scitacean.model.file_list import FileList
from scitacean.model.file_wire import files_to_send, usable_entries
from scitacean.model.pid import PID
from scitacean.model.wire import (
    list_to_send,
    promised,
    received,
    received_list,
    received_pid,
    required,
    to_send,
)
from scitacean.problem import Problem
from scitacean.validation.datablock import (
    REQUIRED_OF_DATABLOCK,
    problems_of_datablock,
    problems_of_files_in_block,
)


@attrs.define(kw_only=True)
class Datablock(TrackedEntry):
    """A copy of files of a dataset in an archive.

    Attributes
    ----------
    archive_id:
        Name of the copy in the archive.
    size:
        Size of all files in bytes.
    packed_size:
        Size of the copy in bytes.
    version:
        Version of the tool that made the copy.
    checksum_algorithm:
        The algorithm of the checksums of the files, as :mod:`hashlib` names it.
    owner_group:
        Group that owns the copy; servers take that of the dataset where it is None.
    access_groups:
        Groups that may see it.
    instrument_group:
        Group of the instrument that the files come from.
    is_published:
        Whether everybody may see it.
    dataset_id:
        Identifier of the dataset; None for a copy that is not in the catalogue.

    Examples
    --------
    >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
    >>> block = Datablock(archive_id="tape-7", size=3, packed_size=2, version="1.0", files=[file])
    >>> block.make_upload_model(PID.parse("site/7")).packed_size
    2
    """

    _noun: ClassVar[str] = "copy in the archive"
    _scicat_names: ClassVar[dict[str, str]] = {"checksum_algorithm": "chkAlg"}
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED_OF_DATABLOCK)

    archive_id: str | None = None
    size: int | None = None
    packed_size: int | None = None
    version: str | None = None
    checksum_algorithm: str | None = None
    _files: FileList = attrs.field(factory=FileList, converter=FileList, alias="files", repr=False)
    owner_group: str | None = None
    access_groups: Sequence[str] | None = None
    instrument_group: str | None = None
    is_published: bool | None = attrs.field(default=None, on_setattr=read_only)
    dataset_id: PID | None = attrs.field(default=None, on_setattr=read_only)

    @property
    def files(self) -> tuple[File, ...]:
        """The files, in their order.

        Examples
        --------
        >>> Datablock(archive_id="tape-7").files
        ()
        """
        return self._files.view()

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse in it and in its files.

        Parameters
        ----------
        required:
            Whether to look for missing fields.

        Returns
        -------
        :
            All problems.

        Examples
        --------
        >>> block = Datablock(archive_id="tape-7", size=3, packed_size=2, version="1.0")
        >>> [problem.field for problem in block.find_problems()]
        ['files']
        """
        fields = self._values()
        fields["files"] = self.files or None
        fields["dataset_id"] = str(self.dataset_id) if isinstance(self.dataset_id, PID) else self.dataset_id
        return [
            *problems_of_datablock(fields, required=required),
            *problems_of_files_in_block(self.files, self.checksum_algorithm, required=required),
        ]

    def make_upload_model(self, dataset_id: PID) -> CreateDatablockDto:
        """Make what is sent to register the copy.

        Parameters
        ----------
        dataset_id:
            The dataset that was copied.

        Raises
        ------
        ValidationError
            If something breaks rules of the catalogue: with all problems.
        FileNotAccessibleError
            If a file that is not on the file server cannot be read, or changes meanwhile.

        Examples
        --------
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> block = Datablock(archive_id="tape-7", size=3, packed_size=2, version="1.0", files=[file])
        >>> block.make_upload_model(PID.parse("site/7")).archive_id
        'tape-7'
        """
        model = self.make_upload_model_for_dataset()
        return CreateDatablockDto(
            archive_id=model.archive_id,
            size=model.size,
            packed_size=model.packed_size,
            version=model.version,
            dataset_id=str(dataset_id),
            data_file_list=model.data_file_list,
            owner_group=to_send(self.owner_group),
            access_groups=list_to_send(self.access_groups),
            instrument_group=to_send(self.instrument_group),
            chk_alg=model.chk_alg,
        )

    def make_upload_model_for_dataset(self) -> CreateDatasetDatablockDto:
        """Make what is sent to register the copy at the address of its dataset, whose groups it gets.

        Raises
        ------
        ValidationError
            If something breaks rules of the catalogue: with all problems.
        FileNotAccessibleError
            If a file that is not on the file server cannot be read, or changes meanwhile.

        Examples
        --------
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> block = Datablock(archive_id="tape-7", size=3, packed_size=2, version="1.0", files=[file])
        >>> block.make_upload_model_for_dataset().archive_id
        'tape-7'
        """
        self.raise_for(self.find_problems())
        return CreateDatasetDatablockDto(
            archive_id=required(self.archive_id, "archive_id"),
            size=required(self.size, "size"),
            packed_size=required(self.packed_size, "packed_size"),
            version=required(self.version, "version"),
            data_file_list=files_to_send(self._files),
            chk_alg=to_send(self.checksum_algorithm),
        )

    @classmethod
    def from_download_model(cls, model: DownloadDatablock) -> Self:
        """Make a copy of what the catalogue answered; a field with an odd value keeps it.

        Entries without a path are left out: the reader of the generated classes has reported them.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = {"archiveId": "tape-7", "dataFileList": [{"path": "run.csv", "size": 3}]}
        >>> len(Datablock.from_download_model(DownloadDatablock.from_dict(answer)).files)
        1
        """
        algorithm = received(model.chk_alg)
        return cls(
            archive_id=promised(model.archive_id),
            size=promised(model.size),
            packed_size=promised(model.packed_size),
            version=promised(model.version),
            checksum_algorithm=algorithm,
            files=(
                File.from_download_model(entry, checksum_algorithm=algorithm)
                for entry in usable_entries(model.data_file_list)
            ),
            owner_group=promised(model.owner_group),
            access_groups=received_list(model.access_groups),
            instrument_group=received(model.instrument_group),
            is_published=promised(model.is_published),
            dataset_id=received_pid(model.dataset_id),
            created_at=promised(model.created_at),
            created_by=promised(model.created_by),
            updated_at=promised(model.updated_at),
            updated_by=promised(model.updated_by),
        )
