"""Files on a file system that this machine has mounted: a "transfer" is a copy."""

from __future__ import annotations

import filecmp
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.model.checksum import checksum_of_file, is_known_algorithm, known_or_none
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.local_target import open_local_target
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback, SendRequest, Sent
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
            requests.append(
                SendRequest(
                    local=file.local_path,
                    remote=self._source_folder / file.remote_path,
                    checksum_algorithm=known_or_none(file.checksum_algorithm),
                )
            )
        return [
            file.uploaded(
                remote_size=sent.size, remote_creation_time=sent.modified, remote_checksum=sent.checksum
            )
            for file, sent in zip(files, self.send_files(requests), strict=True)
        ]

    def send_files(
        self, requests: Sequence[SendRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Sent]:
        """Copy files under partial names and rename each when it is complete."""
        return [self._send(request, on_progress) for request in requests]

    def revert_upload(self, *files: File) -> None:
        """Remove files that were copied, what there is of partial ones, and folders made for them."""
        for file in files:
            target = Path((self._source_folder / file.remote_path).posix)
            if target in self._written:
                _remove(self._written.pop(target))
        for folder in reversed(self._made_folders):
            with suppress(OSError):
                folder.rmdir()

    def _send(self, request: SendRequest, on_progress: ProgressCallback | None) -> Sent:
        target = Path(request.remote.posix)
        if os.path.lexists(target):
            return self._already_there(request, target)
        try:
            self._make_folder(target.parent)
            size, mtime_ns = before = _identity(request.local)
            partial = _partial(request.local, target)
            done = partial.lstat().st_size if request.resume and _is_beginning(partial, size) else 0
            digest = None if done else _digest(request.checksum_algorithm)
            self._written[target] = partial
            with request.local.open("rb") as source, open_local_target(partial, offset=done) as sink:
                source.seek(done)
                # A file that grows all the time would never end.
                _pump(source, sink, request.remote, on_progress, length=size - done, digest=digest)
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
        return _sent(size, mtime_ns, digest.hexdigest() if digest else None)

    def _already_there(self, request: SendRequest, target: Path) -> Sent:
        """Count a complete file as sent where it is surely the same, and refuse any other."""
        same = request.resume and target.is_file() and filecmp.cmp(request.local, target, shallow=False)
        if not same:
            raise FileUploadError(
                f"There is a file {target} already, and files are never overwritten.",
                hint="Use another source folder, or move that file away.",
            )
        self._written[target] = target
        return _sent(*_identity(request.local), None)

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


def _is_beginning(partial: Path, size: int) -> bool:
    return partial.is_file() and not partial.is_symlink() and partial.stat().st_size <= size


def _digest(algorithm: str | None) -> hashlib._Hash | None:
    return hashlib.new(algorithm, usedforsecurity=False) if algorithm else None


def _sent(size: int, mtime_ns: int, checksum: str | None) -> Sent:
    return Sent(size=size, modified=datetime.fromtimestamp(mtime_ns / 1e9, tz=UTC), checksum=checksum)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FileUploadError(
            f"Cannot remove {path}: {error.strerror or error}.", hint="Remove it by hand."
        ) from error


def _fetch(request: FetchRequest, on_progress: ProgressCallback | None) -> Fetched:
    digest = _digest(request.checksum_algorithm)
    try:
        status = Path(request.remote.posix).stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileNotAccessibleError(
                f"{request.remote} is no regular file, so it cannot be a file of a dataset.",
                hint="Leave it out with select=..., and tell the dataset's owner.",
                remote_path=request.remote.posix,
            )
        with (
            Path(request.remote.posix).open("rb") as source,
            open_local_target(request.local, offset=request.offset) as sink,
        ):
            source.seek(request.offset)
            size = _pump(source, sink, request.remote, on_progress, length=request.length, digest=digest)
    except OSError as error:
        raise _not_accessible(error, request.local) from error
    checksum = digest.hexdigest() if digest else None
    return Fetched(size=size, checksum=checksum, remote_size=status.st_size)


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
