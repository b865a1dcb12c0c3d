"""Copying files into the source folder of a dataset on a mounted file system."""

# ruff: noqa: PTH102, PTH104, PTH106, PTH108, PTH112, PTH113, PTH116, PTH120, PTH123
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import attrs

from scitacean.errors import FileUploadError, IntegrityError
from scitacean.model.checksum import checksum_of_file, known_or_none
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.copy_ahead import (
    clear,
    has_same_content,
    look_ahead,
    not_removed,
    remove_copies,
    sent_as_is,
)
from scitacean.transfer.copy_bytes import copy_bytes
from scitacean.transfer.copy_download import checksum_of_linked, new_digest
from scitacean.transfer.local_target import open_local_target
from scitacean.transfer.mounted import ChecksumsHere, FilesHere, not_accessible
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import Leftover, Outlook, ProgressCallback, SendRequest, Sent, SentCallback

_CHUNK = 1 << 20


class CopyUploadConnection(ChecksumsHere, FilesHere):
    """Copies files into one source folder of a mounted file system.

    Parameters
    ----------
    source_folder:
        The folder.
    hard_link:
        See :class:`scitacean.transfer.copy.CopyFileTransfer`.
    """

    def __init__(self, *, source_folder: RemotePath, hard_link: bool = False) -> None:
        self._source_folder = source_folder
        self._hard_link = hard_link
        self._made_folders: list[str] = []
        self._ready_folders: set[str] = set()
        self._written: dict[str, str] = {}

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
        self,
        requests: Sequence[SendRequest],
        *,
        on_progress: ProgressCallback | None = None,
        on_sent: SentCallback | None = None,
    ) -> list[Sent]:
        """Copy files under partial names and rename each when it is complete and compared.

        Those for which a checksum is asked are read once more for that.

        Raises
        ------
        FileUploadError
            If a file cannot be written, changes meanwhile, or has a name that is taken.
        IntegrityError
            If files do not arrive as they were sent: it names them, and they were removed; the others have
            their names.
        FileNotAccessibleError
            If a local file cannot be read.
        """
        sent = []
        bad = []
        for request in requests:
            try:
                one = self._send(request, on_progress)
            except IntegrityError:
                bad.append(request.remote)
                continue
            if on_sent is not None:
                on_sent(request, one)
            sent.append(one)
        # The new names have to be on the disk before the catalogue says that the files are there.
        for folder in self._ready_folders | {os.path.dirname(made) for made in self._made_folders}:
            _sync_folder(folder)
        if bad:
            listing = "".join(f"\n  - {path}" for path in bad)
            raise IntegrityError(
                f"{len(bad)} file(s) did not arrive as they were sent, and were removed.{listing}\n",
                hint="Upload again; if that does not help, tell those who run the file server.",
            )
        return sent

    def revert_upload(self, *files: File) -> None:
        """Remove files that this connection has copied, their partial ones, and folders it made if empty.

        Files of these names that it has not copied stay, those too that it has found complete.

        Raises
        ------
        FileUploadError
            If files cannot be removed: it names them, and the others are removed.
        """
        targets = ((self._source_folder / file.remote_path).posix for file in files)
        written = {target: self._written[target] for target in targets if target in self._written}
        stay = remove_copies(written.values())
        for target, path in written.items():
            if path not in stay:
                del self._written[target]
        self._ready_folders.clear()
        for folder in reversed(self._made_folders):
            with suppress(OSError):
                os.rmdir(folder)
        self._made_folders = [folder for folder in self._made_folders if os.path.isdir(folder)]
        if stay:
            raise not_removed(stay)

    def look_ahead(self, requests: Sequence[SendRequest]) -> Outlook:
        """Look what is there under the names of files, and whether they can be copied.

        Raises
        ------
        FileUploadError
            If something else has the name of a file: with all of them. Or if one may not write there, or
            there is too little space.
        FileNotAccessibleError
            If a local file cannot be read.
        """
        return look_ahead(requests)

    def clear_upload(self, leftovers: Sequence[Leftover], *, made_folders: Sequence[str]) -> list[RemotePath]:
        """Remove what another connection, which is gone, has copied, and folders that are empty then.

        Files of which it cannot be found out whether they are those that were copied stay, and are returned.

        Raises
        ------
        FileUploadError
            If files cannot be removed: it names them, and the others are removed.
        """
        return clear(leftovers, made_folders)

    def _send(self, request: SendRequest, on_progress: ProgressCallback | None) -> Sent:
        target = request.remote.posix
        if os.path.lexists(target):
            return self._already_there(request, target)
        try:
            folder, _, name = target.rpartition("/")
            self._make_folder(folder or "/")
            before = os.stat(request.local)
            if not self._hard_link or not self._link(request.local, target):
                unfinished = f"{folder}/{partial_name(name, target, before.st_size, before.st_mtime_ns)}"
                return self._copy(request, unfinished, before, on_progress)
            checksum = checksum_of_linked(request.local, request.checksum_algorithm)
            _refuse_change(request.local, before)
            if on_progress is not None:
                on_progress(request.remote, before.st_size)
            return sent_as_is(before, checksum)
        except OSError as error:
            if error.filename == str(request.local):
                raise not_accessible(error, request.local) from error
            raise FileUploadError(
                f"Cannot write {target}: {error.strerror or error}.",
                hint="Check that you may write to the source folder and that there is space.",
            ) from error

    def _copy(
        self,
        request: SendRequest,
        unfinished: str,
        before: os.stat_result,
        on_progress: ProgressCallback | None,
    ) -> Sent:
        local, target, size = os.fspath(request.local), request.remote.posix, before.st_size
        digest = new_digest(request.checksum_algorithm)
        done = _beginning(unfinished, local, size, digest) if request.resume else 0
        self._written[target] = unfinished
        with (
            open(local, "rb", buffering=0) as source,
            open_local_target(unfinished, offset=done) as sink,
        ):
            copy_bytes(
                source,
                sink,
                offset=done,
                # A file that grows all the time would never end.
                length=size - done,
                digest=digest,
                on_bytes=partial(on_progress, request.remote) if on_progress else None,
            )
            os.fsync(sink.fileno())
        try:
            _refuse_change(local, before)
            if digest is not None:
                _refuse_damage(unfinished, digest)
        except (FileUploadError, IntegrityError):
            os.unlink(unfinished)
            raise
        _rename_without_overwriting(unfinished, target)
        self._written[target] = target
        if digest is None:
            return sent_as_is(before, None)
        return attrs.evolve(sent_as_is(before, digest.hexdigest()), verified="checksum")

    def _link(self, local: Path, target: str) -> bool:
        try:
            os.link(os.path.realpath(local), target)
        except FileExistsError as error:
            # It is about the target, but names the source.
            raise FileExistsError(error.errno, error.strerror, target) from error
        except OSError:
            return False
        self._written[target] = target
        return True

    def _already_there(self, request: SendRequest, target: str) -> Sent:
        """Count a complete file as sent where it is surely the same, and refuse any other."""
        same = request.resume and os.path.isfile(target) and has_same_content(request.local, target)
        if not same:
            raise FileUploadError(
                f"There is a file {target} already, and files are never overwritten.",
                hint="Use another source folder, or move that file away.",
            )
        checksum = checksum_of_linked(request.local, request.checksum_algorithm)
        return sent_as_is(os.stat(request.local), checksum)

    def _make_folder(self, folder: str) -> None:
        if folder in self._ready_folders:
            return
        missing = []
        path = folder
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for path in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(path)
                self._made_folders.append(path)
        self._ready_folders.add(folder)


