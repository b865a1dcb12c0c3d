"""Jobs."""

from __future__ import annotations

import pytest

from scicat_api.models import JobClass
from scitacean.errors import ValidationError
from scitacean.model.job import Job

ANSWER = {
    "createdBy": "alice",
    "updatedBy": "archiver",
    "createdAt": "2026-03-01T12:00:00.000Z",
    "updatedAt": "2026-03-01T12:00:00.000Z",
    "ownerGroup": "beamline1",
    "accessGroups": [],
    "isPublished": False,
    "ownerUser": "alice",
    "type": "archive",
    "statusCode": "inProgress",
    "statusMessage": "copying",
    "jobParams": {"datasetList": [{"pid": "site/1", "files": []}]},
    "contactEmail": "alice@site.example",
    "configVersion": "recommended-local",
    "jobResultObject": {"copied": 3},
}


@pytest.mark.parametrize("identifiers", [{"_id": "7a"}, {"id": "7a"}, {"_id": "other", "id": "7a"}])
def test_the_answer_of_a_server_becomes_a_job(identifiers: dict[str, str]) -> None:
    job = Job.from_download_model(JobClass.from_dict(ANSWER | identifiers))
    assert (job.id, job.status_code, job.status_message) == ("7a", "inProgress", "copying")
    assert (job.job_result, job.config_version, job.access_groups) == (
        {"copied": 3},
        "recommended-local",
        [],
    )
    assert job.find_problems() == []


def test_what_the_server_keeps_is_not_sent() -> None:
    job = Job.from_download_model(JobClass.from_dict(ANSWER | {"_id": "7a"}))
    assert set(job.make_upload_model().to_dict()) == {
        "type",
        "jobParams",
        "ownerUser",
        "ownerGroup",
        "contactEmail",
    }


def test_a_job_without_parameters_is_not_sent() -> None:
    with pytest.raises(ValidationError, match="datasetList"):
        Job(type="archive", job_params=None).make_upload_model()  # type: ignore[arg-type]  # wrong on purpose
