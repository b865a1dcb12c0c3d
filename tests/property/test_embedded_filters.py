"""A list gives what the rules of MongoDB's filters give, in plain Python, with indexes or without."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.embedded.filters import Rules, where
from scitacean.embedded.indexes import COLUMNS, TERMS
from scitacean.embedded.lists import v4_query
from scitacean.embedded.store import Store, Transaction

TEXTS = st.sampled_from(
    ["", "a", "ab", "b", "B", "1", "[]", "ü", "x'); --", '{"a":1}', "2026-03-01T12:00:00.000Z"]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.5, 1.0, 1e30, 2**63]), TEXTS
)
NAMES = st.sampled_from(["a", "b", "c", 'e"f', "ü", "0", "back\\slash"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
LISTS = st.one_of(st.none(), TEXTS, st.lists(st.one_of(TEXTS, SCALARS), max_size=3))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "datasetName": TEXTS | st.none(),
        "creationTime": TEXTS,
        "ownerGroup": TEXTS,
        "keywords": LISTS,
        "accessGroups": LISTS,
        "scientificMetadata": VALUES,
        "a": VALUES,
        "b": VALUES,
    },
)
PATHS = st.one_of(
    st.sampled_from(["datasetName", "creationTime", "ownerGroup", "keywords", "accessGroups"]),
    st.lists(NAMES, min_size=1, max_size=3).map(".".join),
    st.lists(NAMES, max_size=2).map(lambda names: ".".join(["scientificMetadata", *names])),
)
ORDERED = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), TEXTS)
PATTERNS = st.sampled_from(["^a", "^ab*", "b$", ".", "1|ü", "^a|b", "^a?b", "^A"])
SIMPLE = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), VALUES),
    st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), ORDERED),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(VALUES, max_size=3)),
    st.tuples(st.just("$exists"), st.booleans()),
    st.tuples(st.just("$regex"), PATTERNS),
)
OPERATORS = st.recursive(
    st.lists(SIMPLE, min_size=1, max_size=2).map(dict)
    | st.builds(lambda pattern: {"$regex": pattern, "$options": "i"}, PATTERNS),
    lambda inner: inner.map(lambda operators: {"$not": operators}),
    max_leaves=2,
)
FIELDS = st.dictionaries(
    PATHS, VALUES.filter(lambda value: not isinstance(value, dict)) | OPERATORS, max_size=2
)
FILTERS = st.recursive(
    FIELDS,
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or", "$nor"]),
        st.lists(inner, min_size=1, max_size=3),
        min_size=1,
        max_size=2,
    ),
    max_leaves=5,
)
ENDS_EARLY = object()
"""Stands for the value of a path that ends before its last name."""


def ends(value: Any, path: list[str]) -> Iterator[Any]:
    """Follow a path: through objects, and through the objects in a list but not its other elements."""
    if not path:
        yield value
    elif isinstance(value, dict):
        yield from ends(value[path[0]], path[1:]) if path[0] in value else [ENDS_EARLY]
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield from ends(one, path)
    else:
        yield ENDS_EARLY


def family(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def same(one: Any, other: Any) -> bool:
    """Compare values: true is not one, and objects and lists are compared as they are written."""
    if family(one) != family(other):
        return False
    if isinstance(one, dict | list):
        return json.dumps(one) == json.dumps(other)
    return bool(one == other)


def passes(name: str, operand: Any, found: list[Any], operators: dict[str, Any]) -> bool:
    there = [value for value in found if value is not ENDS_EARLY]
    each = [*there, *(one for value in there if isinstance(value, list) for one in value)]
    match name:
        case "$eq" if operand is None:
            return ENDS_EARLY in found or any(one is None for one in each)
        case "$eq":
            return any(same(one, operand) for one in each)
        case "$ne":
            return not passes("$eq", operand, found, {})
        case "$in":
            return any(passes("$eq", one, found, {}) for one in operand)
        case "$nin":
            return not passes("$in", operand, found, {})
        case "$exists":
            return bool(there) is operand
        case "$not":
            return not all(passes(inner, value, found, operand) for inner, value in operand.items())
        case "$regex":
            flags = re.IGNORECASE if operators.get("$options") == "i" else re.NOFLAG
            return any(isinstance(one, str) and bool(re.search(operand, one, flags)) for one in each)
        case "$options":
            return True
    if operand is None:
        return name in ("$gte", "$lte") and passes("$eq", None, found, {})
    comparisons = {
        "$gt": lambda one: one > operand,
        "$gte": lambda one: one >= operand,
        "$lt": lambda one: one < operand,
        "$lte": lambda one: one <= operand,
    }
    return any(comparisons[name](one) for one in each if family(one) == family(operand))


def matches(filter_: dict[str, Any], document: dict[str, Any]) -> bool:
    for key, value in filter_.items():
        if key == "$and":
            good = all(matches(part, document) for part in value)
        elif key in ("$or", "$nor"):
            good = any(matches(part, document) for part in value) == (key == "$or")
        else:
            found = list(ends(document, key.split(".")))
            operators = value if isinstance(value, dict) else {"$eq": value}
            good = all(passes(name, operand, found, operators) for name, operand in operators.items())
        if not good:
            return False
    return True


INDEXED = Rules(columns=COLUMNS, terms=TERMS)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "catalogue.sqlite", durable=False)
        yield store
        store.close()


@contextmanager
def undone(store: Store) -> Iterator[Transaction]:
    """Run a transaction whose changes do not stay."""

    class UndoneError(Exception):
        pass

    with suppress(UndoneError), store.transaction(write=True) as transaction:
        yield transaction
        raise UndoneError


def put_in(transaction: Transaction, documents: list[dict[str, Any]]) -> None:
    # Another collection must not show up.
    for collection in ("datasets", "samples"):
        for i, document in enumerate(documents):
            transaction.insert(collection, str(i), {**document, "i": i})


def check_selection(store: Store, filter_: dict[str, Any], documents: list[dict[str, Any]]) -> None:
    expected = [i for i, document in enumerate(documents) if matches(filter_, document)]
    with undone(store) as transaction:
        put_in(transaction, documents)
        for rules in (Rules(), INDEXED):
            condition = where(filter_, rules)
            assert [one["i"] for one in transaction.find("datasets", condition)] == expected
            assert transaction.count("datasets", condition) == len(expected)


@given(filter_=FILTERS, documents=st.lists(DOCUMENTS, max_size=5))
def test_a_list_is_what_plain_python_selects(
    store: Store, filter_: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    check_selection(store, filter_, documents)


FEW_TEXTS = st.sampled_from(["", "a", "ab", "b"])
INNER = st.fixed_dictionaries({}, optional={"b": FEW_TEXTS | st.lists(FEW_TEXTS, max_size=2) | st.none()})
DENSE = st.fixed_dictionaries(
    {},
    optional={
        "datasetName": FEW_TEXTS,
        "keywords": FEW_TEXTS | st.lists(FEW_TEXTS, max_size=2),
        "a": INNER | st.lists(INNER | FEW_TEXTS, max_size=2) | FEW_TEXTS,
    },
)
DENSE_PATHS = st.sampled_from(["datasetName", "keywords", "a", "a.b"])
DENSE_TESTS = st.one_of(
    FEW_TEXTS,
    st.tuples(st.sampled_from(["$eq", "$ne", "$gt", "$lte"]), FEW_TEXTS).map(lambda one: dict([one])),
    st.builds(lambda texts: {"$in": texts}, st.lists(FEW_TEXTS | st.none(), max_size=2)),
    st.builds(lambda pattern: {"$regex": pattern}, PATTERNS),
    st.builds(lambda truth: {"$exists": truth}, st.booleans()),
)


@given(path=DENSE_PATHS, test=DENSE_TESTS, documents=st.lists(DENSE, min_size=3, max_size=6))
def test_each_test_of_a_field_is_that_of_plain_python(
    store: Store, path: str, test: Any, documents: list[dict[str, Any]]
) -> None:
    check_selection(store, {path: test}, documents)


@given(names=st.sets(st.text("ab:", max_size=3), min_size=1), pattern=PATTERNS)
def test_the_beginning_of_a_name_is_found_by_its_index(store: Store, names: set[str], pattern: str) -> None:
    check_selection(
        store, {"datasetName": {"$regex": pattern}}, [{"datasetName": name} for name in sorted(names)]
    )


@given(before=DENSE, after=DENSE)
def test_indexes_follow_a_change(store: Store, before: dict[str, Any], after: dict[str, Any]) -> None:
    filters = [{path: text} for path in ("datasetName", "keywords") for text in ("", "a", "ab", "b")]
    with undone(store) as transaction:
        transaction.insert("datasets", "0", before)
        transaction.replace("datasets", "0", after)
        for filter_ in filters:
            assert transaction.count("datasets", where(filter_, INDEXED)) == matches(filter_, after)
        transaction.delete("datasets", "0")
        assert not any(transaction.count("datasets", where(filter_, INDEXED)) for filter_ in filters)


@given(
    documents=st.lists(DOCUMENTS, max_size=6),
    path=st.sampled_from(["datasetName", "creationTime", "ownerGroup"]),
    direction=st.sampled_from(["asc", "desc"]),
    skip=st.integers(0, 3),
    limit=st.integers(1, 4),
)
def test_a_page_is_a_part_of_the_sorted_whole(
    store: Store, documents: list[dict[str, Any]], path: str, direction: str, skip: int, limit: int
) -> None:
    keys = [
        (document.get(path) is not None, document.get(path) or "", i) for i, document in enumerate(documents)
    ]
    expected = [i for _, _, i in sorted(keys, reverse=direction == "desc")][skip : skip + limit]
    limits = {"sort": {path: direction}, "skip": skip, "limit": limit}
    with undone(store) as transaction:
        put_in(transaction, documents)
        for rules in (Rules(), INDEXED):
            query = v4_query(json.dumps({"limits": limits}), rules)
            assert [one["i"] for one in transaction.find("datasets", query.condition, query.page)] == expected
