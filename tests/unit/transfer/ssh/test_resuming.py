"""Who resumes goes on from files that are there, where it is proven that they are the same."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import SendRequest, Sent
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.sftp_session import SftpSession
from scitacean.transfer.ssh.verify import Verification
from tests.unit.transfer.ssh.conftest import (
    MakeTransfer,
    breaking_at,
    broken_for_good,
    everything,
    local_file,
    partial_of,
    patched_operation,
)

ANY = RemotePath("")
SIZE = 12_000_000


def test_a_complete_file_counts_as_sent_where_its_checksum_proves_it(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    source = make_transfer(server).source_folder_for(dataset)
    contents = {"a": os.urandom(300_000), "b": os.urandom(10), "empty": b""}
    files = [local_file(tmp_path, name, content) for name, content in contents.items()]
    requests = [
        SendRequest(
            local=tmp_path / name,
            remote=source / name,
            resume=True,
            checksum_algorithm="md5" if name == "a" else None,
        )
        for name in contents
    ]
    with make_transfer(server).connect_for_upload(dataset, ANY) as connection:
        sent = connection.send_files(requests)
    moved: list[int] = []
    with make_transfer(server).connect_for_upload(dataset, ANY) as connection:
        again = connection.send_files(requests, on_progress=lambda _, size: moved.append(size))
        connection.revert_upload(*files)
    # The first connection made all of it.
    assert everything(Path(source.posix)) == contents
    assert [evolve(one, verified=None) for one in again] == [evolve(one, verified=None) for one in sent]
    # Who goes on relies on all of the content, even where who sends reads back a sample.
    assert {one.verified for one in again} == {"checksum"}
    assert [found.checksum for found in again] == [hashlib.md5(contents["a"]).hexdigest(), None, None]
    assert moved == []


@pytest.mark.parametrize("theirs", ["other size", "same size", "link", "folder"])
def test_a_complete_file_that_is_not_the_same_stays_as_it_is(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, theirs: str
) -> None:
    transfer = make_transfer(server)
    source = transfer.source_folder_for(dataset)
    folder = Path(source.posix)
    folder.mkdir()
    file = local_file(tmp_path, "a", b"123")
    same = local_file(tmp_path, "same", b"456")
    (folder / "same").write_bytes(b"456")
    if theirs == "link":
        # The size of a link is that of the name which it leads to.
        (folder / "123").write_bytes(b"123")
        (folder / "a").symlink_to("123")
    elif theirs == "folder":
        (folder / "a").mkdir()
    else:
        (folder / "a").write_bytes(b"124" if theirs == "same size" else b"1234")
    before = everything(server.root)
    requests = [
        SendRequest(local=tmp_path / name, remote=source / name, resume=True) for name in ("same", "a")
    ]
    with transfer.connect_for_upload(dataset, ANY) as connection:
        with pytest.raises(FileUploadError, match=r"/a on .* already"):
            connection.send_files(requests)
        connection.revert_upload(file, same)
    assert everything(server.root) == before


def test_a_complete_file_that_cannot_be_read_is_not_proven(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transfer = make_transfer(server)
    source = transfer.source_folder_for(dataset)
    Path(source.posix).mkdir()
    for name in ("a", "b"):
        local_file(tmp_path, name)
        (Path(source.posix) / name).write_bytes(b"123")

    # Root may read everything, so the file goes while it is looked at.
    def ask_and_remove(session: SftpSession, ask: Any, paths: tuple[bytes]) -> object:
        pending = ask(*paths)
        if paths[0].endswith(b"/b"):
            session.remove(*paths).result()
        return pending

    patched_operation(monkeypatch, "lstat", ask_and_remove)
    requests = [SendRequest(local=tmp_path / n, remote=source / n, resume=True) for n in ("a", "b")]
    with (
        transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match=r"/b on .* already"),
    ):
        connection.send_files(requests)


def test_local_files_that_go_or_change_while_they_are_compared(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transfer = make_transfer(server)
    source = transfer.source_folder_for(dataset)
    Path(source.posix).mkdir()
    (Path(source.posix) / "a").write_bytes(b"123")
    request = SendRequest(local=tmp_path / "a", remote=source / "a", resume=True)
    for change, error, said in [
        (lambda path: os.truncate(path, 1), FileUploadError, "changed while"),
        (lambda path: os.utime(path, (1, 1)), FileUploadError, "changed while"),
        (os.unlink, FileNotAccessibleError, "Cannot read"),
    ]:
        local_file(tmp_path, "a")

        def ask_and_change(
            _session: SftpSession, ask: Any, paths: tuple[bytes], change: Callable[[Path], object] = change
        ) -> object:
            change(tmp_path / "a")
            return ask(*paths)

        with transfer.connect_for_upload(dataset, ANY) as connection, monkeypatch.context() as patch:
            patched_operation(patch, "lstat", ask_and_change)
            with pytest.raises(error, match=said):
                connection.send_files([request])
    assert everything(Path(source.posix)) == {"a": b"123"}


@pytest.mark.parametrize("verify", ["checksum", "size"])
def test_the_checksum_of_a_file_that_went_on_is_that_of_the_whole(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, verify: str
) -> None:
    transfer = make_transfer(ssh_server, verify=verify)
    content = os.urandom(SIZE)
    local_file(tmp_path, "a", content)
    request = SendRequest(
        local=tmp_path / "a",
        remote=transfer.source_folder_for(dataset) / "a",
        resume=True,
        checksum_algorithm="sha256",
    )
    with transfer.connect_for_upload(dataset, ANY) as first:
        ssh_server.cut_after(7_000_000)
        with broken_for_good(ssh_server):
            first.send_files([request])
    moved: list[int] = []
    with transfer.connect_for_upload(dataset, ANY) as second:
        (sent,) = second.send_files([request], on_progress=lambda _, size: moved.append(size))
    assert (sent.size, sent.checksum) == (SIZE, hashlib.sha256(content).hexdigest())
    assert sent.verified == verify
    # Without a proof of all content, what was under way is not relied on.
    assert (sum(moved) == SIZE) == (verify == "size")
    assert everything(Path(transfer.source_folder_for(dataset).posix)) == {"a": content}


def test_a_rename_of_unknown_outcome_is_proven_when_going_on(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    file = local_file(tmp_path, "a")
    transfer = make_transfer(server)
    request = SendRequest(local=tmp_path / "a", remote=transfer.source_folder_for(dataset) / "a", resume=True)
    with transfer.connect_for_upload(dataset, ANY) as first:
        with breaking_at(server, "rename", done=True), broken_for_good(server):
            first.send_files([request])
        with transfer.connect_for_upload(dataset, ANY) as second:
            (sent,) = second.send_files([request])
            assert isinstance(sent, Sent)
            second.revert_upload(file)
        assert everything(server.root) == {dataset.uid: None, f"{dataset.uid}/a": b"123"}
        assert isinstance(first.send_files([request])[0], Sent)
        first.revert_upload(file)
    assert everything(server.root) == {}


def test_a_connection_that_breaks_while_files_are_compared(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transfer = make_transfer(server)
    source = transfer.source_folder_for(dataset)
    file = local_file(tmp_path, "a", os.urandom(SIZE))
    Path(source.posix).mkdir()
    shutil.copy(tmp_path / "a", Path(source.posix) / "a")
    request = SendRequest(local=tmp_path / "a", remote=source / "a", resume=True)
    same = Verification.same

    def kill_and_compare(verification: Verification, items: Sequence[Outgoing]) -> list[bool]:
        server.kill_connections()
        return same(verification, items)

    monkeypatch.setattr(Verification, "same", kill_and_compare)
    moved: list[int] = []
    with transfer.connect_for_upload(dataset, ANY) as connection:
        with broken_for_good(server):
            connection.send_files([request])
        connection.revert_upload(file)
        connection.send_files([request], on_progress=lambda _, size: moved.append(size))
    assert everything(Path(source.posix)) == {"a": (tmp_path / "a").read_bytes()}
    assert moved == []


def test_a_complete_file_is_compared_even_where_a_partial_one_of_it_is_left(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    transfer = make_transfer(server)
    source = transfer.source_folder_for(dataset)
    local_file(tmp_path, "a", b"123")
    request = SendRequest(local=tmp_path / "a", remote=source / "a", resume=True)
    theirs = {"a": b"124", partial_of(request): b"123"}
    Path(source.posix).mkdir()
    for name, content in theirs.items():
        (Path(source.posix) / name).write_bytes(content)
    with (
        transfer.connect_for_upload(dataset, ANY) as connection,
        pytest.raises(FileUploadError, match=r"/a on .* already"),
    ):
        connection.send_files([request])
    assert everything(Path(source.posix)) == theirs
