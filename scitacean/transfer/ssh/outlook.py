"""Looking what the host has where files shall be sent to, before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from scitacean.transfer.protocol import Outlook
from scitacean.transfer.ssh.errors import already_there, cannot_write, disk_full
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.lookup import look_up_files
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import child, parent
from scitacean.transfer.ssh.pipeline import answers
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError, Status, attributes_of
from scitacean.transfer.ssh.verify import Verification


def find_complete(
    items: Sequence[Outgoing], line: Line, verification: Verification
) -> tuple[list[Outgoing], list[Outgoing]]:
    """Find out which names of files are taken, by the same content or by something else.

    Parameters
    ----------
    items:
        The files. Only those that may be resumed are compared.
    line:
        The connection.
    verification:
        Compares files.

    Returns
    -------
    :
        The files that are there with all of their content, then those whose names something else has.

    Raises
    ------
    FileUploadError
        If a local file is not what it was any more.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """
    there = line.again(lambda: look_up_files(line.sftp, [item.target for item in items]))
    alike, others = [], []
    for item in items:
        if (attributes := there.get(item.target)) is None:
            continue
        if item.request.resume and attributes.is_file and attributes.size == item.size:
            item.attributes = attributes
            item.verified = "checksum"
            alike.append(item)
        else:
            others.append(item)
    same = verification.same(alike) if alike else []
    complete = {item for item, is_same in zip(alike, same, strict=True) if is_same}
    return [item for item in alike if item in complete], [
        *others,
        *(item for item in alike if item not in complete),
    ]


def outlook(
    items: Sequence[Outgoing], missing: set[bytes], line: Line, verification: Verification
) -> Outlook:
    """Say whether files can be sent.

    Parameters
    ----------
    items:
        The files.
    missing:
        Folders that are not there.
    line:
        The connection.
    verification:
        Compares files.

    Raises
    ------
    FileUploadError
        If something else has the name of a file, one may not write, or there is too little space.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks.
    """
    inside = [item for item in items if parent(item.target) not in missing]
    complete, in_the_way = find_complete(inside, line, verification)
    if in_the_way:
        raise already_there([item.target for item in in_the_way], line.sftp.host)
    wanted = [item for item in items if item not in set(complete)]
    free = None
    if wanted:
        folders = {lowest_there(parent(item.target), missing) for item in wanted}
        line.again(lambda: _refuse_read_only(folders, line))
        free = check_space(wanted, missing, line)
    return Outlook(
        present={item.request.remote: item.sent() for item in complete},
        missing_folders=tuple(folder.decode("utf-8", "surrogateescape") for folder in sorted(missing)),
        free=free,
    )


def check_space(items: Sequence[Outgoing], missing: set[bytes], line: Line) -> int | None:
    """Return the free space where files shall go, in bytes; None where the host does not say.

    Raises
    ------
    FileUploadError
        If there is too little.
    """
    needed = sum(item.size - item.start for item in items)
    folder = lowest_there(parent(items[0].target), missing)
    free = line.again(lambda: line.sftp.free_space(folder))
    if free is not None and free < needed:
        begun = [item.partial for item in items if item.request.resume and not item.start]
        there = line.again(lambda: look_up_files(line.sftp, begun))
        needed -= sum(attributes.size or 0 for attributes in there.values())
    if free is not None and free < needed:
        raise disk_full(folder, line.sftp.host, free=free, needed=needed)
    return free


def lowest_there(folder: bytes, missing: set[bytes]) -> bytes:
    """Return a folder, or the one above it that is there."""
    while folder in missing:
        folder = parent(folder)
    return folder


def remove_probes(folders: Iterable[bytes], line: Line) -> None:
    """Remove what one that was killed while it looked has left in folders.

    Parameters
    ----------
    folders:
        On the host; need not be there.
    line:
        The connection.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    probes = [_probe(folder, line) for folder in folders]
    line.again(lambda: _remove(probes, line))


def _probe(folder: bytes, line: Line) -> bytes:
    # The same each time, so that it is found again, and another one for each who may remove it.
    username = line.connected.transport.get_username() or ""
    return child(folder, f".scitacean-{hashlib.sha256(username.encode()).hexdigest()[:16]}".encode())


def _remove(folders: Iterable[bytes], line: Line) -> dict[bytes, SftpRefusedError | None]:
    """Remove folders; return what the server says about each."""
    answered = answers(line.sftp.rmdir, folders)
    return dict(answered)


def _refuse_read_only(folders: Iterable[bytes], line: Line) -> None:
    """Find out whether one may write to folders: only who tries can tell, whatever permissions say."""
    session = line.sftp
    probes = [_probe(folder, line) for folder in folders]
    answered = answers(lambda path: session.mkdir(path, attributes_of()), probes)
    made = dict(answered)
    removed = _remove(probes, line)
    for path in probes:
        refusal, stays = made[path], removed[path]
        if isinstance(refusal, SftpRefusedError):
            # Where one that was killed has left it, it could be removed, so one may write there.
            if isinstance(stays, SftpRefusedError):
                raise cannot_write(refusal, parent(path), session) from refusal
        elif isinstance(stays, SftpRefusedError) and stays.code != Status.NO_SUCH_FILE:
            raise cannot_write(stays, parent(path), session) from stays
