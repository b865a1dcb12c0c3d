"""Which fields of documents are found without reading the documents: columns and terms.

Both are copies of what the JSON has.  A column holds one text and can be walked in its order; a
term is one of the texts, numbers or truth values of a field, which may be a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from .answers import Document
from .conditions import Condition, Driver, Parameter
from .values import storable

Term: TypeAlias = tuple[str, str | float]
"""A field and one of its values; the field is empty for links."""

_DATASETS = "datasets"
_NAMES = {"datasetName": "dataset_name", "creationTime": "creation_time", "updatedAt": "updated_at"}
COLUMNS = {
    "pid": "d.id",
    "_id": "d.id",
    "ownerGroup": "d.owner_group",
    **{field: f"d.{column}" for field, column in _NAMES.items()},
}
"""Columns of datasets, by field."""

INDEXES = {
    "d.seq": "document_by_making",
    "d.id": "document_by_id",
    "d.owner_group": "document_by_owner",
    "d.published": "document_by_publication",
    "d.dataset_name": "dataset_by_name",
    "d.creation_time": "dataset_by_creation_time",
    "d.updated_at": "dataset_by_update",
}
"""Indexes by column; they are named in queries, as SQLite's own choice would often be another."""

SHARING = frozenset({"accessGroups", "sharedWith"})
"""Terms of all collections: who may see a document."""

TERMS = SHARING | {
    "contactEmail", "createdAt", "createdBy", "creationLocation", "dataFormat", "dataQualityMetrics",
    "endTime", "inputDatasets", "instrumentGroup", "instrumentIds", "isPublished", "keywords",
    "license", "numberOfFiles", "orcidOfOwner", "owner", "ownerEmail", "packedSize",
    "principalInvestigators", "proposalIds", "runNumber", "sampleIds", "size", "sourceFolder",
    "sourceFolderHost", "startTime", "type", "updatedBy", "validationStatus",
}  # fmt: skip
"""Terms of datasets: all that they are filtered by, but for what a column holds and long texts."""

AMONG = "IN (SELECT value FROM json_each(?))"
"""Test of a list of values, which is one parameter: of long lists, SQLite would not take one for each."""


def found_by(column: str, test: str, *operands: Parameter) -> Condition:
    """Meet a test of a column, which its index can find.

    Parameters
    ----------
    column:
        One of :data:`INDEXES`.
    test:
        What SQL says behind it.
    operands:
        Parameters of the test.
    """
    indexed = (
        f"SELECT d.seq FROM document AS d INDEXED BY {INDEXES[column]}"  # noqa: S608 - names of ours
        f" WHERE d.collection = {{collection}} AND {column} {test}"
    )
    # COALESCE because a condition must be true or false; with the plus, SQLite does not prefer this
    # index to the one that was chosen.
    return Condition(f"COALESCE(+{column} {test}, 0)", operands, (Driver(indexed, operands),))


def terms_pass(path: str, test: str, *operands: Parameter) -> Driver:
    """Find the documents of which a term of a path passes a test.

    Parameters
    ----------
    path:
        One of :data:`TERMS`; that of links is empty.
    test:
        SQL in which ``{0}`` stands for the term.  Truth values are 1 and 0.
    operands:
        Parameters of the test.
    """
    found = f"SELECT t.seq FROM term AS t WHERE t.path = ? AND {test.format('t.value')}"  # noqa: S608 - ours
    return Driver(found, (path, *operands))


def term(path: str, texts: Sequence[str]) -> Condition:
    """Meet it when one of these texts is a term of the path; the path of links is empty."""
    choice = json.dumps(list(texts))
    return Condition(
        f"EXISTS (SELECT 1 FROM term AS t WHERE t.path = ? AND t.value {AMONG} AND t.seq = d.seq)",  # noqa: S608
        (path, choice),
        (terms_pass(path, f"{{0}} {AMONG}", choice),),
    )


def columns_of(collection: str, document: Document) -> dict[str, str | int | None]:
    """Give what the columns of a document hold."""
    columns: dict[str, str | int | None] = {
        "owner_group": _text(document.get("ownerGroup")),
        "published": int(document.get("isPublished") is True),
    }
    if collection == _DATASETS:
        columns |= {column: _text(document.get(field)) for field, column in _NAMES.items()}
    return columns


def terms_of(collection: str, document: Document) -> Iterator[Term]:
    """Give the terms of a document, each with its field; some may come twice."""
    for field in TERMS if collection == _DATASETS else SHARING:
        value = document.get(field)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield field, one
            elif isinstance(one, int | float):
                # True and false are 1 and 0, as they are for SQLite.
                yield field, storable(one)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
