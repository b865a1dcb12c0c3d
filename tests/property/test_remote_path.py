"""Laws of paths on file servers."""

from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from scitacean import RemotePath

names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
paths = st.builds(
    lambda root, parts: RemotePath(root, *parts),
    st.sampled_from(["", "/"]),
    st.lists(st.one_of(names, st.sampled_from([".", ".."])), max_size=5),
)


@given(paths, paths, paths)
def test_joining_is_associative(a: RemotePath, b: RemotePath, c: RemotePath) -> None:
    assert (a / b) / c == a / (b / c)


@given(paths)
def test_parts_make_the_path(path: RemotePath) -> None:
    assert RemotePath(*path.parts) == path


@given(paths, paths)
def test_paths_that_are_equal_hash_equal(a: RemotePath, b: RemotePath) -> None:
    assert (a == b) == (a.posix == b.posix)
    assert hash(a) == hash(RemotePath(a.posix)) == hash(a.posix)


@given(paths)
def test_resolve_is_idempotent(path: RemotePath) -> None:
    assert path.resolve().resolve() == path.resolve()


@given(paths)
def test_resolve_means_what_posix_means(path: RemotePath) -> None:
    assert path.resolve().posix == posixpath.normpath(path.posix)


@given(paths, paths)
def test_what_is_joined_lies_inside(folder: RemotePath, inner: RemotePath) -> None:
    joined = folder / inner
    assert joined.is_relative_to(folder) == (not inner.is_absolute() or inner.is_relative_to(folder))


@given(paths, paths)
def test_relative_to_undoes_joining(folder: RemotePath, inner: RemotePath) -> None:
    if not inner.is_absolute():
        assert (folder / inner).relative_to(folder) == inner


@given(paths, names)
def test_parent_and_name_take_the_path_apart(folder: RemotePath, name: str) -> None:
    path = folder / name
    if name != ".":
        assert path.parent == folder
        assert path.name == name
