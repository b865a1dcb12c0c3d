"""Blocks of files, in which the catalogue keeps the files of a dataset."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Self

import attrs

from scicat_api.models import CreateOrigDatablockDto, OutputOrigDatablockDto, PartialOutputOrigDatablockDto
from scitacean.model.entry import TrackedEntry, read_only
from scitacean.model.file import File
from scitacean.model.file_list import FileList
from scitacean.model.file_wire import files_to_send, usable_entries
from scitacean.model.metadata import plain_object
from scitacean.model.pid import PID
from scitacean.model.wire import list_to_send, received, received_list, received_pid, to_send
from scitacean.problem import Problem
from scitacean.validation.datablock import (
    REQUIRED_OF_ORIG_DATABLOCK,
    problems_of_files_in_block,
    problems_of_orig_datablock,
)

FILES_PER_BLOCK = 20_000
BYTES_PER_BLOCK = 8 * 1024 * 1024
"""Servers take bodies of up to 16 MiB and stall while they read them, so files are split into blocks."""

_BYTES_PER_REQUEST = 1024
"""What a request takes besides its files: the PID, the algorithm, the groups."""

_BYTES_PER_FILE = 256
"""What an entry takes besides its texts, at most: the names of its fields, size, and time."""

_LONGEST_DIGEST = 128
"""The digits of the longest checksum that Python can compute."""

_encoder = json.JSONEncoder(default=repr, skipkeys=True)


@attrs.define(kw_only=True)
class OrigDatablock(TrackedEntry):
    """Files of a dataset that have one checksum algorithm.

    Attributes
    ----------
    checksum_algorithm:
        The algorithm of the checksums of the files, as :mod:`hashlib` names it.
    owner_group:
        Group that owns the block; servers take that of the dataset where it is None.
    access_groups:
        Groups that may see it.
    instrument_group:
        Group of the instrument that the files come from.
    is_published:
        Whether everybody may see it.
    dataset_id:
        Identifier of the dataset; None for a block that is not in the catalogue.

    Examples
    --------
    >>> block = OrigDatablock(checksum_algorithm="sha256")
    >>> block.add_files(File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z", checksum_algorithm="sha256"))
    >>> block.size
    3
    """

    _noun: ClassVar[str] = "block of files"
    _scicat_names: ClassVar[dict[str, str]] = {"checksum_algorithm": "chkAlg"}
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED_OF_ORIG_DATABLOCK)

    checksum_algorithm: str | None = None
    _files: FileList = attrs.field(factory=FileList, converter=FileList, alias="files", repr=False)
    owner_group: str | None = None
    access_groups: Sequence[str] | None = None
    instrument_group: str | None = None
    is_published: bool | None = None
    dataset_id: PID | None = attrs.field(default=None, on_setattr=read_only)

    @property
    def files(self) -> tuple[File, ...]:
        """The files, in their order.

        Examples
        --------
        >>> OrigDatablock().files
        ()
        """
        return self._files.view()

    @property
    def size(self) -> int:
        """Size of all files in bytes.

        Raises
        ------
        LocalFileNotFoundError
            If a local file is gone.
        FileNotAccessibleError
            If one cannot be looked at.

        Examples
        --------
        >>> OrigDatablock(files=[File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")]).size
        3
        """
        return sum(file.size for file in self._files)

    def add_files(self, *files: File) -> None:
        """Add all files or, where one cannot be added, none.

        Parameters
        ----------
        *files:
            The files.

        Raises
        ------
        ValueError
            If two files would have one path on the server, or if one has another checksum algorithm: a
            block has one.
        TypeError
            If something is no :class:`scitacean.File`.

        Examples
        --------
        >>> block = OrigDatablock()
        >>> block.add_files(File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z"))
        >>> len(block.files)
        1
        """
        for file in files:
            # What is no file has none, and is refused below.
            if getattr(file, "checksum_algorithm", self.checksum_algorithm) != self.checksum_algorithm:
                raise ValueError(
                    f"The file {file.remote_path} has the checksum algorithm {file.checksum_algorithm!r}, "
                    f"the block {self.checksum_algorithm!r}. Make another block, or use split_into_blocks."
                )
        self._files.add(files)

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
        >>> [problem.field for problem in OrigDatablock().find_problems()]
        ['files']
        """
        fields = self._values()
        fields["files"] = self.files or None
        fields["dataset_id"] = str(self.dataset_id) if isinstance(self.dataset_id, PID) else self.dataset_id
        return [
            *problems_of_orig_datablock(fields, required=required),
            *problems_of_files_in_block(self.files, self.checksum_algorithm, required=required),
        ]

    def make_upload_model(self, dataset_id: PID) -> CreateOrigDatablockDto:
        """Make what is sent to register the files.

        What is registered is what is on the file server, not what local files may have become since.

        Parameters
        ----------
        dataset_id:
            The dataset that they belong to.

        Raises
        ------
        ValidationError
            If something breaks rules of the catalogue: with all problems.
        FileNotAccessibleError
            If a file that is not on the file server cannot be read, or changes meanwhile.

        Examples
        --------
        >>> block = OrigDatablock(files=[File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")])
        >>> block.make_upload_model(PID.parse("site/7")).size
        3
        """
        self.raise_for(self.find_problems())
        entries = files_to_send(self._files)
        return CreateOrigDatablockDto(
            size=sum(entry.size for entry in entries),
            data_file_list=entries,
            dataset_id=str(dataset_id),
            owner_group=to_send(self.owner_group),
            access_groups=list_to_send(self.access_groups),
            instrument_group=to_send(self.instrument_group),
            chk_alg=to_send(self.checksum_algorithm),
            is_published=to_send(self.is_published),
        )

    @classmethod
    def from_download_model(cls, model: PartialOutputOrigDatablockDto | OutputOrigDatablockDto) -> Self:
        """Make a block of what the catalogue answered; a field with an odd value keeps it.

        Entries without a path are left out: the reader of the generated classes has reported them.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = {"chkAlg": "md5", "dataFileList": [{"path": "run.csv", "size": 3}]}
        >>> OrigDatablock.from_download_model(OutputOrigDatablockDto.from_dict(answer)).size
        3
        """
        algorithm = received(model.chk_alg)
        return cls(
            checksum_algorithm=algorithm,
            files=(
                File.from_download_model(entry, checksum_algorithm=algorithm)
                for entry in usable_entries(model.data_file_list)
            ),
            owner_group=received(model.owner_group),
            access_groups=received_list(model.access_groups),
            instrument_group=received(model.instrument_group),
            is_published=received(model.is_published),
            dataset_id=received_pid(model.dataset_id),
            created_at=received(model.created_at),
            created_by=received(model.created_by),
            updated_at=received(model.updated_at),
            updated_by=received(model.updated_by),
        )


def split_into_blocks(
    files: Iterable[File], *, files_per_block: int = FILES_PER_BLOCK, bytes_per_block: int = BYTES_PER_BLOCK
) -> Iterator[OrigDatablock]:
    """Put files into blocks of one checksum algorithm each, that servers take in one request.

    Servers refuse bodies over 16 MiB, and other requests wait while they read one. A file that is larger than
    a block for itself alone has a block of its own.

    Parameters
    ----------
    files:
        Files of one dataset.
    files_per_block:
        The most files of a block.
    bytes_per_block:
        The largest body of a request, in bytes.

    Returns
    -------
    :
        Blocks in the order in which their algorithms first occur; files keep their order.

    Raises
    ------
    ValueError
        If a number is below 1.

    Examples
    --------
    >>> files = [File.from_remote(name, 1, "2026-03-01T12:00:00Z") for name in ("a", "b", "c")]
    >>> [len(block.files) for block in split_into_blocks(files, files_per_block=2)]
    [2, 1]
    """
    if files_per_block < 1 or bytes_per_block < 1:
        raise ValueError(
            f"A block has at least one file and one byte, got files_per_block={files_per_block!r} and "
            f"bytes_per_block={bytes_per_block!r}."
        )
    return _blocks(files, files_per_block, bytes_per_block)


def _blocks(files: Iterable[File], most: int, largest: int) -> Iterator[OrigDatablock]:
    groups: dict[object, list[File]] = {}
    for file in files:
        groups.setdefault(_key(file), []).append(file)
    for group in groups.values():
        algorithm = getattr(group[0], "checksum_algorithm", None)
        for some in _split(group, most, largest):
            yield OrigDatablock(checksum_algorithm=algorithm, files=some)


def _key(file: File) -> object:
    # A server may have anything here; what is no file has nothing, and is reported by find_problems.
    algorithm: object = getattr(file, "checksum_algorithm", None)
    return algorithm if isinstance(algorithm, str | None) else repr(algorithm)


def _split(files: Iterable[File], most: int, largest: int) -> Iterator[list[File]]:
    block: list[File] = []
    size = _BYTES_PER_REQUEST
    for file in files:
        entry = _entry_size(file)
        if block and (len(block) >= most or size + entry > largest):
            yield block
            block, size = [], _BYTES_PER_REQUEST
        block.append(file)
        size += entry
    if block:
        yield block


def _entry_size(file: File) -> int:
    """Return what a file takes in a request, at most; escaped text is never shorter than UTF-8."""
    size = _BYTES_PER_FILE + _LONGEST_DIGEST
    if not isinstance(file, File):
        return size
    for value in (
        str(file.remote_path),
        file.remote_checksum,
        file.remote_uid,
        file.remote_gid,
        file.remote_perm,
        file.file_type,
    ):
        if value is not None:
            size += len(_encoder.encode(value))
    return size if file.metadata is None else size + len(_encoder.encode(plain_object(file.metadata)))
