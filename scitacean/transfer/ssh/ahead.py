"""Commands that are started before they are needed: a login shell may take long to start."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.remote_command import Program, RemoteCommand, fallible


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

    def start(self, program: Program) -> None:
        """Start a command, if the host is not known to lack what it needs.

        Raises
        ------
        TransferError
            If the connection breaks and there is no other.
        """
        if self._tools.get(program.tool, True):
            with fallible(self._line, self._tools, program.tool):
                self.put_back(program, self._run(program))

    def take(self, program: Program) -> RemoteCommand:
        """Return a command that was started, or start it now; the caller ends it.

        Raises
        ------
        CommandError
            If the server runs no commands, or the connection is broken.
        """
        while started := self._started.get(program):
            running = started.pop()
            if running.connected is self._line.connected:
                return running
            running.__exit__(None, None, None)
        return self._run(program)

    def put_back(self, program: Program, running: RemoteCommand) -> None:
        """Keep a command that waits for more, to be taken again."""
        self._started.setdefault(program, []).append(running)

    def _run(self, program: Program) -> RemoteCommand:
        return RemoteCommand(
            self._line.connected,
            program.command,
            window=program.window,
            changes_files=program.changes_files,
            greeting=program.greeting,
        )