def _refuse_change(local: str | Path, before: os.stat_result) -> None:
    now = os.stat(local)
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise FileUploadError(
            f"The file {local} changed while it was uploaded.",
            hint="Wait until nothing writes to it any more, then upload again.",
        )


def _refuse_damage(unfinished: str, digest: hashlib._Hash) -> None:
    if checksum_of_file(unfinished, algorithm=digest.name) != digest.hexdigest():
        raise IntegrityError(f"{unfinished} is not what was written to it.")


def _rename_without_overwriting(unfinished: str, target: str) -> None:
    # A hard link fails where the target exists; a rename would replace it. Not all file systems have
    # hard links: there, a race with another writer of the same name remains.
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise
    except OSError:
        os.rename(unfinished, target)
    else:
        # Who looks ahead at that moment has removed it.
        with suppress(FileNotFoundError):
            os.unlink(unfinished)


def _beginning(unfinished: str, local: str, size: int, digest: hashlib._Hash | None) -> int:
    """Return how many bytes of what an earlier upload left are right, and add them to the checksum."""
    try:
        status = os.lstat(unfinished)
    except OSError:
        return 0
    if not stat.S_ISREG(status.st_mode) or status.st_size > size:
        return 0
    done = 0
    # After a crash, file systems may have lengths without the content, those of networks in the middle too.
    with open(unfinished, "rb") as there, open(local, "rb") as here:
        while (found := there.read(_CHUNK)) and here.read(len(found)) == found:
            done += len(found)
            if digest is not None:
                digest.update(found)
    return done


def _sync_folder(folder: str) -> None:
    # Windows opens no folders, and some network file systems do not sync them: there is no other way there.
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
