"""Rules for flags, numbers and times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from scitacean.problem import Problem

LARGEST_EXACT = 2**53 - 1
"""Catalogues keep numbers as doubles, which have every integer up to this one."""

_MINUTE = timedelta(minutes=1)


def flag_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is True or False; None is no problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [problem.expected for problem in flag_problem("no", "is_published")]
    ['True or False']
    """
    if not isinstance(value, bool | None):
        yield Problem(at, value, "True or False")


def number_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a number that a double can hold; None is no problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [problem.expected for problem in number_problem(float("nan"), "data_quality_metrics")]
    ['a finite number']
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
        yield Problem(at, showable(value), "a finite number")


def size_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a size that the catalogue keeps exactly; None is no problem.

    Parameters
    ----------
    value:
        Any object, a number of bytes for example.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [problem.expected for problem in size_problem(-1, "size")]
    ['an integer that is not negative']
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(at, value, "an integer")
    elif value < 0:
        yield Problem(at, showable(value), "an integer that is not negative")
    elif value > LARGEST_EXACT:
        expected = f"at most {LARGEST_EXACT} (2**53 - 1): the catalogue rounds larger numbers"
        yield Problem(at, showable(value), expected)


def time_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a time with a time zone that ISO 8601 can write; None is no problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [problem.expected for problem in time_problem(datetime(2026, 3, 1), "start_time")]
    ['a time with a time zone; this one is naive: its .astimezone() takes it as local time']
    """
    if value is None:
        return
    if not isinstance(value, datetime):
        yield Problem(at, value, "a datetime with a time zone")
        return
    offset = value.utcoffset()
    if offset is None:
        expected = "a time with a time zone; this one is naive: its .astimezone() takes it as local time"
        yield Problem(at, value, expected)
    elif offset % _MINUTE:
        # Local mean time before there were zones; with pytz also times of today, where tzinfo= was set.
        expected = (
            f"a time whose offset from UTC is in whole minutes, not {offset}: "
            "its .astimezone(UTC) is the same time; if it was made with pytz, use zoneinfo"
        )
        yield Problem(at, value, expected)


def is_finite(number: float) -> bool:
    """Whether a double can hold a number: neither infinity and NaN nor integers beyond 1.8e308.

    Parameters
    ----------
    number:
        A float, or an integer of any size.

    Examples
    --------
    >>> is_finite(2.5), is_finite(float("nan")), is_finite(10**400)
    (True, False, False)
    """
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def showable(value: object) -> object:
    """Return what stands for a value in a problem: Python refuses to write very long integers.

    Parameters
    ----------
    value:
        Any object.

    Examples
    --------
    >>> showable(7), showable(10**5000)
    (7, 'an integer of 16610 bits')
    """
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"an integer of {value.bit_length()} bits"
    return value
