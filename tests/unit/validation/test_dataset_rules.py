"""Rules of the catalogue for datasets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scitacean import Technique
from scitacean.validation.dataset import problems_of_dataset

GOOD: dict[str, object] = {
    "type": "raw",
    "name": "Run 7",
    "owner_group": "beamline1",
    "owner": "Ada Example",
    "contact_email": "ada@site.example; bob@site.example",
    "owner_email": "ada@site.example",
    "orcid_of_owner": "https://orcid.org/0000-0002-1825-0097",
    "creation_time": datetime(2026, 3, 1, tzinfo=UTC),
    "start_time": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "source_folder": "/data/run-7",
    "meta": {"temperature": {"value": 3, "unit": "K"}, "list": [1, None, True, 1.5, ("a",)]},
}


def test_a_good_dataset_has_no_problems() -> None:
    assert problems_of_dataset(GOOD) == []


@pytest.mark.parametrize("name", ["type", "name", "owner_group", "owner", "contact_email", "source_folder"])
@pytest.mark.parametrize("empty", [None, ""])
def test_required_fields(name: str, empty: object) -> None:
    assert name in [problem.field for problem in problems_of_dataset(GOOD | {name: empty})]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contact_email", "nobody"),
        ("contact_email", "ada @site.example"),
        ("orcid_of_owner", "0000-0002-1825-0098"),
        ("end_time", datetime(2026, 3, 1, tzinfo=UTC)),
        ("pid", ""),
        ("lifecycle", "on disk"),
        ("owner_email", "ada@site.example;bob@site.example"),
        ("owner_email", "ada@site"),
        ("creation_time", datetime(2026, 3, 1)),  # noqa: DTZ001  (what users do)
        ("start_time", "yesterday"),
        ("source_folder", "relative/folder"),
        ("name", 5),
        ("name", "\ud800"),
        ("comment", object()),
        ("keywords", 5),
        ("keywords", "neutron"),
        ("is_published", "yes"),
        ("data_quality_metrics", float("nan")),
        ("data_quality_metrics", True),
        ("meta", [1]),
        ("techniques", "diffraction"),
        ("relationships", 5),
    ],
)
def test_values_that_servers_refuse(name: str, value: object) -> None:
    assert [problem.field for problem in problems_of_dataset(GOOD | {name: value})] == [name]


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("keywords", ["a", 5], "keywords[1]"),
        ("proposal_ids", [None, "\ud800"], "proposal_ids[1]"),
        ("techniques", [Technique("p", None)], "techniques[0].name"),  # type: ignore[arg-type]  # a mistake
        ("relationships", [{}], "relationships[0]"),
        ("meta", {"\ud800": 1}, "meta"),
    ],
)
def test_bad_parts_are_named(name: str, value: object, field: str) -> None:
    assert field in [problem.field for problem in problems_of_dataset(GOOD | {name: value})]


def test_all_problems_are_found_at_once() -> None:
    fields = {problem.field for problem in problems_of_dataset({"meta": {"a": float("inf")}})}
    assert fields >= {"type", "name", "owner", "owner_group", "meta.a"}


def test_missing_fields_are_no_problem_where_they_are_not_required() -> None:
    assert problems_of_dataset({"type": "raw"}, required=False) == []
