"""Checksums computed on the host, by one command for many files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Self

from scitacean.errors import FileNotAccessibleError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.errors import check_is_file
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.paths import HostPaths, shown, unmistakable
from scitacean.transfer.ssh.remote_command import CommandError, Program, RemoteCommand

TOOLS: Final = {
    "md5": "md5sum",
    "sha1": "sha1sum",
    "sha224": "sha224sum",
    "sha256": "sha256sum",
    "sha384": "sha384sum",
    "sha512": "sha512sum",
    "blake2b": "b2sum",
}
"""Tools of the host by the algorithm that they compute."""

# Names go in and come out with a checksum each. All that comes out fits into the window of the channel, so
# that the host never waits for us to read while we wait for it to read. A login shell may take long to
# start, so it is started for as many names as possible.
_NAMES_AT_ONCE = 50_000
_BYTES_AT_ONCE = 8 << 20
_WINDOW = 32 << 20
# The tool starts in some milliseconds; it should not wait long for more names.
_NAMES_OF_TOOL = 250
_ENTRY = re.compile(rb"([0-9a-f]{32,128}) [ *](.*)", re.DOTALL)


class ChecksumFeed:
    """A tool on the host that computes checksums while the names of further files come.

    Parameters
    ----------
    command:
        The tool; ends with this.
    """

    def __init__(self, command: RemoteCommand) -> None:
        self._command = command
        self._waiting: list[bytes] = []
        self._number = 0
        self._size = 0
        self.connected = command.connected
        self.has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._command.__exit__(None, None, None)

    def add(self, name: bytes) -> bool:
        """Add a file.

        Parameters
        ----------
        name:
            As :func:`unmistakable` makes it.

        Returns
        -------
        :
            Whether it was taken: the tool takes so many only.

        Raises
        ------
        CommandError
            If the connection is broken.
        """
        if self._number == _NAMES_AT_ONCE or self._size + len(name) > _BYTES_AT_ONCE:
            return False
        self._number += 1
        self._size += len(name)
        self._waiting.append(name)
        if len(self._waiting) >= _NAMES_OF_TOOL and self._command.runs_already():
            self._send()
        return True

    def wait_until_it_runs(self) -> None:
        """Wait until the tool has started.

        Raises
        ------
        CommandError
            If it does not.
        """
        self._command.wait_until_it_runs()

    def results(self) -> dict[bytes, str]:
        """Return the checksums, by name, when all files have been added; what cannot be read is missing.

        Raises
        ------
        CommandError
            If the tool does not run, or the connection is broken.
        HostNotReachableError
            If nothing comes for longer than the timeout and the host does not answer either.
        """
        self._send()
        self._command.end_input()
        self._command.wait_until_it_runs()
        output = b"".join(self._command.output())
        self.has_ended = self._command.exit_status() >= 0
        # What has no end was being written when the tool was ended.
        entries = (_ENTRY.search(entry) for entry in output.split(b"\0")[:-1])
        return {entry[2]: entry[1].decode() for entry in entries if entry}

    def _send(self) -> None:
        if self._waiting:
            self._command.send([b"".join(name + b"\0" for name in self._waiting)])
            self._waiting.clear()


def feed(ahead: CommandsAhead, algorithm: str) -> ChecksumFeed:
    """Return a tool that computes checksums of files while others are still on their way.

    Raises
    ------
    CommandError
        If the host runs no commands, or the connection is broken.
    """
    return ChecksumFeed(ahead.take(program(algorithm)))


class HostChecksums:
    """Computes checksums on the host with the tools of GNU coreutils.

    Parameters
    ----------
    line:
        The connection.
    paths:
        What paths are on the host.
    tools:
        What is known of the host: for which algorithms it has tools that work. Shared by all connections to
        it, so that it is found out once.
    """

    def __init__(self, line: Line, paths: HostPaths, tools: dict[str, bool]) -> None:
        self._line = line
        self._paths = paths
        self._works = tools
        self._tried: set[str] = set()

    def may(self, algorithm: str) -> bool:
        """Tell whether the host is not known to lack the tool for an algorithm."""
        return algorithm in TOOLS and self._works.get(algorithm, True)

    def can(self, algorithm: str, *, ahead: CommandsAhead | None = None) -> bool:
        """Whether the host can compute checksums of an algorithm.

        Parameters
        ----------
        algorithm:
            Its name.
        ahead:
            May have the tool, and keeps it.

        Raises
        ------
        HostNotReachableError
            If the connection breaks.
        """
        if algorithm not in TOOLS:
            return False
        if algorithm not in self._works:
            # Some servers hang up on whoever asks for a command: it is not asked for again then.
            if algorithm in self._tried:
                return False
            self._tried.add(algorithm)
            self._works[algorithm] = self._try_tool(algorithm, ahead)
        return self._works[algorithm]

    def of_own_files(
        self, names: Iterable[bytes], *, algorithm: str, ahead: CommandsAhead | None = None
    ) -> dict[bytes, str]:
        """Compute checksums of files that are known to be regular ones; what cannot be read is missing.

        Parameters
        ----------
        names:
            Of the files.
        algorithm:
            Its name.
        ahead:
            May have the tool.

        Raises
        ------
        HostNotReachableError
            If the connection breaks.
        """
        exact = {unmistakable(name): name for name in names}
        found: dict[bytes, str] = {}
        for portion in _portions(exact):
            found |= self._run(algorithm, portion, ahead)
        return {exact[name]: checksum for name, checksum in found.items() if name in exact}

    def compute(self, paths: Sequence[RemotePath], *, algorithm: str) -> Mapping[RemotePath, str] | None:
        """Compute checksums; None where the host has no tool for the algorithm or no shell.

        Raises
        ------
        FileNotAccessibleError
            If a file cannot be read or is no regular one, or the connection breaks.
        """
        if not self.can(algorithm):
            return None
        on_host = {path: self._paths.on_host(path) for path in paths}
        self._check_are_files(on_host.values())
        found = self.of_own_files(on_host.values(), algorithm=algorithm)
        for name in on_host.values():
            if name not in found:
                raise FileNotAccessibleError(
                    f"{self._line.connected.host} cannot compute the checksum of {shown(name)}.",
                    hint="Check that the file is there and that you may read it.",
                    remote_path=shown(name),
                )
        return {path: found[name] for path, name in on_host.items()}

    def _check_are_files(self, names: Collection[bytes]) -> None:
        # The tool would read a pipe for ever.
        sftp = self._line.sftp
        for name, attributes in zip(names, look_up(sftp.stat, names), strict=True):
            if attributes is not None:
                check_is_file(attributes, name, self._line.connected.host)

    def _try_tool(self, algorithm: str, ahead: CommandsAhead | None) -> bool:
        with self._kept(ahead) as kept:
            try:
                running = kept.take(program(algorithm))
            except CommandError:
                # A server that runs no commands refuses or hangs up; a broken connection shows at the ping.
                self._line.sftp.ping()
                return False
            if not self._greets(running):
                running.__exit__(None, None, None)
                return False
            kept.put_back(program(algorithm), running)
            return True

    def _kept(self, ahead: CommandsAhead | None) -> AbstractContextManager[CommandsAhead]:
        return CommandsAhead(self._line, self._works) if ahead is None else nullcontext(ahead)

    def _greets(self, running: RemoteCommand) -> bool:
        try:
            running.wait_until_it_runs()
        except CommandError:
            self._line.sftp.ping()
            return False
        return True

    def _run(self, algorithm: str, names: Sequence[bytes], ahead: CommandsAhead | None) -> dict[bytes, str]:
        with self._kept(ahead) as kept:
            try:
                with feed(kept, algorithm) as running:
                    for name in names:
                        running.add(name)
                    found = running.results()
                    if not running.has_ended:
                        # The output ends in the same way with a connection that breaks.
                        self._line.sftp.ping()
                    return found
            except CommandError:
                self._line.sftp.ping()
                return {}


def _portions(names: Iterable[bytes]) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    size = 0
    for name in names:
        if portion and (len(portion) == _NAMES_AT_ONCE or size + len(name) > _BYTES_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += len(name)
    if portion:
        yield portion


def program(algorithm: str) -> Program:
    """Return what computes checksums on the host; raises KeyError for algorithms without a known tool."""
    # A file that is known to be empty everywhere shows that shell and tool do what they should. The names
    # are data on the command's input, so no shell ever reads one.
    tool = f"{TOOLS[algorithm]} -z --"
    empty = hashlib.new(algorithm, b"", usedforsecurity=False).hexdigest()
    return Program(
        algorithm,
        f"{tool} /dev/null && xargs -0 -n {_NAMES_OF_TOOL} {tool}",
        window=_WINDOW,
        changes_files=False,
        greeting=f"{empty}  /dev/null\0".encode(),
        opening=b"/dev/null\0",
    )
