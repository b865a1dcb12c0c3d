"""What paths on file servers refuse, and how they show themselves."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from scitacean import RemotePath


def test_local_paths_are_refused() -> None:
    with pytest.raises(TypeError, match="from_local"):
        RemotePath(Path("a"))  # type: ignore[arg-type]  # what users do


def test_local_paths_convert() -> None:
    assert RemotePath.from_local(PurePosixPath("/a/b")) == RemotePath("/a/b")


def test_nothing_but_text_and_paths_join() -> None:
    with pytest.raises(TypeError):
        RemotePath("a") / 3  # type: ignore[operator]  # what users do


def test_text_before_joins_too() -> None:
    assert "/data" / RemotePath("a") == RemotePath("/data/a")


def test_relative_to_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="does not lie inside"):
        RemotePath("/a").relative_to(RemotePath("/b"))


def test_other_things_are_not_equal() -> None:
    assert RemotePath("a") != 1
    assert RemotePath("a") == "a"
    assert RemotePath("a") != "b"


@pytest.mark.parametrize(
    ("path", "name", "suffix", "parent"),
    [
        ("/", "", "", "/"),
        ("", "", "", "."),
        ("a", "a", "", "."),
        ("/a/b.", "b.", "", "/a"),
        ("..", "..", "", "."),
    ],
)
def test_parts_of_odd_paths(path: str, name: str, suffix: str, parent: str) -> None:
    remote = RemotePath(path)
    assert (remote.name, remote.suffix, remote.parent.posix) == (name, suffix, parent)
