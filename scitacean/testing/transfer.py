"""A file transfer for tests that keeps the files of the file server in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.source_folder import source_folder_for


class FakeFileSystem(Protocol):
    """What is used of pyfakefs' ``FakeFilesystem``."""

    def exists(self, file_path: str) -> bool:
        """Tell whether a file is there."""

    def remove_object(self, file_path: str) -> None:
        """Remove it."""

    def create_file(self, file_path: str, *, contents: bytes) -> object:
        """Make a file."""


class FakeFileTransfer:
    """Moves files between this machine and a file server that is a dict.

    Parameters
    ----------
    fs:
        File system of pyfakefs that downloads go to. None: the disk.
    files:
        Content by full path that is on the file server already.
    reverted:
        Content by full path that counts as removed by uploads that were undone.
    source_folder:
        Pattern for the folder of new datasets, see
        :func:`scitacean.transfer.source_folder.source_folder_for`; None for each dataset's own source
        folder.

    Attributes
    ----------
    files:
        What is on the file server.
    reverted:
        What uploads have sent and then removed, because they were undone.

    Examples
    --------
    >>> transfer = FakeFileTransfer(files={"/data/run-7/a.dat": b"1234"})
    >>> transfer.files[RemotePath("/data/run-7/a.dat")]
    b'1234'
    """

    def __init__(
        self,
        *,
        fs: FakeFileSystem | None = None,
        files: Mapping[RemotePath, bytes] | Mapping[str, bytes] | None = None,
        reverted: Mapping[RemotePath, bytes] | Mapping[str, bytes] | None = None,
        source_folder: str | RemotePath | None = None,
    ) -> None:
        self.fs = fs
        self.files = _by_remote_path(files)
        self.reverted = _by_remote_path(reverted)
        self._source_folder = source_folder

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder that the files of a dataset go to."""
        return source_folder_for(dataset, self._source_folder)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[FakeDownloadConnection]:
        """Make a connection that gives out the files."""
        del dataset, representative_file_path
        yield FakeDownloadConnection(self.fs, self.files)

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[FakeUploadConnection]:
        """Make a connection that takes files for the dataset's source folder."""
        del representative_file_path
        yield FakeUploadConnection(self.files, self.reverted, self.source_folder_for(dataset))


class FakeDownloadConnection:
    """Gives out files of a dict.

    Parameters
    ----------
    fs:
        File system of pyfakefs to write to; None for the disk.
    files:
        Content by full path.
    """

    def __init__(self, fs: FakeFileSystem | None, files: Mapping[RemotePath, bytes]) -> None:
        self._fs = fs
        self._files = files

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Write files, the first remote one to the first local path, and so on."""
        for source, target in zip(remote, local, strict=True):
            self.download_file(remote=source, local=target)

    def download_file(self, *, remote: RemotePath, local: Path) -> None:
        """Write one file.

        Raises
        ------
        FileNotAccessibleError
            If there is no such file, or it cannot be written.
        """
        if remote not in self._files:
            raise FileNotAccessibleError(
                f"The fake file server has no file {remote}.",
                hint="Give it to the transfer: FakeFileTransfer(files={path: content}).",
                remote_path=remote.posix,
            )
        if self._fs is None:
            try:
                local.write_bytes(self._files[remote])
            except OSError as error:
                raise _not_accessible("write", error, local) from error
        else:
            if self._fs.exists(str(local)):
                self._fs.remove_object(str(local))
            self._fs.create_file(str(local), contents=self._files[remote])


class FakeUploadConnection:
    """Takes files into a dict.

    Parameters
    ----------
    files:
        Where the content goes, by full path.
    reverted:
        Where it goes from there when the upload is undone.
    source_folder:
        Folder on the file server that all go to.
    """

    def __init__(
        self,
        files: dict[RemotePath, bytes],
        reverted: dict[RemotePath, bytes],
        source_folder: RemotePath,
    ) -> None:
        self._files = files
        self._reverted = reverted
        self._source_folder = source_folder
        self._sent: set[RemotePath] = set()

    def upload_files(self, *files: File) -> list[File]:
        """Take files; none is overwritten.

        Raises
        ------
        FileUploadError
            If a file is there already, or is not on this machine.
        FileNotAccessibleError
            If a local file cannot be read.
        """
        return [self._take(file) for file in files]

    def revert_upload(self, *files: File) -> None:
        """Remove files that this connection has taken."""
        for file in files:
            path = self._source_folder / file.remote_path
            if path in self._sent:
                self._sent.remove(path)
                self._reverted[path] = self._files.pop(path)

    def _take(self, file: File) -> File:
        path = self._source_folder / file.remote_path
        if file.local_path is None:
            raise FileUploadError(
                f"The file {file.remote_path} has no local path, so there is nothing to upload."
            )
        if path in self._files:
            raise FileUploadError(
                f"There is a file {path} already, and files are never overwritten.",
                hint="Use another source folder.",
            )
        try:
            content = file.local_path.read_bytes()
        except OSError as error:
            raise _not_accessible("read", error, file.local_path) from error
        self._files[path] = content
        self._sent.add(path)
        return file.uploaded(remote_size=len(content))


def _by_remote_path(
    files: Mapping[RemotePath, bytes] | Mapping[str, bytes] | None,
) -> dict[RemotePath, bytes]:
    return {RemotePath(path): content for path, content in (files or {}).items()}


def _not_accessible(verb: str, error: OSError, path: Path) -> FileNotAccessibleError:
    return FileNotAccessibleError(
        f"Cannot {verb} {path}: {error.strerror or error}.", hint="Check the path and its permissions."
    )
