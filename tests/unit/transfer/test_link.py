"""Links instead of copies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from scitacean import Dataset, File, FileNotAccessibleError, FileUploadError, IntegrityError, RemotePath
from scitacean.errors import UploadNotSupportedError
from scitacean.transfer.link import LinkDownloadConnection, LinkFileTransfer
from scitacean.workflow.download import download_files


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "a.dat"
    path.parent.mkdir()
    path.write_bytes(b"content")
    return path


@pytest.fixture
def dataset(data: Path) -> Dataset:
    checksum = hashlib.md5(data.read_bytes()).hexdigest()
    file = File.from_remote("a.dat", 7, "2026-03-01T12:00:00Z", checksum=checksum, checksum_algorithm="md5")
    return Dataset(type="raw", source_folder=RemotePath.from_local(data.parent), files=[file])


@pytest.mark.parametrize("before", ["nothing", "another file", "a broken link", "a link"])
def test_a_download_is_a_link(dataset: Dataset, data: Path, tmp_path: Path, before: str) -> None:
    target = tmp_path / "target" / "a.dat"
    target.parent.mkdir()
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    if before == "another file":
        target.write_bytes(b"other")
    elif before != "nothing":
        target.symlink_to(precious if before == "a link" else tmp_path / "none")
    found = download_files(dataset, target=target.parent, transfer=LinkFileTransfer())
    assert found.files[0].local_path == target
    assert target.readlink() == data
    assert [path.name for path in target.parent.iterdir()] == ["a.dat"]
    assert precious.read_bytes() == b"precious"


def test_a_complete_copy_stays(dataset: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "target" / "a.dat"
    target.parent.mkdir()
    target.write_bytes(b"content")
    download_files(dataset, target=target.parent, transfer=LinkFileTransfer())
    assert not target.is_symlink()


def test_what_is_linked_to_is_checked(dataset: Dataset, data: Path, tmp_path: Path) -> None:
    data.write_bytes(b"CONTENT")
    with pytest.raises(IntegrityError):
        download_files(dataset, target=tmp_path / "target", transfer=LinkFileTransfer())
    assert data.read_bytes() == b"CONTENT"
    assert not (tmp_path / "target").exists()


def test_links_to_relative_paths_lead_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)
    LinkDownloadConnection().download_files(remote=[RemotePath("a.dat")], local=[tmp_path / "here"])
    assert (tmp_path / "here").samefile(data)


@pytest.mark.parametrize("path", ["/no-such-mount/a", "/dev/zero", "/dev"])
def test_there_are_no_links_to_what_cannot_be_read(data: Path, tmp_path: Path, path: str) -> None:
    remote = RemotePath(path)
    transfer = LinkFileTransfer()
    with (
        pytest.raises(FileNotAccessibleError, match=path),
        transfer.connect_for_download(Dataset(type="raw"), remote),
    ):
        pass
    good = RemotePath.from_local(data)
    with (
        transfer.connect_for_download(Dataset(type="raw"), good) as connection,
        pytest.raises(FileNotAccessibleError, match=path),
    ):
        connection.download_files(remote=[good, remote], local=[tmp_path / "a", tmp_path / "b"])
    assert not os.path.lexists(tmp_path / "b")


def test_a_folder_is_not_replaced(data: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(FileNotAccessibleError, match="Cannot make the link"):
        LinkDownloadConnection().download_files(
            remote=[RemotePath.from_local(data)], local=[tmp_path / "here"]
        )
    assert (tmp_path / "here").is_dir()


def test_windows_without_the_right_is_explained(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def symlink(*_: object, **__: object) -> None:
        error = OSError("A required privilege is not held by the client")
        error.winerror = 1314  # type: ignore[attr-defined]  # only Windows has it
        raise error

    monkeypatch.setattr(os, "symlink", symlink)
    with pytest.raises(FileNotAccessibleError, match=r"needs a right.* developer mode"):
        LinkDownloadConnection().download_files(
            remote=[RemotePath.from_local(data)], local=[tmp_path / "here"]
        )


@pytest.mark.parametrize("kind", [UploadNotSupportedError, FileUploadError, NotImplementedError])
def test_uploads_are_refused(dataset: Dataset, kind: type[Exception]) -> None:
    transfer = LinkFileTransfer(source_folder="/data/{type}")
    assert transfer.source_folder_for(dataset) == "/data/raw"
    with pytest.raises(kind, match="cannot be uploaded as links"):
        transfer.connect_for_upload(dataset, RemotePath("/data/raw/a"))
    assert repr(transfer) == "LinkFileTransfer()"
