"""What goes up comes down the same, under the names it had."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import (
    Fetched,
    FetchRequest,
    RemoteChecksums,
    ResumableDownload,
    ResumableUpload,
    SendRequest,
)
from scitacean.transfer.sftp import SFTPFileTransfer
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.sftp_session import SftpSession
from tests.unit.transfer.ssh.conftest import MakeTransfer, patched_operation

ANY = RemotePath("")
ODD_NAMES = [
    "plain.dat",
    "run 7/with blank.dat",
    "run 7/quote'\"s.dat",
    "-leading-dash",
    "--",
    "new\nline",
    "back\\slash",
    "$HOME `id`; #&|*?[a]{b}<c>!",
    "naïve-Ångström-試料",
    "n" * 255,
    "deep/" * 20 + "file",
    ".hidden",
    "~",
]


def upload(transfer: SSHFileTransfer, dataset: Dataset, files: dict[str, bytes], folder: Path) -> list[File]:
    folder.mkdir(exist_ok=True)
    local = []
    for number, (name, content) in enumerate(files.items()):
        path = folder / str(number)
        path.write_bytes(content)
        local.append(File.from_local(path, remote_path=name))
    with transfer.connect_for_upload(dataset, ANY) as connection:
        return connection.upload_files(*local)


def download(transfer: SSHFileTransfer, dataset: Dataset, names: list[str], folder: Path) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True)
    source = transfer.source_folder_for(dataset)
    local = [folder / str(number) for number in range(len(names))]
    with transfer.connect_for_download(dataset, ANY) as connection:
        connection.download_files(remote=[source / name for name in names], local=local)
    return {name: path.read_bytes() for name, path in zip(names, local, strict=True)}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_tree_with_odd_names_and_sizes(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    sizes = [0, 1, 261_120, 261_121, 5_000_000]
    files = {name: os.urandom(100) for name in ODD_NAMES} | {f"s/{n}": os.urandom(n) for n in sizes}
    uploaded = upload(ssh_file_transfer, dataset, files, tmp_path / "local")
    source = ssh_file_transfer.source_folder_for(dataset)
    assert tree(Path(source.posix)) == files
    assert download(ssh_file_transfer, dataset, list(files), tmp_path / "down") == files
    status = (Path(source.posix) / "plain.dat").stat()
    first = uploaded[0]
    assert (first.remote_uid, first.remote_gid, first.remote_perm, first.remote_size) == (
        str(status.st_uid),
        str(status.st_gid),
        str(status.st_mode),
        100,
    )
    assert [file.remote_path.posix for file in uploaded] == list(files)
    assert first.remote_checksum == hashlib.blake2b(files["plain.dat"]).hexdigest()


def test_many_small_files(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    files = {f"{number % 7}/{number}": b"%d" % number for number in range(150)}
    upload(ssh_file_transfer, dataset, files, tmp_path / "local")
    assert download(ssh_file_transfer, dataset, list(files), tmp_path / "down") == files
    assert ssh_server.connections_made == 1


file_names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1).filter(
    lambda name: len(name.encode()) <= 255 and name.strip(".")
)


def test_remote_checksums_and_content_whatever_the_name(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    numbers = itertools.count()

    @settings(max_examples=12, deadline=None)
    @given(names=st.lists(file_names, min_size=1, max_size=5, unique=True))
    def check(names: list[str]) -> None:
        folder = ssh_file_transfer.source_folder_for(dataset) / str(next(numbers))
        remote = [folder / name for name in names]
        local = [tmp_path / str(number) for number in range(len(names))]
        for path, name in zip(local, names, strict=True):
            path.write_bytes(name.encode())
        uploading.send_files(
            [SendRequest(local=here, remote=there) for here, there in zip(local, remote, strict=True)]
        )
        assert tree(Path(folder.posix)) == {name: name.encode() for name in names}
        downloading.download_files(remote=remote, local=local)
        assert [path.read_bytes() for path in local] == [name.encode() for name in names]
        expected = [hashlib.sha256(name.encode()).hexdigest() for name in names]
        checksums = downloading.remote_checksums(remote, algorithm="sha256")
        assert checksums == dict(zip(remote, expected, strict=True))

    with (
        ssh_file_transfer.connect_for_upload(dataset, ANY) as uploading,
        ssh_file_transfer.connect_for_download(dataset, ANY) as downloading,
    ):
        check()


def test_names_that_are_no_utf8(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    name = os.fsdecode(b"latin-\xe9")
    upload(ssh_file_transfer, dataset, {name: b"1"}, tmp_path / "local")
    (path,) = Path(ssh_file_transfer.source_folder_for(dataset).posix).iterdir()
    assert os.fsencode(path.name) == b"latin-\xe9"
    assert download(ssh_file_transfer, dataset, [name], tmp_path / "down") == {name: b"1"}


def test_ranges_with_checksums(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    content = os.urandom(600_000)
    (ssh_server.root / "a").write_bytes(content)
    remote = RemotePath(ssh_server.root.as_posix(), "a")
    local = tmp_path / "a"
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        for offset, length in [
            (0, None),
            (0, 0),
            (0, 10),
            (7, 400_000),
            (600_000, None),
            (599_000, 5_000),
            (600_001, 1),
        ]:
            kept = (content + b"longer")[:offset]
            local.write_bytes(kept + b"old" * 300_000)
            request = FetchRequest(
                remote=remote, local=local, offset=offset, length=length, checksum_algorithm="md5"
            )
            moved: list[int] = []
            (fetched,) = connection.fetch_files([request], on_progress=lambda _, n, to=moved: to.append(n))
            expected = content[offset:] if length is None else content[offset : offset + length]
            assert fetched.remote_size == len(content)
            assert local.read_bytes() == kept + expected
            assert fetched.size == len(expected) == sum(moved)
            assert fetched.checksum == hashlib.md5(expected).hexdigest()


def test_no_more_is_fetched_than_asked_for(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    with (ssh_server.root / "a").open("wb") as file:
        file.truncate(1 << 40)
    remote, local = RemotePath(ssh_server.root.as_posix(), "a"), tmp_path / "a"
    with ssh_file_transfer.connect_for_download(dataset, ANY) as connection:
        (fetched,) = connection.fetch_files([FetchRequest(remote=remote, local=local, length=10)])
    assert fetched == Fetched(size=10, checksum=None, remote_size=1 << 40)
    assert local.read_bytes() == bytes(10)


@pytest.mark.parametrize("verify", ["size", "sample"])
def test_few_local_files_are_open_at_a_time(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, verify: str
) -> None:
    transfer = make_transfer(ssh_server, verify=verify)
    source = transfer.source_folder_for(dataset)
    folder = tmp_path / "local"
    folder.mkdir()
    requests = []
    for number in range(600):
        (folder / f"{number}").write_bytes(b"%d" % number)
        requests.append(SendRequest(local=folder / f"{number}", remote=source / f"{number}"))
    open_files: list[int] = []

    def count(_path: RemotePath, _size: int) -> None:
        links = []
        for entry in Path("/proc/self/fd").iterdir():
            # Other threads close theirs meanwhile.
            with suppress(OSError):
                links.append(entry.readlink())
        open_files.append(sum(link.is_relative_to(folder) for link in links))

    with transfer.connect_for_upload(dataset, ANY) as connection:
        connection.send_files(requests, on_progress=count)
    assert len(open_files) == 600
    assert max(open_files) <= 20


def test_what_was_sent_is_told_without_reading_it_again(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = os.urandom(1_000_000)
    local = tmp_path / "a"
    local.write_bytes(content)
    os.utime(local, (1_700_000_000.25, 1_700_000_000.25))
    modified = datetime.fromtimestamp(1_700_000_000.25, tz=UTC)
    source = ssh_file_transfer.source_folder_for(dataset)
    md5 = hashlib.md5(content).hexdigest()
    requests = [
        SendRequest(local=local, remote=source / "a", checksum_algorithm="md5"),
        SendRequest(local=local, remote=source / "b"),
    ]
    file = File.from_local(local, checksum_algorithm="md5")
    none = File.from_local(local, remote_path="d", checksum_algorithm=None)
    monkeypatch.setattr("scitacean.model.file.local_contents", None)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        sent = connection.send_files(requests)
        assert [(one.size, one.modified, one.checksum, one.verified) for one in sent] == [
            (1_000_000, modified, md5, "checksum"),
            (1_000_000, modified, None, "checksum"),
        ]
        connection.revert_upload(file)

        def rename_and_touch(_session: SftpSession, rename: Any, paths: tuple[bytes, bytes]) -> object:
            os.utime(local, (1, 1))
            return rename(*paths)

        with monkeypatch.context() as patch:
            patched_operation(patch, "rename", rename_and_touch)
            (uploaded,) = connection.upload_files(file)
        (without,) = connection.upload_files(none)
    assert (uploaded.remote_checksum, uploaded.remote_size) == (md5, 1_000_000)
    assert uploaded.remote_creation_time == modified
    assert without.remote_checksum is None


def test_a_checksum_that_is_not_known_here_is_not_asked_for(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"1")
    file = File.from_local(tmp_path / "a", checksum_algorithm="crc-7")
    with (
        ssh_file_transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.warns(UserWarning, match="crc-7"),
    ):
        (uploaded,) = connection.upload_files(file)
    assert uploaded.remote_checksum is None


def test_prefixes_map_the_folders_of_the_catalogue(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    transfer = make_transfer(
        ssh_server,
        source_folder="/nfs/data/{uid}",
        path_prefixes={"/nfs": "/nowhere", "/nfs/data": f"{ssh_server.root}/here", "/nfs/dat": "/nowhere"},
    )
    files = {"a/b": b"1"}
    upload(transfer, dataset, files, tmp_path / "local")
    assert transfer.source_folder_for(dataset) == f"/nfs/data/{dataset.uid}"
    assert tree(ssh_server.root) == {f"here/{dataset.uid}/a/b": b"1"}
    assert download(transfer, dataset, ["a/b"], tmp_path / "down") == files
    path = transfer.source_folder_for(dataset) / "a/b"
    with transfer.connect_for_upload(dataset, ANY) as connection:
        assert connection.remote_checksums([path], algorithm="md5") == {path: hashlib.md5(b"1").hexdigest()}


def test_the_uid_of_a_dataset_is_the_same_in_every_call(dataset: Dataset) -> None:
    transfer = SSHFileTransfer(host="files.site.example", source_folder="/data/{uid}")
    other = SSHFileTransfer(host="files.site.example", source_folder="/data/{uid}")
    assert transfer.source_folder_for(dataset) == transfer.source_folder_for(dataset.replace(name="other"))
    assert transfer.source_folder_for(dataset) == other.source_folder_for(dataset)
    assert transfer.source_folder_for(dataset) != transfer.source_folder_for(Dataset(type="raw"))


def test_the_connections_have_the_optional_methods(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset
) -> None:
    with ssh_file_transfer.connect_for_download(dataset, ANY) as download_connection:
        assert isinstance(download_connection, ResumableDownload)
        assert isinstance(download_connection, RemoteChecksums)
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as upload_connection:
        assert isinstance(upload_connection, ResumableUpload)
        assert isinstance(upload_connection, RemoteChecksums)
        assert upload_connection.source_folder == ssh_file_transfer.source_folder_for(dataset)
    assert SFTPFileTransfer is SSHFileTransfer


def test_importing_the_transfer_loads_no_ssh_library() -> None:
    code = (
        "import sys, scitacean.transfer.ssh, scitacean.transfer.sftp;"
        "print(sorted({'fabric', 'paramiko', 'invoke', 'asyncssh'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_send_request_needs_no_dataset_file(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    local = tmp_path / "a"
    local.write_bytes(b"12345")
    moved: dict[RemotePath, int] = {}
    remote = RemotePath(f"{ssh_server.root.as_posix()}/elsewhere/a")
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        connection.send_files([SendRequest(local=local, remote=remote)], on_progress=moved.__setitem__)
    assert moved == {remote: 5}
    assert Path(remote.posix).read_bytes() == b"12345"
