"""Problems of scientific metadata that examples show best; the laws are with the properties."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scitacean.model.metadata import plain
from scitacean.validation.values import json_problems, object_problem

NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001  (what users do)


def nested(levels: int, *, lists: bool) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ({"a": [1, float("nan")]}, "meta.a[1]", "neither NaN nor infinity"),
        ({"a": {"b c": {"d": -float("inf")}}}, 'meta.a["b c"].d', "neither NaN nor infinity"),
        ({"a": 10**400}, "meta.a", "1.8e308"),
        ({"a": -(10**5000)}, "meta.a", "1.8e308"),
        ({"a": [{1, 2}]}, "meta.a[0]", "not set"),
        ({"a": Decimal(1)}, "meta.a", "not decimal.Decimal"),
        ({"a": b"b"}, "meta.a", "not bytes"),
        ({"a": NAIVE}, "meta.a", "naive"),
        ({"a": NAIVE.replace(tzinfo=timezone(timedelta(seconds=30)))}, "meta.a", ".astimezone(UTC)"),
        ({"a": NAIVE.replace(tzinfo=UTC)}, "meta.a", "not datetime.datetime"),
        ({"a": "\ud800"}, "meta.a", "valid unicode"),
        ({"a": {1: 2}}, "meta.a", "keys that are text, not int"),
        ({"\ud800": 2}, "meta", "valid unicode"),
        ({"a": {"b\0": 2}}, "meta.a", "NUL"),
        (object(), "meta", "not object"),
        (float("nan"), "meta", "neither NaN nor infinity"),
    ],
)
def test_errors(value: object, field: str, expected: str) -> None:
    (problem,) = [one for one in json_problems(value, "meta") if one.severity == "error"]
    assert problem.field == field
    assert expected in problem.expected
    assert str(problem)


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ({"a b": 1}, 'meta["a b"]', "a key without dots"),
        ({"x": [{"a.b": 1}]}, 'meta.x[0]["a.b"]', "a key without dots"),
        ({"$a": 1}, 'meta["$a"]', "a key without dots"),
        ({"a\tb": 1}, r'meta["a\tb"]', "a key without dots"),
        ({"a%20b": 1}, 'meta["a%20b"]', "a key without dots"),
        ({"a": [2**53]}, "meta.a[0]", "rounds"),
        ({"a": -(2**53)}, "meta.a", "rounds"),
        ({"a": {"unit": "K"}}, "meta.a.unit", "a value beside it"),
    ],
)
def test_warnings(value: object, field: str, expected: str) -> None:
    (problem,) = json_problems(value, "meta")
    assert (problem.field, problem.severity) == (field, "warning")
    assert expected in problem.expected


@pytest.mark.parametrize(
    "value",
    [
        {"a": 2**53 - 1, "b": 1.7e308, "c": -0.0, "é": "ü\0", "a-b": [], "100%": {}, "": ()},
        {"a": {"value": 1, "unit": "K"}, "b": {"value": 2}, "c": {"value": 1, "unit": ""}},
        [],
    ],
)
def test_what_is_good(value: object) -> None:
    assert list(json_problems(value, "meta")) == []


def test_keys_in_paths_are_quoted_where_they_are_no_names() -> None:
    nan = float("nan")
    value = {"a-b": nan, "ü": nan, '"': nan, "1": nan, "": nan, "\ud800": nan, 2: nan, None: nan}
    fields = {problem.field for problem in json_problems(value, "meta") if problem.value is nan}
    assert fields == {
        'meta["a-b"]', "meta.ü", 'meta["\\""]', 'meta["1"]', 'meta[""]', 'meta["\\ud800"]', "meta[2]",
        "meta[None]",
    }  # fmt: skip


@pytest.mark.parametrize("lists", [True, False])
def test_databases_keep_so_many_levels(lists: bool) -> None:
    assert list(json_problems(nested(99, lists=lists), "meta")) == []
    (problem,) = json_problems(nested(100, lists=lists), "meta")
    assert problem.field == "meta" + ("[0]" if lists else ".a") * 99
    assert len(list(json_problems(nested(50_000, lists=lists), "meta"))) == 1


def test_cycles_are_found_where_they_close() -> None:
    inner: list[object] = [1]
    value = {"a": {"b": inner}, "c": inner}
    inner.append(value)
    assert [problem.field for problem in json_problems(value, "meta")] == ["meta.a.b[1]", "meta.c[1]"]
    assert "not in itself" in next(json_problems(value, "meta")).expected


def test_the_same_part_may_be_in_several_places() -> None:
    part = {"a": [1]}
    assert list(json_problems({"x": part, "y": [part, part]}, "meta")) == []


def test_what_no_server_takes_is_found() -> None:
    (problem,) = json_problems({"image": "x" * 2**24, "a": 1}, "meta")
    assert "16 MiB" in str(problem)
    (problem,) = json_problems({"a": [["x" * 2**14] * 64] * 16}, "meta")
    assert "16 MiB" in str(problem)
    assert list(json_problems({"image": "x" * (2**24 - 20), "a": 1}, "meta")) == []


LIMIT = 5_000
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(json_values)
@example({'"\n': ["\x01\x7f", "é😀", '"', "\\", True, False, None, 1e300, -0.0, 10**300, [], {}, [[], 1]]})
@example([1 / 3] * 100)
@example(["é" * 10, "\n" * 10, 10**15, None] * 50)
def test_the_limit_is_that_of_the_bytes_that_are_sent(value: object) -> None:
    def problems(filling: int) -> list[str]:
        found = json_problems({"value": value, "filling": "x" * filling}, "meta")
        return [problem.expected for problem in found if "16 MiB" in str(problem.value)]

    empty = json.dumps({"value": value, "filling": ""}, ensure_ascii=False, separators=(",", ":"))
    left = LIMIT - len(empty.encode(errors="surrogatepass"))
    assume(left >= 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scitacean.validation.json_values._LARGEST", LIMIT)
        assert problems(left) == []
        assert len(problems(left + 1)) == 1


def test_numbers_are_counted_as_they_are_sent() -> None:
    (problem,) = json_problems({"a": [1 / 3] * 900_000}, "meta")
    assert "16 MiB" in str(problem)


def test_all_nan_of_an_array_are_one_mistake() -> None:
    metadata = plain({"a": np.full((1_000, 100), np.nan)})
    tracemalloc.start()
    try:
        found = list(json_problems(metadata, "meta"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(problem.field, str(problem.value)) for problem in found] == [
        ("meta.a[0][0]", "nan"),
        ("meta.a", "99,999 more like the first"),
    ]
    assert most < 1_000_000


def test_of_two_problems_of_a_list_both_are_named() -> None:
    nan = float("nan")
    assert [problem.field for problem in json_problems({"a": [nan, 1, nan]}, "meta")] == [
        "meta.a[0]",
        "meta.a[2]",
    ]


def test_kinds_of_problems_are_counted_apart() -> None:
    scan = [{"x y": float("nan"), "z": 1j, "unit": "K", 7: 2} for _ in range(500)]
    found = list(json_problems({"scan": scan, "b": [[b""], [b""], [b""]]}, "meta"))
    firsts = [problem for problem in found if "more like" not in str(problem.value)]
    assert {problem.field for problem in firsts} == {
        "meta.scan[0]", 'meta.scan[0]["x y"]', "meta.scan[0].z", "meta.scan[0].unit", "meta.b[0][0]",
    }  # fmt: skip
    others = [problem for problem in found if problem not in firsts]
    assert [problem.value for problem in others] == ["499 more like the first"] * 5 + [
        "2 more like the first"
    ]
    assert [problem.field for problem in others] == ["meta.scan"] * 5 + ["meta.b"]
    assert sorted((one.severity, one.expected) for one in firsts) == sorted(
        (one.severity, one.expected) for one in others
    )


def test_what_is_counted_is_told_where_the_size_ends_the_walk() -> None:
    metadata = {"a": [[float("nan")] * 5, ["x" * 2**24], 1]}
    found = [str(problem.value) for problem in json_problems(metadata, "meta")]
    assert found == ["nan", "4 more like the first", "more than 16 MiB as JSON"]


@pytest.mark.parametrize("value", [[1], "text", 5])
def test_what_is_no_object(value: object) -> None:
    (problem,) = object_problem(value, "meta")
    assert problem.expected == "a dict with text as keys"


def test_objects_are_looked_into() -> None:
    assert [problem.field for problem in object_problem({"a": object()}, "meta")] == ["meta.a"]
