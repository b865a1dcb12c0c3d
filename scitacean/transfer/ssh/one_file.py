"""Finding out whether two names on the host are one file."""

from __future__ import annotations

from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.sftp_packets import OpenFlag, SftpRefusedError, attributes_of
from scitacean.transfer.ssh.sftp_session import SftpSession


def are_one_file(session: SftpSession, own: bytes, other: bytes) -> bool:
    """Whether what is done to one name shows at the other: SFTP does not tell it in any other way.

    Servers rename by giving a file a second name before they take the first one away, so both are there when
    they end in between.

    Parameters
    ----------
    session:
        Where.
    own:
        A file that is ours: its time is changed and put back.
    other:
        The other name.

    Returns
    -------
    :
        False also where it cannot be found out.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    before, there = look_up(session.lstat, [own, other])
    if before is None or before != there or before.mtime is None or not before.is_file:
        return False
    changed = before.mtime ^ 1
    try:
        handle = session.open(own, OpenFlag.READ).result()
        try:
            session.fsetstat(handle, attributes_of(mtime=changed)).result()
            (after,) = look_up(session.lstat, [other])
            session.fsetstat(handle, attributes_of(mtime=before.mtime)).result()
        finally:
            session.close(handle).ignore()
    except SftpRefusedError:
        return False
    return after is not None and after.mtime == changed
