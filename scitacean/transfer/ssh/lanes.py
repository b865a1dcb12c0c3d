"""Doing work over one or several connections to a host at the same time.

One connection is best where the round trip is short; where it is long, what a connection may have under
way limits it, and several together are faster. The first lane runs in the thread of the caller.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from typing import Final, Generic, Literal, Protocol, TypeVar

from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    HostNotReachableError,
    TransferError,
)
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.open_files import most_open_files
from scitacean.transfer.ssh.pipeline import Job, Pipeline
from scitacean.transfer.ssh.schedule import Part, Schedule, Stopped
from scitacean.transfer.ssh.sftp_session import SftpSession

_T = TypeVar("_T")
_P = TypeVar("_P", bound=Part)
_P_contra = TypeVar("_P_contra", bound=Part, contravariant=True)

LANE_BYTES: Final = 8 << 20
"""How many bytes one connection has under way: several round trips of a fast line."""

MOST_BYTES: Final = 32 << 20
"""How many bytes all connections have under way."""

_LANE_JOBS: Final = 1000
_LANES: Final = 4
LONG_ROUND_TRIP: Final = 0.004
"""From how many seconds on a connection waits more than it moves."""

_FILES_OF_A_LANE: Final = 100

_logger = logging.getLogger("scitacean")


class Line:
    """A connection to a host that can be made anew when it breaks.

    Parameters
    ----------
    connected:
        The connection.
    connect:
        Gives another one to the same host.
    connect_anew:
        Makes another one: one that was kept may have broken at the same time.
    """

    def __init__(
        self,
        connected: Connected,
        connect: Callable[[], AbstractContextManager[Connected]],
        connect_anew: Callable[[], AbstractContextManager[Connected]],
    ) -> None:
        self._connected = connected
        self.connect = connect
        self.connect_anew = connect_anew
        self._stack = ExitStack()

    @property
    def connected(self) -> Connected:
        """The connection that is in use now."""
        return self._connected

    @property
    def sftp(self) -> SftpSession:
        """Its session for files."""
        return self._connected.sftp

    def renew(self) -> None:
        """Connect again.

        Raises
        ------
        TransferError
            If there is no connection: its subclasses tell why.
        """
        self._stack.close()
        try:
            self._connected = self._stack.enter_context(self.connect_anew())
        except ConfigurationError as error:
            # It worked before, so somebody has changed a file since then.
            raise FileNotAccessibleError(error.message, hint=error.hint) from error

    def again(self, ask: Callable[[], _T]) -> _T:
        """Do something that can be repeated, and do it again over a new connection where this one breaks.

        Raises
        ------
        TransferError
            If there is no connection: its subclasses tell why.
        """
        try:
            return ask()
        except HostNotReachableError as error:
            _logger.info("%s Connecting again.", error.message)
        self.renew()
        return ask()

    def close(self) -> None:
        """Close what :meth:`renew` opened."""
        self._stack.close()


class Work(Protocol[_P_contra]):
    """Knows how to do a part."""

    def job(self, session: SftpSession, part: _P_contra, /) -> Job:
        """Return the steps for a part."""


class Lanes(Generic[_P]):
    """Does all parts of a schedule.

    Parameters
    ----------
    line:
        The connection of the first lane.
    schedule:
        What to do.
    work:
        How to do it.
    number:
        How many connections to use.
    """

    def __init__(self, line: Line, schedule: Schedule[_P], work: Work[_P], *, number: int) -> None:
        self._line = line
        self._schedule = schedule
        self._work = work
        self._number = number
        self._most_jobs = max(1, min(_LANE_JOBS, most_open_files() // number))
        self._changed = threading.Condition()
        self._begun: dict[threading.Thread, Line] = {}
        self._over = False
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it.

        A connection that breaks is made anew once, and once more when something has been done over it; a
        further one that cannot be had is done without. Nobody waits for one that is still being made at the
        end: it is kept for the next time.

        Raises
        ------
        TransferError
            If the first connection breaks and there is no other, or what a part raises.
        """
        try:
            for number in range(2, self._number + 1):
                threading.Thread(target=self._run_other, name=f"scitacean-lane-{number}", daemon=True).start()
            with suppress(Stopped):
                _Lane(self._line, self._schedule, self._work, self._most_jobs, self._line.renew).run()
        except BaseException:
            # Nothing goes on when this is left, and nobody waits for a silent server.
            self._schedule.stop()
            for line in self._end():
                line.sftp.abort()
            raise
        finally:
            self._end()
            with self._changed:
                while self._begun:
                    # With a limit, because waiting without one cannot be interrupted everywhere.
                    self._changed.wait(1.0)
        if self._error is not None:
            raise self._error

    def _run_other(self) -> None:
        try:
            with ExitStack() as stack:
                connect = self._line.connect
                if self._over:
                    return
                with _done_without():
                    connected = stack.enter_context(connect())
                line = Line(connected, connect, self._line.connect_anew)
                stack.callback(line.close)
                self._begin(line)
                renew = partial(self._renew, line)
                _Lane(line, self._schedule, self._work, self._most_jobs, renew).run()
        except (Stopped, HostNotReachableError):
            # The other lanes do what this one has not.
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised where the caller sees it
            self._error = self._error or error
            self._schedule.stop()
        finally:
            self._leave()

    def _begin(self, line: Line) -> None:
        with self._changed:
            if self._over:
                raise Stopped
            self._begun[threading.current_thread()] = line

    def _leave(self) -> None:
        with self._changed:
            self._begun.pop(threading.current_thread(), None)
            self._changed.notify_all()

    def _end(self) -> list[Line]:
        """Let nobody begin any more; return the connections in use."""
        with self._changed:
            self._over = True
            return list(self._begun.values())

    def _renew(self, line: Line) -> None:
        # It has nothing to do in the meantime.
        self._leave()
        with _done_without():
            line.renew()
        self._begin(line)


