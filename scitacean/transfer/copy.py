"""Files on a file system that this machine has mounted: a "transfer" is a copy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.model.checksum import checksum_of_file, is_known_algorithm
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback, SendRequest
from scitacean.transfer.source_folder import source_folder_for

_CHUNK = 1 << 20


class CopyFileTransfer:
    """Copies files to and from folders of this machine.

    Parameters
    ----------
    source_folder:
        Pattern for the folder of new datasets, see
        :func:`scitacean.transfer.source_folder.source_folder_for`; None for each dataset's own source
        folder.

    Examples
    --------
    >>> transfer = CopyFileTransfer(source_folder="/data/{owner_group}/{name}")
    >>> dataset = Dataset(type="raw", name="run 7", owner_group="beamline1")
    >>> transfer.source_folder_for(dataset)
    RemotePath('/data/beamline1/run_7')
    """

    def __init__(self, *, source_folder: str | RemotePath | None = None) -> None:
        self._source_folder = source_folder

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder that the files of a dataset go to."""
        return source_folder_for(dataset, self._source_folder)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyDownloadConnection]:
        """Make a connection that copies files from their source folder."""
        del dataset, representative_file_path
        yield CopyDownloadConnection()

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyUploadConnection]:
        """Make a connection that copies files into the dataset's source folder."""
        del representative_file_path
        yield CopyUploadConnection(source_folder=self.source_folder_for(dataset))


class _RemoteChecksumsHere:
    """Checksums at the source, which is this machine."""

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums; None for an algorithm that Python does not know."""
        if not is_known_algorithm(algorithm):
            return None
        try:
            return {path: checksum_of_file(path.posix, algorithm=algorithm) for path in paths}
        except OSError as error:
            raise _not_accessible(error, paths[0]) from error


class CopyDownloadConnection(_RemoteChecksumsHere):
    """Copies files from a mounted file system."""

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Copy files, the first remote one to the first local path, and so on."""
        self.fetch_files(
            [FetchRequest(remote=source, local=target) for source, target in zip(remote, local, strict=True)]
        )

    def fetch_files(
        self, requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Fetched]:
        """Copy files or ranges."""
        return [_fetch(request, on_progress) for request in requests]


class CopyUploadConnection(_RemoteChecksumsHere):
    """Copies files into one source folder of a mounted file system."""

    def __init__(self, *, source_folder: RemotePath) -> None:
        self._source_folder = source_folder
        self._made_folders: list[Path] = []
        self._written: dict[Path, Path] = {}

    @property
    def source_folder(self) -> RemotePath:
        """The folder that the files go to."""
        return self._source_folder

    def upload_files(self, *files: File) -> list[File]:
        """Copy files into the source folder; none is overwritten."""
        requests = []
        for file in files:
            if file.local_path is None:
                raise FileUploadError(
                    f"The file {file.remote_path} has no local path, so there is nothing to upload."
                )
            requests.append(SendRequest(local=file.local_path, remote=self._source_folder / file.remote_path))
        self.send_files(requests)
        return [file.uploaded() for file in files]

    def send_files(
        self, requests: Sequence[SendRequest], *, on_progress: ProgressCallback | None = None
    ) -> None:
        """Copy files under partial names and rename each when it is complete."""
        for request in requests:
            self._send(request, on_progress)

    def revert_upload(self, *files: File) -> None:
        """Remove files that were copied, what there is of partial ones, and folders made for them."""
        for file in files:
            target = Path((self._source_folder / file.remote_path).posix)
            if target in self._written:
                self._written.pop(target).unlink(missing_ok=True)
        for folder in reversed(self._made_folders):
            with suppress(OSError):
                folder.rmdir()

    def _send(self, request: SendRequest, on_progress: ProgressCallback | None) -> None:
        target = Path(request.remote.posix)
        if os.path.lexists(target):
            raise FileUploadError(
                f"There is a file {target} already, and files are never overwritten.",
                hint="Use another source folder, or move that file away.",
            )
        try:
            self._make_folder(target.parent)
            partial = _partial(request.local, target)
            before = _identity(request.local)
            self._written[target] = partial
            with request.local.open("rb") as source, partial.open("ab" if request.resume else "wb") as sink:
                done = sink.tell()
                source.seek(done)
                # A file that grows all the time would never end.
                _pump(source, sink, request.remote, on_progress, length=before[0] - done)
                sink.flush()
                os.fsync(sink.fileno())
            if _identity(request.local) != before:
                partial.unlink()
                raise FileUploadError(
                    f"The file {request.local} changed while it was uploaded.",
                    hint="Wait until nothing writes to it any more, then upload again.",
                )
            _rename_without_overwriting(partial, target)
            self._written[target] = target
        except OSError as error:
            if error.filename == str(request.local):
                raise _not_accessible(error, request.local) from error
            raise FileUploadError(
                f"Cannot write {target}: {error.strerror or error}.",
                hint="Check that you may write to the source folder and that there is space.",
            ) from error

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made_folders.append(path)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _partial(local: Path, target: Path) -> Path:
    size, mtime_ns = _identity(local)
    return target.with_name(partial_name(target.name, target, size, mtime_ns))


def _rename_without_overwriting(partial: Path, target: Path) -> None:
    # A hard link fails where the target exists; a rename would replace it. Not all file systems have
    # hard links: there, a race with another writer of the same name remains.
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:
        partial.rename(target)
    else:
        partial.unlink()


def _fetch(request: FetchRequest, on_progress: ProgressCallback | None) -> Fetched:
    digest = (
        hashlib.new(request.checksum_algorithm, usedforsecurity=False) if request.checksum_algorithm else None
    )
    try:
        with Path(request.remote.posix).open("rb") as source:
            source.seek(request.offset)
            with request.local.open("r+b" if request.offset else "wb") as sink:
                if request.offset:
                    sink.truncate(request.offset)
                    sink.seek(request.offset)
                size = _pump(source, sink, request.remote, on_progress, length=request.length, digest=digest)
    except OSError as error:
        raise _not_accessible(error, request.local) from error
    return Fetched(size=size, checksum=digest.hexdigest() if digest else None)


def _pump(
    source: BinaryIO,
    sink: BinaryIO,
    path: RemotePath,
    on_progress: ProgressCallback | None,
    *,
    length: int | None = None,
    digest: hashlib._Hash | None = None,
) -> int:
    moved = 0
    while chunk := source.read(_CHUNK if length is None else min(_CHUNK, length - moved)):
        sink.write(chunk)
        moved += len(chunk)
        if digest is not None:
            digest.update(chunk)
        if on_progress is not None:
            on_progress(path, len(chunk))
    return moved


def _not_accessible(error: OSError, path: Path | RemotePath) -> FileNotAccessibleError:
    # Opening names the file that failed; reading and writing do not.
    return FileNotAccessibleError(
        f"Cannot read or write {error.filename or path}: {error.strerror or error}.",
        hint="Check that the path is right, that the file system is mounted, and its permissions.",
        remote_path=str(error.filename or path),
    )
