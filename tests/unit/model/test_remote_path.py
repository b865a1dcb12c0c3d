"""What paths on file servers refuse, and how they show themselves."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from scitacean import RemotePath


class Folder(StrEnum):
    DATA = "/data"


def test_local_paths_are_refused() -> None:
    with pytest.raises(TypeError, match="from_local"):
        RemotePath(Path("a"))  # type: ignore[arg-type]  # what users do
    with pytest.raises(TypeError, match="from_local"):
        RemotePath("a", Path("a"))  # type: ignore[arg-type]  # what users do


@pytest.mark.parametrize("value", [None, 3, b"a", ["a"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="made of strings"):
        RemotePath(value)  # type: ignore[arg-type]  # what users do
    with pytest.raises(TypeError, match="made of strings"):
        RemotePath.validate(value)  # type: ignore[arg-type]  # what users do


def test_local_paths_convert() -> None:
    assert RemotePath.from_local(PurePosixPath("/a/b")) == RemotePath("/a/b")
    assert RemotePath.from_local(PureWindowsPath("C:\\a\\b")) == RemotePath("C:/a/b")
    assert RemotePath("/a/b").to_local() == PurePath("/a/b")
    assert RemotePath("").to_local() == PurePath()


def test_validate_keeps_paths() -> None:
    path = RemotePath("a")
    assert RemotePath.validate(path) is path
    assert RemotePath.validate("a//b/") == RemotePath("a/b")


def test_text_of_other_types_becomes_plain() -> None:
    assert type(RemotePath(Folder.DATA).posix) is str
    assert RemotePath(Folder.DATA) / "a" == "/data/a"


def test_nothing_but_text_and_paths_join() -> None:
    with pytest.raises(TypeError):
        RemotePath("a") / 3  # type: ignore[operator]  # what users do
    with pytest.raises(TypeError):
        3 / RemotePath("a")  # type: ignore[operator]  # what users do
    with pytest.raises(TypeError):
        Path("a") / RemotePath("a")  # type: ignore[operator]  # what users do


def test_text_before_joins_too() -> None:
    assert "/data" / RemotePath("a") == RemotePath("/data/a")


def test_relative_to_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="does not lie inside"):
        RemotePath("/a").relative_to(RemotePath("/b"))
    with pytest.raises(ValueError, match="make both absolute"):
        RemotePath("a").relative_to(RemotePath(".."))


@pytest.mark.parametrize(
    ("path", "folder", "rest"),
    [
        # Links may be on the way, so .. stays; but not where it would lead out of the folder.
        ("/data/run/../a", "/data", "run/../a"),
        ("/data/x/../../data/a", "/data", "a"),
        ("/data/a", "/data/x/..", "a"),
        ("../a", "..", "a"),
    ],
)
def test_relative_to_keeps_dots_inside(path: str, folder: str, rest: str) -> None:
    assert RemotePath(path).relative_to(folder).posix == rest


def test_other_things_are_not_equal() -> None:
    assert RemotePath("a") != 1
    assert RemotePath("a") == "a" == str(RemotePath("a"))
    assert RemotePath("a") != "b"


def test_nothing_can_be_added() -> None:
    with pytest.raises(AttributeError):
        RemotePath("a").comment = "b"  # type: ignore[attr-defined]  # it has slots only


@pytest.mark.parametrize(
    ("path", "name", "suffix", "parent"),
    [
        ("/", "", "", "/"),
        ("", "", "", "."),
        ("a", "a", "", "."),
        ("/a", "a", "", "/"),
        ("/a/b.", "b.", "", "/a"),
        ("..", "..", "", "."),
        ("a.tar.gz", "a.tar.gz", ".gz", "."),
        (".a", ".a", "", "."),
    ],
)
def test_parts_of_odd_paths(path: str, name: str, suffix: str, parent: str) -> None:
    remote = RemotePath(path)
    assert (remote.name, remote.suffix, remote.parent.posix) == (name, suffix, parent)


def test_characters_are_not_cut() -> None:
    short = RemotePath(30 * "ü" + ".nxs").truncated(40)
    assert short.name.startswith(9 * "ü" + "~")
    assert len(short.name.encode()) == 39


def test_ordinary_names_are_not_truncated() -> None:
    path = RemotePath("/data/" + 255 * "a")
    assert path.truncated() == path
    assert RemotePath("/data/" + 256 * "a").truncated() != path


@pytest.mark.parametrize("path", [r"\\srv\share\a", r"\\?\C:\a", r"\\.\pipe\x", "//srv/share/a"])
def test_paths_of_other_computers_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="names another computer"):
        RemotePath.from_local(PureWindowsPath(path))


def test_paths_are_not_ordered_with_text() -> None:
    with pytest.raises(TypeError):
        assert RemotePath("a") < "b"  # type: ignore[operator]
