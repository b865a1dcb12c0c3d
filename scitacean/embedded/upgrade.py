"""The tables of a catalogue, and how a folder of an older version gets them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from ..errors import ConfigurationError
from .answers import Document, written
from .indexes import columns_of, terms_of

VERSION = 3
"""Version of the tables, kept in ``PRAGMA user_version``."""

_SETTINGS = "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
_TABLES = (
    # The body comes last: what stands behind a long text is slow to read.
    """CREATE TABLE document (
        seq INTEGER PRIMARY KEY,
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        owner_group TEXT,
        published INTEGER NOT NULL,
        dataset_name TEXT,
        creation_time TEXT,
        updated_at TEXT,
        body TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX document_by_id ON document (collection, id)",
    # Each index also has the seq, as its last column.
    "CREATE INDEX document_by_making ON document (collection)",
    "CREATE INDEX document_by_owner ON document (collection, owner_group)",
    "CREATE INDEX document_by_publication ON document (collection) WHERE published = 1",
    "CREATE INDEX dataset_by_name ON document (dataset_name) WHERE collection = 'datasets'",
    "CREATE INDEX dataset_by_creation_time ON document (creation_time) WHERE collection = 'datasets'",
    "CREATE INDEX dataset_by_update ON document (updated_at) WHERE collection = 'datasets'",
    # The path is empty for links: the value is the id of what the document belongs to.
    # Values have no type, so that numbers stay numbers.
    """CREATE TABLE term (
        path TEXT NOT NULL,
        value NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (path, value, seq)) WITHOUT ROWID""",
    # The other terms of a document follow from it.
    "CREATE INDEX link_by_document ON term (seq) WHERE path = ''",
)


# The table that held the links of an older version, and how they are read.
_LINKS = {
    # It had links for terms, and of the columns only the owner group.
    1: ("link", "SELECT seq, target FROM link"),
    # It had fewer terms, all of them texts.
    2: ("term", "SELECT seq, value FROM term WHERE path = ''"),
}


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new catalogue, or bring those of an older version up to date.

    Raises
    ------
    ConfigurationError
        If a newer version of scitacean made the catalogue.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ConfigurationError(
            f"The catalogue {path} was made by a newer version of scitacean "
            f"(format {version}, this one reads up to {VERSION}).",
            hint="Upgrade scitacean, or use another folder.",
        )
    if version == 0:
        _execute(connection, (*_TABLES, _SETTINGS))
    if version in _LINKS:
        _rebuild(connection, *_LINKS[version])
    connection.execute(f"PRAGMA user_version = {VERSION}")


def insert(
    connection: sqlite3.Connection,
    collection: str,
    identifier: str,
    document: Document,
    links: Iterable[str],
    seq: int | None = None,
) -> None:
    """Add a document with all that it is found by."""
    columns = columns_of(collection, document)
    names = ("seq", "collection", "id", *columns, "body")
    cursor = connection.execute(
        # The names are ours.
        f"INSERT INTO document ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
        (seq, collection, identifier, *columns.values(), written(document)),
    )
    terms = {*terms_of(collection, document), *(("", target) for target in links)}
    connection.executemany(
        "INSERT INTO term VALUES (?, ?, ?)", [(path, value, cursor.lastrowid) for path, value in terms]
    )


def _rebuild(connection: sqlite3.Connection, table: str, select: str) -> None:
    """Make the tables anew from the documents of an older version and their links."""
    links: dict[int, list[str]] = {}
    for seq, target in connection.execute(select):
        links.setdefault(seq, []).append(target)
    # Those without a text belong to a constraint of their table.
    old = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    dropped = [f"DROP INDEX {name}" for (name,) in old.fetchall()]
    renamed = "ALTER TABLE document RENAME TO old_document"
    _execute(connection, (*dropped, f"DROP TABLE {table}", renamed, *_TABLES))
    rows = connection.execute("SELECT seq, collection, id, body FROM old_document ORDER BY seq")
    for seq, collection, identifier, body in rows:
        insert(connection, collection, identifier, json.loads(body), links.get(seq, ()), seq)
    connection.execute("DROP TABLE old_document")


def _execute(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)
