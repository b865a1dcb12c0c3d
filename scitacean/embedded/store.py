"""The SQLite file behind the catalogue: documents of JSON, one transaction for each request."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field, frozen

from ..errors import ConfigurationError
from .answers import Document, bad_request
from .filters import Condition, Parameter, matches_regex

VERSION = 1
"""Version of the tables, kept in ``PRAGMA user_version``."""

TOO_MUCH = ("too large", "too many", "too big", "too complex", "parser stack", "at most", "bad JSON path")
"""What SQLite says about a query that is more than it takes."""

_BUSY_SECONDS = 60.0
_PARENTS: list[sqlite3.Connection] = []
"""Connections that were open when this process was forked; they must stay so while it lives."""

_TABLES = (
    """CREATE TABLE document (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        owner_group TEXT,
        body TEXT NOT NULL,
        UNIQUE (collection, id))""",
    """CREATE TABLE link (
        seq INTEGER NOT NULL REFERENCES document (seq) ON DELETE CASCADE,
        collection TEXT NOT NULL,
        target TEXT NOT NULL)""",
    "CREATE INDEX link_by_target ON link (collection, target, seq)",
    "CREATE INDEX link_by_source ON link (seq)",
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


@frozen
class Page:
    """Which part of the matching documents to give, in which order.

    ``order`` are SQL terms made by :func:`scitacean.embedded.filters.order_terms`.
    """

    limit: int = -1
    skip: int = 0
    order: tuple[str, ...] = ("d.seq",)
    order_parameters: tuple[str, ...] = ()


class AlreadyThere(Exception):  # noqa: N818 - told to the client as an answer
    """A document of this collection has the id already."""


@frozen
class Transaction:
    """Reads and changes documents; everything of one transaction happens or nothing."""

    connection: sqlite3.Connection

    def get(self, collection: str, identifier: str) -> Document | None:
        """Find a document by its id."""
        row = self.connection.execute(
            "SELECT body FROM document WHERE collection = ? AND id = ?", (collection, identifier)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def insert(self, collection: str, identifier: str, document: Document, links: Iterable[str] = ()) -> None:
        """Add a document; ``links`` are the ids of what it belongs to.

        Raises
        ------
        AlreadyThere
            If the id is taken.
        """
        try:
            cursor = self.connection.execute(
                "INSERT INTO document (collection, id, owner_group, body) VALUES (?, ?, ?, ?)",
                (collection, identifier, document.get("ownerGroup"), _text(document)),
            )
        except sqlite3.IntegrityError:
            raise AlreadyThere(identifier) from None
        self._link(cursor.lastrowid, collection, links)

    def replace(
        self, collection: str, identifier: str, document: Document, links: Iterable[str] = ()
    ) -> None:
        """Write a document anew that is there already."""
        (seq,) = self.connection.execute(
            "UPDATE document SET body = ?, owner_group = ? WHERE collection = ? AND id = ? RETURNING seq",
            (_text(document), document.get("ownerGroup"), collection, identifier),
        ).fetchone()
        self.connection.execute("DELETE FROM link WHERE seq = ?", (seq,))
        self._link(seq, collection, links)

    def delete(self, collection: str, identifier: str) -> None:
        """Remove a document; what is linked to it stays behind, as on real servers."""
        self.connection.execute(
            "DELETE FROM document WHERE collection = ? AND id = ?", (collection, identifier)
        )

    def find(self, collection: str, condition: Condition, page: Page | None = None) -> list[Document]:
        """List documents that meet a condition, all of them in the order of their making."""
        return list(self.each(collection, condition, page))

    def each(self, collection: str, condition: Condition, page: Page | None = None) -> Iterator[Document]:
        """Read documents that meet a condition, one after the other."""
        page = page or Page()
        rows = self._selected(
            # The texts of conditions and orders are ours; values of clients are parameters.
            "SELECT d.body FROM document AS d WHERE d.collection = ? AND "  # noqa: S608
            f"({condition.sql}) ORDER BY {', '.join(page.order)} LIMIT ? OFFSET ?",
            (collection, *condition.parameters, *page.order_parameters, page.limit, page.skip),
        )
        for (body,) in rows:
            yield json.loads(body)

    def count_elements(self, collection: str, condition: Condition, name: str) -> int:
        """Count the elements of a list in all documents that meet a condition."""
        row = self._selected(
            "SELECT coalesce(sum(json_array_length(d.body, ?)), 0) FROM document AS d"  # noqa: S608
            f" WHERE d.collection = ? AND ({condition.sql})",
            (f"$.{name}", collection, *condition.parameters),
        ).fetchone()
        return int(row[0])

    def count(self, collection: str, condition: Condition) -> int:
        """Count documents that meet a condition."""
        row = self._selected(
            "SELECT count(*) FROM document AS d WHERE d.collection = ? AND "  # noqa: S608 - see find
            f"({condition.sql})",
            (collection, *condition.parameters),
        ).fetchone()
        return int(row[0])

    def _selected(self, sql: str, parameters: tuple[Parameter, ...]) -> sqlite3.Cursor:
        try:
            return self.connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            if any(words in str(error) for words in TOO_MUCH):
                raise bad_request(f"The filter is more than the catalogue takes: {error}") from None
            raise

    def _link(self, seq: int | None, collection: str, links: Iterable[str]) -> None:
        self.connection.executemany(
            "INSERT INTO link (seq, collection, target) VALUES (?, ?, ?)",
            [(seq, collection, target) for target in dict.fromkeys(links)],
        )


@define
class Store:
    """A catalogue's file, and connections to it that are kept for the next request.

    Parameters
    ----------
    path:
        The SQLite file; made when it is not there. It must not lie on a network file system.
    durable:
        Whether a commit waits for the disk. A catalogue that ends with the process need not.
    """

    path: Path
    durable: bool = True
    _idle: list[sqlite3.Connection] = field(factory=list, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _pid: int = field(factory=os.getpid, init=False, repr=False)
    _closed: bool = field(default=False, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        try:
            # The file holds the key that signs tokens: it is its owner's alone.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with self.transaction(write=True) as transaction:
                _prepare(transaction.connection, self.path)
        except (OSError, sqlite3.DatabaseError) as error:
            self.close()
            raise ConfigurationError(
                f"Cannot open the catalogue {self.path}: {error}.",
                hint="Give a folder that you may write to and that holds a catalogue or nothing.",
            ) from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """Run the body of the ``with`` in one transaction; an exception undoes it."""
        connection = self._take()
        try:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield Transaction(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            self._give_back(connection)
            raise
        self._give_back(connection)

    def setting(self, name: str) -> str:
        """Read a secret that is made at random once and then kept."""
        with self.transaction(write=True) as transaction:
            transaction.connection.execute(
                "INSERT OR IGNORE INTO setting VALUES (?, ?)", (name, secrets.token_hex(32))
            )
            row = transaction.connection.execute(
                "SELECT value FROM setting WHERE name = ?", (name,)
            ).fetchone()
            return str(row[0])

    def close(self) -> None:
        """Close all connections; those in use when their request ends."""
        with self._lock:
            self._closed = True
            self._leave_parents_alone()
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise RuntimeError("The catalogue is closed.")
            self._leave_parents_alone()
            if self._idle:
                return self._idle.pop()
        return _connect(self.path, durable=self.durable)

    def _leave_parents_alone(self) -> None:
        # A forked process must not use, nor close, the connections of its parent.
        if self._pid != os.getpid():
            _PARENTS.extend(self._idle)
            self._pid, self._idle = os.getpid(), []

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def _connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("matches_regex", 3, matches_regex, deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for the lock when two processes switch a new file at the same time.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ConfigurationError(
            f"The catalogue {path} was made by a newer version of scitacean "
            f"(format {version}, this one reads up to {VERSION}).",
            hint="Upgrade scitacean, or use another folder.",
        )
    if version == 0:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def linked(targets: Sequence[str]) -> Condition:
    """Match the documents that belong to any of these targets."""
    return Condition(
        "d.seq IN (SELECT l.seq FROM link AS l WHERE l.collection = d.collection"
        " AND l.target IN (SELECT value FROM json_each(?)))",
        (json.dumps(list(targets)),),
    )
