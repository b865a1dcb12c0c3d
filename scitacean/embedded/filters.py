"""The filter language of lists, translated to SQL over JSON.

The language is a part of MongoDB's: ``{"field": value}``, dotted paths that look into lists, and the
operators of :data:`OPERATORS` and :data:`COMBINATIONS`; anything else is refused with 400, as on
real servers.  Values and names that come from a client only ever become parameters of the SQL.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

from . import times
from .answers import bad_request

Parameter: TypeAlias = str | int | float | None

COMBINATIONS = {"$and": " AND ", "$or": " OR ", "$nor": " OR "}
OPERATORS = frozenset(
    "$eq $ne $in $nin $gt $gte $lt $lte $exists $not $regex $options".split(" ")  # noqa: SIM905
)
_ORDER = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
OPEN = frozenset({"scientificMetadata", "jobParameters", "jobParams", "jobResultObject"})
"""Fields of which servers do not know what is in them."""

_DEEPEST = 30
_LARGEST = 2**63


@frozen
class Condition:
    """SQL over the row ``d`` of a document, and the values of its parameters."""

    sql: str
    parameters: tuple[Parameter, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return _joined([self, other], " AND ")


EVERYTHING = Condition("1")
_NOTHING = Condition("0")


@frozen
class Rules:
    """What the translation must know about a collection.

    Parameters
    ----------
    known:
        Names that the parts of a path may have, up to a field of :data:`OPEN`; another one is
        refused. None: any.
    times:
        Fields that hold times. Servers store times as such, so that in v4 lists a text never
        equals one.
    cast:
        Whether a text that is compared with a time is read as a time (v3, and counts in v4).
    columns:
        Fields that are columns of the table as well, which have an index.
    links:
        Fields whose values are the targets of links.
    """

    known: frozenset[str] | None = None
    times: frozenset[str] = frozenset()
    cast: bool = False
    columns: Mapping[str, str] = field(factory=dict)
    links: frozenset[str] = frozenset()


def where(filter_: object, rules: Rules, depth: int = 0) -> Condition:
    """Translate the ``where`` of a filter.

    Raises
    ------
    Refusal
        400, if it is not in the language.

    Examples
    --------
    >>> where({}, Rules())
    Condition(sql='1', parameters=())
    """
    if not isinstance(filter_, dict):
        raise bad_request("where should be an object")
    if depth > _DEEPEST:
        raise bad_request("where is nested too deeply")
    return _joined([_entry(key, value, rules, depth) for key, value in filter_.items()], " AND ")


def order_terms(
    sort: Sequence[tuple[str, bool]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Translate a sort order to terms for ORDER BY and their parameters.

    Parameters
    ----------
    sort:
        Dotted paths and whether each ascends. Equal ones stay in the order of their making.

    Raises
    ------
    Refusal
        400, for a name that cannot be looked up.
    """
    if any("\0" in path for path, _ in sort):
        raise bad_request("A field to sort by has no NUL in its name")
    # A quote cannot be written in a path of SQLite; no field has one.
    usable = [(path, ascending) for path, ascending in sort if '"' not in path]
    terms = [f"json_extract(d.body, ?) {'ASC' if ascending else 'DESC'}" for _, ascending in usable]
    parameters = tuple("$" + "".join(f'."{part}"' for part in path.split(".")) for path, _ in usable)
    return (*terms, "d.seq"), parameters


@functools.lru_cache(maxsize=256)
def _pattern(pattern: str, options: str) -> re.Pattern[str]:
    flags = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
    if unknown := set(options) - set(flags):
        raise bad_request(f"$options has the unknown {sorted(unknown)[0]!r}")
    try:
        return re.compile(pattern, functools.reduce(lambda a, o: a | flags[o], options, re.NOFLAG))
    except (re.error, RecursionError, OverflowError) as error:
        raise bad_request(f"$regex is no regular expression: {error}") from None


def matches_regex(pattern: str, options: str, text: str) -> bool:
    """Tell whether a text has a match; the function behind ``$regex`` in SQL."""
    return _pattern(pattern, options).search(text) is not None


def _joined(conditions: Sequence[Condition], between: str) -> Condition:
    if not conditions:
        return EVERYTHING
    if len(conditions) == 1:
        return conditions[0]
    return Condition(
        between.join(f"({condition.sql})" for condition in conditions),
        tuple(value for condition in conditions for value in condition.parameters),
    )


