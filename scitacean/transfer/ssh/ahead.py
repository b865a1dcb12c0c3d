"""Commands that are started before they are needed: a login shell may take long to start."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.remote_command import RemoteCommand, fallible


class CommandsAhead:
    """Holds commands that change files, until they are taken; ends those that are not.

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
        self._started: dict[str, list[RemoteCommand]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for started in self._started.values():
            for command in started:
                command.__exit__(None, None, None)

    def start(self, tool: str, command: str, *, window: int, greeting: bytes = b"") -> None:
        """Start a command, if the host is not known to lack what it needs.

        Parameters
        ----------
        tool:
            What it needs.
        command, window, greeting:
            See :class:`RemoteCommand`.

        Raises
        ------
        TransferError
            If the connection breaks and there is no other.
        """
        if self._tools.get(tool, True):
            with fallible(self._line, self._tools, tool):
                self.put_back(tool, self._run(command, window, greeting))

    def take(self, tool: str, command: str, *, window: int, greeting: bytes = b"") -> RemoteCommand:
        """Return a command that was started, or start it now; the caller ends it.

        Parameters
        ----------
        tool:
            What it needs.
        command, window, greeting:
            See :class:`RemoteCommand`; the same as for those that were started.

        Raises
        ------
        CommandError
            If the server runs no commands, or the connection is broken.
        """
        while started := self._started.get(tool):
            running = started.pop()
            if running.connected is self._line.connected:
                return running
            running.__exit__(None, None, None)
        return self._run(command, window, greeting)

    def put_back(self, tool: str, running: RemoteCommand) -> None:
        """Keep a command that waits for more, to be taken again.

        Parameters
        ----------
        tool:
            What it needs.
        running:
            The command.
        """
        self._started.setdefault(tool, []).append(running)

    def _run(self, command: str, window: int, greeting: bytes) -> RemoteCommand:
        return RemoteCommand(
            self._line.connected, command, window=window, changes_files=True, greeting=greeting
        )
