"""What is found out before anything moves."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client, Dataset, File, FileNotAccessibleError, RemotePath
from scitacean.testing.transfer import FakeFileTransfer
from scitacean.transfer.copy import CopyDownloadConnection, CopyFileTransfer
from scitacean.transfer.link import LinkDownloadConnection, LinkFileTransfer
from scitacean.transfer.mounted import FilesHere
from scitacean.transfer.protocol import FetchRequest
from scitacean.workflow.download import download_files

TIME = "2026-03-01T12:00:00Z"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let all disks have 5 bytes, and note which are asked."""
    asked: list[Path] = []

    def disk_usage(path: Path) -> Usage:
        asked.append(path)
        return Usage(100, 95, 5)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    return asked


def fake(*names: str, size: int = 3) -> tuple[Dataset, FakeFileTransfer]:
    files = [File.from_remote(name, size, TIME) for name in names]
    contents = {f"/data/{name}": b"x" * size for name in names}
    return Dataset(type="raw", source_folder="/data", files=files), FakeFileTransfer(files=contents)


def test_too_little_space_is_told_before_anything_moves(tmp_path: Path, little: list[Path]) -> None:
    dataset, transfer = fake("a", "b")
    with pytest.raises(FileNotAccessibleError, match=r"6 bytes are needed and 5 are free"):
        download_files(dataset, target=tmp_path / "new" / "target", transfer=transfer)
    assert little == [tmp_path]
    assert list(tmp_path.iterdir()) == []
    download_files(dataset, target=tmp_path / "target", transfer=transfer, select="a")
    assert (tmp_path / "target" / "a").read_bytes() == b"xxx"


def test_a_file_system_that_has_no_size_is_not_called_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of ``/proc`` is one; what is wrong with it is for it to say."""
    dataset, transfer = fake("a")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 0))
    download_files(dataset, target=tmp_path / "target", transfer=transfer)
    assert (tmp_path / "target" / "a").read_bytes() == b"xxx"
    # A file here stands for what refuses all folders.
    (tmp_path / "file").touch()
    with pytest.raises(FileNotAccessibleError, match="Not a directory"):
        download_files(dataset, target=tmp_path / "file" / "target", transfer=transfer)


def test_what_is_there_needs_no_space(tmp_path: Path, little: list[Path]) -> None:
    dataset, transfer = fake("a", "b")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "a").write_bytes(b"xxx")
    download_files(dataset, target=tmp_path / "target", transfer=transfer)
    assert (tmp_path / "target" / "b").read_bytes() == b"xxx"


@pytest.mark.parametrize(
    "transfer", [LinkFileTransfer(), CopyFileTransfer(hard_link=True), CopyFileTransfer()]
)
def test_links_and_copies_that_may_share_their_content_need_no_space(
    tmp_path: Path, little: list[Path], transfer: Any
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_bytes(b"x" * 100)
    files = [File.from_remote("a", 100, TIME)]
    dataset = Dataset(type="raw", source_folder=(tmp_path / "data").as_posix(), files=files)
    download_files(dataset, target=tmp_path / "target", transfer=transfer)
    assert (tmp_path / "target" / "a").read_bytes() == b"x" * 100


def test_copies_to_another_file_system_need_what_is_no_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, sparse = tmp_path / "full", tmp_path / "sparse"
    full.write_bytes(os.urandom(100_000))
    with sparse.open("wb") as file:
        file.truncate(10_000_000)
    requests = [
        FetchRequest(
            remote=RemotePath(path.as_posix()), local=tmp_path / "no" / "folder" / "x", offset=offset
        )
        for path, offset in ((full, 0), (full, 90_000), (sparse, 0), (tmp_path / "none", 0))
    ]
    connection = CopyDownloadConnection()
    assert connection.space_needed(requests) == 0
    assert LinkDownloadConnection().space_needed(requests) == 0
    monkeypatch.setattr("scitacean.transfer.copy_download._device", lambda folder: len(folder.parts))
    needed = connection.space_needed(requests)
    assert 110_000 <= needed < 200_000


@pytest.mark.parametrize("name", ["folder", "gone", "gone/below", "file/below", "loop", "x" * 300, "a\0b"])
def test_what_is_no_file_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"123")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "loop").symlink_to("loop")
    root = RemotePath(tmp_path.as_posix())
    paths = [root / "file", root / "link", root / name]
    assert FilesHere().look_up(paths) == {root / "file": 3, root / "link": 3}


def test_a_file_system_that_does_not_answer_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: str) -> None:
        raise OSError(5, "Input/output error", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", fail)
        with pytest.raises(FileNotAccessibleError, match="Input/output error"):
            FilesHere().look_up([RemotePath("/data/a")])


def test_transfers_that_cannot_look_say_what_is_missing_themselves(client: Client, tmp_path: Path) -> None:
    dataset, transfer = fake("a", "b")
    del transfer.files[RemotePath("/data/a")]
    with pytest.raises(FileNotAccessibleError, match="no file /data/a"):
        download_files(dataset, target=tmp_path / "target", transfer=transfer)
    assert not (tmp_path / "target").exists()
