"""What people write: a dataset with files goes up and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Client, Dataset, Sample
from scitacean.errors import ForbiddenError, ScicatCommError
from scitacean.transfer.copy import CopyFileTransfer
from tests.contract.any_server.site import Site, unique


@pytest.fixture
def client(site: Site, tmp_path: Path) -> Iterator[Client]:
    with Client.from_credentials(
        url=site.url,
        username=site.member.username,
        password=site.member.password or "",
        file_transfer=CopyFileTransfer(source_folder=f"{(tmp_path / 'served').as_posix()}/{{uid}}"),
        allow_http=True,
        transport=site.recorder,
    ) as client:
        yield client


def new_dataset(group: str) -> Dataset:
    return Dataset(
        type="raw",
        name=unique("run"),
        owner_group=group,
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
        source_folder="/data/run-7",
    )


def test_a_dataset_with_files_goes_up_and_comes_back(site: Site, client: Client, tmp_path: Path) -> None:
    source = tmp_path / "scan.dat"
    source.write_bytes(b"some bytes")
    dataset = new_dataset(site.group)
    dataset.add_local_files(source)
    uploaded = client.upload_new_dataset_now(dataset)
    assert uploaded.pid is not None
    found = client.get_dataset(uploaded.pid)
    assert (found.name, found.number_of_files, found.size) == (dataset.name, 1, 10)
    client.download_files(found, target=tmp_path / "target")
    assert (tmp_path / "target" / "scan.dat").read_bytes() == b"some bytes"


def test_datasets_of_other_groups_cannot_be_uploaded_or_read(site: Site, client: Client) -> None:
    with pytest.raises(ScicatCommError):
        client.upload_new_dataset_now(new_dataset(site.stranger.groups[0]))
    theirs = site.dataset(user=site.stranger, ownerGroup=site.stranger.groups[0])
    with pytest.raises(ForbiddenError):
        client.get_dataset(theirs.pid)


def test_a_sample_goes_up_and_comes_back(site: Site, client: Client) -> None:
    uploaded = client.upload_new_sample_now(Sample(owner_group=site.group, sample_name="Salt"))
    assert uploaded.sample_id is not None
    assert client.get_sample(uploaded.sample_id).sample_name == "Salt"
