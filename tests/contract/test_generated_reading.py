"""Reading never fails, keeps what came, and reports what is odd where it is.

The laws are checked against the shipped document, with a second, slow and simple idea of what
conforms to a schema.
"""

from __future__ import annotations

import copy
import datetime
import importlib
import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scicat_api import UNSET, Problem, reading
from scicat_api.types import BOOLEAN, INTEGER, NULL, Model, items, nested, one_of

DOCUMENT = json.loads(files("scicat_api").joinpath("openapi.json").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
CLASSES = sorted(name for name, schema in SCHEMAS.items() if schema.get("properties"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EXAMPLES = settings(max_examples=60, deadline=None)


def model(name: str) -> type[Model]:
    found: type[Model] = getattr(importlib.import_module("scicat_api.models"), name)
    return found


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def is_free(schema: dict[str, Any]) -> bool:
    return not schema or ("properties" not in schema and schema.get("type") == "object")


@st.composite
def valid(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    """Values that conform to a schema."""
    schema = resolve(schema)
    if schema.get("nullable") and draw(st.booleans()):
        return None
    if is_free(schema):
        return {"anything": draw(JSON_VALUES)}
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            return {
                name: draw(valid(field))
                for name, field in schema["properties"].items()
                if name in required or draw(st.integers(0, 3)) == 0
            }
        case "array":
            return [draw(valid(schema["items"])) for _ in range(draw(st.integers(0, 2)))]
        case "string" if schema.get("format") == "date-time":
            return draw(st.datetimes(timezones=st.just(datetime.UTC))).isoformat()
        case "string":
            return draw(st.text(max_size=5))
        case "integer":
            return draw(st.integers())
        case "number":
            return draw(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
        case "boolean":
            return draw(st.booleans())
    raise AssertionError(schema)


def conforms(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is what a schema says, without fields that it does not say."""
    schema = resolve(schema)
    if value is None:
        return bool(schema.get("nullable")) or not schema
    if "enum" in schema:
        return value in schema["enum"]
    match schema.get("type"):
        case "object" if isinstance(value, dict):
            fields = schema.get("properties")
            return fields is None or (
                all(name in value for name in schema.get("required", []))
                and all(name in fields and conforms(fields[name], v) for name, v in value.items())
            )
        case "array" if isinstance(value, list):
            return all(conforms(schema["items"], item) for item in value)
        case "string" if isinstance(value, str) and schema.get("format") == "date-time":
            try:
                datetime.datetime.fromisoformat(value)
            except ValueError:
                return False
            return True
        case "string":
            return isinstance(value, str)
        case "integer":
            whole = isinstance(value, float) and value.is_integer()
            return whole or (isinstance(value, int) and not isinstance(value, bool))
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
    return not schema


Key = str | int


def places(
    schema: dict[str, Any], value: Any, path: tuple[Key, ...] = ()
) -> list[tuple[tuple[Key, ...], dict[str, Any]]]:
    """Every place below a value that a schema speaks of, and what it says there."""
    schema = resolve(schema)
    found: list[tuple[tuple[Key, ...], dict[str, Any]]] = []
    if isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            found.append(((*path, name), schema["properties"][name]))
            found += places(schema["properties"][name], item, (*path, name))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found.append(((*path, index), schema["items"]))
            found += places(schema["items"], item, (*path, index))
    return found


def as_text(path: tuple[Key, ...]) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def put(value: Any, path: tuple[Key, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = new
    return changed


def at(found: Any, path: tuple[Key, ...]) -> Any:
    for key in path:
        is_model = isinstance(found, Model)
        found = getattr(found, found._table()[str(key)].attribute) if is_model else found[key]
    return found


@EXAMPLES
@given(data=st.data(), name=st.sampled_from(CLASSES))
def test_what_conforms_is_read_without_problems_and_written_back_exactly(
    data: st.DataObject, name: str
) -> None:
    value = data.draw(valid(SCHEMAS[name]))
    with reading() as problems:
        result = model(name).from_dict(value)
    assert problems == []
    assert result.to_dict() == value


@EXAMPLES
@given(data=st.data(), name=st.sampled_from(CLASSES), new=JSON_VALUES | st.just("no date"))
def test_every_damage_is_kept_and_reported_where_it_is(data: st.DataObject, name: str, new: Any) -> None:
    value = data.draw(valid(SCHEMAS[name]))
    choices = [(path, schema) for path, schema in places(SCHEMAS[name], value) if schema]
    assume(choices)
    path, schema = data.draw(st.sampled_from(choices))
    assume(not conforms(schema, new))
    damaged = put(value, path, new)
    with reading() as problems:
        result = model(name).from_dict(damaged)
    assert problems
    assert all(problem.path.startswith(as_text(path)) for problem in problems)
    assert all(problem.reason for problem in problems)
    if not isinstance(new, dict | list):
        assert [(p.path, p.value) for p in problems] == [(as_text(path), new)]
        assert at(result, path) is new
    assert result.to_dict() == damaged


@EXAMPLES
@given(data=st.data(), name=st.sampled_from([n for n in CLASSES if SCHEMAS[n].get("required")]))
def test_a_required_field_that_does_not_come_is_unset_and_reported(data: st.DataObject, name: str) -> None:
    value = data.draw(valid(SCHEMAS[name]))
    field = data.draw(st.sampled_from(SCHEMAS[name]["required"]))
    del value[field]
    with reading() as problems:
        result = model(name).from_dict(value)
    assert [(p.kind, p.path) for p in problems] == [("missing", field)]
    assert getattr(result, model(name)._table()[field].attribute) is UNSET
    assert result.to_dict() == value


@EXAMPLES
@given(data=st.data(), name=st.sampled_from(CLASSES), field=st.text(), new=JSON_VALUES)
def test_an_unknown_field_is_kept_and_reported(data: st.DataObject, name: str, field: str, new: Any) -> None:
    assume(field not in SCHEMAS[name]["properties"] and name != "FullFacetResponse")
    value = data.draw(valid(SCHEMAS[name])) | {field: new}
    with reading() as problems:
        result = model(name).from_dict(value)
    assert [(p.kind, p.path) for p in problems] == [("unknown", field)]
    assert result.additional_properties == {field: new}  # type: ignore[attr-defined]
    assert result.to_dict() == value


@EXAMPLES
@given(name=st.sampled_from(CLASSES), value=JSON_VALUES)
def test_reading_never_raises(name: str, value: Any) -> None:
    with reading() as problems:
        result: object = model(name).from_dict(value)
    if not isinstance(value, dict):
        assert result is value
        assert [(p.path, p.value) for p in problems] == [("", value)]


@pytest.mark.parametrize("text", ["2026-03-01", "2026-03-01T12:00:00"])
def test_a_time_without_timezone_is_utc(text: str) -> None:
    found = model("DataFile").from_dict({"path": "a", "size": 1, "time": text})
    assert at(found, ("time",)).tzinfo is datetime.UTC


def test_writing_a_time_without_timezone_is_refused() -> None:
    file = model("DataFile").from_dict({"path": "a", "size": 1})
    file.time = datetime.datetime(2026, 3, 1)  # type: ignore[attr-defined]  # noqa: DTZ001
    with pytest.raises(ValueError, match="no timezone"):
        file.to_dict()


def test_an_integer_may_come_as_javascript_writes_it() -> None:
    with reading() as problems:
        file = model("DataFile").from_dict(json.loads('{"path": "a", "size": 1e21, "time": "2026-01-01"}'))
    assert problems == []
    assert at(file, ("size",)) == 10**21
    assert isinstance(at(file, ("size",)), int)


def test_values_and_counts_of_facets_are_read() -> None:
    with reading() as problems:
        model("FullFacetResponse").from_dict(
            {"all": [{"totalSets": 3}], "type": [{"_id": "raw", "count": 3}], "odd": 1}
        )
    assert [(p.kind, p.path) for p in problems] == [("type", "odd")]


def test_collectors_nest_and_end() -> None:
    with reading() as outer:
        model("TechniqueClass").from_dict({"pid": 1, "name": "a"})
        with reading() as inner:
            model("TechniqueClass").from_dict({"pid": "a", "name": 2})
        model("TechniqueClass").from_dict({"pid": "a"})
    model("TechniqueClass").from_dict([])  # type: ignore[arg-type]
    assert [p.path for p in outer] == ["pid", "name"]
    assert [p.path for p in inner] == ["name"]


def test_unset_stays_the_one_when_copied() -> None:
    file = model("DataFile").from_dict({})
    assert at(copy.deepcopy(file), ("path",)) is UNSET


def test_of_several_kinds_the_one_with_fewest_problems_counts() -> None:
    kind = one_of(nested(model("DatasetListDto")), nested(model("TechniqueClass")), NULL)
    problems: list[Problem] = []
    assert kind.read(None, None, problems) is None
    assert isinstance(kind.read({"pid": "a", "name": "b"}, None, problems), model("TechniqueClass"))
    assert problems == []
    kind.read({"pid": "a", "name": 1}, None, problems)
    assert [(p.kind, p.path) for p in problems] == [("type", "name")]
    del problems[:]
    one_of(items(INTEGER), BOOLEAN).read([1, "2"], None, problems)
    assert [(p.kind, p.path) for p in problems] == [("type", "[1]")]
