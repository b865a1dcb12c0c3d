"""What a file transfer can do: what all of them must, and what better ones can do beyond.

A facility may write a transfer of its own with the methods of :class:`FileTransfer`,
:class:`DownloadConnection` and :class:`UploadConnection` only. The workflow asks with ``isinstance``
whether a connection has more: :class:`ResumableDownload`, :class:`ResumableUpload`,
:class:`RemoteChecksums`, :class:`LooksUpFiles`, :class:`NeedsSpace`, :class:`LooksAhead` and
:class:`ClearsUploads`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import attrs

from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath

Verified: TypeAlias = Literal["checksum", "sample", "size"]
"""How a file on the other side was compared with the local one: by a checksum of all of it that was
computed there, by reading back some of it, or by its size only."""


class DownloadConnection(Protocol):
    """An open connection that fetches files."""

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Fetch files, the first remote one to the first local path, and so on.

        Parameters
        ----------
        remote:
            Full paths, in the catalogue's terms.
        local:
            Where to write; the folders exist.
        """


class UploadConnection(Protocol):
    """An open connection that sends files into the source folder of one dataset."""

    def upload_files(self, *files: File) -> list[File]:
        """Send files; none is overwritten.

        Returns
        -------
        :
            The files as they are on both sides, in order.

        Raises
        ------
        FileUploadError
            If a file cannot be written or one of its name is there.
        """

    def revert_upload(self, *files: File) -> None:
        """Remove files that this connection has sent, and folders it made that are empty then.

        Files of these names that it has not sent stay, whoever made them, those too that it has found
        complete.

        Raises
        ------
        TransferError
            If a file cannot be removed.
        """


class Downloader(Protocol):
    """Makes connections that fetch."""

    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> AbstractContextManager[DownloadConnection]:
        """Connect.

        Parameters
        ----------
        dataset:
            The dataset whose files will be asked for.
        representative_file_path:
            Full path of one of them, for transfers that look which of several places has it.
        """


