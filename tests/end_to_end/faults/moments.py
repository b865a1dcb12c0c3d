"""Moments of a transfer at which something happens: the client is stopped there, and then goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.sftp_session import SftpSession
from scitacean.workflow.progress import Progress

# What a client is about to do at a moment, and how often it has done so before.
_OPERATIONS: dict[str, tuple[type, str, int]] = {
    "let in": (SftpSession, "__init__", 0),
    "folder made": (SftpSession, "mkdir", 0),
    "file moving": (SftpSession, "write", 1),
    "checksum there": (HostChecksums, "of_own_files", 0),
    "rename there": (SftpSession, "rename", 1),
    "file fetched": (SftpSession, "read", 1),
}


@attrs.define(eq=False)
class Event:
    """Something that happens once, when it has been waited for often enough.

    Attributes
    ----------
    act:
        What happens.
    after:
        How often the moment passes before without anything.
    happened:
        Whether it has.
    """

    act: Callable[[], object]
    after: int = 0
    happened: bool = False

    def pass_by(self) -> None:
        if self.after:
            self.after -= 1
        elif not self.happened:
            self.happened = True
            self.act()

    def on_progress(self, progress: Progress) -> None:
        """Let what is fetched be compared with the catalogue."""
        if progress.phase == "verifying":
            self.pass_by()


@contextmanager
def at(moment: str, act: Callable[[], object], *, folder: Path) -> Iterator[Event]:
    """Let something happen at a moment.

    Parameters
    ----------
    moment:
        "rename here" is when a file in ``folder`` is about to get its name; "verify here" is for those who
        hand :meth:`Event.on_progress` on; all others are of the session with the file server.
    act:
        What happens.
    """
    if moment in ("verify here", "rename here"):
        event = Event(act)
        if moment == "verify here":
            yield event
            return
        with _renaming(event, folder):
            yield event
        return
    owner, name, after = _OPERATIONS[moment]
    event = Event(act, after)
    operation = getattr(owner, name)

    def with_event(*arguments: Any, **named: Any) -> Any:
        event.pass_by()
        return operation(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, with_event)
        yield event


# Python calls a hook for ever, so there is one for all.
_renamings: list[tuple[str, Event]] = []
_hooked: list[bool] = []


@contextmanager
def _renaming(event: Event, folder: Path) -> Iterator[None]:
    if not _hooked:
        sys.addaudithook(_on_audit)
        _hooked.append(True)
    entry = (os.path.realpath(folder), event)
    _renamings.append(entry)
    try:
        yield
    finally:
        _renamings.remove(entry)


def _on_audit(name: str, arguments: tuple[object, ...]) -> None:
    if name == "os.rename" and _renamings:
        new = os.path.realpath(str(arguments[1]))
        for folder, event in _renamings:
            if new.startswith(folder):
                event.pass_by()
