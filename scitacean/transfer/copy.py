"""Files on a file system that this machine has mounted: a "transfer" is a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.copy_download import CopyDownloadConnection
from scitacean.transfer.copy_upload import CopyUploadConnection
from scitacean.transfer.mounted import check_writable, readable_status
from scitacean.transfer.source_folder import source_folder_for

__all__ = ["CopyDownloadConnection", "CopyFileTransfer", "CopyUploadConnection"]


class CopyFileTransfer:
    """Copies files to and from folders of this machine.

    Where the file system can, copies share their content with the original until one of them is written to
    (reflinks of Btrfs, XFS and others), or the kernel or the server of a network file system copies.

    Parameters
    ----------
    source_folder:
        Pattern for the folder of new datasets, see
        :func:`scitacean.transfer.source_folder.source_folder_for`; None for each dataset's own source
        folder.
    hard_link:
        Whether to give files a second name instead of copying them, where both folders are on one file
        system that has hard links. It takes no time and no space, but both names are one file: whoever
        writes to the downloaded one changes the data on the file server, and the other way round, and
        permissions and times are the same for both.

    Examples
    --------
    >>> transfer = CopyFileTransfer(source_folder="/data/{owner_group}/{name}")
    >>> dataset = Dataset(type="raw", name="run 7", owner_group="beamline1")
    >>> transfer.source_folder_for(dataset)
    RemotePath('/data/beamline1/run_7')
    """

    def __init__(self, *, source_folder: str | RemotePath | None = None, hard_link: bool = False) -> None:
        self._source_folder = source_folder
        self._hard_link = hard_link

    def __repr__(self) -> str:
        folder = None if self._source_folder is None else str(self._source_folder)
        return f"{type(self).__name__}(source_folder={folder!r})"

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder that the files of a dataset go to.

        Raises
        ------
        ConfigurationError
            If the pattern cannot be filled in.
        """
        return source_folder_for(dataset, self._source_folder)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyDownloadConnection]:
        """Make a connection that copies files from their source folder.

        Raises
        ------
        FileNotAccessibleError
            If this machine cannot read the representative file.
        """
        del dataset
        readable_status(representative_file_path)
        yield CopyDownloadConnection(hard_link=self._hard_link)

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyUploadConnection]:
        """Make a connection that copies files into the dataset's source folder.

        Raises
        ------
        FileNotAccessibleError
            If this machine cannot write there; not even the first folder of the path is there, for one.
        ConfigurationError
            If the pattern for the source folder cannot be filled in.
        """
        del representative_file_path
        folder = self.source_folder_for(dataset)
        check_writable(folder)
        yield CopyUploadConnection(source_folder=folder, hard_link=self._hard_link)
