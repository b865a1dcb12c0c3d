"""Commands that are started before they are needed: a login shell may take long to start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Self

from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.remote_command import CommandError, Program, RemoteCommand, fallible


class Beginning:
    """Begins commands while a connection is made.

    Parameters
    ----------
    programs:
        The commands.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        self._programs = programs
        self._started: list[tuple[Program, RemoteCommand]] = []
        self.is_begun = False

    def __call__(self, connected: Connected) -> None:
        """Begin them; what cannot be begun is missing."""
        for program in self._programs:
            self.is_begun = True
            with suppress(CommandError):
                self._started.append((program, _run(connected, program)))

    def forget(self) -> None:
        """Forget those of a connection that broke."""
        self._started.clear()

    def hand_over(self, ahead: CommandsAhead, tools: dict[str, bool]) -> None:
        """Give the commands to who ends them, and note what of the host does not work."""
        for program, running in self._started:
            ahead.put_back(program, running)
        if self.is_begun:
            missing = {program.tool for program in self._programs} - {
                program.tool for program, _ in self._started
            }
            tools.update(dict.fromkeys(missing, False))


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
        for started in self._started.values():
            for command in started:
                command.__exit__(None, None, None)

    def start(self, program: Program, *, number: int = 1) -> None:
        """Start a command, if the host is not known to lack what it needs.

        Parameters
        ----------
        program:
            The command.
        number:
            How many are to be there then.

        Raises
        ------
        TransferError
            If the connection breaks and there is no other.
        """
        while self._tools.get(program.tool, True) and len(self._usable(program)) < number:
            with fallible(self._line, self._tools, program.tool):
                self.put_back(program, _run(self._line.connected, program))

    def take(self, program: Program) -> RemoteCommand:
        """Return a command that was started, or start it now; the caller ends it.

        Raises
        ------
        CommandError
            If the server runs no commands, or the connection is broken.
        """
        if usable := self._usable(program):
            return usable.pop()
        return _run(self._line.connected, program)

    def put_back(self, program: Program, running: RemoteCommand) -> None:
        """Keep a command that waits for more, to be taken again."""
        self._started.setdefault(program, []).append(running)

    def _usable(self, program: Program) -> list[RemoteCommand]:
        started = self._started.setdefault(program, [])
        for running in [running for running in started if running.connected is not self._line.connected]:
            running.__exit__(None, None, None)
            started.remove(running)
        return started

    @contextmanager
    def running(self, program: Program, number: int = 1) -> Iterator[list[RemoteCommand]]:
        """Give commands that run; keep them for later where nothing goes wrong.

        Raises
        ------
        CommandError
            If the host cannot run it.
        """
        with ExitStack() as stack:
            commands = [stack.enter_context(self.take(program)) for _ in range(number)]
            for command in commands:
                command.wait_until_it_runs()
            yield commands
            stack.pop_all()
        for command in commands:
            self.put_back(program, command)


def _run(connected: Connected, program: Program) -> RemoteCommand:
    return RemoteCommand(
        connected,
        program.command,
        window=program.window,
        changes_files=program.changes_files,
        greeting=program.greeting,
    )
