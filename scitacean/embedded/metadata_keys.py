"""The keys of metadata of all kinds of entry, with who uses them (v4)."""

from __future__ import annotations

import hashlib
import json

from . import schemas
from .answers import Answer, Document
from .calls import Call
from .datasets import KIND as DATASETS
from .entries import Kind
from .filters import Rules
from .kinds import INSTRUMENTS, PROPOSALS, SAMPLES
from .lists import v4_query
from .queries import selected

_SOURCES: tuple[tuple[str, Kind], ...] = (
    ("dataset", DATASETS),
    ("proposal", PROPOSALS),
    ("sample", SAMPLES),
    ("instrument", INSTRUMENTS),
)


def find(call: Call) -> Answer:
    """``GET /api/v4/metadatakeys``: the keys of what the user may see."""
    name = "OutputMetadataKeyDto"
    rules = Rules(known=schemas.names(name), times=schemas.time_fields(name))
    query = v4_query(call.text("filter"), rules, newest_first=False)
    keys = [key for source, kind in _SOURCES for key in _keys(call, source, kind)]
    page = query.page
    rows = selected(
        call,
        # The same language as for documents of the store: the row is called d, and numbered.
        "SELECT d.body FROM (SELECT value AS body, key AS seq FROM json_each(?)) AS d"  # noqa: S608
        f" WHERE {query.condition.sql} ORDER BY {', '.join(page.order)} LIMIT ? OFFSET ?",
        (json.dumps(keys), *query.condition.parameters, *page.order_parameters, page.limit, page.skip),
    )
    return Answer([query.shown(json.loads(body)) for (body,) in rows])


def _keys(call: Call, source: str, kind: Kind) -> list[Document]:
    seen = kind.listed(call)
    path = f"$.{kind.metadata}"
    rows = selected(
        call,
        "SELECT k.key, count(*), json_group_array(DISTINCT d.owner_group),"  # noqa: S608 - ours
        " max(json_extract(d.body, '$.isPublished') IS 1), min(json_extract(d.body, '$.createdAt')),"
        " max(json_extract(d.body, '$.updatedAt'))"
        " FROM document AS d, json_each(CASE json_type(d.body, ?) WHEN 'object'"
        " THEN json_extract(d.body, ?) ELSE '{}' END) AS k"
        f" WHERE d.collection = ? AND ({seen.sql}) GROUP BY k.key ORDER BY min(d.seq), min(k.id)",
        (path, path, kind.collection, *seen.parameters),
    )
    return [
        {
            "_id": identifier,
            "id": identifier,
            "key": key,
            "humanReadableName": key,
            "userGroups": [group for group in json.loads(groups) if group is not None],
            "sourceType": source,
            "usageCount": count,
            "isPublished": bool(published),
            "createdBy": "system",
            "updatedBy": "system",
            "createdAt": created,
            "updatedAt": updated,
        }
        for key, count, groups, published, created, updated in rows
        for identifier in [hashlib.sha256(f"{source} {key}".encode()).hexdigest()[:24]]
    ]
