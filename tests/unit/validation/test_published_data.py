"""Rules for published data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scicat_api.models.published_data_status import PUBLISHED_DATA_STATUS_VALUES
from scitacean.validation.published_data import problems_of_published_data

GOOD: dict[str, object] = {"title": "Rods", "abstract": "All.", "dataset_pids": ["site/1"]}


def test_what_is_missing_is_found() -> None:
    assert problems_of_published_data(GOOD | {"registered_time": datetime.now(UTC)}) == []
    assert [problem.field for problem in problems_of_published_data({})] == [
        "title",
        "abstract",
        "dataset_pids",
    ]
    assert problems_of_published_data({}, required=False) == []


def test_statuses_are_those_of_the_document() -> None:
    for status in (None, *PUBLISHED_DATA_STATUS_VALUES):
        assert problems_of_published_data(GOOD | {"status": status}) == []
    (problem,) = problems_of_published_data(GOOD | {"status": "secret"})
    assert all(repr(status) in problem.expected for status in PUBLISHED_DATA_STATUS_VALUES)
    assert problem.expected.count("'") == 2 * len(PUBLISHED_DATA_STATUS_VALUES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", 1),
        ("abstract", ["text"]),
        ("dataset_pids", "site/1"),
        ("dataset_pids", []),
        ("dataset_pids", ()),
        ("metadata", "text"),
        ("registered_time", datetime(2026, 3, 1)),  # noqa: DTZ001
        ("status", ["private"]),
    ],
)
def test_odd_values_are_found(name: str, value: object) -> None:
    assert [problem.field for problem in problems_of_published_data(GOOD | {name: value})] == [name]


def test_each_odd_pid_is_found() -> None:
    for odd in ("/a", "a/", "", " ", None):
        found = problems_of_published_data(GOOD | {"dataset_pids": ["site/1", odd, "site/2"]})
        assert [problem.field for problem in found] == ["dataset_pids[1]"]


def test_an_answer_may_have_no_datasets() -> None:
    assert problems_of_published_data(GOOD | {"dataset_pids": []}, required=False) == []
