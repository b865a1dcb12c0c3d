"""Sending files over an open connection."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import attrs

from scitacean.errors import FileUploadError
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import ProgressCallback, SendRequest
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.errors import already_there, cannot_write, changed_meanwhile, local_problem
from scitacean.transfer.ssh.folders import HostFolders
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.paths import HostPaths, parent
from scitacean.transfer.ssh.sftp_packets import Attributes, OpenFlag, SftpRefusedError
from scitacean.transfer.ssh.streams import abandon, write_blocks

_ASK_AT_ONCE = 256


@attrs.frozen
class _Item:
    """One file on its way.

    Attributes
    ----------
    request:
        What was asked for.
    size, mtime_ns:
        What the local file was at the beginning.
    target, partial:
        Its path on the host, when complete and until then.
    """

    request: SendRequest
    size: int
    mtime_ns: int
    target: bytes
    partial: bytes


class SSHUploadConnection:
    """Sends files into the source folder of one dataset.

    Parameters
    ----------
    connected:
        The connection.
    paths:
        What paths are on the host.
    source_folder:
        In the catalogue's terms.
    journal:
        What this transfer has made before.
    """

    def __init__(
        self, connected: Connected, paths: HostPaths, *, source_folder: RemotePath, journal: Journal
    ) -> None:
        self._sftp = connected.sftp
        self._paths = paths
        self._source_folder = source_folder
        self._journal = journal
        self._folders = HostFolders(connected.sftp, journal)
        self._checksums = HostChecksums(connected, paths)

    @property
    def source_folder(self) -> RemotePath:
        """The folder that the files go to, in the catalogue's terms."""
        return self._source_folder

    def upload_files(self, *files: File) -> list[File]:
        """Send files into the source folder; none is overwritten.

        Returns
        -------
        :
            The files as they are on both sides, with owner, group and permissions there, in order.

        Raises
        ------
        FileUploadError
            If a file cannot be written, changes meanwhile, or has a name that is taken.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        requests = [self._request_for(file) for file in files]
        sent = self._send_all(requests, None)
        return [_uploaded(file, attributes) for file, attributes in zip(files, sent, strict=True)]

    def send_files(
        self, requests: Sequence[SendRequest], *, on_progress: ProgressCallback | None = None
    ) -> None:
        """Send files under partial names and rename each when it is complete.

        Whether a name is taken is looked up for all of them before anything is sent.

        Raises
        ------
        FileUploadError
            If a file cannot be written, changes meanwhile, or has a name that is taken.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        self._send_all(requests, on_progress)

    def revert_upload(self, *files: File) -> None:
        """Remove files that this transfer has sent, their partial ones, and folders it made if empty.

        Files of these names that were there before stay.

        Raises
        ------
        FileUploadError
            If the server refuses to remove a file.
        HostNotReachableError
            If the connection breaks.
        """
        targets = {self._paths.on_host(self._source_folder / file.remote_path) for file in files}
        folders = {parent(target) for target in targets}
        for target in targets:
            self._settle(target)
        mine = [target for target in targets if target in self._journal.files]
        partial = [path for path, target in tuple(self._journal.partial.items()) if target in targets]
        for path in mine + partial:
            try:
                self._sftp.remove(path).result()
            except SftpRefusedError as refusal:
                if self._ask([path])[0] is not None:
                    raise cannot_write(refusal, path, self._sftp) from refusal
        self._journal.files.difference_update(mine)
        for path in partial:
            self._journal.partial.pop(path, None)
        self._folders.remove_made(folders)

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums on the host; None where it has no tool for the algorithm or no shell."""
        return self._checksums.compute(paths, algorithm=algorithm)

    def _request_for(self, file: File) -> SendRequest:
        if file.local_path is None:
            raise FileUploadError(
                f"The file {file.remote_path} has no local path, so there is nothing to upload.",
                hint="Upload files that were made with File.from_local.",
            )
        return SendRequest(local=file.local_path, remote=self._source_folder / file.remote_path)

    def _send_all(
        self, requests: Sequence[SendRequest], on_progress: ProgressCallback | None
    ) -> list[Attributes]:
        items = [self._item(request) for request in requests]
        for item in items:
            self._settle(item.target)
        there = self._ask([item.target for item in items])
        for item, attributes in zip(items, there, strict=True):
            if attributes is not None and not self._is_sent(item):
                raise already_there(item.target, self._sftp.host)
        return [
            self._send(item, on_progress) if attributes is None else attributes
            for item, attributes in zip(items, there, strict=True)
        ]

    def _item(self, request: SendRequest) -> _Item:
        try:
            status = request.local.stat()
        except OSError as error:
            raise local_problem(error, request.local) from error
        target = self._paths.on_host(request.remote)
        partial = partial_name(request.remote.name, request.remote, status.st_size, status.st_mtime_ns)
        return _Item(
            request,
            status.st_size,
            status.st_mtime_ns,
            target,
            self._paths.on_host(request.remote.parent / partial),
        )

    def _is_sent(self, item: _Item) -> bool:
        return item.request.resume and item.target in self._journal.files

    def _send(self, item: _Item, on_progress: ProgressCallback | None) -> Attributes:
        self._folders.make(parent(item.target))
        moved = _progress(item.request.remote, on_progress)
        try:
            with item.request.local.open("rb") as source:
                attributes = self._write(item, source, moved)
        except OSError as error:
            raise local_problem(error, item.request.local) from error
        self._name(item)
        return attributes

    def _write(self, item: _Item, source: BinaryIO, moved: Callable[[int], None]) -> Attributes:
        # Noted first: when the connection breaks now, the file may be there all the same.
        self._journal.partial[item.partial] = item.target
        try:
            handle, start = self._open_partial(item)
            try:
                source.seek(start)
                written = write_blocks(
                    self._sftp, handle, source, start=start, end=item.size, on_written=moved
                )
                asking = self._sftp.fstat(handle)
            except BaseException:
                abandon(self._sftp, handle)
                raise
            # Some servers say only at the end that the disk was full.
            self._sftp.close(handle).result()
            attributes = asking.result()
        except SftpRefusedError as refusal:
            raise cannot_write(refusal, item.partial, self._sftp, needed=item.size) from refusal
        if _changed(item, source) or written != item.size or attributes.size not in (None, item.size):
            self._drop_partial(item)
            raise changed_meanwhile(item.request.local)
        return attributes

    def _open_partial(self, item: _Item) -> tuple[bytes, int]:
        """Open the partial file; return its handle and how much of the file is there to go on from."""
        if item.request.resume:
            found = self._ask([item.partial])[0]
            if found is not None and found.is_file and 0 < (found.size or 0) <= item.size:
                return self._sftp.open(item.partial, OpenFlag.WRITE).result(), found.size or 0
        # Exclusive: a link that somebody put there must not be followed.
        flags = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.EXCLUSIVE
        try:
            return self._sftp.open(item.partial, flags).result(), 0
        except SftpRefusedError:
            with suppress(SftpRefusedError):
                self._sftp.remove(item.partial).result()
            return self._sftp.open(item.partial, flags).result(), 0

    def _name(self, item: _Item) -> None:
        self._journal.renaming[item.target] = item.partial
        try:
            self._sftp.rename(item.partial, item.target).result()
        except SftpRefusedError as refusal:
            del self._journal.renaming[item.target]
            self._drop_partial(item)
            if self._ask([item.target])[0] is not None:
                raise already_there(item.target, self._sftp.host) from refusal
            raise cannot_write(refusal, item.target, self._sftp) from refusal
        del self._journal.renaming[item.target]
        self._journal.partial.pop(item.partial, None)
        self._journal.files.add(item.target)

    def _drop_partial(self, item: _Item) -> None:
        with suppress(SftpRefusedError):
            self._sftp.remove(item.partial).result()
            self._journal.partial.pop(item.partial, None)

    def _settle(self, target: bytes) -> None:
        """Find out whether a file has got its name before the connection broke."""
        partial = self._journal.renaming.pop(target, None)
        if partial is not None and [found is None for found in self._ask([target, partial])] == [False, True]:
            self._journal.partial.pop(partial, None)
            self._journal.files.add(target)

    def _ask(self, paths: Iterable[bytes]) -> list[Attributes | None]:
        found: list[Attributes | None] = []
        for portion in _portions(paths):
            pending = [self._sftp.lstat(path) for path in portion]
            for answer in pending:
                try:
                    found.append(answer.result())
                except SftpRefusedError:
                    found.append(None)
        return found


def _portions(paths: Iterable[bytes]) -> Iterator[list[bytes]]:
    remaining = iter(paths)
    while portion := list(islice(remaining, _ASK_AT_ONCE)):
        yield portion


def _progress(path: RemotePath, on_progress: ProgressCallback | None) -> Callable[[int], None]:
    def moved(size: int) -> None:
        if on_progress is not None:
            on_progress(path, size)

    return moved


def _changed(item: _Item, source: BinaryIO) -> bool:
    # The open file and the one that has the name now: it may have been replaced.
    by_handle, by_name = os.fstat(source.fileno()), Path(item.request.local).stat()
    return any(
        (status.st_size, status.st_mtime_ns) != (item.size, item.mtime_ns) for status in (by_handle, by_name)
    )


def _uploaded(file: File, attributes: Attributes) -> File:
    return file.uploaded(
        remote_uid=None if attributes.uid is None else str(attributes.uid),
        remote_gid=None if attributes.gid is None else str(attributes.gid),
        remote_perm=None if attributes.mode is None else str(attributes.mode),
        remote_size=attributes.size,
    )
