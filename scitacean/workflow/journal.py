"""The journal of one upload: a small file that says what is done, for whoever has to go on with it."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, TypedDict, cast

import attrs

from scitacean.errors import ConfigurationError, FileNotAccessibleError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import Sent, Verified
from scitacean.workflow.journal_file import (
    locked,
    no_journal,
    not_written,
    refuse_begun,
    release,
    write_new,
)
from scitacean.workflow.upload_record import UploadRecord

if TYPE_CHECKING:
    from filelock import FileLock

_logger = logging.getLogger("scitacean")
_FORMAT = 2
_MOST_UNSAVED = 1_000
_LONGEST_UNSAVED_SECONDS = 1.0
_encoder = json.JSONEncoder(separators=(",", ":"))


@attrs.define(kw_only=True)
class Steps:
    """What of an upload is done.

    Attributes
    ----------
    begun:
        When it began.
    record:
        What is uploaded.
    present:
        Files that the file server had before.
    made_folders:
        Folders that it did not have before, as the file transfer names them.
    alike:
        Datasets of the catalogue that were taken for the same one before this one was created.
    sent:
        Files that have arrived and have their names, by their place in :attr:`UploadRecord.local`.
    is_creating:
        Whether the catalogue was, or was about to be, asked to create the dataset.
    pid:
        The dataset, where the catalogue has said that it is there.
    is_absent:
        Whether the catalogue has said, in this call, that the dataset is not there.
    """

    begun: datetime
    record: UploadRecord
    present: frozenset[RemotePath] = frozenset()
    made_folders: Sequence[str] = ()
    alike: frozenset[str] = frozenset()
    sent: dict[int, Sent] = attrs.Factory(dict)
    is_creating: bool = False
    pid: str | None = None
    is_absent: bool = False

    def undo(self) -> None:
        """Go back to what is known before the catalogue is asked."""
        self.is_creating = False
        self.pid = None


class _Details(TypedDict):
    size: int
    checksum: str | None
    verified: Verified | None
    uid: str | None
    gid: str | None
    permissions: str | None


class Journal:
    """The open journal of an upload; nobody else can open it meanwhile.

    Make one with :meth:`create` or :meth:`open`, and use it in a ``with`` statement.

    Parameters
    ----------
    path:
        The file.
    lock:
        Held as long as it is open.
    file:
        The same, open for adding to it.
    steps:
        What it says.
    is_resumed:
        Whether another call has begun it.
    """

    def __init__(self, path: Path, lock: FileLock, file: BinaryIO, steps: Steps, *, is_resumed: bool) -> None:
        self.path = path
        self.steps = steps
        self.is_resumed = is_resumed
        self._lock = lock
        self._file = file
        self._end = file.seek(0, os.SEEK_END)
        self._unsaved: list[dict[str, object]] = []
        self._saved_at = time.monotonic()

    @classmethod
    def create(cls, path: Path, steps: Steps) -> Self:
        """Begin a journal; it is on the disk when this returns.

        Parameters
        ----------
        path:
            The file; its folder is made where it is not there.
        steps:
            What is known already.

        Raises
        ------
        ConfigurationError
            If it cannot be written, or another process has begun the same upload.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = locked(path)
        except OSError as error:
            raise not_written(path, error) from error
        try:
            refuse_begun(path)
            write_new(path, _line(_header(steps)))
            return cls(path, lock, path.open("r+b"), steps, is_resumed=False)
        except OSError as error:
            release(lock)
            raise not_written(path, error) from error
        except BaseException:
            release(lock)
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the journal of an upload that was interrupted.

        Parameters
        ----------
        path:
            The file.

        Raises
        ------
        ConfigurationError
            If it is no journal, is not there, or its upload is still running.
        """
        if not path.is_file():
            raise no_journal(path)
        try:
            lock = locked(path)
        except OSError as error:
            raise not_written(path, error) from error
        try:
            steps, end = _read(path)
            file = path.open("r+b")
            # A line that was being written when the process ended says nothing.
            file.truncate(end)
            return cls(path, lock, file, steps, is_resumed=True)
        except FileNotFoundError:
            release(lock)
            raise no_journal(path) from None
        except OSError as error:
            release(lock)
            raise not_written(path, error) from error
        except BaseException:
            release(lock)
            raise

    def note_sent(self, index: int, sent: Sent) -> None:
        """Note that a file has arrived; saved with others, within a second or a thousand files.

        Parameters
        ----------
        index:
            Its place in :attr:`UploadRecord.local`.
        sent:
            What was sent.
        """
        self.steps.sent[index] = sent
        self._unsaved.append({"sent": index, "modified": sent.modified.isoformat(), **_details(sent)})
        waited = time.monotonic() - self._saved_at
        if len(self._unsaved) >= _MOST_UNSAVED or waited >= _LONGEST_UNSAVED_SECONDS:
            self.save()

    def note_creating(self) -> None:
        """Note that the catalogue is going to be asked to create the dataset."""
        self.steps.is_creating = True
        self.steps.is_absent = False
        self._unsaved.append({"creating": datetime.now(tz=UTC).isoformat()})
        self.save()

    def note_created(self, pid: str) -> None:
        """Note that the dataset is in the catalogue.

        Parameters
        ----------
        pid:
            Its identifier.
        """
        self.steps.pid = pid
        self._unsaved.append({"created": pid})
        self.save()

    def note_registered(self, what: str) -> None:
        """Note that a block or an attachment is in the catalogue.

        Parameters
        ----------
        what:
            Which one, for people: who goes on asks the catalogue.
        """
        self._unsaved.append({"registered": what})
        self.save()

    def note_undoing(self) -> None:
        """Note that files are going to be removed; who goes on sends what is not there any more.

        The catalogue surely does not have the dataset; where it was not asked, nothing has to be noted.
        """
        if self.steps.is_creating:
            self.steps.undo()
            self._unsaved.append({"undoing": datetime.now(tz=UTC).isoformat()})
            self.save()

    def save(self) -> None:
        """Make sure that all that was noted is on the disk."""
        try:
            self._write()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FileNotAccessibleError(
                f"Cannot write the journal {self.path}: {error.strerror or error}.",
                hint="Make room there, or name another place with journal=...",
            ) from error
        self._saved_at = time.monotonic()

    def remove(self) -> None:
        """Remove it, because there is nothing to go on with."""
        self._close_file()
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            # Whatever was to be done is done.
            _logger.warning(
                "The journal %s is not needed any more, but cannot be removed: %s. Remove it by hand.",
                self.path,
                error.strerror or error,
            )
        self.close()

    def close(self) -> None:
        """Let others open it."""
        self._close_file()
        release(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _close_file(self) -> None:
        # What could not be written was told when it was, and cannot be written now either.
        with suppress(OSError):
            try:
                self._write()
            finally:
                self._file.close()

    def _write(self) -> None:
        """Write what was noted since the last time, as one line, instead of what is left of a failed try."""
        if self._unsaved and not self._file.closed:
            line = _line(self._unsaved)
            self._file.seek(self._end)
            self._file.write(line)
            self._file.flush()
            self._end += len(line)
            self._unsaved = []


def read_steps(path: Path) -> Steps:
    """Read a journal, which may be open elsewhere.

    Parameters
    ----------
    path:
        The file.

    Raises
    ------
    ConfigurationError
        If it is no journal.
    OSError
        If it cannot be read.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[Steps, int]:
    """Return what a journal says, and where its last whole line ends."""
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    try:
        lines = [json.loads(line) for line in content[:end].splitlines()]
        steps = _steps(lines[0])
        for line in lines[1:]:
            for note in line:
                _apply(note, steps)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ConfigurationError(
            f"{path} is no journal of an upload that can be read here.",
            hint="It is damaged, or a newer version has written it.",
        ) from None
    return steps, end


