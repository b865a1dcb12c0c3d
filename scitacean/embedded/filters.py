"""The filter language of lists, translated to SQL over JSON.

The language is a part of MongoDB's: ``{"field": value}``, dotted paths that look into lists, and the
operators of :data:`OPERATORS` and :data:`COMBINATIONS`; anything else is refused with 400, as on
real servers.  Values and names that come from a client only ever become parameters of the SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from attrs import field, frozen

from . import times
from .answers import bad_request
from .conditions import EVERYTHING, NOTHING, Condition, Parameter, all_of, any_of, negated
from .expressions import beginning, compiled
from .indexes import AMONG, found_by, term, terms_pass
from .values import absent, json_path, numbers_in, parts_in, some, storable, texts_in

__all__ = ["EVERYTHING", "Condition", "Rules", "order_terms", "where"]

COMBINATIONS: Mapping[str, Callable[[Sequence[Condition]], Condition]] = {
    "$and": all_of,
    "$or": any_of,
    "$nor": lambda conditions: negated(any_of(conditions)),
}
OPERATORS = frozenset(
    "$eq $ne $in $nin $gt $gte $lt $lte $exists $not $regex $options".split(" ")  # noqa: SIM905
)
_ORDER = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
OPEN = frozenset({"scientificMetadata", "jobParameters", "jobParams", "jobResultObject"})
"""Fields of which servers do not know what is in them."""

_DEEPEST = 30
_ANYTHING = Condition("1")
_NULL = Condition("{0}.type = 'null'")


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
        Fields that are columns of the table as well, which have an index: texts, never lists.
    terms:
        Fields whose texts, numbers and truth values, in lists or not, are in the index of terms.
    links:
        Fields whose values are the targets of links.
    """

    known: frozenset[str] | None = None
    times: frozenset[str] = frozenset()
    cast: bool = False
    columns: Mapping[str, str] = field(factory=dict)
    terms: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()


def where(filter_: object, rules: Rules, depth: int = 0) -> Condition:
    """Translate the ``where`` of a filter.

    Raises
    ------
    Refusal
        400, if it is not in the language.

    Examples
    --------
    >>> where({}, Rules()).sql
    '1'
    """
    if not isinstance(filter_, dict):
        raise bad_request("where should be an object")
    if depth > _DEEPEST:
        raise bad_request("where is nested too deeply")
    return all_of([_entry(key, value, rules, depth) for key, value in filter_.items()])


