"""The files of datasets: adding, replacing, counting, putting them into blocks."""

from __future__ import annotations

import os
import uuid
from typing import Self

import attrs

from scicat_api.models import CreateOrigDatablockDto
from scitacean.model.datablock import Datablock
from scitacean.model.dataset_fields import DatasetFields
from scitacean.model.file import File
from scitacean.model.file_list import FileList
from scitacean.model.local_files import find_local_files
from scitacean.model.orig_datablock import OrigDatablock, split_into_blocks
from scitacean.model.pid import PID


@attrs.frozen
class DatablockUploadModels:
    """What is sent to register the files of a dataset.

    Attributes
    ----------
    orig_datablocks:
        Blocks of files.
    """

    orig_datablocks: list[CreateOrigDatablockDto]


@attrs.define(kw_only=True, repr=False)
class DatasetFiles(DatasetFields):
    """What a dataset has besides its fields: files, and copies of them in the archive.

    Attributes
    ----------
    datablocks:
        Copies in the archive; None where they have not been downloaded.
    """

    datablocks: list[Datablock] | None = None
    _packed_size: int | None = attrs.field(default=None, alias="packed_size")
    _number_of_files_archived: int | None = attrs.field(default=None, alias="number_of_files_archived")
    _files: FileList = attrs.field(factory=FileList, converter=FileList, alias="files")
    _uid: str = attrs.field(factory=lambda: str(uuid.uuid4()), alias="uid", eq=False)

    @property
    def files(self) -> tuple[File, ...]:
        """The files, here and on the server."""
        return self._files.view()

    @property
    def uid(self) -> str:
        """What ``{uid}`` stands for in a source folder: made once per dataset, kept by copies."""
        return self._uid

    @property
    def number_of_files(self) -> int:
        """How many files the dataset has."""
        return len(self.files)

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.size for file in self.files)

    @property
    def number_of_files_archived(self) -> int:
        """How many files are in the archive: by the datablocks where they came, else as the server says."""
        if self.datablocks is None:
            return self._number_of_files_archived or 0
        return sum(len(block.files) for block in self.datablocks)

    @property
    def packed_size(self) -> int:
        """Size in the archive in bytes: by the datablocks where they came, else as the server says."""
        if self.datablocks is None:
            return self._packed_size or 0
        return sum(archived_size(block.packed_size) or 0 for block in self.datablocks)

    @property
    def orig_datablocks(self) -> tuple[OrigDatablock, ...]:
        """The files in blocks as they are registered: of one checksum algorithm, small enough for servers."""
        return tuple(split_into_blocks(self.files))

    def add_files(self, *files: File) -> None:
        """Add files.

        Parameters
        ----------
        *files:
            Files with different remote paths.

        Raises
        ------
        ValueError
            If two files would have one path on the server; then none is added.
        TypeError
            If something is no :class:`scitacean.File`.

        Examples
        --------
        >>> from scitacean import Dataset
        >>> dataset = Dataset(type="raw")
        >>> dataset.add_files(File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z"))
        >>> dataset.number_of_files, dataset.size
        (1, 3)
        """
        self._files.add(files)

    def add_local_files(
        self,
        *paths: str | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        hidden: bool = True,
    ) -> None:
        """Add files of this machine; a folder adds its tree.

        Links are followed inside a named folder, and where they are named themselves.

        Parameters
        ----------
        *paths:
            Files and folders. ``~`` stands for one's home folder.
        base_path:
            Paths on the server are those relative to this folder. Without it, a file gets its name, and
            what lies in a folder its path from that folder.
        hidden:
            Whether a folder adds what starts with a dot, too.

        Raises
        ------
        FileNotFoundError
            If a file or folder is not there.
        FileNotAccessibleError
            If a file or folder cannot be read.
        ValueError
            If two files would have one path on the server, if one lies outside ``base_path``, if a link
            leads out of its folder, if links lead to one folder on more than 1,000 ways, or if something
            is neither a file nor a folder.

        Warns
        -----
        UserWarning
            If folders are empty: the catalogue keeps files only.

        Examples
        --------
        >>> from pathlib import Path
        >>> Path("run/raw").mkdir(parents=True)
        >>> _ = Path("run/raw/a.csv").write_text("1,2")
        >>> from scitacean import Dataset
        >>> dataset = Dataset(type="raw")
        >>> dataset.add_local_files("run")
        >>> dataset.files[0].remote_path
        RemotePath('raw/a.csv')
        """
        self.add_files(
            *(
                File.from_local(path, remote_path=remote)
                for path, remote in find_local_files(paths, base_path=base_path, hidden=hidden)
            )
        )

    def replace_files(self, *files: File) -> Self:
        """Return a copy in which files of the same remote path are replaced by the given ones.

        Parameters
        ----------
        *files:
            The new files, by their remote paths.

        Raises
        ------
        ValueError
            If the dataset has no file of that remote path.

        Examples
        --------
        >>> from scitacean import Dataset
        >>> old = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> new = File.from_remote("run.csv", 4, "2026-03-02T12:00:00Z")
        >>> Dataset(type="raw", files=[old]).replace_files(new).size
        4
        """
        return self.replace(files=self._files.replaced(files))

    def make_datablock_upload_models(self, dataset_id: PID | None = None) -> DatablockUploadModels:
        """Make what is sent to register the files, in blocks that servers take.

        Parameters
        ----------
        dataset_id:
            PID of the dataset; by default its own.

        Raises
        ------
        ValueError
            If there is no PID.

        Examples
        --------
        >>> from scitacean import Dataset
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z", "0" * 128, "blake2b")
        >>> models = Dataset(type="raw", files=[file]).make_datablock_upload_models(PID.parse("site/7"))
        >>> [(model.dataset_id, model.chk_alg, model.size) for model in models.orig_datablocks]
        [('site/7', 'blake2b', 3)]
        """
        pid = dataset_id or self.pid
        if pid is None:
            raise ValueError("The dataset has no PID yet: name the one that its files shall belong to.")
        blocks = [attrs.evolve(block, is_published=self.is_published) for block in self.orig_datablocks]
        return DatablockUploadModels([block.make_upload_model(pid) for block in blocks])


def archived_size(value: object) -> int | None:
    """Return a size or number that a server says; None where it is none.

    Parameters
    ----------
    value:
        What the server says.

    Examples
    --------
    >>> archived_size(3), archived_size("many")
    (3, None)
    """
    return value if isinstance(value, int) else None
