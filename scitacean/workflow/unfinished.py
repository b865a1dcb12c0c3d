"""Uploads that were interrupted: where their journals are, and what each has come to."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import attrs

from scitacean.errors import ConfigurationError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.source_folder import escape
from scitacean.workflow.journal import Steps, read_steps
from scitacean.workflow.journal_file import not_written
from scitacean.workflow.upload_record import UploadRecord

_logger = logging.getLogger("scitacean")
_LONGEST_NAME = 60


@attrs.frozen(kw_only=True)
class UnfinishedUpload:
    """An upload that was interrupted, or is still running.

    Attributes
    ----------
    journal:
        File to go on with: see :meth:`scitacean.Client.resume_upload`.
    begun:
        When it began.
    catalogue:
        URL of the server.
    name:
        Name of the dataset.
    source_folder:
        Folder on the file server.
    pid:
        The dataset, where it is known to be in the catalogue.
    files_sent, files_total:
        How many files are known to have arrived, and how many are to be sent.
    """

    journal: Path
    begun: datetime
    catalogue: str
    name: str
    source_folder: RemotePath
    pid: str | None
    files_sent: int
    files_total: int


def journal_folder() -> Path:
    """Return the folder of this user's journals; it may not be there yet.

    Examples
    --------
    >>> journal_folder().name
    'uploads'
    """
    # Loaded by those only who upload.
    from platformdirs import user_state_path

    return user_state_path("scitacean", appauthor=False) / "uploads"


def journal_path(record: UploadRecord) -> Path:
    """Return where the journal of an upload is kept; the same for the same call.

    Parameters
    ----------
    record:
        The upload.
    """
    return journal_folder() / f"{escape(record.name)[:_LONGEST_NAME]}-{record.fingerprint}.jsonl"


def unfinished_uploads(folder: Path | None = None) -> list[UnfinishedUpload]:
    """List uploads that were interrupted or are still running, the oldest first.

    Parameters
    ----------
    folder:
        Folder of the journals; by default that of this user.

    Examples
    --------
    >>> unfinished_uploads(Path("nowhere"))
    []
    """
    found = list(_unfinished(journal_folder() if folder is None else folder))
    return sorted(found, key=lambda upload: upload.begun)


def refuse_unfinished(record: UploadRecord, folder: Path) -> None:
    """Check that no other upload into the same source folder was interrupted.

    Parameters
    ----------
    record:
        The upload.
    folder:
        Folder of the journals.

    Raises
    ------
    ConfigurationError
        If there is one.
    """
    for other in unfinished_uploads(folder) if record.local else ():
        if (other.catalogue, other.source_folder) == (record.catalogue, record.source_folder):
            raise ConfigurationError(
                f"An upload into {record.source_folder}, that of {other.name!r}, began at "
                f"{other.begun:%Y-%m-%d %H:%M} UTC and is not finished; nothing was sent.",
                hint=f"Go on with it first (scitacean resume {other.journal}), or undo it (scitacean resume "
                f"--discard {other.journal}).",
            )


def refuse_other_upload(journal: Path, steps: Steps, record: UploadRecord) -> None:
    """Check that a journal is that of an upload.

    Parameters
    ----------
    journal:
        The file.
    steps:
        What it says.
    record:
        The upload.

    Raises
    ------
    ConfigurationError
        If it is that of another one.
    """
    if steps.record.fingerprint != record.fingerprint:
        raise ConfigurationError(
            f"{journal} is the journal of another upload, that of {steps.record.name!r}.",
            hint="Name another file, or go on with that upload first: scitacean resume.",
        )


@contextmanager
def alone_in_folder(record: UploadRecord, folder: Path) -> Iterator[None]:
    """Wait until no other upload of this user goes to the same source folder.

    Parameters
    ----------
    record:
        The upload.
    folder:
        Folder of the journals.

    Raises
    ------
    ConfigurationError
        If the folder of the journals cannot be written to.
    """
    # Loaded by those only who upload.
    from filelock import FileLock, Timeout

    place = f"{record.catalogue}\0{record.source_folder}".encode("utf-8", "surrogateescape")
    lock = FileLock(folder / f"{hashlib.sha256(place).hexdigest()[:16]}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _logger.warning("Waiting for another upload into %s to end.", record.source_folder)
            lock.acquire()
    except OSError as error:
        raise not_written(folder, error) from error
    try:
        yield
    finally:
        # While it is held: whoever waits for it finds out that it is gone, and makes another.
        # Windows removes it when it is released.
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _unfinished(folder: Path) -> Iterator[UnfinishedUpload]:
    for path in folder.glob("*.jsonl"):
        try:
            steps = read_steps(path)
        except FileNotFoundError:
            continue
        except (OSError, ConfigurationError) as error:
            _logger.warning("The journal %s cannot be read: %s", path, error)
            continue
        yield summary_of(path, steps)


def summary_of(path: Path, steps: Steps) -> UnfinishedUpload:
    """Say what an unfinished upload has come to.

    Parameters
    ----------
    path:
        Its journal.
    steps:
        What that says.
    """
    return UnfinishedUpload(
        journal=path,
        begun=steps.begun,
        catalogue=steps.record.catalogue,
        name=steps.record.name,
        source_folder=steps.record.source_folder,
        pid=steps.pid,
        files_sent=len(steps.sent),
        files_total=len(steps.record.local),
    )
