"""Fetching files over an open connection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from scitacean.errors import FileNotAccessibleError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.local_target import open_local_target
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.errors import cannot_read, check_is_file, local_problem
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.paths import HostPaths, shown
from scitacean.transfer.ssh.sftp_packets import Attributes, SftpRefusedError
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
            If a file cannot be read or written, is no regular file or shrinks, or the connection breaks.
        """
        paths = [self._paths.on_host(request.remote) for request in requests]
        return [
            self._fetch(request, path, attributes, on_progress)
            for request, path, attributes in zip(
                requests, paths, look_up(self._sftp.stat, paths), strict=True
            )
        ]

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums on the host; None where it has no tool for the algorithm or no shell."""
        return self._checksums.compute(paths, algorithm=algorithm)

    def _fetch(
        self,
        request: FetchRequest,
        path: bytes,
        attributes: Attributes | None,
        on_progress: ProgressCallback | None,
    ) -> Fetched:
        # Before it is opened: a server that opens a pipe waits for somebody who writes into it.
        if attributes is not None:
            check_is_file(attributes, path, self._sftp.host)
        try:
            with opened_to_read(self._sftp, path) as handle:
                size = self._size(handle, path)
                return self._receive(handle, path, size, request, on_progress)
        except SftpRefusedError as refusal:
            raise cannot_read(refusal, path, self._sftp.host) from refusal

    def _size(self, handle: bytes, path: bytes) -> int:
        attributes = self._sftp.fstat(handle).result()
        check_is_file(attributes, path, self._sftp.host)
        if attributes.size is None:
            raise FileNotAccessibleError(
                f"{self._sftp.host} does not tell how large {shown(path)} is.",
                hint="Tell those who run the server.",
                remote_path=shown(path),
            )
        return attributes.size

    def _receive(
        self,
        handle: bytes,
        path: bytes,
        remote_size: int,
        request: FetchRequest,
        on_progress: ProgressCallback | None,
    ) -> Fetched:
        algorithm = request.checksum_algorithm
        digest = hashlib.new(algorithm, usedforsecurity=False) if algorithm is not None else None
        position = request.offset
        end = remote_size if request.length is None else min(remote_size, position + request.length)
        try:
            with open_local_target(request.local, offset=position) as sink:
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
            raise FileNotAccessibleError(
                f"{shown(path)} on {self._sftp.host} ends after {position} bytes; it had {remote_size}.",
                hint="Somebody writes to it: tell its owner.",
                remote_path=shown(path),
            )
        return Fetched(
            size=position - request.offset,
            checksum=None if digest is None else digest.hexdigest(),
            remote_size=remote_size,
        )
