"""Requests made from the interface document by Schemathesis.

From the document alone next to none would get further than the first refusal: it allows any text as a
PID, a filter or a group. So it is narrowed for the making of requests to what is there and what can be
read, with any text as the second choice.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import schemathesis
from attrs import frozen
from hypothesis import strategies as st
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode, Response

from tests.contract.openapi_entries import GROUPS, NOBODY, USERS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "generated" / "scicat_api" / "openapi.json").read_text(encoding="utf-8")
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPERATIONS = tuple(
    f"{method} {path}"
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method.lower() in item
)

_KIND_OF_PARAMETER = {
    "datasets": {
        "pid": "datasets", "aid": "attachments", "did": "datablocks", "oid": "origdatablocks"
    },
    "proposals": {"pid": "proposals", "aid": "proposal attachments"},
    "samples": {"id": "samples", "fk": "sample attachments"},
}  # fmt: skip
_KIND_OF_FIELD = {
    "datasetId": "datasets",
    "datasetPids": "datasets",
    "inputDatasets": "datasets",
    "targetId": "datasets",
    "proposalId": "proposals",
    "proposalIds": "proposals",
    "sampleId": "samples",
    "sampleIds": "samples",
    "instrumentId": "instruments",
    "instrumentIds": "instruments",
}
# Ids of what is to be made.
_NEW = {("CreateProposalDto", "proposalId")}
# The state that published data must be in.
_STARTS_WITH = {"register": 1, "amend": 2, "resync": 3}
_RELATED = (
    "all",
    "origdatablocks",
    "datablocks",
    "attachments",
    "instruments",
    "proposals",
    "samples",
    "datasets",
)
_JSON_PARAMETERS = ("filter", "filters", "fields", "limits", "facets", "where")
_NAMES = (
    "pid", "_id", "datasetId", "datasetName", "ownerGroup", "createdAt", "creationTime", "size", "keywords",
    "type", "isPublished", "scientificMetadata.temperature.value", "dataFileList.path", "text", "title",
)  # fmt: skip
_PLAIN = st.one_of(
    st.sampled_from(["raw", "dataset0", *GROUPS, "2026-03-01T12:00:00.000Z", 1, 0, True, None]),
    st.text(max_size=5),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)


def _operators(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    compared = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"])
    return st.one_of(
        st.dictionaries(compared, _PLAIN, min_size=1, max_size=2),
        st.dictionaries(
            st.sampled_from(["$in", "$nin"]), st.lists(_PLAIN, max_size=3), min_size=1, max_size=1
        ),
        st.fixed_dictionaries({"$exists": st.booleans()}),
        st.fixed_dictionaries(
            {"$regex": st.text(max_size=5)}, optional={"$options": st.sampled_from(["i", "x"])}
        ),
        st.fixed_dictionaries({"$not": inner}),
        st.dictionaries(
            st.sampled_from(["inq", "nin", "begin", "$elemMatch", "$text", "like"]), _PLAIN, max_size=2
        ),
    )


_VALUES = st.one_of(_PLAIN, _operators(_PLAIN), st.lists(_PLAIN, max_size=2))
_WHERE = st.recursive(
    st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=2),
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or", "$nor", "and"]), st.lists(inner, max_size=2), max_size=1
    ),
    max_leaves=3,
)
_ORDER = st.one_of(
    st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(["asc", "desc", 1, "up"]), max_size=2),
    st.sampled_from(["createdAt:desc", "pid asc", ["pid:asc"], "x"]),
)
_LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.one_of(st.integers(-2, 20), st.none(), st.just("5")),
        "skip": st.one_of(st.integers(-1, 3), st.just("1")),
        "sort": _ORDER,
        "order": _ORDER,
    },
)
_FILTER = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "where": _WHERE,
            "fields": st.one_of(
                st.lists(st.sampled_from(_NAMES), max_size=3),
                st.dictionaries(st.sampled_from(_NAMES), st.booleans(), max_size=2),
            ),
            "include": st.lists(
                st.one_of(
                    st.sampled_from(_RELATED), st.fixed_dictionaries({"relation": st.sampled_from(_RELATED)})
                ),
                max_size=2,
            ),
            "limits": _LIMITS,
        },
    ),
)
_QUERIES: dict[str, st.SearchStrategy[Any]] = {
    "filter": _FILTER,
    "filters": st.one_of(
        _FILTER,
        st.fixed_dictionaries(
            {"fields": _WHERE}, optional={"facets": st.lists(st.sampled_from(_NAMES), max_size=2)}
        ),
    ),
    "fields": _WHERE,
    "limits": _LIMITS,
    "facets": st.lists(st.sampled_from(_NAMES), max_size=3),
    "where": _WHERE,
}


def _mostly(known: Iterable[str]) -> dict[str, Any]:
    """Make the schema of a text that mostly is one of these.

    Alternatives (``anyOf``) would not do: of an enumeration and any text, Schemathesis takes any text.
    """
    known = list(known)
    name = f"mostly {known}"
    texts = st.sampled_from(known), st.text(min_size=1, max_size=9)
    schemathesis.openapi.format(name, st.sampled_from([0, 0, 0, 0, 0, 1]).flatmap(texts.__getitem__))
    return {"type": "string", "format": name}


def narrowed(ids: Mapping[str, list[str]]) -> dict[str, Any]:
    """Change the document such that requests made from it mostly concern what is there."""
    document = copy.deepcopy(DOCUMENT)
    for name, strategy in _QUERIES.items():
        schemathesis.openapi.format(f"json {name}", st.one_of(strategy.map(json.dumps), st.text(max_size=5)))
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _narrow_parameter(path, parameter, ids)
    for body in _bodies(document):
        for content in body.get("content", {}).values():
            if alternatives := content["schema"].get("anyOf"):
                # v3 does not take the schemas of v4 that it names.
                content["schema"] = {
                    "anyOf": [one for one in alternatives if "Obsolete" in one["$ref"]][::-1]
                }
    wanted = {reference for body in _bodies(document) for reference in _references(body)}
    _narrow_bodies(document["components"]["schemas"], wanted, ids)
    return document


def _narrow_parameter(path: str, parameter: dict[str, Any], ids: Mapping[str, list[str]]) -> dict[str, Any]:
    name, schema = parameter["name"], dict(parameter["schema"])
    if parameter["in"] == "path":
        collection = path.split("/")[3]
        kind = _KIND_OF_PARAMETER.get(collection, {}).get(name, collection)
        known = ids.get(kind, [])
        begin = _STARTS_WITH.get(path.rpartition("/")[2], 0)
        return _mostly(known[begin:] + known[:begin]) if known else schema
    if name in _JSON_PARAMETERS:
        return {"type": "string", "format": f"json {name}"}
    if name == "include":
        return {"type": "array", "items": _mostly(list(_RELATED)), "maxItems": 3}
    if name == "pid":
        return {"type": "array", "items": _mostly(ids["datasets"]), "minItems": 1, "maxItems": 3}
    if name == "fieldName":
        return _mostly(["keywords", "sharedWith"])
    return schema


def _bodies(document: dict[str, Any]) -> Iterator[Any]:
    for item in document["paths"].values():
        for operation in item.values():
            yield operation.get("requestBody", {})


def _references(schema: Any) -> Iterator[str]:
    """List the schemas that a schema is made of."""
    waiting, seen = [schema], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                yield name
                waiting.append(DOCUMENT["components"]["schemas"][name])
            waiting += one.values()


def _narrow_bodies(schemas: dict[str, Any], wanted: set[str], ids: Mapping[str, list[str]]) -> None:
    schemas["CreateDatasetDto"]["required"].append("owner")
    for name in wanted:
        schema = schemas[name]
        if schema.get("properties"):
            # Servers refuse unknown fields; the document does not say so.
            schema["additionalProperties"] = False
        for field, entry in schema.get("properties", {}).items():
            schema["properties"][field] = _narrow_field(name, field, entry, ids)
    schemas["CredentialsDto"]["properties"] = {
        "username": _mostly(["root", "alice"]),
        "password": _mostly(["root-secret", "alice-secret"]),
    }
    schemas["CreateJobDto"]["properties"]["jobParams"] = {
        "type": "object",
        "required": ["datasetList"],
        "properties": {
            "datasetList": {
                "type": "array",
                "minItems": 1,
                "maxItems": 2,
                "items": {
                    "type": "object",
                    "required": ["pid", "files"],
                    "properties": {
                        "pid": _mostly(ids["datasets"]),
                        "files": {"type": "array", "items": _mostly(["a"]), "maxItems": 2},
                    },
                },
            }
        },
    }


def _narrow_field(
    schema: str, field: str, entry: dict[str, Any], ids: Mapping[str, list[str]]
) -> dict[str, Any]:
    if field in ("_id", "__v", "id") and not entry:
        return {"type": "string"}
    if field == "ownerGroup":
        return _mostly(list(GROUPS))
    if field in ("accessGroups", "sharedWith"):
        return {"type": "array", "items": _mostly(list(GROUPS)), "maxItems": 2}
    if field == "contactEmail":
        return {"type": "string", "format": "email"}
    if field == "type" and "Dataset" in schema:
        return _mostly(["derived", "raw"] if "Derived" in schema else ["raw", "derived"])
    if schema == "CreateJobDto" and field in ("type", "ownerUser"):
        return _mostly(["archive", "retrieve", "public"] if field == "type" else ["root", "alice"])
    if field == "status":
        return _mostly(["private", "public", "registered", "amended"])
    kind = _KIND_OF_FIELD.get(field)
    if kind and (schema, field) not in _NEW:
        known = _mostly(ids[kind])
        return {**entry, "items": known} if entry.get("type") == "array" else known
    if entry == {"type": "string"}:
        # Servers refuse some of them when they are empty; never mind which.
        return {"type": "string", "minLength": 1}
    return entry


@frozen
class Request:
    """Something to be sent, and who sends it."""

    case: Case[Any]
    user: str

    def sent(self, app: WSGIApplication, tokens: Mapping[str, str]) -> Response:
        """Send it to a catalogue."""
        headers = {} if self.user == NOBODY else {"Authorization": f"Bearer {tokens[self.user]}"}
        return self.case.call(base_url="http://catalogue", app=app, headers=headers)


def requests(operation: APIOperation[Any, Any, Any, Any]) -> st.SearchStrategy[Request]:
    """Make requests of an operation that the document allows, and some that it forbids."""
    takes_nothing = not operation.body and not operation.query and not operation.path_parameters
    modes = [GenerationMode.POSITIVE] * 3 + [GenerationMode.NEGATIVE] * (not takes_nothing)
    return st.sampled_from(modes).flatmap(
        lambda mode: st.builds(
            Request,
            case=operation.as_strategy(generation_mode=mode),
            user=st.sampled_from([USERS[0], *USERS]),
        )
    )


def documented(ids: Mapping[str, list[str]]) -> BaseSchema:
    """Make the narrowed document; its operations go into :func:`requests`."""
    return schemathesis.openapi.from_dict(narrowed(ids))
