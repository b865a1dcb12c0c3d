"""Times, units, projections: the small parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.embedded import times
from scitacean.embedded.answers import Refusal
from scitacean.embedded.datasets import merged
from scitacean.embedded.filters import Rules
from scitacean.embedded.lists import ListQuery, v3_query, v4_query


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])))
def test_times_are_stored_to_the_millisecond(moment: datetime) -> None:
    try:
        text = times.iso(moment)
    except OverflowError:
        return
    assert times.is_stored(text)
    assert times.normalised(text) == text
    assert abs(times.parse(text) - moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"),
        ("2026-03-01T12:00:00.123456+02:00", "2026-03-01T10:00:00.123Z"),
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_in_other_forms(text: str, stored: str) -> None:
    assert times.normalised(text) == stored


@pytest.mark.parametrize("text", ["", "x", "2026-02-30T00:00:00.000Z", "0001-01-01T00:00+05:00", "12:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        times.normalised(text)


def test_merge_patches_as_the_standard_has_them() -> None:
    old = {"a": "b", "c": {"d": "e", "f": "g"}}
    assert merged(old, {"a": "z", "c": {"f": None}}) == {"a": "z", "c": {"d": "e"}}
    assert merged(old, ["x"]) == ["x"]
    assert merged(None, {"a": {"b": None}}) == {"a": {}}
    assert old == {"a": "b", "c": {"d": "e", "f": "g"}}


def test_fields_show_a_part_of_the_document() -> None:
    document = {
        "_id": 1,
        "a": {"x": 1, "y": 2, "z": 3},
        "l": [{"x": 1, "y": 2}, 3, {"y": 4}],
        "b": 5,
    }

    def shown(*fields: str) -> Any:
        return ListQuery(fields=fields).shown(document)

    assert shown() == document
    assert shown("b", "nothing", "b.c") == {"_id": 1, "b": 5}
    assert shown("a.x", "a.z") == {"_id": 1, "a": {"x": 1, "z": 3}}
    assert shown("l.x", "l.y") == {"_id": 1, "l": [{"x": 1, "y": 2}, {"y": 4}]}
    assert shown("a", "a.x") == {"_id": 1, "a": {"x": 1, "y": 2, "z": 3}}
    assert shown("l", "l.x") == {"_id": 1, "l": document["l"]}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"x": NaN}',
        '{"order": "a"}',
        '{"fields": "a"}',
        '{"fields": [1]}',
        '{"limits": [1]}',
        '{"limits": {"order": "a:asc"}}',
        '{"limits": {"limit": -1}}',
        '{"limits": {"limit": 1.5}}',
        '{"limits": {"limit": true}}',
        '{"limits": {"skip": "1"}}',
        '{"limits": {"sort": "a"}}',
        '{"where": {"a": "\\ud800"}}',
    ],
)
def test_lists_refuse(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        v4_query(text, Rules())
    assert refused.value.status == 400


def test_limits() -> None:
    assert v4_query(None, Rules()).page.limit == 10
    for nothing in ("0", "null", "0.0"):
        assert v4_query(f'{{"limits": {{"limit": {nothing}}}}}', Rules()).page.limit == 10
        assert v3_query(f'{{"limits": {{"limit": {nothing}}}}}', Rules()).page.limit == 100
    assert v4_query('{"limits": {"limit": 1000, "skip": 2.0}}', Rules()).page.skip == 2
    with pytest.raises(Refusal):
        v3_query('{"limits": 1}', Rules())
