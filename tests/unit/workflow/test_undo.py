"""What of an upload cannot be undone by itself, and what is said about that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client, Dataset, File, RemotePath
from scitacean.embedded import EmbeddedCatalogue
from scitacean.errors import UploadInterrupted
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import Faults, faults_of, on, status
from scitacean.transfer.copy import CopyFileTransfer, CopyUploadConnection

CONTENT = {f"{number:02}.dat": bytes([number]) * 10 for number in range(23)}


class Plain(CopyFileTransfer):
    """A facility's own transfer, which can send and revert only."""

    @contextmanager
    def connect_for_upload(self, dataset: Dataset, representative_file_path: RemotePath) -> Iterator[Any]:
        yield PlainConnection(CopyUploadConnection(source_folder=self.source_folder_for(dataset)))


class PlainConnection:
    def __init__(self, inner: CopyUploadConnection) -> None:
        self.inner = inner

    def upload_files(self, *files: File) -> list[File]:
        return self.inner.upload_files(*files)

    def revert_upload(self, *files: File) -> None:
        self.inner.revert_upload(*files)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "source" / name).write_bytes(content)
    return tmp_path / "source"


@pytest.fixture
def faults(embedded_catalogue: EmbeddedCatalogue) -> Iterator[Faults]:
    with faults_of(embedded_catalogue) as faults:
        yield faults


def client_with(kind: type[CopyFileTransfer], catalogue: EmbeddedCatalogue, folder: Path) -> FakeClient:
    return FakeClient(catalogue=catalogue, file_transfer=kind(source_folder=folder.as_posix()))


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stopped(client: Client, dataset: Dataset, faults: Faults) -> Path:
    """Let an upload stop when the dataset has been created; return its journal."""
    faults.add(on("POST", "/api/v4/origdatablocks"), status(400))
    with pytest.raises(UploadInterrupted, match="is in the catalogue") as caught:
        client.upload_new_dataset_now(dataset)
    assert caught.value.journal is not None
    return caught.value.journal


def test_what_a_transfer_cannot_clear_is_for_people_to_remove(
    embedded_catalogue: EmbeddedCatalogue, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    with client_with(Plain, embedded_catalogue, there) as client:
        journal = stopped(client, dataset, faults)
        with pytest.raises(UploadInterrupted, match=r"whether 23 file\(s\) in .* are those") as caught:
            client.discard_upload(journal)
        told = str(caught.value)
        assert all(f"\n  - {there}/{name}\n" in told for name in list(CONTENT)[:20])
        assert "\n  and 3 more\n" in told
        assert f"the journal {journal}" in caught.value.hint
        assert client.scicat.query_datasets({}) == []
        assert tree(there) == CONTENT
        assert [one.journal for one in client.unfinished_uploads()] == [journal]


def test_what_a_transfer_cannot_look_up_is_taken_for_there(
    embedded_catalogue: EmbeddedCatalogue, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    with client_with(Plain, embedded_catalogue, tmp_path / "there") as client:
        uploaded = client.resume_upload(stopped(client, dataset, faults))
        assert len(client.get_dataset(str(uploaded.pid)).files) == len(CONTENT)


def test_what_may_be_something_else_is_for_people_to_remove(
    embedded_catalogue: EmbeddedCatalogue, faults: Faults, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    files = [File.from_local(path, checksum_algorithm=None) for path in sorted(source.iterdir())]
    there = tmp_path / "there"
    with client_with(CopyFileTransfer, embedded_catalogue, there) as client:
        journal = stopped(client, dataset.replace(files=files), faults)
        (source / "03.dat").write_bytes(b"more")
        (source / "04.dat").unlink()
        with pytest.raises(UploadInterrupted, match=r"whether 2 file\(s\)") as caught:
            client.discard_upload(journal)
        for name in ("03.dat", "04.dat"):
            assert f"\n  - {there}/{name}" in str(caught.value)
        assert tree(there) == {name: CONTENT[name] for name in ("03.dat", "04.dat")}
        for path in there.iterdir():
            path.unlink()
        client.discard_upload(journal)
        assert not there.exists()
        assert client.unfinished_uploads() == []


@pytest.mark.parametrize("path", ["/api/v4/datasets/*", "/api/v4/origdatablocks/*"])
def test_a_catalogue_that_fails_meanwhile_is_asked_once_more(
    embedded_catalogue: EmbeddedCatalogue, faults: Faults, dataset: Dataset, tmp_path: Path, path: str
) -> None:
    with client_with(CopyFileTransfer, embedded_catalogue, tmp_path / "there") as client:
        faults.add(on("POST", "/api/v4/origdatablocks", after=1), status(400))
        with pytest.raises(UploadInterrupted) as caught:
            client.upload_new_dataset_now(dataset, files_per_block=12)
        journal = caught.value.journal
        assert journal is not None
        faults.add(on("DELETE", path, times=None), status(500))
        with pytest.raises(UploadInterrupted, match="500"):
            client.discard_upload(journal)
        assert tree(tmp_path / "there") == CONTENT
        faults.clear()
        client.discard_upload(journal)
        assert not (tmp_path / "there").exists()
        assert client.scicat.query_datasets({}) == []
        assert client.scicat.get_orig_datablock_models(str(caught.value.pid)) == []
