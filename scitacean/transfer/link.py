"""Links to files on a file system that this machine has mounted, instead of copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from scitacean.errors import FileNotAccessibleError, UploadNotSupportedError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.local_target import make_way
from scitacean.transfer.mounted import FilesHere, readable_status
from scitacean.transfer.protocol import FetchRequest, UploadConnection
from scitacean.transfer.source_folder import source_folder_for

_WINDOWS_NEEDS_A_RIGHT = 1314
"""``ERROR_PRIVILEGE_NOT_HELD``."""


class LinkFileTransfer:
    """Makes symbolic links to the files, so that a download takes neither time nor space.

    It can only download. The source folder has to be mounted on this machine, and the links lead nowhere
    when it is not any more. Who writes to a downloaded file writes to the one of the file server.

    Parameters
    ----------
    source_folder:
        Pattern for the folder of new datasets, see
        :func:`scitacean.transfer.source_folder.source_folder_for`; None for each dataset's own source
        folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> Path("data").mkdir()
    >>> _ = Path("data/a.csv").write_text("1,2")
    >>> remote = RemotePath(Path("data/a.csv").absolute().as_posix())
    >>> with LinkFileTransfer().connect_for_download(Dataset(type="raw"), remote) as connection:
    ...     connection.download_files(remote=[remote], local=[Path("here.csv")])
    >>> Path("here.csv").is_symlink(), Path("here.csv").read_text()
    (True, '1,2')
    """

    def __init__(self, *, source_folder: str | RemotePath | None = None) -> None:
        self._source_folder = source_folder

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder of the files of a dataset.

        Raises
        ------
        ConfigurationError
            If the pattern cannot be filled in.
        """
        return source_folder_for(dataset, self._source_folder)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[LinkDownloadConnection]:
        """Make a connection that links to files in their source folder.

        Raises
        ------
        FileNotAccessibleError
            If this machine cannot read the representative file.
        """
        del dataset
        readable_status(representative_file_path)
        yield LinkDownloadConnection()

    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> AbstractContextManager[UploadConnection]:
        """Refuse: links on the file server would lead to this machine.

        Raises
        ------
        UploadNotSupportedError
            Always.
        """
        del dataset, representative_file_path
        raise UploadNotSupportedError(
            "Files cannot be uploaded as links, because links on the file server would lead to this machine.",
            hint="Use CopyFileTransfer, or SelectFileTransfer with both.",
        )


class LinkDownloadConnection(FilesHere):
    """Makes symbolic links to files of a mounted file system."""

    def space_needed(self, requests: Sequence[FetchRequest]) -> int:
        """Return 0: links take no space."""
        del requests
        return 0

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Link to files: the first local path leads to the first remote one, and so on.

        The links have absolute paths. What is at a local path, if it is no folder, is replaced.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read, or if there can be no links here.
        """
        for source, target in zip(remote, local, strict=True):
            readable_status(source)
            try:
                make_way(target)
                target.symlink_to(Path(source.posix).absolute())
            except OSError as error:
                raise _no_link(error, source, target) from error


def _no_link(error: OSError, source: RemotePath, target: Path) -> FileNotAccessibleError:
    if getattr(error, "winerror", None) == _WINDOWS_NEEDS_A_RIGHT:
        return FileNotAccessibleError(
            f"Cannot make the link {target} to {source}: on Windows that needs a right that you do not have.",
            hint="Turn on the developer mode of Windows, or use CopyFileTransfer.",
            remote_path=source.posix,
        )
    return FileNotAccessibleError(
        f"Cannot make the link {target} to {source}: {error.strerror or error}.",
        hint="Check that you may write to the target folder; where it can have no links, use "
        "CopyFileTransfer.",
        remote_path=source.posix,
    )
