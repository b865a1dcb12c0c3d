"""Rules for instruments."""

from __future__ import annotations

from scitacean.validation.instrument import problems_of_instrument


def test_a_good_instrument_has_no_problems() -> None:
    good = {"pid": "bl1", "unique_name": "SITE:BL1", "name": "BL1", "custom_metadata": {"a": 1}}
    assert problems_of_instrument(good) == []


def test_all_problems_are_found() -> None:
    bad = {"pid": 7, "unique_name": "", "name": None, "custom_metadata": {"a": float("nan")}}
    assert [problem.field for problem in problems_of_instrument(bad)] == [
        "unique_name",
        "name",
        "pid",
        "custom_metadata.a",
    ]
    assert [problem.field for problem in problems_of_instrument(bad, required=False)] == [
        "pid",
        "custom_metadata.a",
    ]
