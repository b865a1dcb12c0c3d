"""The queries of v3: full query, facets and the keys of metadata."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence

from . import schemas
from .answers import Document, bad_request
from .calls import Call
from .conditions import Condition, Parameter, all_of, any_of
from .filters import Rules, where
from .lists import parse_json, v3_query
from .store import TOO_MUCH, Page
from .units import to_si

_COMPARISONS = {
    "EQUAL_TO": "$eq",
    "EQUAL_TO_NUMERIC": "$eq",
    "EQUAL_TO_STRING": "$eq",
    "GREATER_THAN": "$gt",
    "GREATER_THAN_OR_EQUAL": "$gte",
    "LESS_THAN": "$lt",
    "LESS_THAN_OR_EQUAL": "$lte",
}
_MOST_FACETS = 50
# Only an object is looked into: a text need not be JSON.
_UNIT = "json_extract(CASE k.type WHEN 'object' THEN k.value END, '$.unit')"
_IS_GROUP = f"(k.type = 'object' AND coalesce({_UNIT}, 0) = 0)"
_FEW_WORDS = 50


def json_parameter(call: Call, name: str) -> Document:
    """Read a query parameter that is a JSON object; an absent one is empty."""
    text = call.text(name)
    return parse_json(text, name) if text else {}


def page_of(limits: Document) -> Page:
    """Read ``limits``: limit, skip and order."""
    return v3_query(json.dumps({"limits": limits}), Rules()).page


def full_condition(
    fields: Document, schema: str, rules: Rules, metadata: str = "scientificMetadata"
) -> Condition:
    """Translate the ``fields`` of a full query.

    A value stands for itself, a list for one of its elements, ``{"begin", "end"}`` for a span of
    time, and ``text`` for its words anywhere in the entry.

    Parameters
    ----------
    fields:
        What to look for.
    schema:
        Of the entries.
    rules:
        What filters of the entries may be about.
    metadata:
        The field that ``scientific`` is about.

    Raises
    ------
    Refusal
        400, for a field that the schema has not (servers stumble over it).
    """
    conditions = [_field(name, value, schema, rules, metadata) for name, value in fields.items()]
    return all_of(conditions)


def _field(name: str, value: object, schema: str, rules: Rules, metadata: str) -> Condition:
    if name == "text":
        return _words(value, rules.times)
    if name == "mode":
        return where(value, rules)
    if name == "scientific":
        return _scientific(value, metadata)
    if name == "userGroups":
        groups = {"$in": value}
        return where({"$or": [{"ownerGroup": groups}, {"accessGroups": groups}]}, rules)
    if name.startswith("$"):
        return where({name: value}, rules)
    if name.partition(".")[0] not in schemas.fields(schema):
        raise bad_request(f"Property {name} should not exist in fields")
    return where({name: _operand(value)}, rules)


def _operand(value: object) -> object:
    if isinstance(value, list):
        return {"$in": value}
    if isinstance(value, dict) and value.keys() & {"begin", "end"}:
        bounds = {"$gte": value.get("begin"), "$lte": value.get("end")}
        return {sign: bound for sign, bound in bounds.items() if bound is not None}
    return value


def _words(text: object, times: frozenset[str]) -> Condition:
    """Match entries with one of the words of a text, as the text index of the server does.

    Times are no texts there.
    """
    if not isinstance(text, str):
        raise bad_request("text should be a string")
    words = re.findall(r"[^\W_]+", text)
    pattern = rf"(?<![^\W_])(?:{'|'.join(words)})(?![^\W_])" if words else r"(?!)"
    found = Condition(
        "EXISTS (SELECT 1 FROM json_tree(d.body) AS t WHERE t.type = 'text'"
        " AND t.key NOT IN (SELECT value FROM json_each(?)) AND matches_regex(?, ?, t.atom))",
        (json.dumps(sorted({path.rpartition(".")[2] for path in times})), pattern, "i"),
    )
    if len(words) > _FEW_WORDS or not text.isascii():
        return found
    # Far faster, and it leaves few to look into; it knows upper case of ASCII alone.
    somewhere = any_of([Condition("d.body LIKE ?", (f"%{word}%",)) for word in words])
    return all_of([somewhere, found])


def _scientific(terms: object, metadata: str) -> Condition:
    conditions = []
    for term in terms if isinstance(terms, list) else [terms]:
        if not isinstance(term, dict) or not isinstance(term.get("lhs"), str) or "rhs" not in term:
            raise bad_request("scientific should be a list of {lhs, relation, rhs, unit}")
        conditions.append(where(_comparison(term, f"{metadata}.{term['lhs']}"), Rules()))
    return all_of(conditions)


def _comparison(term: Document, path: str) -> Document:
    relation, value, unit = term.get("relation"), term["rhs"], term.get("unit")

    def converted(number: object) -> object:
        return to_si(number, unit)[0] if isinstance(unit, str) and unit else number

    if relation == "RANGE" and isinstance(value, list) and len(value) == 2:
        test: Document = {"$gte": converted(value[0]), "$lte": converted(value[1])}
    elif relation == "CONTAINS_STRING" and isinstance(value, str):
        test = {"$regex": re.escape(value), "$options": "i"}
    elif isinstance(relation, str) and relation in _COMPARISONS:
        test = {_COMPARISONS[relation]: converted(value)}
    else:
        raise bad_request(f"scientific has the unknown relation {relation!r}")
    if unit:
        return {f"{path}.valueSI": test}
    return {"$or": [{f"{path}.value": test}, {path: test}]}


def facet_parameters(call: Call) -> tuple[Document, list[str]]:
    """Read what to count: ``fields`` and ``facets``, or both in ``filters``."""
    filters = json_parameter(call, "filters")
    fields = _inner(filters, "fields") if "fields" in filters else json_parameter(call, "fields")
    text = call.text("facets")
    facets = filters.get("facets", text or "[]")
    if isinstance(facets, str):
        try:
            facets = json.loads(facets)
        except (ValueError, RecursionError):
            raise bad_request("facets is no JSON") from None
    if not isinstance(facets, list) or not all(isinstance(facet, str) for facet in facets):
        raise bad_request("facets should be a list of strings")
    if not isinstance(fields, dict) or len(facets) > _MOST_FACETS:
        raise bad_request("fields should be an object, and facets no more than 50")
    return fields, facets


def _inner(filters: Document, name: str) -> object:
    value = filters[name]
    return parse_json(value, name) if isinstance(value, str) else value


def facets_of(
    call: Call, collection: str, condition: Condition, facets: list[str], schema: str
) -> list[Document]:
    """Count the values of fields among entries, the most frequent first."""
    result: Document = {}
    for facet in facets:
        if facet not in schemas.fields(schema):
            raise bad_request(f"Property {facet} should not exist in facets")
        found = _shown(call.transaction.facet(collection, condition, facet), facet, schema)
        result[facet] = [{"_id": value, "count": count} for value, count in found]
    result["all"] = [{"totalSets": call.transaction.count(collection, condition)}]
    return [result]


def _shown(
    counts: Sequence[tuple[str | int | float | None, int]], facet: str, schema: str
) -> list[tuple[object, int]]:
    """Write true and false as such, and times as days."""
    if facet in schemas.time_fields(schema):
        days: Counter[str] = Counter()
        for time, count in counts:
            days[str(time or "")[:10]] += count
        return [(_day(day), count) for day, count in days.most_common()]
    if schemas.is_boolean(schema, facet):
        return [(value if value is None else bool(value), count) for value, count in counts]
    return list(counts)


def _day(text: str) -> Document:
    numbers = text.split("-") if text else []
    return {name: int(part) for name, part in zip(("year", "month", "day"), numbers, strict=False)}


def selected(call: Call, sql: str, parameters: tuple[Parameter, ...]) -> sqlite3.Cursor:
    """Run a query with a filter in it.

    Raises
    ------
    Refusal
        400, if the filter is more than SQLite takes.
    """
    try:
        return call.transaction.connection.execute(sql, parameters)
    except sqlite3.OperationalError as error:
        if any(words in str(error) for words in TOO_MUCH):
            raise bad_request(f"The filter is more than the catalogue takes: {error}") from None
        raise


def metadata_keys(
    call: Call, collection: str, condition: Condition, metadata: str, limits: Document, wanted: object
) -> list[str]:
    """List the keys of the metadata of entries, each once, in the order of their making.

    The keys of an object without a unit, which is a group of entries, stand behind its own key and a dot.
    """
    page = page_of(limits)
    pattern = wanted if isinstance(wanted, str) else ""
    place = "printf('%012d', e.id)"
    rows = selected(
        call,
        "WITH RECURSIVE k(key, type, value, place) AS ("  # noqa: S608 - ours
        f"SELECT e.key, e.type, e.value, printf('%015d', d.seq) || {place}"
        " FROM document AS d, json_each(d.body, ?) AS e"
        f" WHERE d.collection = ? AND ({condition.sql})"
        f" UNION ALL SELECT k.key || '.' || e.key, e.type, e.value, k.place || {place}"
        f" FROM k, json_each(CASE WHEN {_IS_GROUP} THEN k.value ELSE '{{}}' END) AS e"
        f") SELECT key FROM k WHERE NOT {_IS_GROUP} AND instr(lower(key), lower(?)) > 0"
        " GROUP BY key ORDER BY min(place) LIMIT ? OFFSET ?",
        (f"$.{metadata}", collection, *condition.parameters, pattern, page.limit, page.skip),
    )
    return [key for (key,) in rows]
