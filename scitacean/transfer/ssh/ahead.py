"""Commands that are started before they are needed: a login shell may take long to start."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Final, Self

from paramiko import ChannelException

from scitacean.transfer.ssh.channels import all_ended, in_background, meanwhile
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.remote_command import CommandError, Program, RemoteCommand, fallible

_MOST_WAITING_SECONDS: Final = 1.0
# In seconds.
_PAUSES: Final = (0.05, 0.2)
# More than each of them waits.
_MOST_ENDING_SECONDS: Final = 7.0


class Beginning:
    """Begins commands in the background, while a connection is made.

    Parameters
    ----------
    programs:
        The commands.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        self._programs = programs
        self._started: list[tuple[Program, RemoteCommand]] | None = []
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __call__(self, connected: Connected) -> None:
        """Begin them; what cannot be begun is missing."""
        if self._programs:
            self._thread = in_background(partial(self._begin, connected), name="scitacean-begins")

    @property
    def is_begun(self) -> bool:
        """Whether the server was asked for a command."""
        return self._thread is not None

    def forget(self) -> None:
        """Begin nothing more, and end what was begun."""
        with self._lock:
            started, self._started = self._started or [], None
        for _, running in started:
            running.__exit__(None, None, None)

    def hand_over(self, ahead: CommandsAhead) -> None:
        """Give the commands that were begun to who ends them; later ones are ended here."""
        if self._thread is not None:
            self._thread.join(_MOST_WAITING_SECONDS)
        with self._lock:
            started, self._started = self._started or [], None
        for program, running in started:
            ahead.put_back(program, running)

    def _begin(self, connected: Connected) -> None:
        for program in self._programs:
            try:
                running = _run(connected, program)
            except CommandError:
                # Nor will it run the others.
                return
            with self._lock:
                if self._started is not None:
                    self._started.append((program, running))
                    continue
            running.__exit__(None, None, None)
            return


class CommandsAhead:
    """Holds commands until they are taken; ends those that are not.

    Parameters
    ----------
    line:
        The connection.
    tools:
        What is known of the host.
    """

    def __init__(self, line: Line, tools: dict[str, bool]) -> None:
        self._line = line
        self._tools = tools
        self._started: dict[Program, list[RemoteCommand]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After Ctrl-C some may come still; they end with their connection.
        for command in [command for started in list(self._started.values()) for command in started]:
            command.__exit__(None, None, None)

    def start(self, programs: Mapping[Program, int]) -> None:
        """Start commands, if the host is not known to lack what they need.

        Parameters
        ----------
        programs:
            The commands, and how many of each are to be there then: one at least, more where the server
            allows it.

        Raises
        ------
        TransferError
            If the connection breaks and there is no other.
        """
        for program, number in programs.items():
            if self.may_run(program) and not self._usable(program):
                with fallible(self._line, self._tools, program.tool):
                    self.put_back(program, self._start(program))
            if self._usable(program):
                self.try_to_start({program: number})

    def try_to_start(self, programs: Mapping[Program, int]) -> None:
        """Start commands as :meth:`start`; that there are none then is no error.

        Other threads may do what needs no commands in the meantime.
        """
        with ExitStack() as stack:
            for program, number in programs.items():
                if self.may_run(program):
                    starting = partial(meanwhile, partial(self._try_one, program), name="scitacean-starts")
                    # Each takes two round trips.
                    for _ in range(len(self._usable(program)), number):
                        stack.enter_context(starting())

    def _try_one(self, program: Program) -> None:
        # Servers let one connection have so many at a time: those that run are enough.
        with suppress(CommandError):
            self.put_back(program, _run(self._line.connected, program))

    def may_run(self, program: Program) -> bool:
        """Tell whether the host is not known to lack what a command needs."""
        return self._tools.get(program.tool, True)

    def take(self, program: Program) -> RemoteCommand:
        """Return a command that was started, or start it now; the caller ends it.

        Raises
        ------
        CommandError
            If the server runs no commands, or the connection is broken.
        """
        if usable := self._usable(program):
            # The one that was started first runs first.
            return usable.pop(0)
        return self._start(program)

    def put_back(self, program: Program, running: RemoteCommand) -> None:
        """Keep a command that waits for more, to be taken again."""
        self._started.setdefault(program, []).append(running)

    def _start(self, program: Program) -> RemoteCommand:
        for pause in _PAUSES:
            try:
                return _run(self._line.connected, program)
            except CommandError as error:
                if not isinstance(error.__cause__, ChannelException):
                    raise
            # There may be as many as the server lets one connection have, which counts them a little longer.
            waiting = [running for started in self._started.values() for running in started]
            self._started.clear()
            all_ended([running.end for running in waiting])
            time.sleep(pause)
        return _run(self._line.connected, program)

    @property
    def connected(self) -> Connected:
        """The connection that is in use now."""
        return self._line.connected

    def _usable(self, program: Program) -> list[RemoteCommand]:
        started = self._started.setdefault(program, [])
        for running in [running for running in started if running.connected is not self._line.connected]:
            running.__exit__(None, None, None)
            started.remove(running)
        return started

    @contextmanager
    def running(self, program: Program, number: int = 1) -> Iterator[list[RemoteCommand]]:
        """Give commands, as many as the server allows, the first of which runs; keep them afterwards.

        Raises
        ------
        CommandError
            If the host cannot run it.
        """
        commands = [self.take(program)]
        try:
            with suppress(CommandError):
                while len(commands) < number:
                    usable = self._usable(program)
                    commands.append(usable.pop(0) if usable else _run(self._line.connected, program))
            commands[0].wait_until_it_runs()
            yield commands
        except BaseException as error:
            ending = [partial(command.__exit__, type(error), error, None) for command in commands]
            all_ended(ending, seconds=_MOST_ENDING_SECONDS)
            raise
        for command in commands:
            self.put_back(program, command)


def _run(connected: Connected, program: Program) -> RemoteCommand:
    return RemoteCommand(
        connected,
        program.command,
        window=program.window,
        changes_files=program.changes_files,
        greeting=program.greeting,
        opening=program.opening,
    )
