"""Lists of files: adding, replacing, copying."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from scitacean import File
from scitacean.model.file_list import FileList


def file(path: str, size: int = 1) -> File:
    return File.from_remote(path, size, "2026-03-01T12:00:00Z")


def test_files_are_added_all_or_none() -> None:
    files = FileList([file("a")])
    before = files.view()
    with pytest.raises(ValueError, match="Two files would be 'a'"):
        files.add([file("b"), file("a")])
    assert files.view() is before
    with pytest.raises(ValueError, match="Two files would be 'c'"):
        files.add([file("c"), file("c")])
    files.add([file("b")])
    assert [one.remote_path for one in files.view()] == ["a", "b"]
    assert len(files) == 2


def test_what_a_server_has_twice_may_stay() -> None:
    files = FileList([file("a", 1), file("a", 2)])
    files.add([file("b")])
    assert [one.size for one in files] == [1, 2, 1]


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, FileList, lambda f: pickle.loads(pickle.dumps(f))]
)
def test_copies_are_equal_and_share_no_list(make: Callable[[FileList], FileList]) -> None:
    files = FileList([file("a")])
    files.add([file("b")])
    other = make(files)
    assert other == files
    other.add([file("c")])
    assert other != files
    assert len(files) == 2


def test_files_are_replaced_in_their_places() -> None:
    files = FileList([file("a"), file("b"), file("c")])
    replaced = files.replaced([file("c", 7), file("a", 8)])
    assert [(one.remote_path.posix, one.size) for one in replaced] == [("a", 8), ("b", 1), ("c", 7)]
    assert [one.size for one in files] == [1, 1, 1]
    assert [one.size for one in files.replaced(file(n, 5) for n in "abc")] == [5, 5, 5]


def test_files_of_one_path_are_replaced_in_turn() -> None:
    files = FileList([file("a"), file("b"), file("a"), file("a")])
    assert [one.size for one in files.replaced([file("a", 5), file("a", 6)])] == [5, 1, 6, 1]
    assert [one.size for one in files.replaced([file("a", 5)])] == [5, 1, 1, 1]


def test_thousands_of_files_of_one_path_are_replaced_in_turn() -> None:
    new = [file("a", size) for size in range(30_000)]
    replaced = FileList([file("b"), *[file("a")] * 30_000]).replaced(new)
    assert [one.size for one in replaced] == [1, *range(30_000)]


@pytest.mark.parametrize("odd", ["a", None, Path("a")])
def test_what_is_no_file_is_refused(odd: object) -> None:
    with pytest.raises(TypeError, match=r"is no File\. Make one with File\.from_local"):
        FileList().add([odd])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="is no File"):
        FileList([file("a")]).replaced([odd])  # type: ignore[list-item]


def test_files_with_odd_paths_are_kept_apart() -> None:
    odd = File(remote_path=7)  # type: ignore[arg-type]
    files = FileList([odd])
    files.add([file("7")])
    assert list(files.replaced([odd.uploaded(remote_uid="1")])) == [odd.uploaded(remote_uid="1"), file("7")]


@pytest.mark.parametrize("given", [["x"], ["a", "a"]])
def test_what_replaces_nothing_is_refused(given: list[str]) -> None:
    with pytest.raises(ValueError, match=r"no file '[xa]' to replace, or it is given more than once"):
        FileList([file("a"), file("b")]).replaced([file(name) for name in given])
