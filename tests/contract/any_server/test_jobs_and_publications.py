"""Jobs on datasets, and published data until its datasets are public."""

from __future__ import annotations

from typing import Any

import pytest

from scicat_api.api.jobs_v4 import create as create_job
from scicat_api.api.jobs_v4 import find_one as get_job
from scicat_api.api.published_data_v4 import create as create_publication
from scicat_api.api.published_data_v4 import find_one as get_publication
from scicat_api.api.published_data_v4 import publish, update
from scicat_api.models import CreateJobDto, CreatePublishedDataV4Dto, PartialUpdatePublishedDataV4Dto
from scitacean.embedded import User
from scitacean.errors import NotFoundError
from tests.contract.any_server.site import Site, parsed, unique


def job(site: Site, user: User | None, type_: str, *pids: str, group: str | None = None) -> Any:
    parameters = {"datasetList": [{"pid": pid, "files": []} for pid in pids]} if pids else {}
    body = {"type": type_, "ownerGroup": group or site.group, "jobParams": parameters}
    return create_job.sync_detailed(client=site.api(user), body=CreateJobDto.from_dict(body))


def test_jobs_start_as_submitted_and_are_for_their_group(site: Site) -> None:
    answer = job(site, site.member, "archive", site.dataset().pid)
    assert answer.status_code == 201
    assert answer.parsed.status_code == "jobSubmitted"
    identifier = answer.parsed.id
    assert parsed(get_job.sync_detailed(identifier, client=site.api(site.member))).type_ == "archive"
    assert get_job.sync_detailed(identifier, client=site.api(site.stranger)).status_code == 403


def test_jobs_on_unfit_datasets_are_refused(site: Site) -> None:
    pid = site.dataset().pid
    assert job(site, site.member, "retrieve", pid).status_code == 400
    assert job(site, site.member, "no such type", pid).status_code == 400
    assert job(site, site.member, "archive", unique("none/none")).status_code == 422
    assert job(site, site.member, "archive").status_code == 422


def test_jobs_on_datasets_of_others_are_refused(site: Site) -> None:
    pid = site.dataset().pid
    assert job(site, site.stranger, "archive", pid, group=site.stranger.groups[0]).status_code == 403
    assert job(site, None, "archive", pid).status_code == 401


def publication(site: Site, user: User | None, **fields: Any) -> Any:
    body = CreatePublishedDataV4Dto.from_dict(fields)
    return create_publication.sync_detailed(client=site.api(user), body=body)


@pytest.fixture
def draft(site: Site) -> dict[str, Any]:
    return {
        "title": unique("A publication"),
        "abstract": "About it",
        "datasetPids": [site.dataset().pid],
        "metadata": {
            "creators": [{"name": "Ada Example"}],
            "publisher": {"name": "Site"},
            "publicationYear": 2026,
            "resourceType": "raw",
        },
    }


def test_drafts_are_private(site: Site, draft: dict[str, Any]) -> None:
    assert publication(site, None, **draft).status_code == 403
    assert publication(site, site.member, title="too little").status_code == 400
    doi = parsed(publication(site, site.member, **draft)).doi
    assert parsed(get_publication.sync_detailed(doi, client=site.api(site.member))).title == draft["title"]
    assert get_publication.sync_detailed(doi, client=site.api(site.stranger)).status_code == 404
    change = PartialUpdatePublishedDataV4Dto(title="A better title")
    changed = parsed(update.sync_detailed(doi, client=site.api(site.member), body=change))
    assert changed.title == "A better title"


def test_publishing_makes_the_datasets_public(site: Site, draft: dict[str, Any]) -> None:
    (pid,) = draft["datasetPids"]
    doi = parsed(publication(site, site.member, **draft)).doi
    with pytest.raises(NotFoundError):
        site.client(None).get_dataset_model(pid)
    assert publish.sync_detailed(doi, client=site.api(site.member)).status_code == 201
    assert parsed(get_publication.sync_detailed(doi, client=site.api(site.stranger))).doi == doi
    assert site.client(None).get_dataset_model(pid).is_published is True
