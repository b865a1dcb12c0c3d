"""Datasets and the files that users add to them."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import attrs
import pytest

from scitacean import PID, Dataset, File, RemotePath


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def remote_paths(dataset: Dataset) -> list[str]:
    return sorted(file.remote_path.posix for file in dataset.files)


def test_a_folder_adds_its_tree(tree: Path) -> None:
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run")
    assert remote_paths(dataset) == ["a.dat", "sub/b.dat", "sub/deep/c.dat"]
    assert dataset.number_of_files == 3
    assert dataset.size == sum(len(n) for n in ("run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat"))


def test_paths_are_relative_to_the_base_path(tree: Path) -> None:
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run" / "sub", tree / "run" / "a.dat", base_path=tree)
    assert remote_paths(dataset) == ["run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat"]


def test_files_outside_the_base_path_are_refused(tree: Path) -> None:
    with pytest.raises(ValueError, match="base path"):
        Dataset(type="raw").add_local_files(tree / "run", base_path=tree / "run" / "sub")


def test_missing_paths_are_refused(tree: Path) -> None:
    with pytest.raises(FileNotFoundError, match="typing mistakes"):
        Dataset(type="raw").add_local_files(tree / "none")


def test_two_files_of_one_name_are_refused(tree: Path) -> None:
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run")
    with pytest.raises(ValueError, match=r"Two files would be 'a\.dat'"):
        dataset.add_local_files(tree / "run" / "a.dat")
    assert dataset.number_of_files == 3


def test_links_are_followed_inside_their_folder_only(tree: Path) -> None:
    (tree / "run" / "link.dat").symlink_to(tree / "run" / "a.dat")
    (tree / "run" / "link-folder").symlink_to(tree / "run" / "sub")
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run")
    assert remote_paths(dataset) == ["a.dat", "link.dat", "sub/b.dat", "sub/deep/c.dat"]


@pytest.mark.parametrize("target", ["outside.dat", "outside"])
def test_links_out_of_a_folder_are_refused(tree: Path, target: str) -> None:
    (tree / "outside.dat").write_text("secret")
    (tree / "outside").mkdir()
    (tree / "run" / "link").symlink_to(tree / target)
    with pytest.raises(ValueError, match="is a link to"):
        Dataset(type="raw").add_local_files(tree / "run")


def test_pipes_are_refused(tree: Path) -> None:
    os.mkfifo(tree / "run" / "pipe")
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        Dataset(type="raw").add_local_files(tree / "run")


def test_replace_keeps_the_rest_and_the_uid() -> None:
    dataset = Dataset(type="raw", name="a", pid=PID.parse("x/y"), source_folder="/data")
    other = dataset.replace(name="b", created_by="server")
    assert (other.name, other.uid, other.created_by) == ("b", dataset.uid, "server")
    assert other.pid == "x/y"
    assert other.source_folder == RemotePath("/data")
    with pytest.raises(TypeError):
        dataset.replace(no_such_field=1)


def test_what_the_server_keeps_cannot_be_set() -> None:
    dataset = Dataset(type="raw")
    with pytest.raises(attrs.exceptions.FrozenAttributeError):
        dataset.pid = PID.parse("x/y")
    dataset.source_folder = "/data"  # type: ignore[assignment]  # text is converted
    assert dataset.source_folder == RemotePath("/data")


def test_replace_files_replaces_by_remote_path() -> None:
    a = File.from_remote("a", 1, "2026-03-01T12:00:00Z")
    b = File.from_remote("b", 1, "2026-03-01T12:00:00Z")
    dataset = Dataset(type="raw", files=[a, b])
    new = File.from_remote("b", 2, "2026-03-01T12:00:00Z")
    assert dataset.replace_files(new).files == (a, new)
    assert dataset.files == (a, b)
    with pytest.raises(ValueError, match="has no file 'c'"):
        dataset.replace_files(File.from_remote("c", 1, "2026-03-01T12:00:00Z"))


def test_copies_are_equal() -> None:
    dataset = Dataset(type="raw", name="a", meta={"a": 1})
    assert copy.deepcopy(dataset) == dataset == pickle.loads(pickle.dumps(dataset))
    assert Dataset(type="raw").uid != Dataset(type="raw").uid


def test_adding_files_one_by_one_costs_the_same_for_each() -> None:
    dataset = Dataset(type="raw")
    files = [File.from_remote(f"f{index}", 1, "2026-03-01T12:00:00Z") for index in range(3_000)]
    seen = dataset.files
    for file in files:
        dataset.add_files(file)
    assert seen == ()
    assert dataset.files == tuple(files)
    assert dataset.files is dataset.files
    with pytest.raises(ValueError, match="f7"):
        dataset.add_files(File.from_remote("new", 1, "2026-03-01T12:00:00Z"), files[7])
    assert dataset.number_of_files == 3_000
