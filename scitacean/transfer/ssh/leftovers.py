"""Removing what an earlier connection, which is gone, has sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import Leftover
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.lookup import look_up_files
from scitacean.transfer.ssh.outgoing import Outgoing, partial_on_host
from scitacean.transfer.ssh.outlook import find_complete, remove_probes
from scitacean.transfer.ssh.paths import HostPaths, parent
from scitacean.transfer.ssh.verify import Verification


def clear(
    leftovers: Sequence[Leftover],
    made_folders: Sequence[str],
    *,
    line: Line,
    paths: HostPaths,
    checksums: HostChecksums,
    verification: Verification,
) -> list[RemotePath]:
    """Remove files and partial ones, and folders that are empty then.

    Parameters
    ----------
    leftovers:
        The files.
    made_folders:
        Folders that were not there before.
    line:
        The connection.
    paths:
        What paths are on the host.
    checksums:
        What the host can compute.
    verification:
        Compares files with those that are here.

    Returns
    -------
    :
        Files of which it cannot be found out whether they are those that were sent: they stay, as those that
        surely are not.

    Raises
    ------
    FileUploadError
        If the server refuses to remove a file.
    FileNotAccessibleError
        If the connection breaks.
    """
    targets = {paths.on_host(leftover.request.remote): leftover for leftover in leftovers}
    there = line.again(lambda: look_up_files(line.sftp, list(targets)))
    alike = {
        target: targets[target]
        for target, found in there.items()
        if found.is_file and found.size == targets[target].size
    }
    same, judged = _compare(alike, line, checksums)
    journal = Journal(
        files=same,
        partial={_partial(target, leftover): target for target, leftover in targets.items()},
        folders={folder.encode("utf-8", "surrogateescape") for folder in made_folders},
    )
    unsure = [leftover for target, leftover in alike.items() if target not in judged]
    comparable: list[Leftover] = []
    unknown: list[Leftover] = []
    for leftover in unsure:
        (comparable if _is_unchanged(leftover) else unknown).append(leftover)
    items = [Outgoing.from_request(leftover.request, paths) for leftover in comparable]
    complete, _ = find_complete(items, line, verification)
    journal.files.update(item.target for item in complete)
    # They would keep folders from being empty.
    remove_probes({parent(path) for path in (*targets, *journal.folders)}, line)
    line.again(lambda: journal.revert(line.sftp, set(targets)))
    return [leftover.request.remote for leftover in unknown]


def _compare(
    leftovers: Mapping[bytes, Leftover], line: Line, checksums: HostChecksums
) -> tuple[set[bytes], set[bytes]]:
    """Compare files with what was sent; return those that are it, and all that were compared."""
    groups: dict[str, list[bytes]] = {}
    for target, leftover in leftovers.items():
        algorithm = leftover.request.checksum_algorithm
        if leftover.checksum is not None and algorithm is not None:
            groups.setdefault(algorithm, []).append(target)
    same: set[bytes] = set()
    judged: set[bytes] = set()
    for algorithm, group in groups.items():
        if line.again(partial(checksums.can, algorithm)):
            found = line.again(partial(checksums.of_own_files, group, algorithm=algorithm))
            judged.update(found)
            same.update(
                target for target, checksum in found.items() if checksum == leftovers[target].checksum
            )
    return same, judged


def _partial(target: bytes, leftover: Leftover) -> bytes:
    return partial_on_host(target, leftover.request.remote, leftover.size, leftover.mtime_ns)


def _is_unchanged(leftover: Leftover) -> bool:
    try:
        status = os.stat(leftover.request.local)  # noqa: PTH116  # for tens of thousands of files
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (leftover.size, leftover.mtime_ns)
