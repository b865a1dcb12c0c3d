"""What is odd in answers is reported once, with the catalogue's names, and nothing hides anything else."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from scicat_api import reading
from scicat_api.models import OutputDatasetDto, OutputOrigDatablockDto
from scitacean import Dataset, File, Lifecycle, ValidationError
from scitacean.catalogue.report import problems_of_answer, problems_of_entry, reported
from scitacean.problem import Problem

TIME = "2026-03-01T12:00:00Z"


def places(answer: dict[str, Any], *blocks: dict[str, Any]) -> list[str]:
    with reading() as found:
        dataset = Dataset.from_download_model(
            OutputDatasetDto.from_dict(answer),
            orig_datablocks=[OutputOrigDatablockDto.from_dict(block) for block in blocks],
        )
    read = problems_of_answer(one for one in found if one.kind != "missing")
    return [problem.field for problem in [*read, *problems_of_entry(dataset, read)]]


def test_an_unsafe_path_is_not_hidden_by_another_problem() -> None:
    found = places({}, {"dataFileList": [{"path": "../x", "size": 1, "time": TIME}], "path": "../x"})
    assert found == ["path", "files[0].path"]


def test_what_reading_has_found_in_a_file_is_reported_once() -> None:
    block = {"dataFileList": [{"path": "a", "size": "12", "time": TIME}]}
    assert places({}, block, block) == ["dataFileList[0].size", "dataFileList[0].size", "files[1].path"]


def test_a_field_that_reading_has_found_is_reported_once() -> None:
    assert places({"ownerEmail": 7, "techniques": [{"pid": 3, "name": "a"}]}) == [
        "ownerEmail",
        "techniques[0].pid",
    ]


def test_relationships_of_older_servers_are_no_problem() -> None:
    assert places({"relationships": [{"pid": "x/y", "relationship": "IsPartOf"}]}) == []
    assert places({"relationships": [{"relationship": "IsPartOf"}]}) == ["relationships[0].identifier"]


def test_keys_of_users_keep_their_names() -> None:
    file = File(remote_path="a", metadata={"my_key": {"other_key": "\ud800"}})
    lifecycle = Lifecycle(archive_return_message={"my_key": "\ud800"})
    dataset = Dataset(type="raw", files=[file], lifecycle=lifecycle, meta={"my_key": "\ud800"})
    assert [problem.field for problem in problems_of_entry(dataset, [])] == [
        "scientificMetadata.my_key",
        "datasetlifecycle.archiveReturnMessage.my_key",
        "files[0].metadata.my_key.other_key",
    ]


def test_problems_of_several_answers_are_one_report(caplog: pytest.LogCaptureFixture) -> None:
    def ask(*, strict: bool) -> None:
        with reported("get it", "http://x", strict=strict) as all_of_it:
            for name in ("a", "b"):
                with reported("get a part", "http://x", strict=not strict) as problems:
                    problems.append(Problem(name, 1, "less"))
            all_of_it.append(Problem("c", 1, "less"))

    with pytest.raises(ValidationError) as caught:
        ask(strict=True)
    assert [problem.field for problem in caught.value.problems] == ["a", "b", "c"]
    with caplog.at_level(logging.WARNING, logger="scitacean"):
        ask(strict=False)
    assert len(caplog.records) == 1


def test_an_error_is_not_replaced_by_a_report() -> None:
    def ask() -> None:
        with reported("get it", "http://x", strict=True) as problems:
            problems.append(Problem("a", 1, "less"))
            raise KeyError

    with pytest.raises(KeyError):
        ask()
