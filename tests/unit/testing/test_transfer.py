"""The file transfer that keeps files in memory, by itself and below uploads and downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Dataset, File, FileNotAccessibleError, FileUploadError, IntegrityError, RemotePath
from scitacean.errors import ScicatCommError
from scitacean.testing.client import FakeClient
from scitacean.testing.transfer import FakeFileTransfer
from scitacean.transfer.protocol import FileTransfer

FOLDER = "/data/run-7"


def new_dataset(*files: Path) -> Dataset:
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        source_folder=RemotePath(FOLDER),
    )
    if files:
        dataset.add_local_files(*files)
    return dataset


@pytest.fixture
def transfer() -> FakeFileTransfer:
    return FakeFileTransfer()


@pytest.fixture
def fake(transfer: FakeFileTransfer) -> Iterator[FakeClient]:
    with FakeClient(file_transfer=transfer) as client:
        yield client


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_it_is_a_file_transfer(transfer: FakeFileTransfer) -> None:
    as_one: FileTransfer = transfer
    assert as_one.source_folder_for(new_dataset()) == FOLDER


def test_the_source_folder_may_be_a_pattern() -> None:
    transfer = FakeFileTransfer(source_folder="/raw/{owner_group}/{name}")
    assert transfer.source_folder_for(new_dataset()) == "/raw/me/Run_7"


def test_files_are_found_by_text_and_by_path() -> None:
    transfer = FakeFileTransfer(files={"/a/b": b"1"}, reverted={RemotePath("/a//c"): b"2"})
    assert transfer.files == {RemotePath("/a/b"): b"1"}
    assert transfer.reverted == {RemotePath("/a/c"): b"2"}


# Law: what was uploaded comes back, byte by byte.
@given(content=st.binary(max_size=100), name=st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_uploads_come_back(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    folder = tmp_path_factory.mktemp("round")
    file = File.from_local(write(folder, name, content))
    transfer = FakeFileTransfer()
    dataset = new_dataset()
    with transfer.connect_for_upload(dataset, RemotePath(FOLDER)) as upload:
        (sent,) = upload.upload_files(file)
    assert sent.is_on_remote
    assert sent.remote_checksum == hashlib.new(sent.checksum_algorithm or "", content).hexdigest()
    path = RemotePath(FOLDER, name)
    assert transfer.files == {path: content}
    with transfer.connect_for_download(dataset, path) as download:
        download.download_files(remote=[path], local=[folder / "back"])
    assert (folder / "back").read_bytes() == content


def test_nothing_is_overwritten_and_only_what_was_sent_is_removed(
    transfer: FakeFileTransfer, tmp_path: Path
) -> None:
    old, new = (File.from_local(write(tmp_path, name, name.encode())) for name in ("old", "new"))
    transfer.files[RemotePath(FOLDER, "old")] = b"there"
    with transfer.connect_for_upload(new_dataset(), RemotePath(FOLDER)) as upload:
        with pytest.raises(FileUploadError, match="never overwritten"):
            upload.upload_files(new, old)
        upload.revert_upload(new, old)
        upload.revert_upload(new, old)
    assert transfer.files == {RemotePath(FOLDER, "old"): b"there"}
    assert transfer.reverted == {RemotePath(FOLDER, "new"): b"new"}


def test_files_that_are_not_here_are_not_uploaded(transfer: FakeFileTransfer, tmp_path: Path) -> None:
    path = write(tmp_path, "a.dat", b"1")
    here, there = File.from_local(path), File.from_remote("a.dat", 1, "2026-03-01T12:00:00Z")
    path.unlink()
    with transfer.connect_for_upload(new_dataset(), RemotePath(FOLDER)) as upload:
        with pytest.raises(FileNotAccessibleError, match=r"Cannot read .*a\.dat: No such file"):
            upload.upload_files(here)
        with pytest.raises(FileUploadError, match="no local path"):
            upload.upload_files(there)
    assert transfer.files == {}


def test_files_that_cannot_be_downloaded(transfer: FakeFileTransfer, tmp_path: Path) -> None:
    path = RemotePath("/data/a.dat")
    with transfer.connect_for_download(new_dataset(), path) as download:
        with pytest.raises(FileNotAccessibleError, match=r"has no file /data/a\.dat") as caught:
            download.download_files(remote=[path], local=[tmp_path / "a.dat"])
        assert caught.value.remote_path == "/data/a.dat"
        transfer.files[path] = b"1"
        with pytest.raises(FileNotAccessibleError, match=r"Cannot write .*no-folder"):
            download.download_file(remote=path, local=tmp_path / "no-folder" / "a.dat")


class Disk(dict[str, bytes]):
    """A file system with the methods of pyfakefs' that are used."""

    def exists(self, file_path: str) -> bool:
        return file_path in self

    def remove_object(self, file_path: str) -> None:
        del self[file_path]

    def create_file(self, file_path: str, *, contents: bytes) -> None:
        assert file_path not in self
        self[file_path] = contents


def test_downloads_go_to_another_file_system(tmp_path: Path) -> None:
    path, target = RemotePath("/data/a.dat"), tmp_path / "a.dat"
    disk = Disk({str(target): b"old"})
    transfer = FakeFileTransfer(fs=disk, files={path: b"new"})
    with transfer.connect_for_download(new_dataset(), path) as download:
        download.download_files(remote=[path, path], local=[target, tmp_path / "b.dat"])
    assert disk == {str(target): b"new", str(tmp_path / "b.dat"): b"new"}
    assert not target.exists()


def test_a_dataset_goes_up_and_down(fake: FakeClient, transfer: FakeFileTransfer, tmp_path: Path) -> None:
    uploaded = fake.upload_new_dataset_now(new_dataset(write(tmp_path, "a.dat", b"1234")))
    assert transfer.files == {RemotePath(f"{FOLDER}/a.dat"): b"1234"}
    assert uploaded.pid is not None
    found = fake.download_files(fake.get_dataset(uploaded.pid), target=tmp_path / "down")
    assert (tmp_path / "down" / "a.dat").read_bytes() == b"1234"
    assert [file.local_is_up_to_date() for file in found.files] == [True]


def test_files_that_changed_on_the_server_are_noticed(
    fake: FakeClient, transfer: FakeFileTransfer, tmp_path: Path
) -> None:
    uploaded = fake.upload_new_dataset_now(new_dataset(write(tmp_path, "a.dat", b"1234")))
    transfer.files[RemotePath(f"{FOLDER}/a.dat")] = b"4321"
    with pytest.raises(IntegrityError):
        fake.download_files(uploaded, target=tmp_path / "down", force=True)


def test_a_refused_dataset_takes_its_files_back(transfer: FakeFileTransfer, tmp_path: Path) -> None:
    refused = {"create_dataset_model": ScicatCommError("refused", status=400)}
    dataset = new_dataset(write(tmp_path, "a.dat", b"1234"))
    with (
        FakeClient(file_transfer=transfer, disable=refused) as client,
        pytest.raises(ScicatCommError, match="refused"),
    ):
        client.upload_new_dataset_now(dataset)
    assert transfer.files == {}
    assert transfer.reverted == {RemotePath(f"{FOLDER}/a.dat"): b"1234"}
