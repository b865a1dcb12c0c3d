"""The files of journals: written as a whole, open for one process at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scitacean.errors import ConfigurationError

if TYPE_CHECKING:
    from filelock import FileLock


def locked(path: Path) -> FileLock:
    """Take the lock of a journal, which nobody else can take meanwhile.

    Parameters
    ----------
    path:
        The journal.

    Raises
    ------
    ConfigurationError
        If somebody has it.
    OSError
        If there can be no lock.
    """
    # Loaded by those only who upload.
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise in_use(path) from None
    return lock


def release(lock: FileLock) -> None:
    """Let others take a lock.

    Parameters
    ----------
    lock:
        That of a journal, or of a source folder.
    """
    # While it is held, or somebody else's would be removed. Windows removes it when it is released.
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def refuse_begun(path: Path) -> None:
    """Check that a journal is not there.

    Parameters
    ----------
    path:
        The journal.

    Raises
    ------
    ConfigurationError
        If it is.
    """
    # Somebody else may have begun the same upload since this one has looked.
    if path.exists():
        raise in_use(path)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole, and on the disk, or not at all.

    Parameters
    ----------
    path:
        The file.
    content:
        What it shall have.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.new")
    # What datasets say is not for everybody.
    number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def no_journal(path: Path) -> ConfigurationError:
    """Return the error for a journal that is not there.

    Parameters
    ----------
    path:
        Where it should be.
    """
    return ConfigurationError(
        f"There is no journal {path}: the path is wrong, or that upload is finished or was undone.",
        hint="scitacean resume --list (client.unfinished_uploads) shows those that are not.",
    )


def in_use(path: Path) -> ConfigurationError:
    """Return the error for a journal that somebody has open.

    Parameters
    ----------
    path:
        The journal.
    """
    return ConfigurationError(
        f"This upload is running already: its journal {path} is in use.",
        hint="Wait until it is finished.",
    )


def not_written(path: Path, error: OSError) -> ConfigurationError:
    """Return the error for a journal that cannot be kept.

    Parameters
    ----------
    path:
        The file, or its folder.
    error:
        Why.
    """
    return ConfigurationError(
        f"Cannot keep the journal {path} of the upload: {error.strerror or error}; nothing was sent.",
        hint="Name a file in a folder that you can write to: journal=... (--journal).",
    )


def _sync_folder(folder: Path) -> None:
    # Windows opens no folders.
    if os.name != "nt":
        number = os.open(folder, os.O_RDONLY)
        try:
            # Some network file systems do not sync folders: there is no other way there.
            with suppress(OSError):
                os.fsync(number)
        finally:
            os.close(number)
