"""Datasets: making, reading, changing and deleting them, and who may."""

from __future__ import annotations

from typing import Literal

import pytest

from scicat_api.api.datasets_v4 import find_by_id_and_delete, find_by_id_and_update
from scicat_api.models import PartialUpdateDatasetDto
from scitacean.embedded import User
from scitacean.errors import ConflictError, ForbiddenError, NotFoundError, ScicatCommError, ValidationError
from tests.contract.any_server.site import Site, new_dataset, unique

ContentType = Literal["application/json", "application/merge-patch+json"]


def patch(
    site: Site,
    user: User | None,
    pid: str,
    /,
    content_type: ContentType = "application/json",
    **changes: object,
) -> int:
    body = PartialUpdateDatasetDto.from_dict(changes)
    return find_by_id_and_update.sync_detailed(
        pid, client=site.api(user), body=body, content_type=content_type
    ).status_code


def delete(site: Site, user: User | None, pid: str) -> int:
    return find_by_id_and_delete.sync_detailed(pid, client=site.api(user)).status_code


def test_a_dataset_comes_back(site: Site) -> None:
    created = site.dataset(keywords=["a"], scientificMetadata={"t": {"value": 2, "unit": "mm"}})
    found = site.client(site.member).get_dataset_model(created.pid)
    assert (found.pid, found.dataset_name, found.keywords) == (created.pid, created.dataset_name, ["a"])
    assert found.created_by == site.member.username
    metadata = found.to_dict()["scientificMetadata"]["t"]
    assert (metadata["value"], metadata["unit"], metadata["unitSI"]) == (2, "mm", "m")


@pytest.mark.parametrize(
    "missing", ["owner", "contactEmail", "sourceFolder", "creationTime", "datasetName", "type"]
)
def test_what_is_required_is_missed(site: Site, missing: str) -> None:
    body = new_dataset(ownerGroup=site.group).to_dict()
    del body[missing]
    # Some servers fail where they ought to refuse.
    assert site.http(site.member).post("/api/v4/datasets", json=body).status_code in (400, 500)


def test_unknown_fields_and_bad_addresses_are_refused(site: Site) -> None:
    for change in ({"foo": 1}, {"contactEmail": "none"}):
        with pytest.raises(ScicatCommError) as caught:
            site.dataset(**change)
        assert caught.value.status == 400


def test_the_server_checks_datasets(site: Site) -> None:
    client = site.client(site.member)
    client.validate_dataset_model(new_dataset(ownerGroup=site.group))
    with pytest.raises(ValidationError):
        client.validate_dataset_model(new_dataset(ownerGroup=site.group, contactEmail="none"))


def test_only_members_make_datasets_of_a_group(site: Site) -> None:
    for user in (site.stranger, None):
        with pytest.raises(ForbiddenError):
            site.dataset(user=user)
    site.dataset(user=site.administrator)


def test_few_choose_pids_and_each_once(site: Site) -> None:
    pid = f"{site.accounts.pid_prefix}/{unique('own')}"
    with pytest.raises(ForbiddenError):
        site.dataset(pid=pid)
    group = site.pid_chooser.groups[0]
    assert site.dataset(user=site.pid_chooser, ownerGroup=group, pid=pid).pid == pid
    with pytest.raises(ConflictError):
        site.dataset(user=site.pid_chooser, ownerGroup=group, pid=pid)


def test_readers_are_owners_access_groups_and_administrators(site: Site) -> None:
    pid = site.dataset().pid
    assert site.client(site.administrator).get_dataset_model(pid).pid == pid
    with pytest.raises(ForbiddenError):
        site.client(site.stranger).get_dataset_model(pid)
    with pytest.raises(NotFoundError):
        site.client(None).get_dataset_model(pid)
    assert patch(site, site.member, pid, accessGroups=[site.stranger.groups[0]]) == 200
    assert site.client(site.stranger).get_dataset_model(pid).pid == pid
    assert patch(site, site.stranger, pid, description="mine") == 403
    with pytest.raises(NotFoundError):
        site.client(None).get_dataset_model(pid)


def test_published_datasets_are_for_all(site: Site) -> None:
    pid = site.dataset(isPublished=True).pid
    for user in (site.stranger, None):
        assert site.client(user).get_dataset_model(pid).pid == pid
        assert patch(site, user, pid, description="mine") == 403


def test_what_is_not_there_is_not_found(site: Site) -> None:
    pid = f"{site.accounts.pid_prefix}/{unique('none')}"
    for user in (site.member, None):
        with pytest.raises(NotFoundError):
            site.client(user).get_dataset_model(pid)
    assert patch(site, site.member, pid, description="x") == 404
    assert delete(site, site.deleter, pid) == 404


def test_patches_change_one_dataset(site: Site) -> None:
    changed, other = site.dataset(description="old"), site.dataset(description="old")
    assert patch(site, site.member, changed.pid, description="new", keywords=["b"]) == 200
    client = site.client(site.member)
    assert client.get_dataset_model(changed.pid).description == "new"
    assert client.get_dataset_model(changed.pid).keywords == ["b"]
    assert client.get_dataset_model(other.pid).description == "old"
    assert patch(site, site.member, changed.pid, pid="another") == 400
    assert patch(site, site.member, changed.pid, foo=1) == 400


def test_plain_patches_replace_metadata_and_merge_patches_merge(site: Site) -> None:
    pid = site.dataset(scientificMetadata={"a": 1, "b": 2}).pid

    def metadata() -> object:
        return site.client(site.member).get_dataset_model(pid).to_dict()["scientificMetadata"]

    change: dict[str, object] = {"scientificMetadata": {"b": None, "c": 3}}
    assert patch(site, site.member, pid, "application/merge-patch+json", **change) == 200
    assert metadata() == {"a": 1, "c": 3}
    assert patch(site, site.member, pid, scientificMetadata={"d": 4}) == 200
    assert metadata() == {"d": 4}


def test_only_the_delete_group_deletes(site: Site) -> None:
    pid = site.dataset().pid
    for user in (site.member, site.stranger, site.administrator, None):
        assert delete(site, user, pid) == 403
    assert delete(site, site.deleter, pid) == 200
    with pytest.raises(NotFoundError):
        site.client(site.member).get_dataset_model(pid)
