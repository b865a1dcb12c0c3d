"""The first of several file transfers that works."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Client, ConfigurationError, Dataset, File, FileNotAccessibleError, RemotePath
from scitacean.errors import HostNotReachableError, IntegrityError
from scitacean.transfer.copy import CopyDownloadConnection, CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.link import LinkFileTransfer
from scitacean.transfer.protocol import (
    DownloadConnection,
    FileTransfer,
    RemoteChecksums,
    ResumableDownload,
    ResumableUpload,
    UploadConnection,
)
from scitacean.transfer.select import SelectFileTransfer
from scitacean.workflow.download import download_files
from scitacean.workflow.upload import upload_new_dataset


class Broken:
    """A file transfer that does not connect."""

    def __init__(self, error: Exception, folder: str = "/data") -> None:
        self.error = error
        self.folder = folder
        self.closed = False

    def __repr__(self) -> str:
        return "Broken"

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        return RemotePath(self.folder)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[DownloadConnection]:
        raise self.error
        yield

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[UploadConnection]:
        raise self.error
        yield

    def close(self) -> None:
        self.closed = True
        raise self.error


class Noting(CopyFileTransfer):
    """Notes when its connection is closed, and on what."""

    ended: BaseException | str | None = "not yet"

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyDownloadConnection]:
        self.ended = None
        try:
            yield CopyDownloadConnection()
        except BaseException as error:
            self.ended = error
            raise


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNREACHABLE = HostNotReachableError("The host does not answer.")


@pytest.fixture
def remote(tmp_path: Path) -> RemotePath:
    path = tmp_path / "data" / "a.dat"
    path.parent.mkdir()
    path.write_bytes(b"content")
    return RemotePath.from_local(path)


@pytest.mark.parametrize(
    "error", [UNREACHABLE, FileNotFoundError(), NotImplementedError("no"), ConnectionResetError("reset")]
)
def test_the_first_that_works_is_used(remote: RemotePath, error: Exception) -> None:
    never = Broken(AssertionError("is not asked"))
    folder = remote.parent.posix
    transfer = SelectFileTransfer([Broken(error, folder), CopyFileTransfer(source_folder=folder), never])
    dataset = Dataset(type="raw")
    with transfer.connect_for_download(dataset, remote) as download:
        assert type(download) is CopyDownloadConnection
        assert isinstance(download, ResumableDownload)
    with transfer.connect_for_upload(dataset, remote) as upload:
        assert type(upload) is CopyUploadConnection
        assert isinstance(upload, ResumableUpload)
        assert isinstance(upload, RemoteChecksums)
        assert upload.source_folder == transfer.source_folder_for(dataset) == remote.parent


def test_all_reasons_are_told(tmp_path: Path) -> None:
    missing = RemotePath("/no-such-mount/a")
    transfer = SelectFileTransfer(
        [LinkFileTransfer(), CopyFileTransfer(), Broken(UNREACHABLE, "/no-such-mount"), Broken(OSError())]
    )
    dataset = Dataset(type="raw", source_folder=RemotePath("/no-such-mount"))
    with (
        pytest.raises(FileNotAccessibleError) as caught,
        transfer.connect_for_download(dataset, missing),
    ):
        pass
    text = str(caught.value)
    assert "none of 4 file transfers works" in text
    assert text.count("No such file or directory") == 2
    assert "Broken: The host does not answer." in text
    assert "Broken: OSError" in text
    with pytest.raises(FileNotAccessibleError) as caught, transfer.connect_for_upload(dataset, missing):
        pass
    text = str(caught.value)
    assert "cannot be uploaded as links" in text
    assert "there is no folder /no-such-mount" in text
    assert "The host does not answer." in text
    assert caught.value.remote_path == missing


def test_errors_of_settings_are_not_passed_over(remote: RemotePath) -> None:
    transfer = SelectFileTransfer([Broken(ConfigurationError("Bad.")), CopyFileTransfer()])
    with (
        pytest.raises(ConfigurationError, match="Bad"),
        transfer.connect_for_download(Dataset(type="raw"), remote),
    ):
        pass
    with pytest.raises(ConfigurationError, match="has no file transfers"):
        SelectFileTransfer([])


@pytest.mark.parametrize("error", [UNREACHABLE, OSError("disk"), KeyboardInterrupt()])
def test_errors_later_reach_the_one_that_was_chosen(remote: RemotePath, error: BaseException) -> None:
    chosen = Noting()
    transfer = SelectFileTransfer([chosen, Broken(AssertionError("is not asked"))])
    with pytest.raises(type(error)) as caught, transfer.connect_for_download(Dataset(type="raw"), remote):
        raise error
    assert caught.value is error
    assert chosen.ended is error


def test_files_go_where_it_was_said(tmp_path: Path) -> None:
    first, second = (RemotePath.from_local(tmp_path / name) for name in ("first", "second"))
    elsewhere = SelectFileTransfer(
        [LinkFileTransfer(), Broken(UNREACHABLE, first.posix), CopyFileTransfer(source_folder=second)]
    )
    dataset = Dataset(type="raw", source_folder=RemotePath("/data"))
    assert elsewhere.source_folder_for(dataset) == first
    with (
        pytest.raises(FileNotAccessibleError, match=f"upload to {second} instead of {first}"),
        elsewhere.connect_for_upload(dataset, first / "a"),
    ):
        pass
    given = SelectFileTransfer([LinkFileTransfer(), CopyFileTransfer()], source_folder=second)
    with given.connect_for_upload(dataset, second / "a") as connection:
        assert isinstance(connection, CopyUploadConnection)
        assert connection.source_folder == given.source_folder_for(dataset) == second
    assert SelectFileTransfer([LinkFileTransfer()]).source_folder_for(dataset) == "/data"


def test_children_are_closed(remote: RemotePath) -> None:
    children: list[FileTransfer] = [
        Broken(OSError("cannot close")),
        CopyFileTransfer(),
        Broken(OSError("nor")),
    ]
    with pytest.raises(OSError, match="cannot close"):
        SelectFileTransfer(children).close()
    assert [child.closed for child in children if isinstance(child, Broken)] == [True, True]
    SelectFileTransfer([CopyFileTransfer()]).close()


def test_it_takes_part_in_a_download(remote: RemotePath, tmp_path: Path) -> None:
    file = File.from_remote("a.dat", 7, "2026-03-01T12:00:00Z")
    dataset = Dataset(type="raw", source_folder=remote.parent, files=[file])
    transfer = SelectFileTransfer([Broken(UNREACHABLE), LinkFileTransfer(), CopyFileTransfer()])
    download_files(dataset, target=tmp_path / "here", transfer=transfer)
    assert (tmp_path / "here" / "a.dat").is_symlink()
    wrong = Dataset(
        type="raw", source_folder=remote.parent, files=[File.from_remote("a.dat", 8, "2026-03-01T12:00:00Z")]
    )
    with pytest.raises(IntegrityError):
        download_files(wrong, target=tmp_path / "there", transfer=transfer)


def test_it_takes_part_in_an_upload(remote: RemotePath, tmp_path: Path) -> None:
    children: list[FileTransfer] = [LinkFileTransfer(), Broken(UNREACHABLE), CopyFileTransfer()]
    transfer = SelectFileTransfer(children, source_folder=RemotePath.from_local(tmp_path / "new"))
    dataset = Dataset(type="raw", name="run", owner="me", contact_email="me@site.example", owner_group="g")
    dataset = dataset.replace(
        files=[File.from_local(remote.posix, remote_path="a.dat")],
        creation_location="here",
        creation_time=NOON,
        start_time=NOON,
        end_time=NOON,
    )
    with Client.local(tmp_path / "catalogue") as client:
        uploaded = upload_new_dataset(dataset, scicat=client.scicat, transfer=transfer)
    assert uploaded.source_folder == RemotePath.from_local(tmp_path / "new")
    assert (tmp_path / "new" / "a.dat").read_bytes() == b"content"


def test_it_can_be_sent_to_another_process() -> None:
    transfer = SelectFileTransfer([LinkFileTransfer(), CopyFileTransfer(source_folder="/data")])
    again = pickle.loads(pickle.dumps(transfer))
    assert repr(again) == "SelectFileTransfer([LinkFileTransfer(), CopyFileTransfer(source_folder='/data')])"
