"""Copying files to and from a mounted file system."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from scitacean import Dataset, File, FileNotAccessibleError, FileUploadError, IntegrityError, RemotePath
from scitacean.transfer.copy import CopyDownloadConnection, CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.copy_bytes import copy_bytes
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import FetchRequest, Leftover, SendRequest
from scitacean.workflow.download import download_files
from scitacean.workflow.download_plan import plan_download


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


def test_what_arrives_damaged_never_gets_its_name(
    source: Path, folder: RemotePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others come after it all the same, and what has its name is right at any time."""
    content = source.read_bytes()
    names = ["a.dat", "b.dat", "c.dat", "d.dat"]
    for name in names[1:]:
        (source.parent / name).write_bytes(content)
    bad = iter([True, False, True, False, True, False, False])

    def copy_badly(source: IO[bytes], sink: IO[bytes], **options: Any) -> int:
        copied = copy_bytes(source, sink, **options)
        if next(bad):
            os.pwrite(sink.fileno(), b"x", 7)
        return copied

    def look(_path: RemotePath, _moved: int) -> None:
        for path in Path(folder.posix).glob("*.dat"):
            assert path.read_bytes() == content

    monkeypatch.setattr("scitacean.transfer.copy_upload.copy_bytes", copy_badly)
    connection = upload_connection(folder)
    requests = [
        SendRequest(local=source.parent / name, remote=folder / name, resume=True, checksum_algorithm="md5")
        for name in names
    ]
    done = []
    with pytest.raises(IntegrityError, match=r"(?s)2 file\(s\) did not arrive .*a\.dat\n.*c\.dat"):
        connection.send_files(requests, on_progress=look, on_sent=lambda request, _: done.append(request))
    assert done == [requests[1], requests[3]]
    there = Path(folder.posix)
    assert {path.name: path.read_bytes() for path in there.iterdir()} == {"b.dat": content, "d.dat": content}
    with pytest.raises(IntegrityError):
        connection.send_files(requests, on_progress=look)
    sent = connection.send_files(requests, on_progress=look)
    assert {path.name: path.read_bytes() for path in there.iterdir()} == dict.fromkeys(names, content)
    assert [one.verified for one in sent] == ["checksum", None, None, None]


def test_an_interrupted_upload_goes_on(source: Path, folder: RemotePath) -> None:
    connection = upload_connection(folder)
    fresh = SendRequest(local=source, remote=folder / "fresh", resume=True, checksum_algorithm="md5")
    assert connection.send_files([fresh])[0].checksum == hashlib.md5(source.read_bytes()).hexdigest()

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


