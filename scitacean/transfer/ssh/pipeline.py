"""Running many jobs over one SFTP session at the same time.

A job is a coroutine that awaits replies of its session
(:class:`~scitacean.transfer.ssh.sftp_session.Pending`). While it waits the others go on, so that hundreds of
files can be under way on one channel, each told as the plain sequence of its steps. There are no threads in
here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession

_T = TypeVar("_T")
_P = TypeVar("_P")

Job: TypeAlias = Coroutine[Any, Any, None]

_ASK_AT_ONCE = 2_000


@attrs.frozen
class Pipeline(Generic[_P]):
    """Runs a job for each of many parts of the work.

    Parameters
    ----------
    session:
        What the jobs wait for.
    take:
        Gives the next part to begin now, or None. Called with True while no job runs: then it waits for
        something to do, and None means that there is nothing left.
    job:
        Makes the job for a part.
    give_back:
        Takes the parts whose jobs were not done when the connection broke.
    """

    session: SftpSession
    take: Callable[[bool], _P | None]
    job: Callable[[_P], Job]
    give_back: Callable[[_P], None]

    def run(self) -> None:
        """Run jobs until there is nothing left.

        Raises
        ------
        HostNotReachableError
            If the connection breaks.
        Exception
            Whatever a job raises; the others are stopped where they are.
        """
        running: dict[Pending[Any], tuple[Job, _P]] = {}
        try:
            while True:
                while (part := self.take(not running)) is not None:
                    self._step(self.job(part), part, running)
                if not running:
                    return
                for pending in self.session.receive():
                    if (waiting := running.pop(pending, None)) is not None:
                        self._step(*waiting, running)
        except BaseException as error:
            self.session.spoil()
            for job, part in running.values():
                job.close()
                if isinstance(error, HostNotReachableError):
                    self.give_back(part)
            raise

    def _step(self, job: Job, part: _P, running: dict[Pending[Any], tuple[Job, _P]]) -> None:
        try:
            pending = job.send(None)
        except StopIteration:
            return
        except HostNotReachableError:
            self.give_back(part)
            raise
        running[pending] = job, part


def answers(
    ask: Callable[[_P], Pending[_T]], items: Iterable[_P]
) -> Iterator[tuple[_P, _T | SftpRefusedError]]:
    """Ask the same of many paths at once, and yield each path with its answer, in order.

    Parameters
    ----------
    ask:
        Method of an :class:`SftpSession`.
    items:
        What to ask about.

    Raises
    ------
    HostNotReachableError
        If the connection breaks.
    """
    remaining = iter(items)
    waiting = deque((item, ask(item)) for item in islice(remaining, _ASK_AT_ONCE))
    while waiting:
        item, pending = waiting.popleft()
        answer: _T | SftpRefusedError
        try:
            answer = pending.result()
        except SftpRefusedError as refusal:
            answer = refusal
        # As many as are answered are asked, so that neither side has nothing to do.
        waiting.extend((another, ask(another)) for another in islice(remaining, 1))
        yield item, answer
