"""Copies of values that share no list and no dictionary, whatever else is in them."""

from __future__ import annotations

from typing import Any, cast

import attrs

_DEEPEST = 110
"""Levels that are copied: more than the catalogue keeps, fewer than Python's calls may be nested."""


def copied(value: object) -> object:
    """Copy lists and dictionaries, and parts that have some; everything else, arrays too, is shared.

    Parameters
    ----------
    value:
        Any object. What is in it more than once is so in the copy, cycles too.

    Examples
    --------
    >>> meta = {"a": [1]}
    >>> copied(meta) == meta, copied(meta)["a"] is meta["a"]
    (True, False)
    """
    return _copied(value, {}, 0)


def _copied(value: object, done: dict[int, object], level: int) -> object:
    if level == _DEEPEST:
        return value
    if id(value) in done:
        return done[id(value)]
    if type(value) is list:
        entries: list[object] = []
        done[id(value)] = entries
        entries.extend(_copied(item, done, level + 1) for item in value)
        return entries
    if type(value) is dict:
        items: dict[object, object] = {}
        done[id(value)] = items
        items.update((key, _copied(item, done, level + 1)) for key, item in value.items())
        return items
    if type(value) is tuple:
        return tuple(_copied(item, done, level + 1) for item in value)
    return _part(value, done, level)


def _part(value: object, done: dict[int, object], level: int) -> object:
    if (
        isinstance(value, type)
        or not attrs.has(type(value))
        or not type(value).__module__.startswith("scitacean")
    ):
        return value
    part = cast("Any", value)  # mypy takes attrs.evolve of certain classes only
    new = {
        str(field.alias): _copied(item, done, level + 1)
        for field in attrs.fields(type(part))
        if field.init and isinstance(item := getattr(part, field.name), list | dict | tuple)
    }
    return attrs.evolve(part, **new)
