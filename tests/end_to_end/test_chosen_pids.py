"""Uploads whose PID is chosen: a dataset that has it is the one only if it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Dataset
from scitacean.embedded import EmbeddedCatalogue
from scitacean.errors import ConflictError, ScicatCommError, UploadInterrupted
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import Faults, faults_of, lose_answer, on, status
from scitacean.transfer.copy import CopyFileTransfer

PID = "local/run-7"


@pytest.fixture
def client(embedded_catalogue: EmbeddedCatalogue, tmp_path: Path) -> Iterator[FakeClient]:
    transfer = CopyFileTransfer(source_folder=(tmp_path / "there").as_posix())
    with FakeClient(catalogue=embedded_catalogue, file_transfer=transfer) as client:
        yield client


@pytest.fixture
def faults(client: FakeClient) -> Iterator[Faults]:
    with faults_of(client.catalogue) as faults:
        yield faults


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "a.dat").write_bytes(b"counts")
    dataset = Dataset(
        pid=PID,
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(tmp_path / "a.dat", base_path=tmp_path)
    return dataset


def pids(client: FakeClient) -> list[object]:
    return [one.pid for one in client.scicat.query_datasets({})]


@pytest.mark.parametrize("times", [1, 2])
def test_the_one_that_a_lost_answer_was_about_is_found(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path, times: int
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), lose_answer())
    if times > 1:
        faults.add(on("GET", "/api/v4/datasets/*", after=1, times=None), status(500))
        with pytest.raises(UploadInterrupted, match="not known whether"):
            client.upload_new_dataset_now(dataset)
        faults.clear()
    uploaded = client.upload_new_dataset_now(dataset)
    assert pids(client) == [PID] == [str(uploaded.pid)]
    assert len(client.get_dataset(PID).files) == 1
    assert client.unfinished_uploads() == []


def test_the_one_that_a_lost_answer_was_about_is_undone(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), lose_answer())
    faults.add(on("GET", "/api/v4/datasets/*", after=1, times=None), status(500))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    faults.clear()
    assert caught.value.journal is not None
    client.discard_upload(caught.value.journal)
    assert pids(client) == []
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("field", ["name", "source_folder"])
@pytest.mark.parametrize("lost", [True, False])
def test_another_one_that_has_it_is_left_alone(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path, field: str, lost: bool
) -> None:
    mine = dataset.replace(source_folder=(tmp_path / "there").as_posix())
    other = mine.replace(**{field: {"name": "Run 8", "source_folder": "/data/run-8"}[field]})
    client.scicat.create_dataset_model(other.make_upload_model())
    before = client.scicat.get_dataset_model(PID)
    if lost:
        faults.add(on("POST", "/api/v4/datasets"), status(503))
    with pytest.raises(ScicatCommError):
        client.upload_new_dataset_now(dataset)
    assert client.scicat.get_dataset_model(PID) == before
    assert client.unfinished_uploads() == []
    assert not (tmp_path / "there").exists()


def test_the_same_one_is_not_uploaded_twice(client: FakeClient, dataset: Dataset, tmp_path: Path) -> None:
    client.upload_new_dataset_now(dataset)
    with pytest.raises(ConflictError, match=f"has this dataset already, as {PID}"):
        client.upload_new_dataset_now(dataset)
    assert (tmp_path / "there" / "a.dat").read_bytes() == b"counts"
