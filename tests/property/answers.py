"""Answers of servers: what the interface document says, and that with damages."""

from __future__ import annotations

import copy
import json
from functools import cache
from importlib import resources
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.testing.strategies import emails, orcids, pids, remote_paths, texts, thumbnails, times

SCHEMAS: dict[str, Any] = json.loads(
    resources.files("scicat_api").joinpath("openapi.json").read_text(encoding="utf-8")
)["components"]["schemas"]

_ODD_TEXTS = [
    "",
    " ",
    "/",
    "a/",
    "/a",
    "../a",
    "a\0b",
    "\ud800",
    "ada@",
    "data:image/png;base64,?",
    "data:,",
    "é",
    "[]",
]
_GOOD_TEXTS = (
    texts()
    | emails()
    | orcids()
    | pids().map(str)
    | remote_paths().map(str)
    | remote_paths(absolute=True).map(str)
    | thumbnails().map(lambda thumbnail: thumbnail.serialize())
)
_TEXTS = _GOOD_TEXTS | st.sampled_from(_ODD_TEXTS)
_ODD_TIMES = [
    "2026-03-01",
    "2026-03-01T12:00:00",
    "20260301T12",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
]
_TIMES = times().map(lambda time: time.isoformat()) | st.sampled_from(_ODD_TIMES)
_INTEGERS = st.integers() | st.sampled_from([-1, 2**53, 10**400])
_NUMBERS = _INTEGERS | st.floats(allow_nan=False, allow_infinity=False)
_LEAVES: SearchStrategy[Any] = st.none() | st.booleans() | _NUMBERS | _TEXTS | st.just("no time")
_FLAT = st.lists(_LEAVES, max_size=2) | st.dictionaries(_TEXTS, _LEAVES, max_size=2)
JSON_VALUES = _LEAVES | _FLAT | st.lists(_FLAT, max_size=2) | st.dictionaries(_TEXTS, _FLAT, max_size=2)


@cache
def answers(name: str) -> SearchStrategy[Any]:
    """JSON objects that conform to a schema of the document, by its name."""
    return _conforming(SCHEMAS[name])


def _conforming(schema: dict[str, Any]) -> SearchStrategy[Any]:
    if "$ref" in schema:
        return answers(schema["$ref"].rpartition("/")[2])
    found = _of_type(schema)
    return st.none() | found if schema.get("nullable") else found


def _of_type(schema: dict[str, Any]) -> SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object" if "properties" in schema:
            fields = {name: _conforming(field) for name, field in schema["properties"].items()}
            needed = {name: fields.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(needed, optional=fields)
        case "object":
            return st.dictionaries(_TEXTS, JSON_VALUES, max_size=2)
        case "array":
            return st.lists(_conforming(schema["items"]), max_size=2)
        case "string" if schema.get("format") == "date-time":
            return _TIMES
        case "string":
            return _TEXTS
        case "integer":
            return _INTEGERS
        case "number":
            return _NUMBERS
        case "boolean":
            return st.booleans()
    return JSON_VALUES


@st.composite
def damaged(draw: st.DrawFn, good: SearchStrategy[Any], *, most: int = 3) -> Any:
    """JSON objects as they are drawn, but for some damages at any depth."""
    value = copy.deepcopy(draw(good))
    for _ in range(draw(st.integers(1, most))):
        places = _places(value)
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "null", "drop", "add"])):
            case "replace":
                holder[key] = draw(JSON_VALUES)
            case "null":
                holder[key] = None
            case "drop":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(_TEXTS)] = draw(JSON_VALUES)
    return value


def objects(name: str) -> SearchStrategy[dict[str, Any]]:
    """JSON objects with some fields of a schema, and others, of any values."""
    fields = st.sampled_from(sorted(SCHEMAS[name]["properties"]))
    return st.dictionaries(fields | _TEXTS, JSON_VALUES, max_size=5)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a value: what holds it, and its key or index there."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *_places(value[key])]]
