"""Looking what is on the host under many paths at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.paths import HostPaths, child, parent
from scitacean.transfer.ssh.pipeline import answers
from scitacean.transfer.ssh.sftp_packets import Attributes, SftpRefusedError
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession

# From so many files of a folder on, its listing costs less than to ask for each.
_LIST_FROM = 32
# A folder may have far more files than are looked for: of a reply with some 100 names, this many per name.
_MOST_READ = 8
_LISTED_AT_ONCE = 32


def look_up(
    ask: Callable[[bytes], Pending[Attributes]], paths: Iterable[bytes]
) -> Iterator[Attributes | None]:
    """Yield what is there under each path; None where nothing is, or nothing that one may see.

    Parameters
    ----------
    ask:
        :meth:`SftpSession.stat` or :meth:`SftpSession.lstat`.
    paths:
        On the host.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    for _, answer in answers(ask, paths):
        yield None if isinstance(answer, SftpRefusedError) else answer


def look_up_files(session: SftpSession, paths: Iterable[bytes]) -> dict[bytes, Attributes]:
    """Find out what is there under many paths, links not followed; by listing folders where that is faster.

    Parameters
    ----------
    session:
        Where.
    paths:
        On the host.

    Returns
    -------
    :
        What there is; paths under which nothing is are missing.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    folders: dict[bytes, set[bytes]] = {}
    for path in paths:
        folders.setdefault(parent(path), set()).add(path)
    found: dict[bytes, Attributes] = {}
    unknown: list[bytes] = []
    for folder, inside in folders.items():
        if len(inside) < _LIST_FROM or not _list(session, folder, inside, found):
            unknown += inside - found.keys()
    answered = zip(unknown, look_up(session.lstat, unknown), strict=True)
    return found | {path: attributes for path, attributes in answered if attributes is not None}


def look_up_readable(session: SftpSession, paths: Iterable[bytes]) -> dict[bytes, Attributes]:
    """Find out what files are there under many paths, links followed.

    Parameters
    ----------
    session:
        Where.
    paths:
        On the host.

    Returns
    -------
    :
        The files, and what the host does not say what it is; all other paths are missing.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    found = look_up_files(session, paths)
    others = [path for path, one in found.items() if one.mode is not None and not one.is_file]
    for path, behind in zip(others, look_up(session.stat, others), strict=True):
        del found[path]
        if behind is not None and (behind.mode is None or behind.is_file):
            found[path] = behind
    return found


def look_up_sizes(line: Line, paths: HostPaths, wanted: Sequence[RemotePath]) -> dict[RemotePath, int | None]:
    """Find out how large files are, links followed.

    Parameters
    ----------
    line:
        The connection.
    paths:
        What paths are on the host.
    wanted:
        In the catalogue's terms.

    Returns
    -------
    :
        Sizes in bytes, None where the host does not tell; paths under which no file is are missing.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    on_host = {path: paths.on_host(path) for path in wanted}
    found = line.again(lambda: look_up_readable(line.sftp, on_host.values()))
    return {path: found[name].size for path, name in on_host.items() if name in found}


def _list(session: SftpSession, folder: bytes, wanted: set[bytes], found: dict[bytes, Attributes]) -> bool:
    """Note what a folder has of some paths; return whether all of it has been seen."""
    try:
        handle = session.opendir(folder).result()
    except SftpRefusedError:
        return False
    waiting: deque[Pending[list[tuple[bytes, Attributes]]]] = deque()
    room = _MOST_READ * len(wanted)
    try:
        while room > 0:
            while len(waiting) < min(_LISTED_AT_ONCE, 1 + len(wanted) // 100):
                waiting.append(session.readdir(handle))
            names = waiting.popleft().result()
            # An empty portion counts as well: a server that sends no others would be asked for ever.
            room -= len(names) or 1
            for name, attributes in names:
                if (path := child(folder, name)) in wanted:
                    found[path] = attributes
    except SftpRefusedError:
        # The end, or what cannot be read on; then the single files tell.
        return all(attributes.mode is not None for attributes in found.values())
    finally:
        for pending in waiting:
            pending.ignore()
        session.close(handle).ignore()
    return False
