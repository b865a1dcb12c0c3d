"""Sending files over an open connection."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import BinaryIO

from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    FileUploadError,
    HostNotReachableError,
)
from scitacean.model.checksum import is_known_algorithm
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import ProgressCallback, SendRequest, Sent
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.errors import already_there, cannot_write, changed_meanwhile, local_problem
from scitacean.transfer.ssh.folders import HostFolders
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import HostPaths, parent
from scitacean.transfer.ssh.proof import prove
from scitacean.transfer.ssh.sftp_packets import Attributes, OpenFlag, SftpRefusedError
from scitacean.transfer.ssh.streams import abandon, write_blocks


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
    reconnect:
        Makes another connection to the same host, to remove files where this one is broken.
    """

    def __init__(
        self,
        connected: Connected,
        paths: HostPaths,
        *,
        source_folder: RemotePath,
        reconnect: Callable[[], AbstractContextManager[Connected]],
    ) -> None:
        self._sftp = connected.sftp
        self._paths = paths
        self._source_folder = source_folder
        self._reconnect = reconnect
        self._journal = Journal()
        self._folders = HostFolders(connected.sftp, self._journal)
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
        return [_uploaded(file, *result) for file, result in zip(files, sent, strict=True)]

    def send_files(
        self, requests: Sequence[SendRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Sent]:
        """Send files under partial names and rename each when it is complete.

        Whether a name is taken is looked up for all of them before anything is sent. To resume is to go
        on from a partial file, whoever has begun it, and to take a complete one of the same size and
        SHA-256 for sent.

        Raises
        ------
        FileUploadError
            If a file cannot be written, changes meanwhile, or has a name that is taken.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        return [sent for sent, _ in self._send_all(requests, on_progress)]

    def revert_upload(self, *files: File) -> None:
        """Remove files that this connection has sent, their partial ones, and folders it made if empty.

        Files of these names that it has not sent stay. Where the connection is broken, this connects
        once more and disconnects when it is done.

        Raises
        ------
        FileUploadError
            If the server refuses to remove a file.
        FileNotAccessibleError
            If the connection is broken and there is no other: the subclasses tell why.
        """
        targets = {self._paths.on_host(self._source_folder / file.remote_path) for file in files}
        try:
            self._journal.revert(self._sftp, targets)
        except HostNotReachableError:
            self._revert_over_another(targets)
        # Some folders that were there are gone.
        self._folders = HostFolders(self._sftp, self._journal)

    def _revert_over_another(self, targets: set[bytes]) -> None:
        try:
            with self._reconnect() as another:
                self._journal.revert(another.sftp, targets)
        except ConfigurationError as error:
            # It worked before, so somebody has changed a file since then.
            raise FileNotAccessibleError(error.message, hint=error.hint) from error

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
        algorithm = file.checksum_algorithm
        return SendRequest(
            local=file.local_path,
            remote=self._source_folder / file.remote_path,
            checksum_algorithm=algorithm if algorithm and is_known_algorithm(algorithm) else None,
        )

    def _send_all(
        self, requests: Sequence[SendRequest], on_progress: ProgressCallback | None
    ) -> list[tuple[Sent, Attributes]]:
        items = [Outgoing.from_request(request, self._paths) for request in requests]
        there = list(look_up(self._sftp.lstat, [item.target for item in items]))
        proven = self._proven(items, there)
        # Only now that none of the names is taken: this one fails as a whole, with nothing of its own.
        self._journal.files.update(proven)
        return [
            self._send(item, on_progress) if attributes is None else (proven[item.target], attributes)
            for item, attributes in zip(items, there, strict=True)
        ]

    def _proven(self, items: Sequence[Outgoing], there: Sequence[Attributes | None]) -> dict[bytes, Sent]:
        """Return what has been sent of the files that are there, if they all are the same as ours."""
        complete = []
        for item, attributes in zip(items, there, strict=True):
            if attributes is None:
                continue
            if not (item.request.resume and attributes.is_file and attributes.size == item.size):
                raise already_there(item.target, self._sftp.host)
            complete.append(item)
        if not complete:
            return {}
        proven = {}
        for item, sent in zip(complete, prove(complete, self._sftp, self._checksums), strict=True):
            if sent is None:
                raise already_there(item.target, self._sftp.host)
            proven[item.target] = sent
        return proven

    def _send(self, item: Outgoing, on_progress: ProgressCallback | None) -> tuple[Sent, Attributes]:
        self._folders.make(parent(item.target))
        moved = _progress(item.request.remote, on_progress)
        try:
            with item.request.local.open("rb") as source:
                sent = self._write(item, source, moved)
        except OSError as error:
            raise local_problem(error, item.request.local) from error
        self._name(item)
        return sent

    def _write(
        self, item: Outgoing, source: BinaryIO, moved: Callable[[int], None]
    ) -> tuple[Sent, Attributes]:
        try:
            handle, start = self._open_partial(item)
            digest = _digest(item.request) if start == 0 else None
            try:
                source.seek(start)
                written = write_blocks(
                    self._sftp, handle, source, start=start, end=item.size, on_written=moved, digest=digest
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
        if not item.is_unchanged(source) or written != item.size or attributes.size not in (None, item.size):
            self._drop_partial(item)
            raise changed_meanwhile(item.request.local)
        return item.sent(None if digest is None else digest.hexdigest()), attributes

    def _open_partial(self, item: Outgoing) -> tuple[bytes, int]:
        """Open the partial file; return its handle and how much of the file is there to go on from."""
        known = item.partial in self._journal.partial
        # Noted first: when the connection breaks now, the file may be there all the same.
        self._journal.partial[item.partial] = item.target
        try:
            return self._found_partial(item) or self._new_partial(item)
        except SftpRefusedError:
            if not known:
                del self._journal.partial[item.partial]
            raise

    def _found_partial(self, item: Outgoing) -> tuple[bytes, int] | None:
        if item.request.resume:
            found = next(look_up(self._sftp.lstat, [item.partial]))
            if found is not None and found.is_file and 0 < (found.size or 0) <= item.size:
                return self._sftp.open(item.partial, OpenFlag.WRITE).result(), found.size or 0
        return None

    def _new_partial(self, item: Outgoing) -> tuple[bytes, int]:
        # Exclusive: a link that somebody put there must not be followed.
        flags = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.EXCLUSIVE
        try:
            return self._sftp.open(item.partial, flags).result(), 0
        except SftpRefusedError:
            with suppress(SftpRefusedError):
                self._sftp.remove(item.partial).result()
            return self._sftp.open(item.partial, flags).result(), 0

    def _name(self, item: Outgoing) -> None:
        self._journal.renaming[item.target] = item.partial
        try:
            self._sftp.rename(item.partial, item.target).result()
        except SftpRefusedError as refusal:
            del self._journal.renaming[item.target]
            self._drop_partial(item)
            if next(look_up(self._sftp.lstat, [item.target])) is not None:
                raise already_there(item.target, self._sftp.host) from refusal
            raise cannot_write(refusal, item.target, self._sftp) from refusal
        self._journal.files.add(item.target)
        del self._journal.renaming[item.target]
        self._journal.partial.pop(item.partial, None)

    def _drop_partial(self, item: Outgoing) -> None:
        with suppress(SftpRefusedError):
            self._sftp.remove(item.partial).result()
            self._journal.partial.pop(item.partial, None)


def _progress(path: RemotePath, on_progress: ProgressCallback | None) -> Callable[[int], None]:
    def moved(size: int) -> None:
        if on_progress is not None:
            on_progress(path, size)

    return moved


def _digest(request: SendRequest) -> hashlib._Hash | None:
    algorithm = request.checksum_algorithm
    return None if algorithm is None else hashlib.new(algorithm, usedforsecurity=False)


def _uploaded(file: File, sent: Sent, attributes: Attributes) -> File:
    return file.uploaded(
        remote_uid=None if attributes.uid is None else str(attributes.uid),
        remote_gid=None if attributes.gid is None else str(attributes.gid),
        remote_perm=None if attributes.mode is None else str(attributes.mode),
        remote_size=sent.size,
        remote_creation_time=sent.modified,
        remote_checksum=sent.checksum,
    )
