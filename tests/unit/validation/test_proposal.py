"""Rules for proposals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.validation.proposal import REQUIRED, measurement_periods_problem, problems_of_proposal

DAY = datetime(2026, 3, 1, tzinfo=UTC)
NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001
GOOD: dict[str, object] = {
    "proposal_id": "P-1",
    "owner_group": "beamline1",
    "email": "ada@site.example",
    "title": "Rods",
}
seconds = st.integers(0, 10**9).map(lambda number: DAY + timedelta(seconds=number))


def fields_of(**fields: object) -> list[str]:
    return [problem.field for problem in problems_of_proposal(GOOD | fields)]


def period(**fields: object) -> SimpleNamespace:
    return SimpleNamespace(**({"instrument": "BL1", "start": DAY, "end": DAY, "comment": None} | fields))


def test_a_good_proposal_has_no_problems() -> None:
    assert fields_of(pi_email="joe@site.example", measurement_periods=[period()], start_time=DAY) == []


@given(st.sets(st.sampled_from(sorted(REQUIRED))), st.sampled_from([None, ""]))
def test_what_is_missing_is_told_once_and_only_where_it_matters(names: set[str], nothing: object) -> None:
    fields = GOOD | dict.fromkeys(names, nothing)
    assert sorted(problem.field for problem in problems_of_proposal(fields)) == sorted(names)
    assert problems_of_proposal(fields, required=False) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "ada at site"),
        ("email", "ada@site.example;joe@site.example"),
        ("email", []),
        ("pi_email", "nobody"),
        ("title", 3),
        ("metadata", [("a", 1)]),
        ("metadata", "text"),
        ("start_time", NAIVE),
        ("end_time", "2026-03-01"),
        ("measurement_periods", period()),
        ("keywords", "neutron"),
        ("instrument_ids", "BL1"),
        ("abstract", "\ud800"),
    ],
)
def test_odd_values_are_found(name: str, value: object) -> None:
    assert fields_of(**{name: value}) == [name]


@given(seconds, seconds)
def test_nothing_ends_before_it_starts(start: datetime, end: datetime) -> None:
    wrong = end < start
    assert fields_of(start_time=start, end_time=end) == ["end_time"] * wrong
    periods = [period(), period(start=start, end=end)]
    assert fields_of(measurement_periods=periods) == ["measurement_periods[1].end"] * wrong


def test_periods_lack_nothing() -> None:
    odd = [period(instrument="", start=None), period(end=NAIVE, comment=4), "May"]
    assert [problem.field for problem in measurement_periods_problem(odd, "periods")] == [
        "periods[0].instrument",
        "periods[0].start",
        "periods[1].end",
        "periods[1].comment",
        "periods[2]",
    ]


def test_an_answer_may_have_an_empty_address() -> None:
    assert problems_of_proposal(GOOD | {"pi_email": ""}, required=False) == []
