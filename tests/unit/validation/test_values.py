"""Rules for text, flags, numbers, sizes and times."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from scitacean.problem import Problem
from scitacean.validation import values
from scitacean.validation.rules import missing
from scitacean.validation.values import (
    flag_problem,
    number_problem,
    size_problem,
    text_problem,
    texts_problem,
    time_problem,
)

Rule = Callable[[object, str], Iterator[Problem]]
NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001  (what users do)


@pytest.mark.parametrize("name", [name for name in values.__all__ if name != "is_unicode"])
def test_none_is_no_problem_of_a_value(name: str) -> None:
    assert list(getattr(values, name)(None, "field")) == []


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (text_problem, ""),
        (text_problem, "ü\0"),
        (texts_problem, []),
        (texts_problem, ("a", "b")),
        (texts_problem, deque(["a", "b"])),
        (flag_problem, False),
        (number_problem, -1.5),
        (number_problem, 2**60),
        (size_problem, 0),
        (size_problem, 2**53 - 1),
        (time_problem, datetime(2026, 3, 1, tzinfo=UTC)),
        (time_problem, datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=-3)))),
    ],
)
def test_good_values(rule: Rule, value: object) -> None:
    assert list(rule(value, "field")) == []


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (text_problem, 5, "text"),
        (text_problem, b"a", "text"),
        (text_problem, "\ud800", "valid unicode"),
        (texts_problem, "a", "not one text"),
        (texts_problem, 5, "a list of text"),
        (texts_problem, b"ab", "a list of text"),
        (texts_problem, bytearray(b"ab"), "a list of text"),
        (texts_problem, {"a"}, "a list of text"),
        (texts_problem, {"a": 1}, "a list of text"),
        (flag_problem, 1, "True or False"),
        (flag_problem, "yes", "True or False"),
        (number_problem, True, "a finite number"),
        (number_problem, "1", "a finite number"),
        (number_problem, float("inf"), "a finite number"),
        (number_problem, 10**400, "a finite number"),
        (size_problem, True, "an integer"),
        (size_problem, 1.0, "an integer"),
        (size_problem, "1", "an integer"),
        (size_problem, -1, "not negative"),
        pytest.param(size_problem, -(10**5000), "not negative", id="very negative"),
        (size_problem, 2**53, "rounds"),
        pytest.param(size_problem, 10**5000, "rounds", id="very long"),
        (time_problem, "2026-03-01", "a datetime"),
        (time_problem, date(2026, 3, 1), "a datetime"),
        (time_problem, NAIVE, "naive"),
        (time_problem, NAIVE, ".astimezone()"),
        (time_problem, datetime(1880, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")), "not 0:53:28"),
        (
            time_problem,
            NAIVE.replace(tzinfo=timezone(timedelta(hours=1, seconds=30))),
            "whole minutes",
        ),
        (time_problem, NAIVE.replace(tzinfo=timezone(-timedelta(microseconds=1))), "whole minutes"),
    ],
)
def test_bad_values(rule: Rule, value: object, expected: str) -> None:
    (problem,) = rule(value, "field")
    assert problem.field == "field"
    assert expected in problem.expected
    assert problem.severity == "error"
    assert expected in str(problem)


def test_the_advice_for_naive_times_helps() -> None:
    assert list(time_problem(NAIVE.astimezone(), "field")) == []


def test_the_advice_for_times_with_odd_offsets_helps() -> None:
    odd = datetime(1880, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    (problem,) = time_problem(odd, "field")
    assert ".astimezone(UTC)" in problem.expected
    assert list(time_problem(odd.astimezone(UTC), "field")) == []


def test_bad_items_are_named() -> None:
    found = list(texts_problem(["a", 5, None, "\ud800"], "keywords"))
    assert [problem.field for problem in found] == ["keywords[1]", "keywords[3]", "keywords[2]"]


def test_many_bad_items_are_counted() -> None:
    found = list(texts_problem(["a", *range(100_000), "\ud800"], "keywords"))
    assert [(problem.field, problem.value, problem.expected) for problem in found] == [
        ("keywords[1]", 0, "text"),
        ("keywords[100001]", "\ud800", "text that is valid unicode"),
        ("keywords", "99,999 more like the first", "text"),
    ]


@pytest.mark.parametrize("value", [np.arange(3), np.array([]), 0, [], " "])
def test_what_is_not_empty_text_is_not_missing(value: object) -> None:
    assert list(missing({"name": value}, {"name": "a name"})) == []
