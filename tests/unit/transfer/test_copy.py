"""Copying files to and from a mounted file system."""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scitacean import Dataset, File, FileNotAccessibleError, FileUploadError, RemotePath
from scitacean.transfer.copy import CopyDownloadConnection, CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import FetchRequest, SendRequest


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "a.dat"
    path.parent.mkdir()
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> RemotePath:
    return RemotePath(tmp_path.as_posix(), "there", "run")


def upload_connection(folder: RemotePath) -> CopyUploadConnection:
    transfer = CopyFileTransfer(source_folder=folder)
    with transfer.connect_for_upload(Dataset(type="raw"), folder / "x") as connection:
        assert connection.source_folder == folder
        return connection


def download_connection() -> CopyDownloadConnection:
    here = RemotePath.from_local(Path(__file__))
    with CopyFileTransfer().connect_for_download(Dataset(type="raw"), here) as connection:
        return connection


def test_round_trip(source: Path, folder: RemotePath, tmp_path: Path) -> None:
    connection = upload_connection(folder)
    (uploaded,) = connection.upload_files(File.from_local(source, remote_path="sub/a.dat"))
    assert uploaded.is_on_remote
    remote = folder / "sub/a.dat"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert connection.remote_checksums([remote], algorithm="sha256") == {remote: digest}
    assert connection.remote_checksums([remote], algorithm="crc-7") is None
    download_connection().download_files(remote=[remote], local=[tmp_path / "back"])
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_files_are_not_overwritten(source: Path, folder: RemotePath) -> None:
    target = Path((folder / "a.dat").posix)
    target.parent.mkdir(parents=True)
    target.write_text("other")
    connection = upload_connection(folder)
    with pytest.raises(FileUploadError, match="never overwritten"):
        connection.upload_files(File.from_local(source))
    assert target.read_text() == "other"


def test_a_file_that_appears_meanwhile_is_not_overwritten(source: Path, folder: RemotePath) -> None:
    target = Path((folder / "a.dat").posix)

    def intrude(_path: RemotePath, _moved: int) -> None:
        target.write_text("other")

    with pytest.raises(FileUploadError, match="File exists"):
        upload_connection(folder).send_files(
            [SendRequest(local=source, remote=folder / "a.dat")], on_progress=intrude
        )
    assert target.read_text() == "other"


