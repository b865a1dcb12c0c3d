"""Copies in an archive."""

from __future__ import annotations

import pytest

from scicat_api.models import Datablock as DownloadDatablock
from scitacean import PID, Datablock, File, ValidationError

FILE = File.from_remote("a", 2, "2026-03-01T12:00:00Z", checksum="00", checksum_algorithm="md5")


def block() -> Datablock:
    return Datablock(
        archive_id="tape-7",
        size=2,
        packed_size=1,
        version="1.0",
        checksum_algorithm="md5",
        files=[FILE],
        owner_group="g",
        access_groups=["h"],
        instrument_group="i",
    )


def test_copies_are_sent_to_both_addresses() -> None:
    whole = block().make_upload_model(PID.parse("site/7")).to_dict()
    part = block().make_upload_model_for_dataset().to_dict()
    assert set(whole) - set(part) == {"datasetId", "ownerGroup", "accessGroups", "instrumentGroup"}
    assert {name: whole[name] for name in part} == part
    assert part["packedSize"] == 1


def test_copies_come_back_as_they_were() -> None:
    wire = block().make_upload_model(PID.parse("site/7")).to_dict()
    again = Datablock.from_download_model(DownloadDatablock.from_dict(wire))
    assert again == block().replace(dataset_id=PID.parse("site/7"))
    assert again.files == (FILE,)


def test_what_breaks_rules_is_found() -> None:
    fields = {problem.field for problem in Datablock().find_problems()}
    assert fields == {"archive_id", "size", "packed_size", "version", "files"}
    assert Datablock().find_problems(required=False) == []
    with pytest.raises(ValidationError, match="copy in the archive"):
        block().replace(packed_size=-1).make_upload_model_for_dataset()


def test_odd_answers_become_copies() -> None:
    answer = {"size": "2", "packedSize": None, "archiveId": 7, "dataFileList": [3], "datasetId": 8}
    odd = Datablock.from_download_model(DownloadDatablock.from_dict(answer))
    kept: object = (odd.size, odd.archive_id, odd.files)
    assert kept == ("2", 7, ())
    assert {one.field for one in odd.find_problems(required=False)} == {"size", "archive_id", "dataset_id"}
