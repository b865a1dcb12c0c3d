"""Running a command on the host that reads from us and writes to us."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, Self

import attrs
from paramiko import Channel, SSHException

from scitacean.errors import HostNotReachableError, TransferError
from scitacean.transfer.ssh.channels import SEND_AT_ONCE, close_channel, ended, giving_up, send_all
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.lanes import Line

LEAST_FILES: Final = 64
"""For fewer files it does not pay to start a command."""

_RECEIVE_AT_ONCE = 1 << 24
_GATHERED: Final = 256 * 1024
_POLL_SECONDS = 0.001
_MOST_ENDING_SECONDS = 5.0
_RUNS: Final = "scitacean-runs-this"
_RUNS_LINE: Final = _RUNS.encode() + b"\n"


class CommandError(Exception):
    """The host did not run the command to its end; the connection may be broken."""


@attrs.frozen
class Program:
    """A command that can be started before it is needed.

    Attributes
    ----------
    tool:
        What of the host it needs.
    command, window, changes_files, greeting, opening:
        See :class:`RemoteCommand`.
    """

    tool: str
    command: str
    window: int
    changes_files: bool = True
    greeting: bytes = b""
    opening: bytes = b""


class RemoteCommand:
    """A command that runs on the host while this is open.

    No part of a command may come from outside: what varies goes to its input.

    Parameters
    ----------
    connected:
        The connection.
    command:
        For the shell.
    window:
        How many bytes the command may write before they are read here.
    changes_files:
        Whether the command must not overtake who cleans up after an error: it is sent nothing before it
        runs, since a login shell that takes long to start would give it that after the connection broke,
        and where this is left with an error, that is when it has done what it was sent.
    greeting:
        What the command writes when it runs; empty where it is enough that the shell does.
    opening:
        What it is sent at once, of one that changes nothing: a server may run something else instead, which
        this ends.

    Raises
    ------
    CommandError
        If the server runs no commands, or the connection is broken.
    """

    def __init__(
        self,
        connected: Connected,
        command: str,
        *,
        window: int,
        changes_files: bool = False,
        greeting: bytes = b"",
        opening: bytes = b"",
    ) -> None:
        self.connected = connected
        self._changes_files = changes_files
        self._runs = not (changes_files or greeting)
        self._greeting = greeting or _RUNS_LINE
        self._early = b""
        with _told():
            self._channel: Channel = connected.transport.open_session(
                window_size=window, timeout=connected.timeout
            )
        self._channel.settimeout(connected.timeout)
        try:
            with _told(), giving_up(self._channel):
                self._channel.exec_command(f"echo {_RUNS}; {command}" if changes_files else command)
            with _told():
                send_all(self._channel, opening)
        except BaseException:
            close_channel(self._channel)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None and self._changes_files:
                ended(self._let_end, seconds=_MOST_ENDING_SECONDS + 1)
        finally:
            close_channel(self._channel)

    def end(self) -> None:
        """Let it end, and wait for that: a server lets one connection have so many at a time."""
        try:
            self._let_end()
        finally:
            close_channel(self._channel)

    def wait_until_it_runs(self) -> None:
        """Wait until a command that changes files, or has a greeting, has started.

        Raises
        ------
        CommandError
            If it does not.
        """
        with _told():
            while not self._runs:
                self._take_greeting()

    def runs_already(self) -> bool:
        """Tell whether it has started, without waiting.

        Raises
        ------
        CommandError
            If the connection is broken.
        """
        with _told():
            while not self._runs and self._channel.recv_ready():
                self._take_greeting()
        return self._runs

    def send_without_waiting(self, content: bytes) -> bytes:
        """Write to its input what it takes now, if it has started.

        Returns
        -------
        :
            What it has not taken.

        Raises
        ------
        CommandError
            If it has ended, or the connection is broken.
        """
        if self.runs_already():
            with _told():
                while content and self._channel.send_ready():
                    if not (sent := self._channel.send(content[:SEND_AT_ONCE])):
                        raise CommandError("its input was closed")
                    content = content[sent:]
        return content

    def send(self, blocks: Iterable[bytes]) -> None:
        """Write to its input.

        Raises
        ------
        CommandError
            If it does not run, or does not take all.
        HostNotReachableError
            If nothing comes for longer than the timeout and the host does not answer either.
        """
        self.wait_until_it_runs()
        with _told():
            for block in blocks:
                if not send_all(self._channel, block):
                    raise CommandError("its input was closed")

    def end_input(self) -> None:
        """Let its input end.

        Raises
        ------
        CommandError
            If the connection is broken.
        """
        with _told():
            self._channel.shutdown_write()

    def output(self, *, patiently: bool = True) -> Iterator[bytes]:
        """Yield what it writes, until the end.

        Parameters
        ----------
        patiently:
            Whether to go on for as long as the host answers, else only for as long as something comes.

        Raises
        ------
        CommandError
            If the connection breaks, or nothing comes for longer than the timeout.
        HostNotReachableError
            If nothing comes for longer than the timeout and the host does not answer either.
        """
        with _told():
            if self._early:
                early, self._early = self._early, b""
                yield early
            while block := self._receive(patiently=patiently):
                yield block

    def exit_status(self) -> int:
        """Wait until it has ended, after the end of its output; -1 where the server does not tell how.

        Raises
        ------
        CommandError
            If it does not end.
        """
        end = time.monotonic() + self.connected.timeout
        while not self._channel.exit_status_ready():
            if time.monotonic() > end:
                raise CommandError("it did not end")
            time.sleep(_POLL_SECONDS)
        return self._channel.recv_exit_status()

    def _take_greeting(self) -> None:
        # A login shell that waits for ever for something is no reason to wait with it.
        if not (block := self._channel.recv(_RECEIVE_AT_ONCE)):
            raise CommandError("it did not start")
        # Before it the files that the shell reads at its start may say something.
        said = self._early + block
        if (place := said.find(self._greeting)) < 0:
            self._early = said
        else:
            self._early = said[place + len(self._greeting) :]
            self._runs = True

    def _let_end(self) -> None:
        deadline = time.monotonic() + min(self.connected.timeout, _MOST_ENDING_SECONDS)
        # A connection that is broken tells nothing.
        with suppress(SSHException, OSError, EOFError):
            self._channel.shutdown_write()
            while (left := deadline - time.monotonic()) > 0:
                self._channel.settimeout(left)
                if not self._channel.recv(_RECEIVE_AT_ONCE):
                    return

    def _receive(self, *, patiently: bool) -> bytes:
        while True:
            try:
                return self._channel.recv(_RECEIVE_AT_ONCE)
            except TimeoutError:
                if not patiently:
                    raise
                # Large files take their time, in which nothing comes; the host should be alive though.
                self.connected.sftp.ping()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (SSHException, OSError, EOFError) as error:
        # Errors of our tree that are also an OSError say already what they are about.
        if isinstance(error, TransferError):
            raise
        raise CommandError(str(error)) from error


@contextmanager
def fallible(line: Line, tools: dict[str, bool], tool: str) -> Iterator[None]:
    """Go on without a tool where it does not work, over a new connection where this one broke.

    Parameters
    ----------
    line:
        The connection, which works at the end.
    tools:
        What is known of the host; that the tool does not work is added.
    tool:
        Its name there.

    Raises
    ------
    TransferError
        If the connection breaks and there is no other.
    """
    try:
        yield
    except CommandError:
        tools[tool] = False
        # A broken connection says nothing about the tools, but there is nothing lost without them either.
        line.again(lambda: line.sftp.ping())
    except HostNotReachableError:
        tools[tool] = False
        line.renew()


def gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield larger blocks of the same bytes: each one that is sent costs the same."""
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= _GATHERED:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    yield b"".join(waiting)
