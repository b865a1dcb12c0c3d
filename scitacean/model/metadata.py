"""Scientific metadata: from ordinary Python objects to what JSON can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import cast

from scitacean.model.pid import PID
from scitacean.model.quantities import without_package
from scitacean.model.remote_path import RemotePath

_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
_DEEPEST = 110
"""Levels that are converted: more than the catalogue keeps, fewer than Python's calls may be nested."""


def plain(value: object) -> object:
    """Convert a value to what JSON can hold; what cannot be converted stays as it is.

    Mappings become dicts, tuples and arrays of numpy lists, members of enums their values, PIDs and remote
    paths text, dates and times with a zone ISO 8601 text. ``numpy.datetime64`` counts in UTC, so its text
    ends with ``Z``. Quantities of pint and astropy become ``{"value": ..., "unit": ...}`` with a unit that
    SciCat servers understand: their own where servers know it, else in SI base units; what has no dimension
    gets the unit ``""``.

    Naive times, times with seconds in their offset from UTC, values with an uncertainty or a mask, and all
    other types stay, so that validation finds them.

    Parameters
    ----------
    value:
        Any object; it is not changed.

    Returns
    -------
    :
        New dicts and lists; one that is in several places, or in itself, still is.

    Examples
    --------
    >>> plain({"when": date(2026, 3, 1), "counts": (1, 2)})
    {'when': '2026-03-01', 'counts': [1, 2]}
    """
    return _Conversion().of(value, 0)


def plain_object(value: Mapping[str, object] | None) -> dict[str, object] | None:
    """Convert a mapping as :func:`plain` does; None, and what is no mapping, stays as it is.

    Parameters
    ----------
    value:
        A mapping; it is not changed.

    Returns
    -------
    :
        A new dict.

    Examples
    --------
    >>> plain_object({"frames": range(2), "shape": (2, 3)})
    {'frames': range(0, 2), 'shape': [2, 3]}
    """
    return cast("dict[str, object] | None", plain(value))


class _Conversion:
    """Remembers what it has converted, so that cycles end and shared parts are converted once."""

    def __init__(self) -> None:
        # With the originals: while they are kept, no other object has their id.
        self._done: dict[int, tuple[object, object]] = {}

    def of(self, value: object, level: int) -> object:
        if type(value) in _PLAIN_TYPES:
            return value
        if isinstance(value, Enum):
            return self.of(value.value, level)
        if isinstance(value, PID | RemotePath):
            return str(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, Mapping | list | tuple):
            return self._container(value, value, level)
        if isinstance(value, datetime):
            return value.isoformat() if _has_plain_offset(value) else value
        if isinstance(value, date):
            return value.isoformat()
        converted = without_package(value)
        if isinstance(converted, list):
            return self._container(value, converted, level)
        return converted if converted is value or isinstance(converted, dict) else self.of(converted, level)

    def _container(
        self, original: object, value: Mapping[object, object] | Iterable[object], level: int
    ) -> object:
        if id(original) in self._done:
            return self._done[id(original)][1]
        if level == _DEEPEST:
            return original
        if isinstance(value, Mapping):
            items: dict[object, object] = {}
            self._done[id(original)] = original, items
            for key, item in value.items():
                items[_key(key, value, items)] = self.of(item, level + 1)
            return items
        entries: list[object] = []
        self._done[id(original)] = original, entries
        entries.extend(self.of(item, level + 1) for item in value)
        return entries


def _has_plain_offset(time: datetime) -> bool:
    # JavaScript reads no times with seconds in the offset, as those of local mean time have.
    offset = time.utcoffset()
    return offset is not None and not offset % timedelta(minutes=1)


def _key(key: object, before: Mapping[object, object], after: Mapping[object, object]) -> object:
    """Return the text that a key stands for, unless another key is that text."""
    text = key.value if isinstance(key, Enum) else key
    if type(key) is str or not isinstance(text, str):
        return key
    text = str.__str__(text)
    taken = not isinstance(key, str) and (text in before or text in after)
    return key if taken else text
