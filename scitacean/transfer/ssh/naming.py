"""Giving complete files their names, never over another file."""

from __future__ import annotations

from collections.abc import Sequence

from scitacean.transfer.ssh.errors import already_there, cannot_write
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.pipeline import answers
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession


def name_files(items: Sequence[Outgoing], line: Line, journal: Journal) -> None:
    """Rename files from their partial names to their own.

    Parameters
    ----------
    items:
        The files.
    line:
        The connection.
    journal:
        Notes what has its name.

    Raises
    ------
    FileUploadError
        If there is a file of that name, or the server refuses; others may have their names.
    FileNotAccessibleError
        If the connection breaks and there is no other.
    """
    remaining = dict.fromkeys(items, False)

    def rename() -> None:
        session = line.sftp
        waiting = dict(remaining)

        def ask(item: Outgoing) -> Pending[None]:
            # Noted first: when the connection breaks now, the file may have its name all the same.
            journal.renaming[item.target] = item.partial
            remaining[item] = True
            return session.rename(item.partial, item.target)

        refused = []
        for item, answer in answers(ask, waiting):
            if answer is None or (waiting[item] and _has_its_name(session, item)):
                _note(item, journal)
                del remaining[item]
            else:
                refused.append((item, answer))
        for item, refusal in refused:
            _name_otherwise(session, item, refusal, journal)
            del remaining[item]

    line.again(rename)


def _note(item: Outgoing, journal: Journal) -> None:
    journal.files.add(item.target)
    del journal.renaming[item.target]
    journal.partial.pop(item.partial, None)


def _has_its_name(session: SftpSession, item: Outgoing) -> bool:
    """Whether the renaming was done just before the connection broke."""
    partial, target = look_up(session.lstat, [item.partial, item.target])
    return partial is None and target is not None


def _name_otherwise(
    session: SftpSession, item: Outgoing, refusal: SftpRefusedError, journal: Journal
) -> None:
    (target,) = look_up(session.lstat, [item.target])
    if target is None:
        # Where the file system has no hard links, some servers cannot rename without replacing.
        (answer,) = answers(lambda path: session.replace(path, item.target), [item.partial])
        if answer[1] is None:
            _note(item, journal)
            return
    del journal.renaming[item.target]
    if target is not None:
        raise already_there([item.target], session.host) from refusal
    raise cannot_write(refusal, item.target, session) from refusal
