"""Proving that complete files on the host are the same as local ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress

from scitacean.errors import FileNotAccessibleError
from scitacean.transfer.protocol import Sent
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.errors import changed_meanwhile, local_problem
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError
from scitacean.transfer.ssh.sftp_session import SftpSession
from scitacean.transfer.ssh.streams import opened_to_read, read_blocks

_PROVING = "sha256"
_CHUNK = 1 << 20


def prove(items: Sequence[Outgoing], session: SftpSession, checksums: HostChecksums) -> list[Sent | None]:
    """Compare the checksums of local files and those that have their names and sizes on the host.

    Where the host cannot compute checksums, its files are read.

    Returns
    -------
    :
        For each item what has been sent; None where the two differ or the one on the host cannot be read.

    Raises
    ------
    FileUploadError
        If a local file changes meanwhile.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """
    on_host = _computed(items, checksums)
    proven: list[Sent | None] = []
    for position, item in enumerate(items):
        remote = _read(item, session) if on_host is None else on_host[position]
        proven.append(None if remote is None else _compared(item, remote))
    return proven


def _computed(items: Sequence[Outgoing], checksums: HostChecksums) -> list[str] | None:
    try:
        found = checksums.compute([item.request.remote for item in items], algorithm=_PROVING)
    except FileNotAccessibleError:
        # One of them cannot be read, or nothing can be: reading them one by one shows which.
        return None
    return None if found is None else [found[item.request.remote] for item in items]


def _read(item: Outgoing, session: SftpSession) -> str | None:
    digest = hashlib.new(_PROVING)
    with suppress(SftpRefusedError), opened_to_read(session, item.target) as handle:
        for block in read_blocks(session, handle, 0, item.size):
            digest.update(block)
        return digest.hexdigest()
    return None


def _compared(item: Outgoing, remote: str) -> Sent | None:
    algorithm = item.request.checksum_algorithm
    proving = hashlib.new(_PROVING)
    asked = None if algorithm is None else hashlib.new(algorithm, usedforsecurity=False)
    try:
        with item.request.local.open("rb") as source:
            while chunk := source.read(_CHUNK):
                proving.update(chunk)
                if asked is not None:
                    asked.update(chunk)
            unchanged = item.is_unchanged(source)
    except OSError as error:
        raise local_problem(error, item.request.local) from error
    if not unchanged:
        raise changed_meanwhile(item.request.local)
    if proving.hexdigest() != remote:
        return None
    return item.sent(None if asked is None else asked.hexdigest())
