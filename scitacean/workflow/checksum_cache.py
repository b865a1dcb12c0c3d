"""Checksums of local files that one process has computed, for the next one.

A file in the user's cache folder keeps them, with all that tells one state of a file from another. What is
in it is only ever used to say what the content of a file *was*; so where it is lost, broken or switched off,
files are read once more, and nothing else changes.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

if TYPE_CHECKING:
    from sqlite3 import Connection

StrPath = str | os.PathLike[str]
P = TypeVar("P", bound=StrPath)

_logger = logging.getLogger("scitacean")

_SWITCH = "SCITACEAN_CHECKSUM_CACHE"
_LAYOUT = 1
_MOST = 500_000
_AT_ONCE = 500
_TIMEOUT = 5.0

# What is written twice within one tick of a file system's clock keeps its times: then they prove nothing.
# FAT has the coarsest clock.
CLOCK_TICK_NS = 2_000_000_000

_TABLE = """
CREATE TABLE IF NOT EXISTS checksums
(file BLOB PRIMARY KEY, state BLOB NOT NULL, digest BLOB NOT NULL, noted INTEGER NOT NULL) WITHOUT ROWID
"""


class Known(NamedTuple):
    """A checksum of a file.

    Attributes
    ----------
    path:
        The file.
    status:
        What the file system said of it when it had this content.
    algorithm, checksum:
        Hexadecimal digest.
    read:
        When reading it began, in nanoseconds since 1970.
    """

    path: StrPath
    status: os.stat_result
    algorithm: str
    checksum: str
    read: int


class ChecksumCache:
    """Keeps checksums in a file that several processes may use at a time.

    Parameters
    ----------
    path:
        The file, made where it is not there; None to keep nothing.

    Examples
    --------
    >>> cache = ChecksumCache(Path("checksums.sqlite"))
    >>> data = Path("a.nxs")
    >>> _ = data.write_text("counts")
    >>> os.utime(data, (0, 0))
    >>> later = time.time_ns() + 10**10
    >>> cache.note([Known(data, data.stat(), "md5", "0700cd3e2cd8b37ef510dd5aa2c81fc6", later)])
    >>> cache.find({data: data.stat()}, "md5")
    {PosixPath('a.nxs'): '0700cd3e2cd8b37ef510dd5aa2c81fc6'}
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @classmethod
    def of_user(cls) -> Self:
        """Return the one in the user's cache folder; ``SCITACEAN_CHECKSUM_CACHE=off`` switches it off.

        Examples
        --------
        >>> ChecksumCache.of_user().find({}, "md5")
        {}
        """
        if os.environ.get(_SWITCH, "").lower() in ("off", "no", "false", "0"):
            return cls(None)
        import platformdirs

        return cls(platformdirs.user_cache_path("scitacean", appauthor=False) / "checksums.sqlite")

    def find(self, files: Mapping[P, os.stat_result], algorithm: str) -> dict[P, str]:
        """Return the checksums of those files that have not changed since theirs was noted.

        Parameters
        ----------
        files:
            What the file system says of each now.
        algorithm:
            Algorithm of the checksums.

        Examples
        --------
        >>> ChecksumCache(None).find({Path("a.nxs"): Path().stat()}, "md5")
        {}
        """
        if not files or self._path is None or not self._path.exists():
            return {}
        keys = dict(zip(_keys(files, algorithm), files, strict=True))
        found: dict[P, str] = {}
        with self._at_best(), self._open() as connection:
            for some in _portions(list(keys)):
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT file, state, digest FROM checksums WHERE file IN ({marks})",  # noqa: S608
                    some,
                )
                for key, state, digest in rows:
                    path = keys[key]
                    if state == _state(files[path]) and isinstance(digest, bytes):
                        found[path] = digest.hex()
        return found

    def note(self, found: Sequence[Known], *, settled: bool = False) -> None:
        """Keep checksums; not those of files that had changed just before they were read.

        Parameters
        ----------
        found:
            What was found.
        settled:
            Whether it is known that any later change would show in the times of these files.

        Examples
        --------
        >>> ChecksumCache(None).note([])
        """
        if not settled:
            found = [one for one in found if one.read - _changed(one.status) > CLOCK_TICK_NS]
        if not found or self._path is None:
            return
        now = int(time.time())
        rows = [
            (key, _state(one.status), bytes.fromhex(one.checksum), now)
            for algorithm in {one.algorithm for one in found}
            for group in [[one for one in found if one.algorithm == algorithm]]
            for key, one in zip(_keys((one.path for one in group), algorithm), group, strict=True)
        ]
        with self._at_best(), self._open() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO checksums VALUES (?, ?, ?, ?)", rows)
            (number,) = connection.execute("SELECT count(*) FROM checksums").fetchone()
            if number > _MOST:
                oldest = "SELECT file FROM checksums ORDER BY noted LIMIT ?"
                surplus = number - _MOST + _MOST // 10
                connection.execute(f"DELETE FROM checksums WHERE file IN ({oldest})", [surplus])  # noqa: S608

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        import sqlite3

        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_TIMEOUT)) as connection:
            # What a loss of power may break is only a cache.
            connection.execute("PRAGMA synchronous = OFF")
            _lay_out(connection)
            yield connection

    @contextmanager
    def _at_best(self) -> Iterator[None]:
        """Let what goes wrong with the file end the block, and no more."""
        import sqlite3

        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            _logger.debug("Checksums are not kept in %s: %s", self._path, error)
        except sqlite3.DatabaseError as error:
            _logger.debug("%s is broken and is removed: %s", self._path, error)
            with suppress(OSError):
                Path(self._path or "").unlink()


def _lay_out(connection: Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone() != (_LAYOUT,):
        with connection:
            connection.execute("DROP TABLE IF EXISTS checksums")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_LAYOUT}")


def _keys(paths: Iterable[StrPath], algorithm: str) -> Iterator[bytes]:
    """Yield what stands for each file, whatever way its folder is written."""
    folders: dict[str, str] = {}
    for path in paths:
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        told = "\0".join((algorithm, folders[folder], name))
        yield hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _state(status: os.stat_result) -> bytes:
    """Return what tells one state of a file from all others; devices have other numbers after each start."""
    told = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return hashlib.blake2b(repr(told).encode(), digest_size=16).digest()


def _changed(status: os.stat_result) -> int:
    return max(status.st_mtime_ns, status.st_ctime_ns)


def _portions(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]
