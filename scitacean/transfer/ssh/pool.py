"""Connections of one file transfer that are kept for the next use."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

import attrs

from scitacean.credentials import SecretStr
from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.ahead import Beginning
from scitacean.transfer.ssh.connection import Connected, connected
from scitacean.transfer.ssh.settings import SSHSettings

PING_AFTER_SECONDS = 10.0
"""After how much idle time a kept connection is asked whether it is there still."""


@attrs.define(eq=False)
class _Kept:
    connection: Connected
    closing: ExitStack
    round_: int
    process: int
    since: float = 0.0


# Connections that a forked process has from its parent: to close one would end the parent's.
_of_parents: list[_Kept] = []


class ConnectionPool:
    """Makes connections when they are needed, lends each to one borrower at a time, and keeps them.

    Several threads may borrow at once; a process that was forked makes connections of its own.

    Parameters
    ----------
    settings:
        How to reach the host.
    """

    def __init__(self, settings: SSHSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        # People are asked one question at a time, and what one connection was told serves the next.
        self._signing_in = Lock()
        self._answers: dict[str, SecretStr] = {}
        self._idle: list[_Kept] = []
        self._round = 0
        self._process = os.getpid()

    @contextmanager
    def borrow(self, *, anew: bool = False, beginning: Beginning | None = None) -> Iterator[Connected]:
        """Lend a connection that works, and keep it afterwards if it still does.

        Parameters
        ----------
        anew:
            Whether to make a new one even if others are kept.
        beginning:
            What to begin over it.

        Raises
        ------
        FileNotAccessibleError
            If there is no connection: its subclasses tell why.
        ConfigurationError
            If the SSH configuration or the known host keys cannot be read.
        """
        kept = None if anew else self._take()
        begun = beginning if kept is not None else None
        kept = kept or self._connect(beginning)
        healthy = True
        try:
            if begun is not None:
                begun(kept.connection)
            yield kept.connection
        except HostNotReachableError:
            healthy = False
            raise
        except Exception:
            raise
        except BaseException:
            # The borrower was stopped at any point whatever.
            healthy = False
            raise
        finally:
            self._give_back(kept, healthy=healthy)

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back. The pool may be used again."""
        self._check_process()
        with self._lock:
            self._round += 1
            idle, self._idle = self._idle, []
        for kept in idle:
            kept.closing.close()

    def _take(self) -> _Kept | None:
        self._check_process()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                kept = self._idle.pop()
            if _works(kept):
                return kept
            kept.closing.close()

    def _connect(self, beginning: Beginning | None) -> _Kept:
        try:
            return self._connected(beginning)
        except HostNotReachableError:
            if beginning is None or not beginning.is_begun:
                raise
            # Some servers hang up on whoever asks for a command.
            beginning.forget()
            return self._connected(None)

    def _connected(self, begin: Beginning | None) -> _Kept:
        with ExitStack() as stack:
            round_ = self._round
            if self._settings.ask is None:
                connection = stack.enter_context(connected(self._settings, begin=begin))
            else:
                with self._signing_in:
                    connection = stack.enter_context(
                        connected(self._settings, answers=self._answers, begin=begin)
                    )
            return _Kept(connection, stack.pop_all(), round_, os.getpid())

    def _give_back(self, kept: _Kept, *, healthy: bool) -> None:
        if os.getpid() != kept.process:
            _of_parents.append(kept)
            return
        kept.since = time.monotonic()
        with self._lock:
            keep = healthy and kept.round_ == self._round and _is_whole(kept.connection)
            if keep:
                self._idle.append(kept)
        if not keep:
            kept.closing.close()

    def _check_process(self) -> None:
        if os.getpid() == self._process:
            return
        _of_parents.extend(self._idle)
        # A thread that is not in this process may have held the old ones.
        self._lock, self._signing_in = Lock(), Lock()
        self._idle = []
        self._process = os.getpid()


def _is_whole(connection: Connected) -> bool:
    return connection.transport.is_active() and connection.sftp.is_usable


def _works(kept: _Kept) -> bool:
    if not _is_whole(kept.connection):
        return False
    if time.monotonic() - kept.since > PING_AFTER_SECONDS:
        try:
            kept.connection.sftp.ping()
        except HostNotReachableError:
            return False
    return True