@pytest.mark.parametrize("algorithm", [None, "md5"])
def test_what_is_no_beginning_of_a_file_is_not_gone_on_from(
    source: Path, folder: RemotePath, algorithm: str | None
) -> None:
    # As some file systems leave it when a machine goes down: as long as it was, but without its content.
    status = source.stat()
    remote = folder / "a.dat"
    partial = Path(folder.posix) / partial_name("a.dat", remote, status.st_size, status.st_mtime_ns)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(status.st_size // 2))
    request = SendRequest(local=source, remote=remote, resume=True, checksum_algorithm=algorithm)
    moved: list[int] = []
    (sent,) = upload_connection(folder).send_files([request], on_progress=lambda _, n: moved.append(n))
    assert Path(remote.posix).read_bytes() == source.read_bytes()
    assert sum(moved) == status.st_size
    assert sent.checksum == (hashlib.md5(source.read_bytes()).hexdigest() if algorithm else None)


def test_what_is_gone_on_from_has_the_checksum_of_all(source: Path, folder: RemotePath) -> None:
    status = source.stat()
    remote = folder / "a.dat"
    partial = Path(folder.posix) / partial_name("a.dat", remote, status.st_size, status.st_mtime_ns)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(source.read_bytes()[:-1])
    request = SendRequest(local=source, remote=remote, resume=True, checksum_algorithm="md5")
    (sent,) = upload_connection(folder).send_files([request])
    assert sent.checksum == hashlib.md5(source.read_bytes()).hexdigest()


def test_what_is_there_in_part_needs_less_space(
    source: Path, folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = source.stat()
    remote = folder / "a.dat"
    partial = Path(folder.posix) / partial_name("a.dat", remote, status.st_size, status.st_mtime_ns)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(source.read_bytes()[:-10])
    free = 10
    monkeypatch.setattr("shutil.disk_usage", lambda _: types.SimpleNamespace(total=100, free=free))
    request = SendRequest(local=source, remote=remote, resume=True)
    assert upload_connection(folder).look_ahead([request]).free == 10
    free = 9
    with pytest.raises(FileUploadError, match=r"disk is full: 9 bytes are free at .*, 10 are needed"):
        upload_connection(folder).look_ahead([request])
    with pytest.raises(FileUploadError, match=rf"disk is full: .*, {status.st_size} are needed"):
        upload_connection(folder).look_ahead([SendRequest(local=source, remote=remote)])


def test_a_file_system_that_has_no_size_is_not_called_full(
    source: Path, folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: types.SimpleNamespace(total=0, free=0))
    request = SendRequest(local=source, remote=folder / "a.dat")
    assert upload_connection(folder).look_ahead([request]).free is None
    upload_connection(folder).send_files([request])
    assert Path(request.remote.posix).read_bytes() == source.read_bytes()


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
        upload_connection(folder).remote_checksums([folder / "none"], algorithm="md5")
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
    again = SendRequest(local=source, remote=folder / "a.dat", resume=True, checksum_algorithm="md5")
    (sent,) = upload_connection(folder).send_files([again])
    digest = hashlib.md5(source.read_bytes(), usedforsecurity=False).hexdigest()
    assert (sent.size, sent.checksum) == (source.stat().st_size, digest)
    source.write_bytes(b"x" * sent.size)
    with pytest.raises(FileUploadError, match="never overwritten"):
        upload_connection(folder).send_files([again])


@pytest.mark.parametrize("hard_link", [False, True])
def test_who_finds_a_complete_file_does_not_remove_it(
    source: Path, folder: RemotePath, hard_link: bool
) -> None:
    file = File.from_local(source)
    request = SendRequest(local=source, remote=folder / "a.dat", resume=True)
    first, second = (CopyUploadConnection(source_folder=folder, hard_link=hard_link) for _ in range(2))
    first.send_files([request])
    second.send_files([request])
    second.revert_upload(file)
    assert Path(request.remote.posix).read_bytes() == source.read_bytes()
    # Who made it and finds it later removes it.
    first.send_files([request])
    first.revert_upload(file)
    assert not Path(folder.posix).exists()


def test_what_cannot_be_removed_is_told(source: Path, folder: RemotePath) -> None:
    connection = upload_connection(folder)
    file = File.from_local(source)
    connection.upload_files(file)
    target = Path((folder / "a.dat").posix)
    target.unlink()
    target.mkdir()
    with pytest.raises(FileUploadError, match="Cannot remove"):
        connection.revert_upload(file)


@pytest.mark.parametrize("how", ["reverted", "cleared"])
def test_what_cannot_be_removed_does_not_keep_the_rest(
    source: Path, folder: RemotePath, tmp_path: Path, how: str
) -> None:
    names = [f"{letter}.dat" for letter in "abcde"]
    for name in names[1:]:
        (source.parent / name).write_bytes(b"counts")
    connection = upload_connection(folder)
    files = connection.upload_files(*(File.from_local(source.parent / name) for name in names))
    there = Path(folder.posix)
    for name in ("b.dat", "d.dat"):
        # A folder in place of what is to be removed is refused to whoever asks.
        (there / name).unlink()
        (there / name).mkdir()
        if how == "cleared":
            status = (source.parent / name).stat()
            partial = partial_name(name, folder / name, status.st_size, status.st_mtime_ns)
            (there / name).rename(there / partial)
    stay = sorted(path for path in there.iterdir() if path.is_dir())
    leftovers = [
        Leftover(
            request=SendRequest(local=source.parent / name, remote=folder / name, resume=True),
            size=(source.parent / name).stat().st_size,
            mtime_ns=(source.parent / name).stat().st_mtime_ns,
        )
        for name in names
    ]
    undo: dict[str, Callable[[], object]] = {
        "reverted": lambda: connection.revert_upload(*files),
        "cleared": lambda: connection.clear_upload(leftovers, made_folders=[folder.posix]),
    }
    with pytest.raises(FileUploadError) as caught:
        undo[how]()
    assert sorted(there.iterdir()) == stay
    assert "Cannot remove 2 file(s):" in str(caught.value)
    assert all(str(path) in str(caught.value) for path in stay)
    if how == "reverted":
        for path in stay:
            path.rmdir()
            path.write_bytes(b"once more")
        connection.revert_upload(*files)
        assert not there.parent.exists()


@pytest.mark.parametrize("resume", [True, False])
def test_only_regular_files_are_gone_on_from(source: Path, folder: RemotePath, resume: bool) -> None:
    status = source.stat()
    remote = folder / "a.dat"
    partial = Path(folder.posix) / partial_name("a.dat", remote, status.st_size, status.st_mtime_ns)
    precious = source.with_name("precious")
    precious.write_bytes(b"precious")
    partial.parent.mkdir(parents=True)
    partial.symlink_to(precious)
    upload_connection(folder).send_files([SendRequest(local=source, remote=remote, resume=resume)])
    assert precious.read_bytes() == b"precious"
    assert Path(remote.posix).read_bytes() == source.read_bytes()
    assert [path.name for path in partial.parent.iterdir()] == ["a.dat"]


def test_hard_links_are_made_where_they_can_be(source: Path, folder: RemotePath, tmp_path: Path) -> None:
    transfer = CopyFileTransfer(source_folder=folder, hard_link=True)
    remote = folder / "a.dat"
    digest = hashlib.md5(source.read_bytes()).hexdigest()
    alias = tmp_path / "alias"
    alias.symlink_to(source)
    moved: list[int] = []
    with transfer.connect_for_upload(Dataset(type="raw"), remote) as upload:
        request = SendRequest(local=alias, remote=remote, checksum_algorithm="md5")
        (sent,) = upload.send_files([request], on_progress=lambda _, n: moved.append(n))
    assert (sent.checksum, sent.size, moved) == (digest, source.stat().st_size, [sent.size])
    assert Path(remote.posix).samefile(source)
    assert not Path(remote.posix).is_symlink()
    with transfer.connect_for_download(Dataset(type="raw"), remote) as download:
        (tmp_path / "back").write_text("old")
        fetch = FetchRequest(remote=remote, local=tmp_path / "back", checksum_algorithm="md5")
        (fetched,) = download.fetch_files([fetch], on_progress=lambda _, n: moved.append(n))
        download.download_files(remote=[remote], local=[tmp_path / "other"])
        part = FetchRequest(remote=remote, local=tmp_path / "part", length=10)
        download.fetch_files([part])
    assert (fetched.checksum, fetched.size, moved[1:]) == (digest, sent.size, [sent.size])
    assert (tmp_path / "back").samefile(source)
    assert (tmp_path / "other").samefile(source)
    assert (tmp_path / "part").stat().st_nlink == 1


def test_files_are_linked_as_a_client_asks(source: Path, folder: RemotePath) -> None:
    with CopyFileTransfer(source_folder=folder, hard_link=True).connect_for_upload(
        Dataset(type="raw"), folder
    ) as connection:
        connection.upload_files(File.from_local(source))
    assert Path((folder / "a.dat").posix).samefile(source)
    connection.revert_upload(File.from_local(source))
    assert source.exists()
    assert not Path(folder.posix).exists()


def test_hard_links_overwrite_nothing(
    source: Path, folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Path((folder / "a.dat").posix)
    real = os.link

    def too_late(src: str, dst: str) -> None:
        target.write_text("other")
        real(src, dst)

    monkeypatch.setattr(os, "link", too_late)
    transfer = CopyFileTransfer(source_folder=folder, hard_link=True)
    with (
        transfer.connect_for_upload(Dataset(type="raw"), folder) as connection,
        pytest.raises(FileUploadError, match="File exists"),
    ):
        connection.upload_files(File.from_local(source))
    connection.revert_upload(File.from_local(source))
    assert target.read_text() == "other"


def test_where_there_are_no_hard_links_files_are_copied(
    source: Path, folder: RemotePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_links)
    transfer = CopyFileTransfer(source_folder=folder, hard_link=True)
    with transfer.connect_for_upload(Dataset(type="raw"), folder) as upload:
        upload.upload_files(File.from_local(source))
    with transfer.connect_for_download(Dataset(type="raw"), folder / "a.dat") as download:
        download.download_files(remote=[folder / "a.dat"], local=[tmp_path / "back"])
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert not (tmp_path / "back").samefile(folder.posix + "/a.dat")


def test_a_linked_file_that_changes_meanwhile_is_refused(
    source: Path, folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def link_and_write(src: str, dst: str) -> None:
        real(src, dst)
        os.truncate(src, 1)

    monkeypatch.setattr(os, "link", link_and_write)
    transfer = CopyFileTransfer(source_folder=folder, hard_link=True)
    with (
        transfer.connect_for_upload(Dataset(type="raw"), folder) as connection,
        pytest.raises(FileUploadError, match="changed while it was uploaded"),
    ):
        connection.upload_files(File.from_local(source))
    connection.revert_upload(File.from_local(source))
    assert not Path(folder.posix).exists()
    assert source.exists()


@pytest.mark.parametrize("checksum", [None, "md5"])
def test_a_hard_link_is_never_written_through(tmp_path: Path, checksum: str | None) -> None:
    data, target = tmp_path / "data", tmp_path / "target"
    data.mkdir()
    (data / "a").write_bytes(b"content")
    digest = None if checksum is None else hashlib.md5(b"content").hexdigest()
    file = File.from_remote("a", 7, "2026-03-01T12:00:00Z", checksum=digest, checksum_algorithm=checksum)
    dataset = Dataset(type="raw", source_folder=RemotePath.from_local(data), files=[file])
    for transfer in (CopyFileTransfer(hard_link=True), CopyFileTransfer(hard_link=True), CopyFileTransfer()):
        download_files(dataset, target=target, transfer=transfer, force=True)
        assert [path.name for path in target.iterdir()] == ["a"]
        assert (data / "a").read_bytes() == (target / "a").read_bytes() == b"content"
    assert (data / "a").stat().st_nlink == 1
    os.link(data / "a", plan_download(dataset, [file], target, force=False)[0].partial)
    (target / "a").unlink()
    download_files(dataset, target=target, transfer=CopyFileTransfer())
    assert (data / "a").stat().st_nlink == 1


def test_what_is_out_of_reach_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Dataset(type="raw", source_folder=RemotePath("/no-such-mount/run"))
    transfer = CopyFileTransfer()
    with (
        pytest.raises(FileNotAccessibleError, match="there is no folder /no-such-mount"),
        transfer.connect_for_upload(dataset, RemotePath("/no-such-mount/run/a")),
    ):
        pass
    for path in ("/no-such-mount/run/a", tmp_path.as_posix() + "/a\0b"):
        with (
            pytest.raises(FileNotAccessibleError) as caught,
            transfer.connect_for_download(dataset, RemotePath(path)),
        ):
            pass
        assert caught.value.remote_path == path
    monkeypatch.setattr(os, "access", lambda *_: False)
    with (
        pytest.raises(FileNotAccessibleError, match="you may not write to"),
        CopyFileTransfer(source_folder=tmp_path.as_posix()).connect_for_upload(dataset, RemotePath("a")),
    ):
        pass
    (tmp_path / "a").write_bytes(b"")
    with (
        pytest.raises(FileNotAccessibleError, match="Permission denied"),
        transfer.connect_for_download(dataset, RemotePath(tmp_path.as_posix(), "a")),
    ):
        pass


def test_it_shows_where_files_go() -> None:
    assert (
        repr(CopyFileTransfer(source_folder="/data/{uid}")) == "CopyFileTransfer(source_folder='/data/{uid}')"
    )
