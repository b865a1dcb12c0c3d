"""Rules for jobs."""

from __future__ import annotations

import pytest

from scitacean.validation.job import problems_of_job

GOOD: dict[str, object] = {"type": "archive", "job_params": {"datasetList": []}}


def test_what_is_missing_is_found() -> None:
    assert problems_of_job(GOOD) == []
    assert [problem.field for problem in problems_of_job({})] == ["type", "job_params"]
    assert problems_of_job({}, required=False) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", 1),
        ("job_params", ["site/1"]),
        ("owner_user", True),
        ("owner_group", {}),
        ("contact_email", "ada@site.example; joe@site.example"),
        ("contact_email", "ada"),
        ("contact_email", ""),
    ],
)
def test_odd_values_are_found(name: str, value: object) -> None:
    assert [problem.field for problem in problems_of_job(GOOD | {name: value})] == [name]


@pytest.mark.parametrize(
    ("datasets", "field"),
    [
        ("x", "job_params.datasetList"),
        ({}, "job_params.datasetList"),
        (None, "job_params.datasetList"),
        (["site/1"], "job_params.datasetList[0]"),
        ([{"files": []}], "job_params.datasetList[0].pid"),
        ([{"pid": "site/1", "files": []}, {"pid": "site/", "files": []}], "job_params.datasetList[1].pid"),
        ([{"pid": "site/1", "files": "a.dat"}], "job_params.datasetList[0].files"),
        ([{"pid": "site/1", "files": [7]}], "job_params.datasetList[0].files[0]"),
    ],
)
def test_odd_lists_of_datasets_are_found(datasets: object, field: str) -> None:
    found = problems_of_job(GOOD | {"job_params": {"datasetList": datasets}})
    assert [problem.field for problem in found] == [field]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"anything": "else"},
        {"datasetList": [{"pid": "site/1"}]},
        {"datasetList": ({"pid": "site/1", "files": ["a.dat", "b/c.dat"]}, {"pid": "2"})},
    ],
)
def test_other_parameters_are_the_facilitys_affair(parameters: object) -> None:
    assert problems_of_job(GOOD | {"job_params": parameters}) == []


def test_an_answer_may_have_an_empty_address() -> None:
    assert problems_of_job(GOOD | {"contact_email": ""}, required=False) == []
