"""Rules for whole entries, put together from those for single values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from scitacean.problem import Problem

Rule = Callable[[object, str], Iterator[Problem]]
"""Finds the problems of a value; takes the value and the name of its field. None is no problem."""


def missing(fields: Mapping[str, object], expected: Mapping[str, str]) -> Iterator[Problem]:
    """Find required fields that are None or empty.

    Parameters
    ----------
    fields:
        The fields of an entry.
    expected:
        The names of the required fields, and what should be there.

    Examples
    --------
    >>> [str(problem) for problem in missing({"name": ""}, {"name": "a name"})]
    ["name is ''; expected a name"]
    """
    for name, what in expected.items():
        value = fields.get(name)
        # Any object may be there, and arrays have no equality that is true or false.
        if value is None or (isinstance(value, str) and not value):
            yield Problem(name, value, what)


def checked(fields: Mapping[str, object], rules: Mapping[str, Rule]) -> Iterator[Problem]:
    """Apply to each field the rule that it has.

    Parameters
    ----------
    fields:
        The fields of an entry; one that is not there is None.
    rules:
        The rules by the names of the fields.

    Examples
    --------
    >>> from scitacean.validation.text import text_problem
    >>> [str(problem) for problem in checked({"name": 7}, {"name": text_problem})]
    ['name is 7; expected text']
    """
    for name, rule in rules.items():
        yield from rule(fields.get(name), name)


def in_order(fields: Mapping[str, object], start: str, end: str) -> Iterator[Problem]:
    """Find out whether something ends before it starts; times without a zone are another rule's affair.

    Parameters
    ----------
    fields:
        The fields of an entry.
    start, end:
        The names of the fields with the times.

    Examples
    --------
    >>> from datetime import UTC
    >>> times = {"start_time": datetime(2026, 3, 2, tzinfo=UTC), "end_time": datetime(2026, 3, 1, tzinfo=UTC)}
    >>> [problem.expected for problem in in_order(times, "start_time", "end_time")]
    ['a time that is not before start_time, 2026-03-02T00:00:00+00:00']
    """
    first, last = fields.get(start), fields.get(end)
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return
    if first.utcoffset() is not None and last.utcoffset() is not None and last < first:
        yield Problem(end, last.isoformat(), f"a time that is not before {start}, {first.isoformat()}")
