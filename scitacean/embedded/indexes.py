"""Which fields of documents are found without reading the documents: columns and terms.

Both are copies of what the JSON has.  A column holds one text and can be walked in its order; a
term is one of the texts of a field, which may be a list.
"""

from __future__ import annotations

from collections.abc import Iterator

from .answers import Document

_DATASETS = "datasets"
_NAMES = {"datasetName": "dataset_name", "creationTime": "creation_time", "updatedAt": "updated_at"}
COLUMNS = {
    "pid": "d.id",
    "_id": "d.id",
    "ownerGroup": "d.owner_group",
    **{field: f"d.{column}" for field, column in _NAMES.items()},
}
"""Columns of datasets, by field."""

SHARING = frozenset({"accessGroups", "sharedWith"})
"""Terms of all collections: who may see a document."""

TERMS = SHARING | {
    "inputDatasets", "instrumentIds", "keywords", "principalInvestigators", "proposalIds",
    "runNumber", "sampleIds", "sourceFolder",
}  # fmt: skip
"""Terms of datasets."""


def columns_of(collection: str, document: Document) -> dict[str, str | int | None]:
    """Give what the columns of a document hold."""
    columns: dict[str, str | int | None] = {
        "owner_group": _text(document.get("ownerGroup")),
        "published": int(document.get("isPublished") is True),
    }
    if collection == _DATASETS:
        columns |= {column: _text(document.get(field)) for field, column in _NAMES.items()}
    return columns


def terms_of(collection: str, document: Document) -> Iterator[tuple[str, str]]:
    """Give the terms of a document, each with its field; some may come twice."""
    for field in TERMS if collection == _DATASETS else SHARING:
        value = document.get(field)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield field, one


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
