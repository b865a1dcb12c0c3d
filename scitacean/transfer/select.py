"""The first of several file transfers that works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol, TypeVar, runtime_checkable

from scitacean.errors import ConfigurationError, FileNotAccessibleError, UploadNotSupportedError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.link import LinkFileTransfer
from scitacean.transfer.protocol import DownloadConnection, FileTransfer, UploadConnection
from scitacean.transfer.source_folder import source_folder_for

_Connection = TypeVar("_Connection")

# The last two are what transfers that others have written may raise.
_DOES_NOT_WORK = (FileNotAccessibleError, UploadNotSupportedError, OSError, NotImplementedError)


@runtime_checkable
class _Closable(Protocol):
    def close(self) -> None: ...


class SelectFileTransfer:
    """Uses, for each dataset, the first of several file transfers that works.

    What works is found out by connecting: a copy or link needs a file system that is mounted, SSH a server
    that answers. Once connected, the other transfers are not tried any more, whatever happens.

    Parameters
    ----------
    children:
        The file transfers, in the order in which they are tried.
    source_folder:
        Pattern for the folder of new datasets, see
        :func:`scitacean.transfer.source_folder.source_folder_for`; None for the folder of the first child
        that uploads. Children that would upload to another folder are not used for an upload.

    Raises
    ------
    ConfigurationError
        If there are no children.

    Examples
    --------
    >>> from scitacean.transfer.copy import CopyFileTransfer
    >>> from scitacean.transfer.ssh import SSHFileTransfer
    >>> transfer = SelectFileTransfer(
    ...     [LinkFileTransfer(), CopyFileTransfer(), SSHFileTransfer(host="files.site.example")],
    ...     source_folder="/data/{owner_group}/{name}",
    ... )
    >>> dataset = Dataset(type="raw", name="run 7", owner_group="beamline1")
    >>> transfer.source_folder_for(dataset)
    RemotePath('/data/beamline1/run_7')
    """

    def __init__(
        self, children: Iterable[FileTransfer], *, source_folder: str | RemotePath | None = None
    ) -> None:
        self._children = tuple(children)
        self._source_folder = source_folder
        if not self._children:
            raise ConfigurationError(
                "There is nothing to select from: SelectFileTransfer has no file transfers.",
                hint="Give it a list: SelectFileTransfer([CopyFileTransfer(), SSHFileTransfer(...)]).",
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._children)!r})"

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder that the files of a dataset go to, whichever child will send them.

        Raises
        ------
        ConfigurationError
            If the pattern cannot be filled in.
        """
        if self._source_folder is not None:
            return source_folder_for(dataset, self._source_folder)
        # Nothing is ever sent to the folder of those that only download.
        senders = (child for child in self._children if not isinstance(child, LinkFileTransfer))
        return next(senders, self._children[0]).source_folder_for(dataset)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[DownloadConnection]:
        """Connect with the first child that can, and return its connection.

        Raises
        ------
        FileNotAccessibleError
            If none can, with the reason of each.
        """

        def connect(child: FileTransfer) -> AbstractContextManager[DownloadConnection]:
            return child.connect_for_download(dataset, representative_file_path)

        with ExitStack() as stack:
            yield self._first("download", representative_file_path, connect, stack)

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[UploadConnection]:
        """Connect with the first child that can and sends to :meth:`source_folder_for` the dataset.

        Raises
        ------
        FileNotAccessibleError
            If none can, with the reason of each.
        ConfigurationError
            If the pattern for a source folder cannot be filled in.
        """
        folder = self.source_folder_for(dataset)
        if folder != dataset.source_folder:
            dataset = dataset.replace(source_folder=folder)

        def connect(child: FileTransfer) -> AbstractContextManager[UploadConnection]:
            connection = child.connect_for_upload(dataset, representative_file_path)
            if (other := child.source_folder_for(dataset)) != folder:
                raise FileNotAccessibleError(f"It would upload to {other} instead of {folder}.")
            return connection

        with ExitStack() as stack:
            yield self._first("upload", representative_file_path, connect, stack)

    def close(self) -> None:
        """Close the children that can be closed."""
        with ExitStack() as stack:
            for child in self._children:
                if isinstance(child, _Closable):
                    stack.callback(child.close)

    def _first(
        self,
        verb: str,
        path: RemotePath,
        connect: Callable[[FileTransfer], AbstractContextManager[_Connection]],
        stack: ExitStack,
    ) -> _Connection:
        errors: list[tuple[FileTransfer, Exception]] = []
        for child in self._children:
            try:
                return stack.enter_context(connect(child))
            except _DOES_NOT_WORK as error:
                errors.append((child, error))
        reasons = "".join(f"\n  - {child!r}: {_reason(error)}" for child, error in errors)
        raise FileNotAccessibleError(
            f"Cannot {verb} {path}: none of {len(errors)} file transfers works.{reasons}\n",
            hint="Mend one of them, or add another to SelectFileTransfer.",
            remote_path=path.posix,
        ) from errors[-1][1]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
