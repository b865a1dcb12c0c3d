"""What an upload notices on its way, and what it says when it cannot be undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client, Dataset, File, FileNotAccessibleError, FileUploadError, RemotePath
from scitacean.errors import UploadInterrupted
from scitacean.transfer.copy import CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.protocol import Sent
from tests.unit.workflow.conftest import CONTENT


class Plain:
    """A facility's own transfer; while it copies, something happens, and it may be unable to undo that."""

    def __init__(self, folder: Path, *, can_undo: bool = True) -> None:
        self.inner = CopyFileTransfer(source_folder=folder.as_posix())
        self.can_undo = can_undo

    def happen(self) -> None:
        """Do nothing."""

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        return self.inner.source_folder_for(dataset)

    @contextmanager
    def connect_for_download(self, dataset: Dataset, representative_file_path: RemotePath) -> Iterator[Any]:
        with self.inner.connect_for_download(dataset, representative_file_path) as connection:
            yield connection

    @contextmanager
    def connect_for_upload(self, dataset: Dataset, representative_file_path: RemotePath) -> Iterator[Any]:
        with self.inner.connect_for_upload(dataset, representative_file_path) as connection:
            yield PlainConnection(self, connection)


class PlainConnection:
    def __init__(self, transfer: Plain, inner: CopyUploadConnection) -> None:
        self.transfer = transfer
        self.inner = inner

    def upload_files(self, *files: File) -> list[File]:
        uploaded = self.inner.upload_files(*files)
        self.transfer.happen()
        return uploaded

    def revert_upload(self, *files: File) -> None:
        if not self.transfer.can_undo:
            raise FileNotAccessibleError("The disk is read-only.")
        self.inner.revert_upload(*files)


def test_files_that_change_on_the_way_are_not_registered(
    client: Client, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    transfer = Plain(tmp_path / "there")

    def change() -> None:
        (source / "a.dat").write_text("more")

    transfer.happen = change  # type: ignore[method-assign]  # a fault
    with pytest.raises(FileUploadError, match=r"a\.dat changed while it was uploaded"):
        Client(client=client.scicat, file_transfer=transfer).upload_new_dataset_now(dataset)
    assert not (tmp_path / "there").exists()
    assert client.scicat.query_datasets({}) == []


@pytest.mark.parametrize("kind", [FileUploadError, KeyboardInterrupt])
def test_what_cannot_be_undone_is_said(
    client: Client, dataset: Dataset, tmp_path: Path, kind: type[BaseException]
) -> None:
    def fail() -> None:
        raise kind("The disk is full.")

    transfer = Plain(tmp_path / "there", can_undo=False)
    transfer.happen = fail  # type: ignore[method-assign]  # a fault
    with pytest.raises((UploadInterrupted, KeyboardInterrupt)) as caught:
        Client(client=client.scicat, file_transfer=transfer).upload_new_dataset_now(dataset)
    assert isinstance(caught.value, UploadInterrupted) == (kind is FileUploadError)
    told = f"{caught.value} {getattr(caught.value, '__notes__', '')}"
    assert "The disk is full." in told
    assert (
        f"could not be undone, so files may be left in {tmp_path / 'there'}: The disk is read-only." in told
    )
    assert (tmp_path / "there" / "a.dat").exists()


def test_what_lies_above_the_end_of_a_link_is_sent(
    client: Client, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "run.csv").write_text("right")
    (tmp_path / "run.csv").write_text("wrong")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    monkeypatch.chdir(tmp_path)
    dataset = dataset.replace(files=[File.from_local("link/../run.csv", remote_path="run.csv")])
    uploaded = client.upload_new_dataset_now(dataset)
    assert (tmp_path / str(uploaded.source_folder) / "run.csv").read_text() == "right"


def test_a_file_that_another_upload_has_just_sent_is_not_taken_for_ones_own(
    client: Client, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there" / "sub" / "b.dat"
    send = CopyUploadConnection.send_files

    def send_after_another(connection: CopyUploadConnection, *arguments: Any, **options: Any) -> list[Sent]:
        there.parent.mkdir(parents=True)
        there.write_bytes(CONTENT["sub/b.dat"])
        return send(connection, *arguments, **options)

    monkeypatch.setattr(CopyUploadConnection, "send_files", send_after_another)
    transfer = CopyFileTransfer(source_folder=(tmp_path / "there").as_posix())
    with pytest.raises(FileUploadError, match=r"There is a file .*b\.dat already"):
        Client(client=client.scicat, file_transfer=transfer).upload_new_dataset_now(dataset)
    assert [path for path in (tmp_path / "there").rglob("*") if path.is_file()] == [there]
    assert client.scicat.query_datasets({}) == []