def order_terms(
    sort: Sequence[tuple[str, bool]], columns: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Translate a sort order to terms for ORDER BY and their parameters.

    Parameters
    ----------
    sort:
        Dotted paths and whether each ascends; a list counts as the least of its elements, or as
        the greatest when it descends. Equal ones stay in the order of their making, or reversed
        when the last path descends.
    columns:
        Fields that are columns of the table as well.

    Raises
    ------
    Refusal
        400, for a name that cannot be looked up.
    """
    if any("\0" in path for path, _ in sort):
        raise bad_request("A field to sort by has no NUL in its name")
    # A quote cannot be written in a path of SQLite; no field has one.
    usable = [(path, ascending) for path, ascending in sort if '"' not in path]
    terms, parameters = [], []
    for path, ascending in usable:
        direction = "ASC" if ascending else "DESC"
        if columns and path in columns:
            terms.append(f"{columns[path]} {direction}")
            continue
        extreme = f"(SELECT {'min' if ascending else 'max'}(a.atom) FROM json_each(d.body, ?) AS a)"  # noqa: S608
        value = f"CASE json_type(d.body, ?) WHEN 'array' THEN {extreme} ELSE json_extract(d.body, ?) END"
        terms.append(f"{value} {direction}")
        parameters += [json_path(path.split("."))] * 3
    terms.append("d.seq DESC" if usable and not usable[-1][1] else "d.seq")
    return tuple(terms), tuple(parameters)


def _entry(key: str, value: object, rules: Rules, depth: int) -> Condition:
    if key in COMBINATIONS:
        if not isinstance(value, list) or not value:
            raise bad_request(f"{key} should be a list with something in it")
        return COMBINATIONS[key]([where(part, rules, depth + 1) for part in value])
    if key.startswith("$"):
        raise bad_request(f"Property {key} should not exist in the filter object")
    check_known(key, rules)
    if isinstance(value, dict) and any(name.startswith("$") for name in value):
        return _operators(key, value, rules, depth)
    return _one_of(key, [value], rules)


def check_known(path: str, rules: Rules) -> None:
    """Refuse a path with names that the collection does not have (400)."""
    if rules.known is not None and not _is_known(path, rules.known):
        raise bad_request(f"Property {path} should not exist in the filter object")


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
            conditions.append(negated(_operators(path, operand, rules, depth + 1)))
        elif name == "$regex":
            conditions.append(_regex(path, operand, operators.get("$options", ""), rules))
        elif name != "$options":
            conditions.append(_operator(path, name, operand, rules))
    return all_of(conditions)


def _operator(path: str, name: str, operand: object, rules: Rules) -> Condition:
    if name == "$eq":
        return _one_of(path, [operand], rules)
    if name == "$ne":
        return negated(_one_of(path, [operand], rules))
    if name in ("$in", "$nin"):
        if not isinstance(operand, list):
            raise bad_request(f"{name} should be a list")
        found = _one_of(path, operand, rules)
        return found if name == "$in" else negated(found)
    if name == "$exists":
        there = some(path, _ANYTHING, elements=False)
        return there if operand else negated(there)
    return _ordered(path, name, operand, rules)


def _one_of(path: str, values: list[object], rules: Rules) -> Condition:
    # One condition for all values of a kind: of long lists, SQLite would not take one for each.
    conditions = []
    if any(value is None for value in values):
        conditions += [absent(path), some(path, _NULL)]
    conditions += [
        _helped(some(path, Condition(f"{{0}}.type = '{json.dumps(truth)}'")), path, rules, "{0} = ?", truth)
        for truth in (True, False)
        if any(value is truth for value in values)
    ]
    if numbers := [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]:
        test = numbers_in(numbers)
        conditions.append(_helped(some(path, test), path, rules, f"{{0}} {AMONG}", *test.parameters))
    if parts := [one for one in values if isinstance(one, dict | list)]:
        conditions.append(some(path, parts_in(parts)))
    texts = [value for value in values if isinstance(value, str)]
    if path in rules.times:
        texts = [_time(text) for text in texts] if rules.cast else []
    if texts:
        conditions.append(_text_of(path, texts, rules))
    return any_of(conditions)


def _text_of(path: str, texts: list[str], rules: Rules) -> Condition:
    choice = json.dumps(texts)
    if path in rules.columns:
        return found_by(rules.columns[path], AMONG, choice)
    if path in rules.links:
        return term("", texts)
    return term(path, texts) if path in rules.terms else some(path, texts_in(texts))


def _helped(condition: Condition, path: str, rules: Rules, test: str, *operands: Parameter) -> Condition:
    """Look at those documents alone of which a term passes a test, where the path has terms."""
    if path not in rules.terms:
        return condition
    drivers = (*condition.drivers, terms_pass(path, test, *operands))
    return Condition(condition.sql, condition.parameters, drivers)


def _ordered(path: str, name: str, operand: object, rules: Rules) -> Condition:
    sign = _ORDER[name]
    if operand is None:
        return _one_of(path, [None], rules) if "=" in sign else NOTHING
    if isinstance(operand, bool):
        truth = "{0}.type IN ('true', 'false') AND ({0}.type = 'true')"
        return some(path, Condition(f"{truth} {sign} ?", (int(operand),)))
    if isinstance(operand, int | float):
        bound = storable(operand)
        number = Condition(f"{{0}}.type IN ('integer', 'real') AND {{0}}.atom {sign} ?", (bound,))
        return _helped(some(path, number), path, rules, f"{{0}} {sign} ?", bound)
    if isinstance(operand, str):
        if path in rules.times:
            if not rules.cast:
                return NOTHING
            operand = _time(operand)
        if path in rules.columns:
            return found_by(rules.columns[path], f"{sign} ?", operand)
        text = some(path, Condition(f"{{0}}.type = 'text' AND {{0}}.atom {sign} ?", (operand,)))
        return _helped(text, path, rules, f"{{0}} {sign} ?", operand)
    raise bad_request(f"{name} compares with a number, a text, true, false or null")


def _regex(path: str, pattern: object, options: object, rules: Rules) -> Condition:
    if not isinstance(pattern, str) or not isinstance(options, str):
        raise bad_request("$regex and $options should be strings")
    compiled(pattern, options)
    if path in rules.times:
        return NOTHING
    text = "CASE {0}.type WHEN 'text' THEN {0}.atom END"
    found = some(path, Condition(f"matches_regex(?, ?, {text})", (pattern, options)))
    span = None if options else beginning(pattern)
    if span is None:
        return found
    if path in rules.columns:
        column = rules.columns[path]
        begins = found_by(column, f">= ? AND {column} < ?", *span)
        return Condition(found.sql, found.parameters, begins.drivers)
    return _helped(found, path, rules, "{0} >= ? AND {0} < ?", *span)


def _time(text: str) -> str:
    try:
        return times.normalised(text)
    except ValueError:
        raise bad_request(f"{text!r} is no time") from None
