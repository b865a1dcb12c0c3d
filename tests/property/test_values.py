"""Laws of the rules for scientific metadata: problems are found exactly where they were put."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from scitacean.validation.values import json_problems

keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
exact = st.integers(-(2**53) + 1, 2**53 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | exact | finite | keys
json_values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
odd = st.sampled_from([math.nan, math.inf, -math.inf, 10**400, "\udc80", b"", {1}, Decimal(1), 1j])


def errors(value: object) -> list[str]:
    return [problem.field for problem in json_problems(value, "meta") if problem.severity == "error"]


@given(json_values)
def test_what_json_can_hold_has_no_errors(value: object) -> None:
    assert errors(value) == []
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@given(st.data())
def test_each_odd_value_is_found_once_where_it_is(data: st.DataObject) -> None:
    """What is damaged, and no other, is a problem, named by an expression that leads there.

    Of several like it in one list the first two are, or the first and how many more there are.
    """
    tree = data.draw(st.dictionaries(keys, json_values, min_size=1, max_size=3))
    places: list[tuple[object, object, object]] = []

    def collect(value: object) -> None:
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, item in list(items):
            places.append((value, key, item))
            collect(item)

    collect(tree)
    # From the last to the first, so that none is put into what another replaces.
    chosen = data.draw(st.sets(st.sampled_from(range(len(places))), max_size=3))
    put: list[object] = []
    for index in sorted(chosen):
        container, key, item = places[index]
        if not isinstance(item, dict | list):
            put.append(data.draw(odd))
            container[key] = put[-1]  # type: ignore[index]  # a dict or a list
    found = [problem for problem in json_problems(tree, "meta") if problem.severity == "error"]
    named = [problem for problem in found if "more like the first" not in str(problem.value)]
    counted = [int(str(problem.value).split()[0]) for problem in found if problem not in named]
    assert len(named) + sum(counted) == len(put)
    assert len({problem.field for problem in named}) == len(named)
    for problem in named:
        assert any(at(tree, problem.field) is value for value in put)
    for problem in found:
        if problem not in named:
            assert isinstance(at(tree, problem.field), list)


def at(tree: object, field: str) -> object:
    """Follow a path like ``meta.a[1]["b c"]``."""
    decoder = json.JSONDecoder()
    rest = field.removeprefix("meta")
    while rest:
        if rest[0] == "[":
            key, end = decoder.raw_decode(rest[1:])
            rest = rest[end + 2 :]
        else:
            size = next((i for i, c in enumerate(rest[1:], 1) if c in ".["), len(rest))
            key, rest = rest[1:size], rest[size:]
        tree = tree[key]  # type: ignore[index]  # a dict or a list
    return tree


@given(st.dictionaries(st.text(st.sampled_from("ab. $%2\t-_é"), max_size=4), leaves, max_size=4))
def test_keys_that_servers_mangle_are_warnings(tree: dict[str, object]) -> None:
    found = [problem for problem in json_problems(tree, "meta") if "a key without" in problem.expected]
    mangled = {key for key in tree if set(key) & set(". $\t") or unquote(key) != key}
    assert {problem.value for problem in found} == mangled
    assert len(found) == len(mangled)
    assert {problem.severity for problem in found} <= {"warning"}


@given(st.integers())
def test_integers_that_doubles_round_are_warnings(value: int) -> None:
    severities = [problem.severity for problem in json_problems([value], "meta")]
    assert severities == (["warning"] if abs(value) > 2**53 - 1 else [])


@given(json_values, st.integers(0, 5))
def test_cycles_end(value: object, levels: int) -> None:
    inner: list[object] = [value]
    outer: object = inner
    for _ in range(levels):
        outer = {"a": outer}
    inner.append(outer)
    assert errors(outer) == ["meta" + levels * ".a" + "[1]"]