def test_without_hard_links_files_get_their_names_too(
    source: Path, folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    upload_connection(folder).upload_files(File.from_local(source))
    assert [path.name for path in Path(folder.posix).iterdir()] == ["a.dat"]


def test_revert_leaves_nothing(source: Path, folder: RemotePath, tmp_path: Path) -> None:
    connection = upload_connection(folder)
    file = File.from_local(source, remote_path="sub/deep/a.dat")
    connection.upload_files(file)
    connection.revert_upload(file, File.from_remote("sub/b", 1, "2026-03-01T12:00:00Z"))
    connection.revert_upload(file)
    assert not (tmp_path / "there").exists()


def test_a_file_that_changes_meanwhile_is_refused(source: Path, folder: RemotePath) -> None:
    def write(_path: RemotePath, _moved: int) -> None:
        with source.open("ab") as file:
            file.write(b"more")

    connection = upload_connection(folder)
    request = SendRequest(local=source, remote=folder / "a.dat")
    with pytest.raises(FileUploadError, match="changed while it was uploaded"):
        connection.send_files([request], on_progress=write)
    assert list(Path(folder.posix).iterdir()) == []


class StopError(Exception):
    """Stops a transfer."""


def test_an_interrupted_upload_goes_on(source: Path, folder: RemotePath) -> None:
    connection = upload_connection(folder)

    def stop(_path: RemotePath, _moved: int) -> None:
        raise StopError

    remote = folder / "a.dat"
    request = SendRequest(local=source, remote=remote, checksum_algorithm="md5")
    with pytest.raises(StopError):
        connection.send_files([request], on_progress=stop)
    status = source.stat()
    partial = Path(folder.posix) / partial_name("a.dat", remote, status.st_size, status.st_mtime_ns)
    already = partial.stat().st_size
    assert 0 < already < status.st_size
    moved: list[int] = []
    connection.send_files(
        [SendRequest(local=source, remote=remote, resume=True)], on_progress=lambda _, n: moved.append(n)
    )
    assert sum(moved) == status.st_size - already
    assert Path(remote.posix).read_bytes() == source.read_bytes()


def test_ranges_and_checksums(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "part"
    remote = RemotePath(source.as_posix())
    (first,) = download_connection().fetch_files(
        [FetchRequest(remote=remote, local=target, length=1000, checksum_algorithm="md5")]
    )
    content = source.read_bytes()
    assert (first.size, first.checksum) == (1000, hashlib.md5(content[:1000]).hexdigest())
    moved: list[int] = []
    (rest,) = download_connection().fetch_files(
        [FetchRequest(remote=remote, local=target, offset=1000)], on_progress=lambda _, n: moved.append(n)
    )
    assert (rest.size, rest.checksum, sum(moved)) == (len(content) - 1000, None, len(content) - 1000)
    assert target.read_bytes() == content


def test_missing_files_are_explained(folder: RemotePath, tmp_path: Path) -> None:
    with pytest.raises(FileNotAccessibleError, match="No such file"):
        download_connection().download_files(remote=[folder / "none"], local=[tmp_path / "none"])
    assert not (tmp_path / "none").exists()
    with pytest.raises(FileNotAccessibleError):
        download_connection().remote_checksums([folder / "none"], algorithm="md5")
    with pytest.raises(FileNotAccessibleError):
        upload_connection(folder).send_files([SendRequest(local=tmp_path / "none", remote=folder / "x")])
    with pytest.raises(FileUploadError, match="no local path"):
        upload_connection(folder).upload_files(File.from_remote("a", 1, "2026-03-01T12:00:00Z"))


def test_a_file_in_place_of_a_folder_is_explained(source: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a file")
    folder = RemotePath(tmp_path.as_posix(), "there", "run")
    with pytest.raises(FileNotAccessibleError, match="there is no folder"):
        upload_connection(folder)
    folder = RemotePath(tmp_path.as_posix())
    with pytest.raises(FileUploadError, match="Cannot write"):
        upload_connection(folder).upload_files(File.from_local(source, remote_path="there/a.dat"))


@contextmanager
def small_disk() -> Iterator[None]:
    """Let no file grow beyond 100 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_explained(source: Path, folder: RemotePath, tmp_path: Path) -> None:
    remote = RemotePath(source.as_posix())
    with small_disk(), pytest.raises(FileNotAccessibleError, match=r"back: File too large"):
        download_connection().download_files(remote=[remote], local=[tmp_path / "back"])
    connection = upload_connection(folder)
    with small_disk(), pytest.raises(FileUploadError, match="File too large"):
        connection.upload_files(File.from_local(source))
    connection.revert_upload(File.from_local(source))
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("path", ["/dev/zero", "/dev"])
def test_what_is_no_regular_file_is_not_read(tmp_path: Path, path: str) -> None:
    with pytest.raises(FileNotAccessibleError, match="no regular file"):
        download_connection().download_files(remote=[RemotePath(path)], local=[tmp_path / "x"])
    assert not (tmp_path / "x").exists()


def test_nothing_is_written_through_links(source: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(precious)
    download_connection().download_files(remote=[RemotePath(source.as_posix())], local=[tmp_path / "link"])
    assert precious.read_bytes() == b"precious"
    assert (tmp_path / "link").read_bytes() == source.read_bytes()


def test_only_the_same_file_counts_as_sent(source: Path, folder: RemotePath) -> None:
    upload_connection(folder).upload_files(File.from_local(source))
    again = SendRequest(local=source, remote=folder / "a.dat", resume=True)
    (sent,) = upload_connection(folder).send_files([again])
    assert (sent.size, sent.checksum) == (source.stat().st_size, None)
    source.write_bytes(b"x" * sent.size)
    with pytest.raises(FileUploadError, match="never overwritten"):
        upload_connection(folder).send_files([again])


def test_what_cannot_be_removed_is_told(source: Path, folder: RemotePath) -> None:
    connection = upload_connection(folder)
    file = File.from_local(source)
    connection.upload_files(file)
    target = Path((folder / "a.dat").posix)
    target.unlink()
    target.mkdir()
    with pytest.raises(FileUploadError, match="Cannot remove"):
        connection.revert_upload(file)
