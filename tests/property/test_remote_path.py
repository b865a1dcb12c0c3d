"""Laws of paths on file servers."""

from __future__ import annotations

import pickle
import posixpath
from itertools import pairwise
from pathlib import PurePosixPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scitacean import RemotePath

names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
few_names = st.sampled_from(["a", "b", "..", ".", "a.b"])


def paths_of(parts: st.SearchStrategy[str]) -> st.SearchStrategy[RemotePath]:
    return st.builds(
        lambda root, parts: RemotePath(root, *parts), st.sampled_from(["", "/"]), st.lists(parts, max_size=5)
    )


paths = paths_of(names | st.sampled_from([".", ".."]))
# Of few names, so that paths often lie inside each other.
related = paths_of(few_names)
any_text = st.text(st.sampled_from("/..ab\0 ü\ud800"), max_size=12)

START = "/" + "/".join(f"unknown{level}" for level in range(12))


def place(path: RemotePath) -> PurePosixPath:
    """Where a path leads from a folder whose name, and those of the folders above, are in no path."""
    return PurePosixPath(posixpath.normpath(posixpath.join(START, path.posix)))


@given(paths, paths, paths)
def test_joining_is_associative(a: RemotePath, b: RemotePath, c: RemotePath) -> None:
    assert (a / b) / c == a / (b / c)


@given(paths, any_text)
def test_joining_text_is_joining_its_path(path: RemotePath, text: str) -> None:
    if text:
        assert path / text == path / RemotePath(text) == RemotePath(path, text)
    assert text / path == RemotePath(text) / path


@given(any_text)
def test_text_becomes_normal_once(text: str) -> None:
    path = RemotePath(text)
    assert path.posix == RemotePath(path.posix).posix
    names = path.posix.removeprefix("/").split("/")
    assert path.posix in (".", "/") or not {"", "."} & set(names)
    assert path.is_absolute() == text.startswith("/")


@given(paths)
def test_parts_make_the_path(path: RemotePath) -> None:
    assert RemotePath(*path.parts) == path
    # Two slashes at the start mean something else to pathlib, but not to file servers.
    assert path.parts == PurePosixPath(path.posix).parts


@given(related, related)
def test_paths_hash_as_they_compare(a: RemotePath, b: RemotePath) -> None:
    assert (a == b) == (a.posix == b.posix) == (a == b.posix)
    assert len({a, b, a.posix}) == 1 + (a != b)


@given(st.lists(paths | related, max_size=6))
def test_paths_are_ordered_by_their_parts(some: list[RemotePath]) -> None:
    assert sorted(some) == sorted(some, key=lambda path: path.parts)
    relative = [path for path in some if not path.is_absolute()]
    assert [PurePosixPath(path.posix) for path in sorted(relative)] == sorted(
        PurePosixPath(path.posix) for path in relative
    )
    for a, b in pairwise(some):
        assert (a < b, a <= b) == (b > a, b >= a)
        assert [a < b, a == b, a > b].count(True) == 1


@given(paths)
def test_paths_come_back(path: RemotePath) -> None:
    assert eval(repr(path), {"RemotePath": RemotePath}) == path
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(path, protocol))
        assert isinstance(back, RemotePath)
        assert back == path


@given(paths)
def test_resolve_is_idempotent(path: RemotePath) -> None:
    assert path.resolve().resolve() == path.resolve()


@given(paths)
def test_resolve_means_what_posix_means(path: RemotePath) -> None:
    assert path.resolve().posix == posixpath.normpath(path.posix)


@given(related, related)
def test_a_path_is_relative_exactly_to_what_it_lies_inside(path: RemotePath, folder: RemotePath) -> None:
    inside = path.is_absolute() == folder.is_absolute() and place(path).is_relative_to(place(folder))
    assert path.is_relative_to(folder) == inside
    assert path.is_relative_to(folder.posix) == inside


@given(related)
def test_a_path_is_relative_to_itself(path: RemotePath) -> None:
    assert path.is_relative_to(path)
    assert path.relative_to(path) == "."


@given(related, related, related)
def test_what_lies_inside_an_inner_folder_lies_inside_the_outer(
    a: RemotePath, b: RemotePath, c: RemotePath
) -> None:
    assume(a.is_relative_to(b) and b.is_relative_to(c))
    assert a.is_relative_to(c)


@given(related, related)
def test_joining_undoes_relative_to(path: RemotePath, folder: RemotePath) -> None:
    try:
        rest = path.relative_to(folder)
    except ValueError as error:
        named = "name is not known" in str(error)
        assert named == path.is_relative_to(folder)
    else:
        assert path.is_relative_to(folder)
        assert not rest.is_absolute()
        assert rest.is_relative_to(".")
        assert (folder / rest).resolve() == path.resolve()


@given(related, related)
def test_relative_to_undoes_joining(folder: RemotePath, inner: RemotePath) -> None:
    if not inner.is_absolute() and inner.is_relative_to("."):
        assert (folder / inner).is_relative_to(folder)
        assert (folder / inner).relative_to(folder) == inner


@given(paths, names)
def test_parent_and_name_take_the_path_apart(folder: RemotePath, name: str) -> None:
    path = folder / name
    if name != ".":
        assert path.parent == folder
        assert path.name == name
        assert name.endswith(path.suffix)


long_names = st.builds(
    lambda stem, times, end: stem * times + end,
    st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=4),
    st.integers(1, 120),
    st.sampled_from(["", ".nxs", ".tar.gz", "." + 60 * "ü"]),
)
long_paths = paths_of(long_names)
lengths = st.integers(17, 300)


def size(name: str) -> int:
    return len(name.encode("utf-8", "surrogatepass"))


@given(long_paths, lengths)
def test_truncated_names_fit(path: RemotePath, length: int) -> None:
    short = path.truncated(length)
    assert len(short.parts) == len(path.parts)
    assert short == path.truncated(length).truncated(length)
    for before, after in zip(path.parts, short.parts, strict=True):
        assert size(after) <= length
        assert (before == after) == (size(before) <= length)
    if size(path.suffix) <= length - 17:
        assert short.suffix == path.suffix or path.name == short.name


@given(long_names, long_names, lengths)
def test_truncated_names_stay_different(a: str, b: str, length: int) -> None:
    assume(RemotePath(a) != RemotePath(b))
    assert RemotePath("x", a).truncated(length) != RemotePath("x", b).truncated(length)
    end = "z" * length
    assert RemotePath(end + "1").truncated(length) != RemotePath(end + "2").truncated(length)


@given(st.integers(max_value=16))
def test_names_cannot_be_too_short(length: int) -> None:
    with pytest.raises(ValueError, match="at least 17"):
        RemotePath("a").truncated(length)
