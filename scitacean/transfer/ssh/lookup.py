"""Looking what is on the host under many paths at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scitacean.transfer.ssh.pipeline import answers
from scitacean.transfer.ssh.sftp_packets import Attributes, SftpRefusedError
from scitacean.transfer.ssh.sftp_session import Pending


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
