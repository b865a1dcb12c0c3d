"""Published data."""

from __future__ import annotations

from typing import Any

import pytest

from scicat_api.models import PublishedData as PublishedDataAnswer
from scitacean.errors import ValidationError
from scitacean.model.pid import PID
from scitacean.model.published_data import PublishedData

ANSWER = {
    "createdBy": "alice",
    "updatedBy": "alice",
    "title": "A publication",
    "abstract": "About it",
    "datasetPids": ["site/a/1", "site/b 2"],
    "status": "private",
    "metadata": {"creators": [{"name": "Ada Example"}], "publicationYear": 2026},
    "pid": "10.5072/x",
    "doi": "10.5072/x",
    "createdAt": "2026-03-01T12:00:00.000Z",
    "updatedAt": "2026-03-01T12:00:00.000Z",
}


def read(answer: dict[str, Any]) -> PublishedData:
    return PublishedData.from_download_model(PublishedDataAnswer.from_dict(answer))


def test_the_answer_of_a_server_becomes_published_data() -> None:
    published = read(ANSWER)
    assert (published.doi, published.status, published.created_by) == ("10.5072/x", "private", "alice")
    assert published.dataset_pids == [PID(prefix="site", pid="a/1"), PID(prefix="site", pid="b 2")]
    assert all(isinstance(pid, PID) for pid in published.dataset_pids)
    published.validate()


def test_the_doi_is_the_pid_where_it_does_not_come() -> None:
    assert read({name: value for name, value in ANSWER.items() if name != "doi"}).doi == "10.5072/x"


def test_pids_may_be_texts_pids_and_tuples() -> None:
    published = PublishedData(title="t", abstract="a", dataset_pids=("site/1", PID.parse("site/2")))
    assert published.make_upload_model().dataset_pids == ["site/1", "site/2"]
    published.dataset_pids = ["site/3"]  # type: ignore[list-item]  # text is converted
    assert published.dataset_pids == [PID.parse("site/3")]


@pytest.mark.parametrize(("odd", "field"), [("site/1", "dataset_pids"), (["a", 7], "dataset_pids[1]")])
def test_odd_pids_stay_and_are_found(odd: object, field: str) -> None:
    published = read(ANSWER | {"datasetPids": odd})
    assert published.dataset_pids == odd
    assert [problem.field for problem in published.find_problems(required=False)] == [field]
    with pytest.raises(ValidationError):
        published.make_upload_model()


def test_statuses_that_no_server_has_are_found() -> None:
    assert [problem.field for problem in read(ANSWER | {"status": ["x"]}).find_problems()] == ["status"]
