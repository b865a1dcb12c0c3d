"""What a server refuses is told apart, and nothing is left behind or overwritten."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.fixtures import ServerKind
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh import SSHFileTransfer
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, local_file, on_server

ANY = RemotePath("")


def test_a_missing_remote_file_leaves_no_local_one(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    remote, local = on_server(ssh_server, "missing"), tmp_path / "a"
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        with pytest.raises(FileNotAccessibleError, match="There is no file") as caught:
            connection.download_files(remote=[remote], local=[local])
        assert caught.value.remote_path == remote.posix
        assert not local.exists()
        with pytest.raises(FileNotAccessibleError, match="checksum") as caught:
            connection.remote_checksums([remote], algorithm="sha256")
        assert caught.value.remote_path == remote.posix


def test_folders_pipes_and_devices_are_no_files(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    (ssh_server.root / "folder").mkdir()
    os.mkfifo(ssh_server.root / "pipe")
    (ssh_server.root / "link").symlink_to("pipe")
    (ssh_server.root / "good").write_bytes(b"1")
    local = tmp_path / "a"
    local.write_bytes(b"123456")
    transfer = make_transfer(ssh_server, timeout=3.0)
    paths = [on_server(ssh_server, name) for name in ("pipe", "link")] + [RemotePath("/dev/zero")]
    with transfer.connect_for_download(dataset, ANY) as connection:
        with pytest.raises(FileNotAccessibleError, match="is a folder"):
            connection.download_files(remote=[on_server(ssh_server, "folder")], local=[local])
        for path in paths:
            with pytest.raises(FileNotAccessibleError, match="no regular file") as caught:
                connection.fetch_files([FetchRequest(remote=path, local=local, length=5)])
            assert caught.value.remote_path == path.posix
            with pytest.raises(FileNotAccessibleError, match="no regular file"):
                connection.remote_checksums([on_server(ssh_server, "good"), path], algorithm="sha256")
        assert local.read_bytes() == b"123456"
        connection.download_files(remote=[on_server(ssh_server, "good")], local=[local])
    assert local.read_bytes() == b"1"


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_nothing_local_is_written_through(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    kind: str,
) -> None:
    (ssh_server.root / "a").write_bytes(b"content")
    remote, local, victim = on_server(ssh_server, "a"), tmp_path / "a", tmp_path / "victim"
    victim.write_bytes(b"precious")
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        if kind == "link":
            local.symlink_to(victim)
        elif kind == "hard link":
            local.hardlink_to(victim)
        else:
            os.mkfifo(local)
        if kind != "hard link":
            with pytest.raises(FileNotAccessibleError, match="no regular file"):
                connection.fetch_files([FetchRequest(remote=remote, local=local, offset=2)])
        connection.fetch_files([FetchRequest(remote=remote, local=local)])
    assert local.read_bytes() == b"content"
    assert stat.S_ISREG(local.lstat().st_mode)
    assert victim.read_bytes() == b"precious"


def test_a_file_that_shrinks_meanwhile(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    remote = ssh_server.root / "a"
    remote.write_bytes(os.urandom(20_000_000))

    def shrink(_path: RemotePath, _moved: int) -> None:
        os.truncate(remote, 1_000)

    request = FetchRequest(remote=on_server(ssh_server, "a"), local=tmp_path / "a")
    with (
        ssh_file_transfer.connect_for_download(dataset, ANY) as connection,
        pytest.raises(FileNotAccessibleError, match=r"ends too early|changed while"),
    ):
        connection.fetch_files([request], on_progress=shrink)


def test_paths_that_no_file_can_have(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        for name in ("a\0b", "a\ud800"):
            with pytest.raises(FileNotAccessibleError, match="No file can have"):
                connection.download_files(remote=[RemotePath("/", name)], local=[tmp_path / "a"])
        with pytest.raises(FileNotAccessibleError, match="cannot read"):
            connection.download_files(remote=[on_server(ssh_server, "n" * 300)], local=[tmp_path / "a"])


def test_a_local_file_that_cannot_be_written_or_read(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    (ssh_server.root / "a").write_bytes(b"1")
    with (
        ssh_file_transfer.connect_for_download(dataset, ANY) as download,
        pytest.raises(FileNotAccessibleError, match="Cannot read or write"),
    ):
        download.download_files(remote=[on_server(ssh_server, "a")], local=[tmp_path / "missing/a"])
    file = local_file(tmp_path, "gone")
    (tmp_path / "gone").unlink()
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as upload:
        with pytest.raises(FileNotAccessibleError, match="Cannot read or write"):
            upload.upload_files(file)
        with pytest.raises(FileUploadError, match="no local path"):
            upload.upload_files(File.from_remote("a", 1, "2026-03-01T12:00:00Z"))
        with pytest.raises(FileNotAccessibleError, match="Is a directory"):
            upload.send_files([SendRequest(local=tmp_path, remote=on_server(ssh_server, "b"), resume=True)])


def test_existing_files_are_not_overwritten_and_nothing_is_sent(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    source = Path(ssh_file_transfer.source_folder_for(dataset).posix)
    source.mkdir()
    (source / "b").write_bytes(b"theirs")
    (source / "link").symlink_to("nowhere")
    before = everything(ssh_server.root)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        for taken in ("b", "link"):
            files = [local_file(tmp_path, "a"), local_file(tmp_path, taken)]
            with pytest.raises(FileUploadError, match="already"):
                connection.upload_files(*files)
            connection.revert_upload(*files)
    assert everything(ssh_server.root) == before


def test_a_name_that_is_taken_meanwhile(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    source = ssh_file_transfer.source_folder_for(dataset)
    target = Path(source.posix) / "a"

    def take(_path: RemotePath, _moved: int) -> None:
        target.write_bytes(b"theirs")

    file = local_file(tmp_path, "a")
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(FileUploadError, match="already"):
            connection.send_files([SendRequest(local=tmp_path / "a", remote=source / "a")], on_progress=take)
        connection.revert_upload(file)
    assert everything(Path(source.posix)) == {"a": b"theirs"}


@pytest.mark.parametrize("how", ["grows", "shrinks", "is replaced"])
def test_a_local_file_that_changes_does_not_get_its_name(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    how: str,
) -> None:
    local = tmp_path / "a"
    local.write_bytes(bytes(9_000_000))

    def change(_path: RemotePath, _moved: int) -> None:
        if how == "is replaced":
            (tmp_path / "new").write_bytes(b"1")
            (tmp_path / "new").replace(local)
        else:
            os.truncate(local, 10_000_000 if how == "grows" else 10)

    source = ssh_file_transfer.source_folder_for(dataset)
    with (
        ssh_file_transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match="changed while"),
    ):
        connection.send_files([SendRequest(local=local, remote=source / "a")], on_progress=change)
    assert everything(Path(source.posix)) == {}


def test_revert_leaves_nothing_of_ours_and_all_of_theirs(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    transfer = make_transfer(ssh_server, source_folder=f"{ssh_server.root}/theirs/x/{{uid}}")
    (ssh_server.root / "theirs").mkdir()
    (ssh_server.root / "theirs/file").write_bytes(b"1")
    before = everything(ssh_server.root)
    local_file(tmp_path, "a")
    files = [File.from_local(tmp_path / "a", remote_path=name) for name in ("a", "s/b", "s/t/c")]
    with transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(*files)
        Path(transfer.source_folder_for(dataset).posix, "a").unlink()
        connection.revert_upload(*files)
        assert everything(ssh_server.root) == before
        connection.revert_upload(*files)
        connection.upload_files(*files)
        (Path(transfer.source_folder_for(dataset).posix) / "s/theirs").write_bytes(b"2")
        connection.revert_upload(*files)
    folder = f"theirs/x/{dataset.uid}"
    kept = {f"{folder}/s/theirs": b"2", f"{folder}/s": None, folder: None, "theirs/x": None}
    assert everything(ssh_server.root) == before | kept


def test_revert_says_what_it_cannot_remove(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    file = local_file(tmp_path, "a")
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.upload_files(file)
        target = Path(ssh_file_transfer.source_folder_for(dataset).posix) / "a"
        target.unlink()
        target.mkdir()
        with pytest.raises(FileUploadError, match="cannot write"):
            connection.revert_upload(file)


def test_a_file_where_the_folder_should_be(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    (ssh_server.root / "file").write_bytes(b"theirs")
    transfer = make_transfer(ssh_server, source_folder=f"{ssh_server.root}/file/{{uid}}/deep")
    with (
        transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match="there is a file of that name"),
    ):
        connection.upload_files(local_file(tmp_path, "a"))
    assert everything(ssh_server.root) == {"file": b"theirs"}


def test_a_folder_whose_name_is_too_long(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    transfer = make_transfer(ssh_server, source_folder=f"{ssh_server.root}/{'n' * 300}")
    with (
        transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match="cannot write"),
    ):
        connection.upload_files(local_file(tmp_path, "a"))


def test_a_file_whose_name_is_too_long(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    local_file(tmp_path, "a")
    transfer = make_transfer(ssh_server, source_folder=ssh_server.root.as_posix())
    request = SendRequest(local=tmp_path / "a", remote=on_server(ssh_server, "n" * 256))
    with (
        transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match="cannot write"),
    ):
        connection.send_files([request])
    # To go on from; whoever gives up reverts, as this does.
    assert [path.read_bytes() for path in ssh_server.root.iterdir()] == [b"123"]
    file = File.from_local(tmp_path / "a", remote_path="n" * 256)
    with (
        transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match="cannot write"),
    ):
        connection.upload_files(file)
    assert list(ssh_server.root.iterdir()) == []


def test_a_server_that_refuses_to_write(
    ssh_server_kind: ServerKind, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    root = tmp_path / "served"
    root.mkdir()
    with ssh_server_kind(root, read_only=True) as server:
        for pattern in (f"{root}", f"{root}/{{uid}}"):
            transfer = make_transfer(server, source_folder=pattern)
            with (
                transfer.connect_for_upload(dataset, ANY) as connection,
                pytest.raises(FileUploadError, match="You may not write"),
            ):
                connection.upload_files(local_file(tmp_path, "a"))
    assert list(root.iterdir()) == []


def test_a_full_disk(make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path) -> None:
    root = tmp_path / "served"
    root.mkdir()
    with asyncssh_server(root, free_space=1_000_000) as server:
        transfer = make_transfer(server)
        file = local_file(tmp_path, "a", bytes(5_000_000))
        with transfer.connect_for_upload(dataset, ANY) as connection:
            with pytest.raises(FileUploadError, match="is full"):
                connection.upload_files(file)
            connection.revert_upload(file)
    assert list(root.iterdir()) == []


def test_what_is_there_in_part_needs_less_space(
    make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    from scitacean.transfer.partial import partial_name

    root = tmp_path / "served"
    root.mkdir()
    content = bytes(5_000_000)
    local_file(tmp_path, "a", content)
    with asyncssh_server(root, free_space=1_000_000) as server:
        transfer = make_transfer(server)
        source = transfer.source_folder_for(dataset)
        remote = source / "a"
        status = (tmp_path / "a").stat()
        partial = Path(source.posix) / partial_name("a", remote, status.st_size, status.st_mtime_ns)
        partial.parent.mkdir(parents=True)
        partial.write_bytes(content[:-500_000])
        with transfer.connect_for_upload(dataset, ANY) as connection:
            connection.look_ahead([SendRequest(local=tmp_path / "a", remote=remote, resume=True)])
            with pytest.raises(FileUploadError, match="is full"):
                connection.look_ahead([SendRequest(local=tmp_path / "a", remote=remote)])


def test_a_link_under_the_partial_name_is_not_followed(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    from scitacean.transfer.partial import partial_name

    victim = ssh_server.root / "victim"
    victim.write_bytes(b"theirs")
    file = local_file(tmp_path, "a")
    source = ssh_file_transfer.source_folder_for(dataset)
    status = (tmp_path / "a").stat()
    folder = Path(source.posix)
    folder.mkdir()
    for resume in (False, True):
        name = partial_name("a", source / "a", status.st_size, status.st_mtime_ns)
        (folder / name).symlink_to(victim)
        with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
            connection.send_files([SendRequest(local=tmp_path / "a", remote=source / "a", resume=resume)])
            assert everything(folder) == {"a": b"123"}
            connection.revert_upload(file)
    assert victim.read_bytes() == b"theirs"
    assert stat.S_ISREG(victim.lstat().st_mode)


def test_checksums_without_a_tool_or_a_shell(
    ssh_server_kind: ServerKind, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"1")
    path = RemotePath((tmp_path / "a").as_posix())
    with (
        ssh_server_kind(tmp_path, shell=False) as server,
        make_transfer(server).connect_for_download(dataset, ANY) as connection,
    ):
        assert connection.remote_checksums([path], algorithm="sha256") is None
        assert connection.remote_checksums([path], algorithm="sha256") is None
    with (
        ssh_server_kind(tmp_path) as server,
        make_transfer(server).connect_for_download(dataset, ANY) as connection,
    ):
        assert connection.remote_checksums([path], algorithm="sha3_256") is None
        assert connection.remote_checksums([], algorithm="md5") == {}


def test_checksums_of_all_algorithms(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset
) -> None:
    (ssh_server.root / "a").write_bytes(b"1")
    path = on_server(ssh_server, "a")
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        for algorithm in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"):
            expected = {path: hashlib.new(algorithm, b"1").hexdigest()}
            assert connection.remote_checksums([path], algorithm=algorithm) == expected


def test_checksums_of_more_files_than_fit_into_one_command(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset
) -> None:
    paths = []
    for number in range(1_500):
        (ssh_server.root / f"{number}").write_bytes(b"%d" % number)
        paths.append(on_server(ssh_server, f"{number}"))
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        checksums = connection.remote_checksums(paths, algorithm="md5")
    assert checksums == {path: hashlib.md5(path.name.encode()).hexdigest() for path in paths}


def test_a_checksum_may_take_longer_than_the_timeout(
    make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin/sha256sum"
    slow.write_text(
        '#!/bin/sh\n[ "$3" = /dev/null ] && [ $# = 3 ] || sleep 2.5\nexec /usr/bin/sha256sum "$@"\n'
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "a").write_bytes(b"1")
    path = RemotePath((tmp_path / "a").as_posix())
    with (
        asyncssh_server(tmp_path) as server,
        make_transfer(server, timeout=2.0).connect_for_download(dataset, ANY) as connection,
    ):
        checksums = connection.remote_checksums([path], algorithm="sha256")
    assert checksums == {path: hashlib.sha256(b"1").hexdigest()}
