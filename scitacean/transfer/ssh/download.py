"""Fetching files over an open connection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from scitacean.errors import FileNotAccessibleError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.errors import cannot_read, local_problem
from scitacean.transfer.ssh.paths import HostPaths, shown
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError
from scitacean.transfer.ssh.streams import opened_to_read, read_blocks


class SSHDownloadConnection:
    """Fetches files from one file server.

    Parameters
    ----------
    connected:
        The connection.
    paths:
        What paths are on the host.
    """

    def __init__(self, connected: Connected, paths: HostPaths) -> None:
        self._sftp = connected.sftp
        self._paths = paths
        self._checksums = HostChecksums(connected, paths)

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        """Fetch files, the first remote one to the first local path, and so on.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read or written, or the connection breaks.
        """
        self.fetch_files(
            [FetchRequest(remote=source, local=target) for source, target in zip(remote, local, strict=True)]
        )

    def fetch_files(
        self, requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Fetched]:
        """Fetch files or ranges.

        When it fails, what has arrived of a file stays, as a beginning of the right content. The local
        file of one that cannot be opened there is not touched.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read or written or is shorter than asked for, or the connection breaks.
        """
        return [self._fetch(request, on_progress) for request in requests]

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums on the host; None where it has no tool for the algorithm or no shell."""
        return self._checksums.compute(paths, algorithm=algorithm)

    def _fetch(self, request: FetchRequest, on_progress: ProgressCallback | None) -> Fetched:
        path = self._paths.on_host(request.remote)
        try:
            with opened_to_read(self._sftp, path) as handle:
                end = self._end(handle, path, request)
                return self._receive(handle, path, end, request, on_progress)
        except SftpRefusedError as refusal:
            raise cannot_read(refusal, path, self._sftp.host) from refusal

    def _end(self, handle: bytes, path: bytes, request: FetchRequest) -> int:
        attributes = self._sftp.fstat(handle).result()
        if attributes.is_folder:
            raise FileNotAccessibleError(
                f"{shown(path)} on {self._sftp.host} is a folder, not a file.",
                hint="Tell the owner of the dataset: its list of files is wrong.",
                remote_path=shown(path),
            )
        size = attributes.size or 0
        end = size if request.length is None else request.offset + request.length
        if max(end, request.offset) > size:
            raise self._too_short(path, size, max(end, request.offset))
        return end

    def _receive(
        self,
        handle: bytes,
        path: bytes,
        end: int,
        request: FetchRequest,
        on_progress: ProgressCallback | None,
    ) -> Fetched:
        algorithm = request.checksum_algorithm
        digest = hashlib.new(algorithm, usedforsecurity=False) if algorithm is not None else None
        position = request.offset
        try:
            with request.local.open("r+b" if request.offset else "wb") as sink:
                sink.truncate(request.offset)
                sink.seek(request.offset)
                for block in read_blocks(self._sftp, handle, request.offset, end):
                    sink.write(block)
                    if digest is not None:
                        digest.update(block)
                    position += len(block)
                    if on_progress is not None:
                        on_progress(request.remote, len(block))
        except OSError as error:
            raise local_problem(error, request.local) from error
        if position < end:
            raise self._too_short(path, position, end)
        return Fetched(
            size=position - request.offset, checksum=None if digest is None else digest.hexdigest()
        )

    def _too_short(self, path: bytes, size: int, expected: int) -> FileNotAccessibleError:
        return FileNotAccessibleError(
            f"{shown(path)} on {self._sftp.host} ends after {size} bytes; {expected} were expected.",
            hint="It is shorter than the catalogue says, or somebody writes to it: tell its owner.",
            remote_path=shown(path),
        )