@contextmanager
def _done_without() -> Iterator[None]:
    """Let the other lanes do it where there is no further connection."""
    try:
        yield
    except (TransferError, ConfigurationError) as error:
        _logger.debug("Going on without another connection: %s", error)
        raise Stopped from error


class _Lane(Generic[_P]):
    """The work over one connection."""

    def __init__(
        self,
        line: Line,
        schedule: Schedule[_P],
        work: Work[_P],
        most_jobs: int,
        renew: Callable[[], None],
    ) -> None:
        self._line = line
        self._schedule = schedule
        self._work = work
        self._most_jobs = most_jobs
        self._renew = renew
        self._bytes = 0
        self._jobs = 0
        self._done = 0

    def run(self) -> None:
        done_before = -1
        while True:
            session = self._line.sftp
            most_jobs = min(self._most_jobs, max(1, session.max_handles - 16))
            try:
                Pipeline(
                    session, partial(self._take, most_jobs), partial(self._job, session), self._give_back
                ).run()
            except HostNotReachableError as error:
                if self._done == done_before:
                    raise
                done_before = self._done
                _logger.info("%s Connecting again.", error.message)
                self._renew()
            else:
                return

    def _take(self, most_jobs: int, wait: bool) -> _P | None:  # the pipeline's protocol
        if self._jobs >= most_jobs or (self._jobs and self._bytes >= LANE_BYTES):
            return None
        if (part := self._schedule.take(wait=wait)) is not None:
            self._jobs += 1
            self._bytes += part.charged
        return part

    async def _job(self, session: SftpSession, part: _P) -> None:
        try:
            await self._work.job(session, part)
        finally:
            self._jobs -= 1
            self._bytes -= part.charged
        self._done += 1
        self._schedule.finish()

    def _give_back(self, part: _P) -> None:
        self._schedule.give_back(part)


def lanes_for(line: Line, sizes: Sequence[int], *, connections: int | Literal["auto"]) -> int:
    """Return how many connections are best.

    Parameters
    ----------
    line:
        The first one.
    sizes:
        Of the files, in bytes.
    connections:
        What the user wants; "auto" for one where the round trip is short, else four.
    """
    most = connections
    if most == "auto":
        most = 1 if line.connected.round_trip < LONG_ROUND_TRIP else _LANES
    # Connecting takes some ten round trips, in which one connection moves so much.
    return max(1, min(most, len(sizes) // _FILES_OF_A_LANE + sum(sizes) // LANE_BYTES))
