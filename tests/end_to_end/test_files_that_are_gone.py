"""Files that go from the file server between an upload that stops half way and its end."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Client, Dataset
from scitacean.embedded import EmbeddedCatalogue
from scitacean.errors import ConfigurationError, UploadInterrupted
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import Faults, faults_of, lose_answer, on, status
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.transfer.ssh import SSHFileTransfer

CONTENT = {"a.dat": b"counts" * 1000, "sub/b.dat": b"", "sub/c.dat": b"\0\xff" * 70_000}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, content in CONTENT.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "source"


@pytest.fixture
def dataset(source: Path) -> Dataset:
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(source)
    return dataset


@pytest.fixture
def client(embedded_catalogue: EmbeddedCatalogue, tmp_path: Path) -> Iterator[FakeClient]:
    transfer = CopyFileTransfer(source_folder=(tmp_path / "there").as_posix())
    with FakeClient(catalogue=embedded_catalogue, file_transfer=transfer) as client:
        yield client


@pytest.fixture
def faults(client: FakeClient) -> Iterator[Faults]:
    with faults_of(client.catalogue) as faults:
        yield faults


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def stopped(client: Client, dataset: Dataset, faults: Faults, *, at: str) -> Path:
    """Stop an upload whose files are all there; return its journal."""
    if at == "answer lost":
        faults.add(on("POST", "/api/v4/datasets"), lose_answer())
        faults.add(on("GET", "/api/v4/datasets", after=1), status(500))
    else:
        faults.add(on("POST", f"/api/v4/{at}"), status(504))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    faults.clear()
    assert caught.value.journal is not None
    return caught.value.journal


def check_complete(client: Client, uploaded: Dataset, folder: Path) -> None:
    """Check that all is there, and once."""
    assert tree(folder) == CONTENT
    assert [one.pid for one in client.scicat.query_datasets({})] == [str(uploaded.pid)]
    found = client.get_dataset(str(uploaded.pid))
    assert sorted(file.remote_path.posix for file in found.files) == sorted(CONTENT)
    assert client.unfinished_uploads() == []


@pytest.mark.parametrize("at", ["datasets", "answer lost", "origdatablocks"])
@pytest.mark.parametrize("gone", [[], ["sub/c.dat"], list(CONTENT)])
def test_files_that_have_gone_are_sent_once_more(
    client: FakeClient,
    faults: Faults,
    dataset: Dataset,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    at: str,
    gone: list[str],
) -> None:
    journal = stopped(client, dataset, faults, at=at)
    there = tmp_path / "there"
    for name in gone:
        (there / name).unlink()
    kept = {path: path.stat().st_ino for path in there.rglob("*.dat")}
    with caplog.at_level(logging.WARNING, "scitacean"):
        uploaded = client.resume_upload(journal)
    told = [record.message for record in caplog.records if "sent once more" in record.message]
    assert len(told) == bool(gone)
    if gone:
        assert told[0].startswith(f"{len(gone)} of the 3 file(s)")
        assert f"{there}/{gone[0]}" in told[0]
    assert {path: path.stat().st_ino for path in kept} == kept
    check_complete(client, uploaded, there)


@pytest.mark.parametrize("at", ["datasets", "answer lost", "origdatablocks"])
def test_a_dataset_is_not_registered_without_its_files(
    client: FakeClient, faults: Faults, dataset: Dataset, source: Path, tmp_path: Path, at: str
) -> None:
    journal = stopped(client, dataset, faults, at=at)
    there = tmp_path / "there"
    (there / "a.dat").unlink()
    (source / "a.dat").rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(UploadInterrupted, match=r"a\.dat: No such file.*put it back"):
            client.resume_upload(journal)
    (tmp_path / "away").rename(source / "a.dat")
    check_complete(client, client.resume_upload(journal), there)


def test_what_has_another_size_is_in_the_way(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    journal = stopped(client, dataset, faults, at="datasets")
    (tmp_path / "there" / "a.dat").write_bytes(b"cut")
    with pytest.raises(UploadInterrupted, match=r"a\.dat already"):
        client.resume_upload(journal)
    assert client.scicat.query_datasets({}) == []
    (tmp_path / "there" / "a.dat").unlink()
    check_complete(client, client.resume_upload(journal), tmp_path / "there")


def test_nobody_registers_files_without_looking(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    journal = stopped(client, dataset, faults, at="datasets")
    with pytest.raises(ConfigurationError, match="no file transfer"):
        Client(client=client.scicat, file_transfer=None).resume_upload(journal)
    check_complete(client, client.resume_upload(journal), tmp_path / "there")


def test_they_are_looked_for_over_ssh(
    embedded_catalogue: EmbeddedCatalogue,
    ssh_file_transfer: SSHFileTransfer,
    ssh_server: RunningSSHServer,
    dataset: Dataset,
) -> None:
    with (
        FakeClient(catalogue=embedded_catalogue, file_transfer=ssh_file_transfer) as client,
        faults_of(embedded_catalogue) as faults,
    ):
        journal = stopped(client, dataset, faults, at="datasets")
        there = ssh_server.root / dataset.uid
        assert tree(there) == CONTENT
        shutil.rmtree(there / "sub")
        check_complete(client, client.resume_upload(journal), there)
