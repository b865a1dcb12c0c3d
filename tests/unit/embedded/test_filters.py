"""Filters select what they should, and are refused when they are not in the language."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from scitacean.embedded.answers import Refusal
from scitacean.embedded.expressions import Expressions
from scitacean.embedded.filters import Condition, Rules, where


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.create_function("matches_regex", 3, Expressions().matches, deterministic=True)
    connection.execute("CREATE TABLE d (seq INTEGER PRIMARY KEY, id TEXT, body TEXT)")
    yield connection
    connection.close()


def selected(
    connection: sqlite3.Connection, condition: Condition, documents: list[dict[str, Any]]
) -> list[int]:
    connection.execute("DELETE FROM d")
    connection.executemany(
        "INSERT INTO d VALUES (?, NULL, ?)",
        [(i, json.dumps(document, ensure_ascii=False)) for i, document in enumerate(documents)],
    )
    rows = connection.execute(f"SELECT seq FROM d WHERE {condition.sql} ORDER BY seq", condition.parameters)
    return [seq for (seq,) in rows]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("$gt", [2]), ("$gte", [1, 2]), ("$lt", [0]), ("$lte", [0, 1]), ("$eq", [1]), ("$ne", [0, 2])],
)
@pytest.mark.parametrize("values", [[1, 2, 3], ["a", "b", "c"]])
def test_comparisons_at_their_limit(
    connection: sqlite3.Connection, values: list[Any], name: str, expected: list[int]
) -> None:
    documents = [{"a": value} for value in values]
    condition = where({"a": {name: values[1]}}, Rules())
    assert selected(connection, condition, documents) == expected


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"techniques.pid": "p1"}, [0]),
        ({"scientificMetadata.t.value": {"$gte": 10, "$lt": 20}}, [0]),
        ({"keywords": "x"}, [0, 1]),
        ({"keywords": ["x", "y"]}, [0]),
        ({"scientificMetadata.t": {"unit": "K", "value": 11}}, []),
        ({"scientificMetadata.t": {"value": 11, "unit": "K"}}, [0]),
        ({"datasetName": {"$regex": "^RUN", "$options": "i"}}, [0, 1]),
        ({"datasetName": {"$in": ["run 1", None]}}, [0, 2]),
        ({"comment": None}, [0, 1, 2]),
        ({"comment": {"$exists": False}}, [0, 2]),
        ({"techniques.pid": None}, [1, 2]),
        ({"techniques.name": None}, [0, 1, 2]),
        ({"techniques.name": {"$exists": True}}, [0]),
        ({"size.inner": None}, [0, 1, 2]),
        ({"keywords.inner": None}, []),
        ({"size": {"$gt": 10**30}}, []),
        ({"size": 2**63}, []),
        ({"size": {"$gt": -(10**400), "$lt": 10**400}}, [0, 1]),
        ({"datasetName": {"$lt": None}}, []),
        ({"size": {"$in": [1.0, 2]}}, [0]),
        ({"size": {"$in": [10, True, None, [1], {"a": 1}, 10**400]}}, [1, 2]),
        ({"size": {"$nin": [1, 10]}}, [2]),
        ({"scientificMetadata.t": {"$in": [{"value": 11, "unit": "K"}, 5]}}, [0]),
        ({"scientificMetadata": {"s": "ü"}}, [2]),
        ({"keywords": {"$in": [["x"], "y"]}}, [0, 1]),
        ({"keywords": {"$in": []}}, []),
    ],
)
def test_examples(connection: sqlite3.Connection, filter_: dict[str, Any], expected: list[int]) -> None:
    documents: list[dict[str, Any]] = [
        {
            "datasetName": "run 1",
            "keywords": ["x", "y"],
            "techniques": [{"pid": "p0"}, {"pid": "p1", "name": "n"}],
            "scientificMetadata": {"t": {"value": 11, "unit": "K"}},
            "size": 1,
        },
        {"datasetName": "run 2", "keywords": ["x"], "comment": None, "size": 10},
        {"keywords": [], "scientificMetadata": {"s": "ü"}},
    ]
    assert selected(connection, where(filter_, Rules()), documents) == expected


def test_false_is_less_than_true(connection: sqlite3.Connection) -> None:
    documents: list[dict[str, Any]] = [{"a": False}, {"a": True}, {"a": 0}, {"a": "x"}]
    for operators, expected in (
        ({"$lt": True}, [0]),
        ({"$gte": False}, [0, 1]),
        ({"$gt": False}, [1]),
        ({"$eq": False}, [0]),
    ):
        assert selected(connection, where({"a": operators}, Rules()), documents) == expected


def test_texts_are_times_only_where_servers_cast(connection: sqlite3.Connection) -> None:
    documents = [{"creationTime": "2026-03-01T12:00:00.000Z"}]
    plain = Rules(times=frozenset({"creationTime"}))
    cast = Rules(times=frozenset({"creationTime"}), cast=True)
    for filter_ in (
        {"creationTime": "2026-03-01T12:00:00.000Z"},
        {"creationTime": "2026-03-01T13:00:00+01:00"},
        {"creationTime": {"$gt": "2026-01-01"}},
    ):
        assert selected(connection, where(filter_, plain), documents) == []
        assert selected(connection, where(filter_, cast), documents) == [0]
    regex = {"creationTime": {"$regex": "2026"}}
    assert selected(connection, where(regex, cast), documents) == []
    with pytest.raises(Refusal):
        where({"creationTime": "yesterday"}, cast)


@pytest.mark.parametrize(
    "filter_",
    [
        [],
        {"$text": {"$search": "x"}},
        {"$where": "1"},
        {"$and": []},
        {"$or": {}},
        {"a": {"$all": [1]}},
        {"a": {"$elemMatch": {}}},
        {"a": {"$gt": 1, "b": 2}},
        {"a": {"$gt": [1]}},
        {"a": {"$in": 1}},
        {"a": {"$not": 1}},
        {"a": {"$not": {}}},
        {"a": {"$regex": "("}},
        {"a": {"$regex": "^[[:alpha:]]+$"}},
        {"a": {"$regex": "[[a]"}},
        {"a": {"$regex": 1}},
        {"a": {"$regex": "a", "$options": "q"}},
        {"a": {"$options": "i"}},
        {".".join("a" * 40): 1},
    ],
)
def test_refuses_what_is_not_in_the_language(filter_: Any) -> None:
    with pytest.raises(Refusal) as refused:
        where(filter_, Rules())
    assert refused.value.status == 400


def test_refuses_unknown_fields_and_deep_nesting() -> None:
    rules = Rules(known=frozenset({"scientificMetadata", "techniques", "pid"}))
    assert where({"scientificMetadata.any.thing": 1}, rules).parameters
    assert where({"techniques.pid": 1}, rules).parameters
    for path in ("nonsense", "techniques.nonsense", "techniques.0.pid", "pid.", "techniques..pid"):
        with pytest.raises(Refusal):
            where({path: 1}, rules)
    deep: dict[str, Any] = {}
    negated: dict[str, Any] = {"$eq": 1}
    for _ in range(100):
        deep, negated = {"$and": [deep]}, {"$not": negated}
    for filter_ in (deep, {"a": negated}):
        with pytest.raises(Refusal):
            where(filter_, Rules())


def test_no_value_is_spelled_in_the_sql() -> None:
    hostile = "x' OR 1=1; --"
    filter_ = {hostile: {"$in": [hostile]}, f"a.{hostile}": {"$regex": hostile}, "b": hostile}
    assert hostile not in where(filter_, Rules()).sql
