"""What belongs to datasets: blocks of files and pictures."""

from __future__ import annotations

import pytest

from scicat_api.api.attachments_v4 import find_one
from scicat_api.api.datasets import find_one_attachment_and_remove
from scicat_api.api.origdatablocks_v4 import find_by_id_and_delete
from scicat_api.models import CreateAttachmentV3Dto, CreateOrigDatablockDto
from scitacean.embedded import User
from scitacean.errors import ForbiddenError, NotFoundError, ScicatCommError
from tests.contract.any_server.site import TIME, Site, parsed, unique


def block(pid: str, *sizes: int) -> CreateOrigDatablockDto:
    files = [{"path": f"{number}.dat", "size": size, "time": TIME} for number, size in enumerate(sizes)]
    return CreateOrigDatablockDto.from_dict({"datasetId": pid, "size": sum(sizes), "dataFileList": files})


def add(site: Site, pid: str, *sizes: int) -> str:
    return str(site.client(site.member).create_orig_datablock(block(pid, *sizes)).field_id)


def attach(site: Site, user: User | None, pid: str, caption: str = "a picture") -> None:
    body = CreateAttachmentV3Dto(
        owner_group=site.group, caption=caption, thumbnail="data:image/png;base64,AA=="
    )
    site.client(user).create_attachment_for_dataset(pid, body)


def sizes_of(site: Site, pid: str) -> tuple[object, object]:
    dataset = site.client(site.member).get_dataset_model(pid)
    return dataset.size, dataset.number_of_files


def test_sizes_and_counts_follow_the_files(site: Site) -> None:
    pid = site.dataset().pid
    first = add(site, pid, 10, 20)
    add(site, pid, 5)
    assert sizes_of(site, pid) == (35, 3)
    answer = find_by_id_and_delete.sync_detailed(first, client=site.api(site.deleter))
    assert answer.status_code == 200
    assert sizes_of(site, pid) == (5, 1)


def test_all_blocks_come_back(site: Site) -> None:
    pid = site.dataset().pid
    made = {add(site, pid, number) for number in range(11)}
    found = site.client(site.member).get_orig_datablock_models(pid)
    assert {one.field_id for one in found} == made
    assert found[0].to_dict()["ownerGroup"] == site.group


def test_only_owners_add_files(site: Site) -> None:
    pid = site.dataset(accessGroups=[site.stranger.groups[0]]).pid
    add(site, pid, 1)
    assert len(site.client(site.stranger).get_orig_datablock_models(pid)) == 1
    assert site.client(None).get_orig_datablock_models(pid) == []
    for user in (site.stranger, None):
        with pytest.raises(ForbiddenError):
            site.client(user).create_orig_datablock(block(pid, 1))
    assert sizes_of(site, pid) == (1, 1)


def test_bad_blocks_are_refused(site: Site) -> None:
    pid = site.dataset().pid
    with pytest.raises(ScicatCommError) as caught:
        site.client(site.member).create_orig_datablock(block(pid))
    assert caught.value.status == 400
    with pytest.raises(NotFoundError):
        site.client(site.member).create_orig_datablock(block(unique("none/none"), 1))


def test_only_the_delete_group_deletes_files(site: Site) -> None:
    pid = site.dataset().pid
    identifier = add(site, pid, 1)
    for user in (site.member, site.administrator, None):
        answer = find_by_id_and_delete.sync_detailed(identifier, client=site.api(user))
        assert answer.status_code == 403


def test_pictures_come_back_and_go(site: Site) -> None:
    pid = site.dataset().pid
    attach(site, site.member, pid)
    (found,) = site.client(site.member).get_attachment_models(pid)
    aid = str(found.aid)
    assert (found.caption, found.thumbnail) == ("a picture", "data:image/png;base64,AA==")
    assert parsed(find_one.sync_detailed(aid, client=site.api(site.member))).aid == aid
    assert find_one.sync_detailed(aid, client=site.api(site.stranger)).status_code == 403
    gone = find_one_attachment_and_remove.sync_detailed(pid, aid, client=site.api(site.member))
    assert gone.status_code == 200
    assert site.client(site.member).get_attachment_models(pid) == []


def test_only_owners_attach_pictures(site: Site) -> None:
    pid = site.dataset(isPublished=True).pid
    for user in (site.stranger, None):
        with pytest.raises(ForbiddenError):
            attach(site, user, pid)
    attach(site, site.member, pid)
    # Publishing a dataset does not publish its pictures.
    for user in (site.stranger, None):
        assert site.client(user).get_attachment_models(pid) == []
    with pytest.raises(NotFoundError):
        attach(site, site.member, unique("none/none"))
