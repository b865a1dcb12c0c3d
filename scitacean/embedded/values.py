"""Tests of the values at a path of a document, in SQL over JSON.

A path leads through objects and, as in MongoDB, through the objects in lists.  Names in it only
ever become parameters of the SQL.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence

from .answers import bad_request
from .conditions import Condition, all_of, any_of, negated

_DEEPEST = 30
_LARGEST = 2**63
# What can be written in a path of SQLite as it is written in the JSON.
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')


def some(path: str, test: Condition, *, elements: bool = True) -> Condition:
    """Make a condition: one of the values at a path passes a test.

    Parameters
    ----------
    path:
        Names with dots between them.
    test:
        SQL in which ``{0}`` stands for the row of a value, with the columns ``type``, ``value``
        and ``atom`` of SQLite's ``json_each``.
    elements:
        Whether a list at the end of the path also passes when one of its elements does.

    Raises
    ------
    Refusal
        400, if the path is too long.
    """
    parts = _parts(path)
    if not all(_PLAIN.fullmatch(part) for part in parts):
        return _through_lists(parts, test, elements=elements)
    value = "json_type(d.body, ?) AS type, json_extract(d.body, ?) AS value, json_extract(d.body, ?) AS atom"
    passes = _value_or_element("x", test, elements=elements)
    straight = Condition(
        # Here and below, tables and keys are made of numbers and tests only.
        f"EXISTS (SELECT 1 FROM (SELECT {value}) AS x WHERE x.type IS NOT NULL AND ({passes.sql}))",  # noqa: S608
        (json_path(parts),) * 3 + passes.parameters,
    )
    lists = [
        Condition("json_type(d.body, ?) IS 'array'", (json_path(parts[:i]),)) for i in range(1, len(parts))
    ]
    if not lists:
        return straight
    return any_of([straight, all_of([any_of(lists), _through_lists(parts, test, elements=elements)])])


def absent(path: str) -> Condition:
    """Make a condition: the path ends early, in an object without the name or in a mere value."""
    parts = _parts(path)
    ends = [negated(_chain(parts[:1], Condition("1")))]
    for i in range(1, len(parts)):
        inside = f"json_each(CASE a{i}.type WHEN 'object' THEN a{i}.value ELSE '{{}}' END)"
        keyed = f"EXISTS (SELECT 1 FROM {inside} AS k WHERE k.key = ?)"  # noqa: S608
        test = Condition(
            f"k{i - 1}.type NOT IN ('object', 'array') OR (a{i}.type = 'object' AND NOT {keyed})",
            (parts[i],),
        )
        ends.append(_chain(parts[:i], test, more=_objects(i, outer=True)))
    return any_of(ends)


def json_path(parts: Sequence[str]) -> str:
    """Write names as a path of SQLite.

    Examples
    --------
    >>> json_path(["a", "b"])
    '$."a"."b"'
    """
    return "$" + "".join(f'."{part}"' for part in parts)


def texts_in(values: Sequence[str]) -> Condition:
    """Test: a text that is one of these."""
    return Condition(
        "{0}.type = 'text' AND {0}.atom IN (SELECT value FROM json_each(?))", (json.dumps(values),)
    )


def numbers_in(values: Sequence[float]) -> Condition:
    """Test: a number that is one of these."""
    numbers = [number for number in map(storable, values) if math.isfinite(number)]
    return Condition(
        "{0}.type IN ('integer', 'real') AND {0}.atom IN (SELECT value FROM json_each(?))",
        (json.dumps(numbers),),
    )


def parts_in(values: Sequence[object]) -> Condition:
    """Test: an object or list that is written as one of these."""
    return Condition(
        "json(CASE WHEN {0}.type IN ('object', 'array') THEN {0}.value END)"
        " IN (SELECT json(value) FROM json_each(?))",
        (json.dumps(values, ensure_ascii=False),),
    )


def storable(value: float) -> float:
    """Make a number one that SQLite can hold."""
    if abs(value) < _LARGEST:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _parts(path: str) -> list[str]:
    parts = path.split(".")
    if len(parts) > _DEEPEST:
        raise bad_request(f"{path} is nested too deeply")
    return parts


def _through_lists(parts: Sequence[str], test: Condition, *, elements: bool) -> Condition:
    return _chain(parts, _value_or_element(f"k{len(parts) - 1}", test, elements=elements))


def _value_or_element(row: str, test: Condition, *, elements: bool) -> Condition:
    passes = Condition(test.sql.format(row), test.parameters)
    if not elements:
        return passes
    inside = f"json_each(CASE {row}.type WHEN 'array' THEN {row}.value ELSE '[]' END)"
    one = f"EXISTS (SELECT 1 FROM {inside} AS e WHERE {test.sql.format('e')})"  # noqa: S608
    return any_of([passes, Condition(one, test.parameters)])


def _chain(parts: Sequence[str], passes: Condition, *, more: str = "") -> Condition:
    """Look for a value at a path, by the rows k0, k1, ... of its names; ``more`` are further tables."""
    tables = ["json_each(d.body) AS k0"]
    for i in range(1, len(parts)):
        tables.append(_objects(i))
        tables.append(f"json_each(CASE a{i}.type WHEN 'object' THEN a{i}.value ELSE '{{}}' END) AS k{i}")
    if more:
        tables.append(more)
    keys = " AND ".join(f"k{i}.key = ?" for i in range(len(parts)))
    return Condition(
        f"EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {keys} AND ({passes.sql}))",  # noqa: S608
        (*parts, *passes.parameters),
    )


def _objects(i: int, *, outer: bool = False) -> str:
    """Name the table of what a path goes on in: an object, or the elements of a list."""
    mere = "'[null]'" if outer else "'[]'"
    return (
        f"json_each(CASE k{i - 1}.type WHEN 'array' THEN k{i - 1}.value WHEN 'object'"
        f" THEN json_array(json(k{i - 1}.value)) ELSE {mere} END) AS a{i}"
    )
