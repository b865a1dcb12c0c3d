"""Letting downloads into one folder wait for each other, those of other processes too.

Each download that runs has a file in the user's cache folder which names its target, and holds a lock on a
second one. The system gives the lock up when the process ends, however it ends; the files of such a download
are removed by the next one. A third file is locked while the others change.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock

_logger = logging.getLogger("scitacean")

_POLL_SECONDS = 0.1


@contextmanager
def only_download_into(target: Path) -> Iterator[None]:
    """Wait until no other download of this user writes into a folder, one inside of it, or one around it.

    Then keep others away for as long as the block runs. Where there can be no locks, that is logged, and the
    block runs without.

    Parameters
    ----------
    target:
        The folder; it need not be there.

    Examples
    --------
    >>> with only_download_into(Path("here")):
    ...     pass
    """
    import platformdirs

    registry = platformdirs.user_cache_path("scitacean", appauthor=False) / "downloads"
    with ExitStack() as stack:
        try:
            stack.enter_context(_registered(registry, os.path.normcase(os.path.realpath(target)), target))
        except (OSError, NotImplementedError) as error:
            _logger.warning("Other downloads into %s are not kept away: %s", target, error)
        yield


@contextmanager
def _registered(registry: Path, folder: str, target: Path) -> Iterator[None]:
    from filelock import FileLock

    registry.mkdir(parents=True, exist_ok=True, mode=0o700)
    changing = FileLock(registry / "changing.lock")
    name = uuid.uuid4().hex
    own = FileLock(registry / f"{name}.lock")
    entry = registry / f"{name}.target"
    try:
        told = False
        while not _begun(changing, own, entry, folder):
            if not told:
                _logger.warning("Another download into %s is running: waiting for it.", target)
                told = True
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        try:
            with changing:
                _remove(entry, own)
        finally:
            # Whatever else fails: others must not wait for this process to end.
            own.release()


def _begun(changing: FileLock, own: FileLock, entry: Path, folder: str) -> bool:
    with changing:
        if _others(entry.parent, folder):
            return False
        own.acquire(blocking=False)
        entry.write_text(folder, encoding="utf-8", errors="surrogateescape")
        return True


def _others(registry: Path, folder: str) -> bool:
    """Whether a download runs that a new one has to wait for; what is left of others is removed."""
    from filelock import FileLock, Timeout

    found = False
    for entry in registry.glob("*.target"):
        lock = FileLock(entry.with_suffix(".lock"))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            found |= _overlap(entry.read_text(encoding="utf-8", errors="surrogateescape"), folder)
        else:
            _remove(entry, lock)
    return found


def _overlap(one: str, other: str) -> bool:
    shorter, longer = sorted((Path(one), Path(other)), key=lambda path: len(path.parts))
    return longer.is_relative_to(shorter)


def _remove(entry: Path, lock: FileLock) -> None:
    entry.unlink(missing_ok=True)
    # Windows removes nothing that is open, other systems nothing that somebody waits for: nobody does.
    if os.name != "nt":
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
