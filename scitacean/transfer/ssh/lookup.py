"""Looking what is on the host under many paths at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scitacean.transfer.ssh.sftp_packets import Attributes, SftpRefusedError
from scitacean.transfer.ssh.sftp_session import Pending

_ASK_AT_ONCE = 256


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
    remaining = iter(paths)
    while portion := list(islice(remaining, _ASK_AT_ONCE)):
        yield from [_answer(pending) for pending in [ask(path) for path in portion]]


def _answer(pending: Pending[Attributes]) -> Attributes | None:
    try:
        return pending.result()
    except SftpRefusedError:
        return None
