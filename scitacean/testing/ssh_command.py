"""A command that an SSH server for tests runs: it speaks over its channel and ends with it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from scitacean.testing.running_ssh import asyncssh

_BLOCK = 65_536


class _Command(asyncio.SubprocessProtocol):
    """Passes what a command says to its channel, and its end."""

    def __init__(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self._process = process
        self._transport: asyncio.SubprocessTransport | None = None
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        # A channel that has gone takes nothing any more; the command ends in a moment.
        with suppress(BrokenPipeError):
            (self._process.stdout if fd == 1 else self._process.stderr).write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        assert self._transport is not None
        self._process.exit(self._transport.get_returncode() or 0)
        self.ended.set()


async def run_command(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run the command of a channel by the system's shell until it or the channel ends.

    Parameters
    ----------
    process:
        The channel, with the command; without one nothing is run.
    """
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_shell(
            lambda: _Command(process), process.command or "true", start_new_session=True
        )
    )
    wanted = True
    # What is half started when this is cancelled has to be started before it can be ended.
    while not starting.done():
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            wanted = False
    transport, command = starting.result()
    feeding = asyncio.create_task(_feed(process.stdin, transport.get_pipe_transport(0)))
    try:
        if wanted:
            await process.wait_closed()
    finally:
        feeding.cancel()
        if not command.ended.is_set():
            _kill_group(transport.get_pid())
        transport.close()
        # However often the connection's end cancels this: a command that nobody waits for would stay. A
        # channel that breaks makes the feeding fail, which is nobody's concern any more.
        while not (command.ended.is_set() and feeding.done()):
            with suppress(asyncio.CancelledError):
                await asyncio.gather(feeding, command.ended.wait(), return_exceptions=True)


async def _feed(source: asyncssh.SSHReader[bytes], pipe: asyncio.BaseTransport | None) -> None:
    assert isinstance(pipe, asyncio.WriteTransport)
    try:
        while block := await source.read(_BLOCK):
            pipe.write(block)
    finally:
        pipe.close()


def _kill_group(pid: int) -> None:
    """End a command with all that it started, where the system knows such groups."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
