"""Checksums that the host computes of what is there already, while more is still on its way to it."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack, closing, suppress
from typing import Self

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.checksums import ChecksumFeed, feed
from scitacean.transfer.ssh.following import Following, program
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import unmistakable
from scitacean.transfer.ssh.remote_command import CommandError


class EarlyChecksums:
    """Feeds the tools of the host. Where one does not work, the checksums are missing, and nothing else is.

    Parameters
    ----------
    ahead:
        May have the tools.
    """

    def __init__(self, ahead: CommandsAhead) -> None:
        self.ahead = ahead
        self._feeds: dict[str, ChecksumFeed | None] = {}
        self._fed: dict[Outgoing, str] = {}
        self._following: dict[str, Following] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, item: Outgoing, algorithm: str) -> None:
        """Add a file that has its partial name."""
        if algorithm not in self._feeds:
            self._feeds[algorithm] = self._started(algorithm)
        running = self._feeds[algorithm]
        with suppress(CommandError, HostNotReachableError):
            if running is not None and running.add(unmistakable(item.partial)):
                self._fed[item] = algorithm

    def runs(self, algorithm: str) -> bool:
        """Tell whether the host has a tool that works, of those to which files were added."""
        running = self._feeds.get(algorithm)
        if running is not None:
            with suppress(CommandError, HostNotReachableError):
                running.wait_until_it_runs()
                return True
        return False

    def follow(self, algorithm: str) -> None:
        """Let the host follow files of which :meth:`wrote` tells from now on, if it can."""
        if self.ahead.may_run(program(algorithm)):
            with suppress(CommandError):
                following = self._following[algorithm] = Following(self.ahead, algorithm)
                self._stack.callback(following.close)

    def wrote(self, item: Outgoing, algorithm: str, start: int, end: int) -> None:
        """Note that the host has written a range of a file; any thread may."""
        if (following := self._following.get(algorithm)) is not None:
            following.wrote(item, start, end)

    def keep_only(self, items: Collection[Outgoing]) -> None:
        """Forget all but some files: the others may be sent again."""
        self._fed = {item: algorithm for item, algorithm in self._fed.items() if item in items}

    def forget(self) -> None:
        """Forget all files: some are sent again."""
        self._fed.clear()
        while self._following:
            self._following.popitem()[1].close()

    def results(self, algorithm: str) -> dict[Outgoing, str]:
        """Return the checksums of an algorithm, of the files that were added or followed.

        Where several servers share their files, one that follows may not see yet what another one has
        written: only those are sure that are those of the local files.
        """
        # Each ends before the next one: a server lets one connection have so many commands at a time.
        followed: dict[Outgoing, str] = {}
        if (following := self._following.pop(algorithm, None)) is not None:
            with closing(following):
                followed = following.results()
        running = self._feeds.pop(algorithm, None)
        found: dict[bytes, str] = {}
        if running is not None:
            with suppress(CommandError, HostNotReachableError), running:
                found = running.results()
            # What a host that went down meanwhile has now is another question.
            if not running.has_ended or running.connected is not self.ahead.connected:
                found = {}
        names = {item: unmistakable(item.partial) for item, used in self._fed.items() if used == algorithm}
        return followed | {item: found[name] for item, name in names.items() if name in found}

    def _started(self, algorithm: str) -> ChecksumFeed | None:
        try:
            return self._stack.enter_context(feed(self.ahead, algorithm))
        except CommandError:
            return None
