"""The query parameters of lists: which documents, which fields of them, how many, in which order."""

from __future__ import annotations

import json

from attrs import field, frozen

from .answers import Document, bad_request
from .bodies import finite, no_constant
from .filters import EVERYTHING, Condition, Rules, check_known, order_terms, where
from .store import Page

V4_LIMIT = 10
V3_LIMIT = 100
_MOST = 2**53


@frozen
class ListQuery:
    """A filter that was read: the condition, the page and what each document should show."""

    condition: Condition = EVERYTHING
    page: Page = field(factory=Page)
    fields: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    def shown(self, document: Document) -> Document:
        """Leave only the fields that were asked for, and the id."""
        if not self.fields:
            return document
        result: Document = {}
        for path in ("_id", *self.fields):
            _copy(document, result, path.split("."))
        return result


def parse_json(text: str, name: str) -> Document:
    """Read a query parameter that holds a JSON object."""
    try:
        value = json.loads(text, parse_constant=no_constant, parse_float=finite)
        # A lone surrogate is no text that a database could hold.
        text.encode(), json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request(f"{name} is no JSON") from None
    if not isinstance(value, dict):
        raise bad_request(f"{name} should be an object")
    return value


def v4_query(text: str | None, rules: Rules, *, newest_first: bool = True) -> ListQuery:
    """Read the ``filter`` of a v4 list.

    Without a sort order the newest come first.  As the server sorts after it has left out the
    fields that were not asked for, a sort key that is not among ``fields`` sorts nothing.

    Raises
    ------
    Refusal
        400, if it is no JSON or not in the language.
    """
    filter_ = parse_json(text, "filter") if text else {}
    if unknown := sorted(set(filter_) - {"where", "fields", "include", "limits"}):
        raise bad_request(f"Property {unknown[0]} should not exist in the filter object")
    limits = _given(filter_, "limits", {})
    if not isinstance(limits, dict) or set(limits) - {"limit", "skip", "sort"}:
        raise bad_request("limits should be an object with limit, skip and sort")
    fields = _names(filter_, "fields")
    sort = limits.get("sort")
    if sort is None:
        sort = {"createdAt": "desc"} if newest_first else {}
    if not isinstance(sort, dict):
        raise bad_request("limits.sort should be an object")
    for path in sort:
        check_known(path, rules)
    order = [(path, direction == "asc") for path, direction in sort.items() if _has(fields, path)]
    return ListQuery(
        condition=where(_given(filter_, "where", {}), rules),
        page=_page(limits, V4_LIMIT, order, rules),
        fields=fields,
        include=_names(filter_, "include"),
    )


def v4_count(text: str | None, rules: Rules) -> Condition:
    """Read the ``filter`` of a v4 count, which has nothing but a ``where``.

    Raises
    ------
    Refusal
        400, if it is no JSON or not in the language.
    """
    filter_ = parse_json(text, "filter") if text else {}
    if unknown := sorted(set(filter_) - {"where"}):
        raise bad_request(f"Property {unknown[0]} should not exist in the filter object")
    return where(_given(filter_, "where", {}), rules)


def v3_query(text: str | None, rules: Rules) -> ListQuery:
    """Read the ``filter`` of a v3 list: as in v4, but with ``limits.order`` as ``"field:asc"``.

    Raises
    ------
    Refusal
        400, if it is no JSON or not in the language.
    """
    filter_ = parse_json(text, "filter") if text else {}
    limits = _given(filter_, "limits", {})
    if not isinstance(limits, dict):
        raise bad_request("limits should be an object")
    order = []
    if isinstance(limits.get("order"), str):
        path, _, direction = limits["order"].partition(":")
        if direction in ("asc", "desc"):
            order.append((path, direction == "asc"))
    return ListQuery(
        condition=where(_given(filter_, "where", {}), rules),
        page=_page(limits, V3_LIMIT, order, rules),
        fields=_names(filter_, "fields"),
    )


def _page(limits: Document, default: int, order: list[tuple[str, bool]], rules: Rules) -> Page:
    if order == [("createdAt", False)]:
        # The same order, from an index, and steady where times are equal.
        return Page(_whole(limits, "limit") or default, _whole(limits, "skip"), ("d.seq DESC",))
    terms, parameters = order_terms(order, rules.columns)
    return Page(_whole(limits, "limit") or default, _whole(limits, "skip"), terms, parameters)


def _whole(limits: Document, name: str) -> int:
    value = limits.get(name) or 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise bad_request(f"limits.{name} should be a whole number")
    return value


def _given(filter_: Document, name: str, otherwise: object) -> object:
    # Null is as good as nothing.
    value = filter_.get(name)
    return otherwise if value is None else value


def _names(filter_: Document, name: str) -> tuple[str, ...]:
    value = _given(filter_, name, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise bad_request(f"{name} should be a list of strings")
    return tuple(value)


def _has(fields: tuple[str, ...], path: str) -> bool:
    return not fields or any(path == name or path.startswith(f"{name}.") for name in ("_id", *fields))


def _copy(source: object, target: Document, path: list[str]) -> None:
    head, rest = path[0], path[1:]
    if not isinstance(source, dict) or head not in source:
        return
    if not rest:
        target[head] = source[head]
        return
    value = source[head]
    if isinstance(value, dict):
        inner = target.setdefault(head, {})
        if inner is not value:
            _copy(value, inner, rest)
    elif isinstance(value, list):
        inner = target.setdefault(head, [{} for entry in value if isinstance(entry, dict)])
        if inner is not value:
            entries = [entry for entry in value if isinstance(entry, dict)]
            for entry, copy in zip(entries, inner, strict=True):
                _copy(entry, copy, rest)
