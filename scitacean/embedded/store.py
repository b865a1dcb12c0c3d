"""The SQLite file behind the catalogue: documents of JSON, one transaction for each request."""

from __future__ import annotations

import json
import math
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
from . import upgrade
from .answers import Document, bad_request, written
from .conditions import Condition, Driver, Parameter
from .expressions import Expressions
from .indexes import INDEXES, Term, columns_of, term, terms_of

TOO_MUCH = ("too large", "too many", "too big", "too complex", "parser stack", "at most", "bad JSON path")
"""What SQLite says about a query that is more than it takes."""

_BUSY_SECONDS = 60.0
_MANY = 20_000
"""Documents that are looked up rather than met by looking at all of a collection."""


class _Connection(sqlite3.Connection):
    """A connection that looks for regular expressions, for one request at a time."""

    expressions: Expressions


_PARENTS: list[_Connection] = []
"""Connections that were open when this process was forked; they must stay so while it lives."""


@frozen
class Page:
    """Which part of the matching documents to give, in which order.

    ``order`` are SQL terms made by :func:`scitacean.embedded.filters.order_terms`.
    """

    limit: int = -1
    skip: int = 0
    order: tuple[str, ...] = ("d.seq",)
    order_parameters: tuple[str, ...] = ()

    @property
    def index(self) -> str | None:
        """The index that gives the documents in order, so that reading ends with the page."""
        if self.limit < 0 or self.order_parameters or len(self.order) > 2:
            return None
        return INDEXES[self.order[0].partition(" ")[0]]


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
            upgrade.insert(self.connection, collection, identifier, document, links)
        except sqlite3.IntegrityError:
            raise AlreadyThere(identifier) from None

    def replace(
        self, collection: str, identifier: str, document: Document, links: Iterable[str] = ()
    ) -> None:
        """Write a document anew that is there already."""
        columns = columns_of(collection, document)
        changes = ", ".join(f"{name} = ?" for name in (*columns, "body"))
        seq, old = self._terms(collection, identifier)
        self.connection.execute(
            f"UPDATE document SET {changes} WHERE seq = ?",  # noqa: S608 - the names are ours
            (*columns.values(), written(document), seq),
        )
        new = {*terms_of(collection, document), *(("", target) for target in links)}
        self._remove_terms(seq, old - new)
        self.connection.executemany("INSERT INTO term VALUES (?, ?, ?)", [(*one, seq) for one in new - old])

    def delete(self, collection: str, identifier: str) -> None:
        """Remove a document that is there; what is linked to it stays behind, as on real servers."""
        seq, terms = self._terms(collection, identifier)
        self._remove_terms(seq, terms)
        self.connection.execute("DELETE FROM document WHERE seq = ?", (seq,))

    def _terms(self, collection: str, identifier: str) -> tuple[int, set[Term]]:
        """Give the number of a document and all the terms that it has, links included."""
        seq, body = self.connection.execute(
            "SELECT seq, body FROM document WHERE collection = ? AND id = ?", (collection, identifier)
        ).fetchone()
        links = self.connection.execute("SELECT path, value FROM term WHERE path = '' AND seq = ?", (seq,))
        return seq, {*terms_of(collection, json.loads(body)), *links}

    def _remove_terms(self, seq: int, terms: Iterable[Term]) -> None:
        self.connection.executemany(
            "DELETE FROM term WHERE path = ? AND value = ? AND seq = ?", [(*one, seq) for one in terms]
        )

    def find(self, collection: str, condition: Condition, page: Page | None = None) -> list[Document]:
        """List documents that meet a condition, all of them in the order of their making."""
        return list(self.each(collection, condition, page))

    def each(self, collection: str, condition: Condition, page: Page | None = None) -> Iterator[Document]:
        """Read documents that meet a condition, one after the other."""
        return map(json.loads, self.texts(collection, condition, page))

    def texts(self, collection: str, condition: Condition, page: Page | None = None) -> Iterator[str]:
        """Read documents that meet a condition as they are stored: JSON that can be sent as it is."""
        page = page or Page()
        found, parameters = self._found(collection, condition, page)
        rows = self._selected(
            f"SELECT d.body {found} ORDER BY {', '.join(page.order)} LIMIT ? OFFSET ?",
            (*parameters, *page.order_parameters, page.limit, page.skip),
        )
        for (body,) in rows:
            yield str(body)

    def count_elements(self, collection: str, condition: Condition, name: str) -> int:
        """Count the elements of a list in all documents that meet a condition."""
        found, parameters = self._found(collection, condition)
        row = self._selected(
            f"SELECT coalesce(sum(json_array_length(d.body, ?)), 0) {found}", (f"$.{name}", *parameters)
        ).fetchone()
        return int(row[0])

    def count(self, collection: str, condition: Condition) -> int:
        """Count documents that meet a condition."""
        found, parameters = self._found(collection, condition)
        return int(self._selected(f"SELECT count(*) {found}", parameters).fetchone()[0])

    def facet(
        self, collection: str, condition: Condition, name: str
    ) -> list[tuple[str | int | float | None, int]]:
        """Count the values of a field, the elements of lists one by one; the most frequent come first."""
        found, parameters = self._found(collection, condition)
        path = f'$."{name}"'
        # A list as it is, and anything else as a list of one.
        value = "json_extract(d.body, ?)"
        unwound = f"CASE json_type(d.body, ?) WHEN 'array' THEN {value} ELSE json_array({value}) END AS list"
        values = f"SELECT e.atom AS v FROM (SELECT {unwound} {found}) AS x, json_each(x.list) AS e"  # noqa: S608
        return list(
            self._selected(
                f"SELECT v, count(*) FROM ({values}) GROUP BY v ORDER BY count(*) DESC, v",  # noqa: S608
                (path, path, path, *parameters),
            )
        )

    def _found(
        self, collection: str, condition: Condition, page: Page | None = None
    ) -> tuple[str, tuple[Parameter, ...]]:
        """Write FROM and WHERE for the documents that meet a condition, and their parameters.

        They are looked up where that leaves few, and else met one after the other, in the order of
        an index when there is one.
        """
        # The texts of conditions, orders and collections are ours; values of clients are parameters.
        # Indexes of a collection are only used where its name is spelled out.
        literal = f"'{collection}'"
        where = f"d.collection = {literal} AND ({condition.sql})"
        index = page.index if page else None
        driver = self._best(condition.drivers, literal, self._few(page) if page and index else _MANY)
        if driver is None:
            indexed = f" INDEXED BY {index}" if index else ""
            return f"FROM document AS d{indexed} WHERE {where}", condition.parameters
        candidates = driver.sql.replace("{collection}", literal)
        return (
            f"FROM document AS d WHERE d.seq IN ({candidates}) AND +{where}",
            (*driver.parameters, *condition.parameters),
        )

    def _few(self, page: Page) -> int:
        """Tell how many documents are looked up and sorted faster than met in order until a page is full.

        Of n documents, m of which are looked for, n / m are met for each one of the page.
        """
        (number,) = self.connection.execute("SELECT coalesce(max(seq), 0) FROM document").fetchone()
        return math.isqrt(number * (page.skip + page.limit))

    def _best(self, drivers: Sequence[Driver], literal: str, few: int) -> Driver | None:
        best = None
        for driver in drivers:
            candidates = driver.sql.replace("{collection}", literal)
            counted = self._selected(
                f"SELECT count(*) FROM (SELECT 1 FROM ({candidates}) LIMIT ?)",  # noqa: S608
                (*driver.parameters, few),
            )
            number = counted.fetchone()[0]
            if number < few:
                best, few = driver, number
        return best

    def _selected(self, sql: str, parameters: tuple[Parameter, ...]) -> sqlite3.Cursor:
        try:
            return self.connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            if any(words in str(error) for words in TOO_MUCH):
                raise bad_request(f"The filter is more than the catalogue takes: {error}") from None
            raise


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
    _idle: list[_Connection] = field(factory=list, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _pid: int = field(factory=os.getpid, init=False, repr=False)
    _closed: bool = field(default=False, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        try:
            # The file holds the key that signs tokens: it is its owner's alone.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with self.transaction(write=True) as transaction:
                upgrade.prepare(transaction.connection, self.path)
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
                with connection.expressions.limited():
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

    def _take(self) -> _Connection:
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

    def _give_back(self, connection: _Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def _connect(path: Path, *, durable: bool) -> _Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=_Connection
    )
    try:
        connection.expressions = Expressions()
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.create_function("matches_regex", 3, connection.expressions.matches, deterministic=True)
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


def linked(targets: Sequence[str]) -> Condition:
    """Match the documents that belong to any of these targets."""
    return term("", targets)
