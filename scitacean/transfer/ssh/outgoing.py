"""A local file on its way to the host."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import BinaryIO

import attrs

from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import SendRequest, Sent
from scitacean.transfer.ssh.errors import local_problem
from scitacean.transfer.ssh.paths import HostPaths


@attrs.frozen
class Outgoing:
    """One file on its way.

    Attributes
    ----------
    request:
        What was asked for.
    size, mtime_ns:
        What the local file was at the beginning.
    modified:
        The same as ``mtime_ns``, as precise as other times of files are.
    target, partial:
        Its path on the host, when complete and until then.
    """

    request: SendRequest
    size: int
    mtime_ns: int
    modified: datetime
    target: bytes
    partial: bytes

    @classmethod
    def from_request(cls, request: SendRequest, paths: HostPaths) -> Outgoing:
        """Look at the local file.

        Raises
        ------
        FileNotAccessibleError
            If it is not there.
        """
        try:
            status = request.local.stat()
        except OSError as error:
            raise local_problem(error, request.local) from error
        partial = partial_name(request.remote.name, request.remote, status.st_size, status.st_mtime_ns)
        return cls(
            request,
            status.st_size,
            status.st_mtime_ns,
            datetime.fromtimestamp(status.st_mtime, tz=UTC),
            paths.on_host(request.remote),
            paths.on_host(request.remote.parent / partial),
        )

    def is_unchanged(self, source: BinaryIO) -> bool:
        """Whether the local file, opened as ``source``, still is what it was.

        Raises
        ------
        OSError
            If it is not there any more.
        """
        # The open file and the one that has the name now: it may have been replaced.
        return all(
            (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)
            for status in (os.fstat(source.fileno()), self.request.local.stat())
        )

    def sent(self, checksum: str | None) -> Sent:
        """Return what is known when all of it is on the host."""
        return Sent(size=self.size, modified=self.modified, checksum=checksum)
