"""Rules for samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.validation.sample import REQUIRED, problems_of_sample

GOOD: dict[str, object] = {"owner_group": "beamline1", "sample_name": "Vanadium rod"}


@given(st.sets(st.sampled_from(sorted(REQUIRED))), st.sampled_from([None, ""]))
def test_what_is_missing_is_found(names: set[str], nothing: object) -> None:
    fields = GOOD | dict.fromkeys(names, nothing)
    assert {problem.field for problem in problems_of_sample(fields)} == names
    assert problems_of_sample(fields, required=False) == []


@pytest.mark.parametrize(
    ("name", "value", "at"),
    [
        ("owner_group", 1, "owner_group"),
        ("sample_id", "\ud800", "sample_id"),
        ("access_groups", "beamline1", "access_groups"),
        ("access_groups", ["a", None], "access_groups[1]"),
        ("is_published", 1, "is_published"),
        ("sample_characteristics", {"mass": [float("inf")]}, "sample_characteristics.mass[0]"),
    ],
)
def test_odd_values_are_found(name: str, value: object, at: str) -> None:
    assert [problem.field for problem in problems_of_sample(GOOD | {name: value})] == [at]