class Uploader(Protocol):
    """Makes connections that send."""

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder on the file server that the dataset's files go to.

        Calls for one dataset and its copies return one path.
        """

    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> AbstractContextManager[UploadConnection]:
        """Connect; files will go to :meth:`source_folder_for` this dataset."""


class FileTransfer(Downloader, Uploader, Protocol):
    """Moves files both ways."""


class ProgressCallback(Protocol):
    """Is told about bytes as they move."""

    def __call__(self, path: RemotePath, moved: int, /) -> None:
        """Note that ``moved`` more bytes of the file ``path`` have arrived on the other side.

        Called from the thread that transfers; an exception stops the transfer.
        """


@attrs.frozen(kw_only=True)
class FetchRequest:
    """A file to fetch, or a range of it.

    Attributes
    ----------
    remote:
        Full path in the catalogue's terms.
    local:
        File to write to; its folder exists. With an offset the file exists and has at least that size:
        what follows the offset is replaced.
    offset:
        First byte to fetch.
    length:
        How many bytes to fetch at most; None for all up to the end.
    checksum_algorithm:
        Algorithm for a checksum of the bytes that arrive, computed on the way; None for no checksum.
    """

    remote: RemotePath
    local: Path
    offset: int = 0
    length: int | None = None
    checksum_algorithm: str | None = None


@attrs.frozen(kw_only=True)
class Fetched:
    """What has been fetched.

    Attributes
    ----------
    size:
        How many bytes arrived: fewer than asked for where the remote file ends before.
    checksum:
        Hexadecimal digest of the bytes that arrived; None where none was asked for.
    remote_size:
        Size of the whole file on the server, in bytes.
    """

    size: int
    checksum: str | None
    remote_size: int


@runtime_checkable
class ResumableDownload(Protocol):
    """A download connection with progress, ranges, resume and checksums on the way."""

    def fetch_files(
        self, requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Fetched]:
        """Fetch files or ranges.

        When it fails, what has arrived stays in the local files, as a beginning of the right content, so
        that a request with their size as offset goes on from there.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read, or the connection breaks.
        """


@attrs.frozen(kw_only=True)
class SendRequest:
    """A file to send.

    Attributes
    ----------
    local:
        File to read.
    remote:
        Full path in the catalogue's terms; its name appears only when the file is complete.
    resume:
        Whether to go on from what an interrupted transfer of the same file has left. A complete file
        counts as sent where its size and checksum prove that it is the same.
    checksum_algorithm:
        Algorithm for a checksum of the bytes that are sent, computed on the way; None for no checksum.
    """

    local: Path
    remote: RemotePath
    resume: bool = False
    checksum_algorithm: str | None = None


@attrs.frozen(kw_only=True)
class Sent:
    """What has been sent.

    Attributes
    ----------
    size:
        Size of the file in bytes.
    modified:
        When the local file was last changed; it was not while it was sent.
    checksum:
        Hexadecimal digest of the whole file as it was sent; None where none was asked for.
    verified:
        How the transfer has compared what is there with what was sent; None where it has not.
    uid, gid, permissions:
        Owner, group and mode of the file there, as text; None where that is not known.
    """

    size: int
    modified: datetime
    checksum: str | None
    verified: Verified | None = None
    uid: str | None = None
    gid: str | None = None
    permissions: str | None = None


class SentCallback(Protocol):
    """Is told about files that are complete on the other side and have their names."""

    def __call__(self, request: SendRequest, sent: Sent, /) -> None:
        """Note the file. Called from the thread that transfers; an exception stops the transfer."""


@runtime_checkable
class ResumableUpload(Protocol):
    """An upload connection with progress and resume."""

    def send_files(
        self,
        requests: Sequence[SendRequest],
        *,
        on_progress: ProgressCallback | None = None,
        on_sent: SentCallback | None = None,
    ) -> list[Sent]:
        """Send files under partial names and rename them when they are complete.

        When it fails, those that have their names keep them, and what there is of the others stays under
        partial names; a request with ``resume=True`` goes on from there, and ``revert_upload`` removes both.

        Raises
        ------
        FileUploadError
            If a file cannot be written, or one of its name is there.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """


@attrs.frozen(kw_only=True)
class Outlook:
    """What a file server has where files shall be sent to.

    Attributes
    ----------
    present:
        Files that are there already with all of their content, by their full paths.
    missing_folders:
        Folders that are not there, as the transfer names them, those above others first: they would be made.
    free:
        Free space in bytes; None where the server does not say.
    """

    present: Mapping[RemotePath, Sent]
    missing_folders: tuple[str, ...] = ()
    free: int | None = None


@runtime_checkable
class LooksAhead(Protocol):
    """An upload connection that can say beforehand whether files can be sent."""

    def look_ahead(self, requests: Sequence[SendRequest]) -> Outlook:
        """Look what is there; nothing is changed.

        Raises
        ------
        FileUploadError
            If something else has the name of a file: with all of them. Or if one may not write there, or
            there is too little space.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """


@attrs.frozen(kw_only=True)
class Leftover:
    """A file that another connection has sent, or has begun to send.

    Attributes
    ----------
    request:
        As it was sent; the local file may be gone.
    size, mtime_ns:
        Size in bytes and modification time in nanoseconds of the local file when it was sent.
    checksum:
        Hexadecimal digest of what was sent, with the algorithm of the request; None where that is not known.
    """

    request: SendRequest
    size: int
    mtime_ns: int
    checksum: str | None = None


@runtime_checkable
class ClearsUploads(Protocol):
    """An upload connection that can remove what another one, which is gone, has sent."""

    def clear_upload(self, leftovers: Sequence[Leftover], *, made_folders: Sequence[str]) -> list[RemotePath]:
        """Remove files and partial ones, and folders that are empty then.

        Parameters
        ----------
        leftovers:
            The files. What has their names but another content than was sent stays: checksums tell, or the
            local files as long as they are what they were.
        made_folders:
            As :attr:`Outlook.missing_folders` named them.

        Returns
        -------
        :
            Files of which it cannot be found out whether they are those that were sent; they stay.

        Raises
        ------
        FileUploadError
            If the server refuses to remove a file.
        FileNotAccessibleError
            If the connection breaks.
        """


@runtime_checkable
class RemoteChecksums(Protocol):
    """A connection that can compute checksums where the files are."""

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums on the file server.

        Parameters
        ----------
        paths:
            Full paths in the catalogue's terms.
        algorithm:
            As :mod:`hashlib` names it.

        Returns
        -------
        :
            Hexadecimal digests; None where the server has no tool for the algorithm or no shell.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read, or the connection breaks.
        """


@runtime_checkable
class LooksUpFiles(Protocol):
    """A connection, of either kind, that can tell what is there without fetching it."""

    def look_up(self, paths: Sequence[RemotePath]) -> Mapping[RemotePath, int | None]:
        """Find out how large files are, many at a time.

        Parameters
        ----------
        paths:
            Full paths in the catalogue's terms.

        Returns
        -------
        :
            Sizes in bytes, None where the server does not tell; paths under which no file is, or none that
            one may see, are missing.

        Raises
        ------
        FileNotAccessibleError
            If the connection breaks.
        """


@runtime_checkable
class NeedsSpace(Protocol):
    """A download connection whose files may take less space here than they have bytes: links, for example."""

    def space_needed(self, requests: Sequence[FetchRequest]) -> int:
        """Return how much space files will take here at least, in bytes.

        Parameters
        ----------
        requests:
            What will be fetched; the folders of the local files need not exist.
        """