def _negated(condition: Condition) -> Condition:
    # The conditions are never NULL, so NOT is the complement.
    return Condition(f"NOT ({condition.sql})", condition.parameters)


def _entry(key: str, value: object, rules: Rules, depth: int) -> Condition:
    if key in COMBINATIONS:
        if not isinstance(value, list) or not value:
            raise bad_request(f"{key} should be a list with something in it")
        parts = [where(part, rules, depth + 1) for part in value]
        combined = _joined(parts, COMBINATIONS[key])
        return _negated(combined) if key == "$nor" else combined
    if key.startswith("$"):
        raise bad_request(f"Property {key} should not exist in the filter object")
    if rules.known is not None and not _is_known(key, rules.known):
        raise bad_request(f"Property {key} should not exist in the filter object")
    if isinstance(value, dict) and any(name.startswith("$") for name in value):
        return _operators(key, value, rules, depth)
    return _equal(key, value, rules)


def _is_known(path: str, known: frozenset[str]) -> bool:
    for part in path.split("."):
        if part not in known:
            return False
        if part in OPEN:
            break
    return True


def _operators(path: str, operators: dict[str, object], rules: Rules, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise bad_request("where is nested too deeply")
    if unknown := sorted(set(operators) - OPERATORS):
        raise bad_request(f"Property {path}.{unknown[0]} should not exist in the filter object")
    if "$options" in operators and "$regex" not in operators:
        raise bad_request("$options needs a $regex")
    conditions = []
    for name, operand in operators.items():
        if name == "$not":
            if not isinstance(operand, dict) or not operand:
                raise bad_request("$not should be an object of operators")
            conditions.append(_negated(_operators(path, operand, rules, depth + 1)))
        elif name == "$regex":
            conditions.append(_regex(path, operand, operators.get("$options", ""), rules))
        elif name != "$options":
            conditions.append(_operator(path, name, operand, rules))
    return _joined(conditions, " AND ")


def _operator(path: str, name: str, operand: object, rules: Rules) -> Condition:
    if name == "$eq":
        return _equal(path, operand, rules)
    if name == "$ne":
        return _negated(_equal(path, operand, rules))
    if name in ("$in", "$nin"):
        if not isinstance(operand, list):
            raise bad_request(f"{name} should be a list")
        found = _one_of(path, operand, rules)
        return found if name == "$in" else _negated(found)
    if name == "$exists":
        there = _some(path, Condition("1"), elements=False)
        return there if operand else _negated(there)
    return _ordered(path, name, operand, rules)


def _equal(path: str, value: object, rules: Rules) -> Condition:
    if isinstance(value, str):
        return _one_of(path, [value], rules)
    if value is None:
        there = _some(path, Condition("1"), elements=False)
        return _joined([_negated(there), _some(path, Condition("{}.type = 'null'"))], " OR ")
    if isinstance(value, bool):
        return _some(path, Condition(f"{{}}.type = '{json.dumps(value)}'"))
    if isinstance(value, int | float):
        return _some(path, _equal_numbers([value]))
    return _some(path, _equal_parts([value]))


def _equal_parts(values: Sequence[object]) -> Condition:
    """Match the objects and lists that are written as one of these."""
    return Condition(
        "{0}.type IN ('object', 'array') AND json({0}.value) IN (SELECT json(value) FROM json_each(?))",
        (json.dumps(values, ensure_ascii=False),),
    )


def _equal_numbers(values: Sequence[float]) -> Condition:
    numbers = [number for number in map(_number, values) if math.isfinite(number)]
    return Condition(
        "{0}.type IN ('integer', 'real') AND {0}.atom IN (SELECT value FROM json_each(?))",
        (json.dumps(numbers),),
    )


def _one_of(path: str, values: list[object], rules: Rules) -> Condition:
    texts = [value for value in values if isinstance(value, str)]
    others = _others(path, values, rules)
    if path in rules.times:
        texts = [_time(text) for text in texts] if rules.cast else []
    if not texts:
        return _joined(others, " OR ") if others else _NOTHING
    choice = json.dumps(texts)
    if path in rules.columns:
        column = rules.columns[path]
        # COALESCE because a condition must be true or false for NOT to be its complement.
        among = "IN (SELECT value FROM json_each(?))"
        wanted = Condition(f"COALESCE({column} {among}, 0)", (choice,))
    elif path in rules.links:
        wanted = Condition(
            "d.seq IN (SELECT l.seq FROM link AS l WHERE l.collection = d.collection"
            " AND l.target IN (SELECT value FROM json_each(?)))",
            (choice,),
        )
    else:
        wanted = _some(
            path,
            Condition("{0}.type = 'text' AND {0}.atom IN (SELECT value FROM json_each(?))", (choice,)),
        )
    return _joined([wanted, *others], " OR ")


def _others(path: str, values: list[object], rules: Rules) -> list[Condition]:
    # One condition for all values of a kind: of long lists, SQLite would not take one for each.
    single = [value for value in (None, True, False) if any(value is one for one in values)]
    conditions = [_equal(path, value, rules) for value in single]
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if numbers:
        conditions.append(_some(path, _equal_numbers(numbers)))
    parts = [one for one in values if isinstance(one, dict | list)]
    if parts:
        conditions.append(_some(path, _equal_parts(parts)))
    return conditions


def _ordered(path: str, name: str, operand: object, rules: Rules) -> Condition:
    sign = _ORDER[name]
    if operand is None:
        return _equal(path, None, rules) if "=" in sign else _NOTHING
    if isinstance(operand, bool):
        truth = "{0}.type IN ('true', 'false') AND ({0}.type = 'true')"
        return _some(path, Condition(f"{truth} {sign} ?", (int(operand),)))
    if isinstance(operand, int | float):
        number = Condition(f"{{0}}.type IN ('integer', 'real') AND {{0}}.atom {sign} ?", (_number(operand),))
        return _some(path, number)
    if isinstance(operand, str):
        if path in rules.times:
            if not rules.cast:
                return _NOTHING
            operand = _time(operand)
        return _some(path, Condition(f"{{0}}.type = 'text' AND {{0}}.atom {sign} ?", (operand,)))
    raise bad_request(f"{name} compares with a number, a text, true, false or null")


def _regex(path: str, pattern: object, options: object, rules: Rules) -> Condition:
    if not isinstance(pattern, str) or not isinstance(options, str):
        raise bad_request("$regex and $options should be strings")
    _pattern(pattern, options)
    if path in rules.times:
        return _NOTHING
    found = "{0}.type = 'text' AND matches_regex(?, ?, {0}.atom)"
    return _some(path, Condition(found, (pattern, options)))


def _some(path: str, test: Condition, *, elements: bool = True) -> Condition:
    """Make a condition: one of the values at a path passes a test.

    The path leads through objects and through lists of objects.  A list at its end passes when it
    does itself, or one of its elements does.  ``{0}`` in the test stands for the row of the value.
    """
    parts = path.split(".")
    if len(parts) > _DEEPEST:
        raise bad_request(f"{path} is nested too deeply")
    tables = ["json_each(d.body) AS k0"]
    for i in range(1, len(parts)):
        tables.append(
            f"json_each(CASE k{i - 1}.type WHEN 'array' THEN k{i - 1}.value WHEN 'object'"
            f" THEN json_array(json(k{i - 1}.value)) ELSE '[]' END) AS a{i}"
        )
        tables.append(f"json_each(CASE a{i}.type WHEN 'object' THEN a{i}.value ELSE '{{}}' END) AS k{i}")
    last = f"k{len(parts) - 1}"
    passes = Condition(test.sql.format(last), test.parameters)
    if elements:
        # Here and below, tables and keys are made of numbers and tests only.
        one = (
            f"EXISTS (SELECT 1 FROM json_each(CASE {last}.type WHEN 'array' THEN {last}.value"  # noqa: S608
            f" ELSE '[]' END) AS e WHERE {test.sql.format('e')})"
        )
        passes = _joined([passes, Condition(one, test.parameters)], " OR ")
    keys = " AND ".join(f"k{i}.key = ?" for i in range(len(parts)))
    return Condition(
        f"EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {keys} AND ({passes.sql}))",  # noqa: S608
        (*parts, *passes.parameters),
    )


def _number(value: float) -> float:
    if abs(value) < _LARGEST:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _time(text: str) -> str:
    try:
        return times.normalised(text)
    except ValueError:
        raise bad_request(f"{text!r} is no time") from None