def _header(steps: Steps) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "begun": steps.begun.isoformat(),
        "upload": steps.record.to_json(),
        "present": sorted(path.posix for path in steps.present),
        "made_folders": list(steps.made_folders),
        "alike": sorted(steps.alike),
    }


def _steps(header: Mapping[str, object]) -> Steps:
    if header["format"] != _FORMAT:
        raise ValueError(f"its format is {header['format']!r}")
    return Steps(
        begun=datetime.fromisoformat(cast("str", header["begun"])),
        record=UploadRecord.from_json(cast("dict[str, object]", header["upload"])),
        present=frozenset(RemotePath(path) for path in cast("list[str]", header["present"])),
        made_folders=cast("list[str]", header["made_folders"]),
        alike=frozenset(cast("list[str]", header["alike"])),
    )


def _apply(note: Mapping[str, object], steps: Steps) -> None:
    match note:
        case {"sent": int(index), "modified": str(modified), **details}:
            steps.sent[index] = Sent(modified=datetime.fromisoformat(modified), **cast("_Details", details))
        case {"creating": _}:
            steps.is_creating = True
        case {"created": str(pid)}:
            steps.pid = pid
        case {"undoing": _}:
            steps.undo()


def _details(sent: Sent) -> dict[str, object]:
    return {
        "size": sent.size,
        "checksum": sent.checksum,
        "verified": sent.verified,
        "uid": sent.uid,
        "gid": sent.gid,
        "permissions": sent.permissions,
    }


def _line(content: Mapping[str, object] | Sequence[Mapping[str, object]]) -> bytes:
    # Names that are no unicode are kept by their escapes.
    return _encoder.encode(content).encode("ascii") + b"\n"
