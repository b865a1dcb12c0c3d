"""Checksums computed on the host, by one command for many files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scitacean.errors import FileNotAccessibleError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.ssh.errors import check_is_file
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.paths import HostPaths, shown, unmistakable
from scitacean.transfer.ssh.remote_command import CommandError, RemoteCommand

_TOOLS = {
    "md5": "md5sum",
    "sha1": "sha1sum",
    "sha224": "sha224sum",
    "sha256": "sha256sum",
    "sha384": "sha384sum",
    "sha512": "sha512sum",
    "blake2b": "b2sum",
}
# Names go in and come out with a checksum each. All that comes out fits into the window of the channel, so
# that the host never waits for us to read while we wait for it to read. A login shell may take long to
# start, so it is started for as many names as possible.
_NAMES_AT_ONCE = 50_000
_BYTES_AT_ONCE = 8 << 20
_WINDOW = 32 << 20
_ENTRY = re.compile(rb"([0-9a-f]{32,128}) [ *](.*)", re.DOTALL)


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

    def can(self, algorithm: str) -> bool:
        """Whether the host can compute checksums of an algorithm.

        Raises
        ------
        HostNotReachableError
            If the connection breaks.
        """
        if algorithm not in _TOOLS:
            return False
        if algorithm not in self._works:
            self._works[algorithm] = self._try_tool(algorithm)
        return self._works[algorithm]

    def of_own_files(self, names: Iterable[bytes], *, algorithm: str) -> dict[bytes, str]:
        """Compute checksums of files that are known to be regular ones; what cannot be read is missing.

        Raises
        ------
        HostNotReachableError
            If the connection breaks.
        """
        exact = {unmistakable(name): name for name in names}
        found: dict[bytes, str] = {}
        for portion in _portions(exact):
            found |= self._run(algorithm, portion)
        return {exact[name]: checksum for name, checksum in found.items()}

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

    def _try_tool(self, algorithm: str) -> bool:
        # A file that is known to be empty everywhere shows that shell, xargs and tool do what they should.
        empty = hashlib.new(algorithm, b"", usedforsecurity=False).hexdigest()
        return self._run(algorithm, [b"/dev/null"]).get(b"/dev/null") == empty

    def _run(self, algorithm: str, names: Sequence[bytes]) -> dict[bytes, str]:
        # The names are data on the command's input, so no shell ever reads one.
        output = self._execute(
            f"xargs -0 {_TOOLS[algorithm]} -z --", b"".join(name + b"\0" for name in names)
        )
        entries = (_ENTRY.search(entry) for entry in output.split(b"\0"))
        return {entry[2]: entry[1].decode() for entry in entries if entry}

    def _execute(self, command: str, content: bytes) -> bytes:
        try:
            with RemoteCommand(self._line.connected, command, window=_WINDOW) as running:
                running.send([content])
                running.end_input()
                output = b"".join(running.output())
                if running.exit_status() < 0:
                    # The output ends in the same way with a connection that breaks.
                    self._line.sftp.ping()
                return output
        except CommandError:
            # A server that runs no commands refuses or hangs up; a broken connection shows at the ping.
            self._line.sftp.ping()
            return b""


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
