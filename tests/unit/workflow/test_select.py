"""Which files a user means."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import File, RemotePath
from scitacean.workflow.select import select_files

NAMES = ("a", "a/b", "c.nxs", "d e")
FILES = [File.from_remote(name, 1, "2026-03-01T12:00:00Z") for name in NAMES]


@given(names=st.sets(st.sampled_from(NAMES)))
def test_names_may_come_in_any_form(names: set[str]) -> None:
    expected = [file for file in FILES if file.remote_path.posix in names]
    pattern = re.compile("|".join(f"^{re.escape(name)}$" for name in names) or "(?!)")
    paths = [RemotePath(name) for name in names]
    for select in (names, paths, iter(paths), (name for name in names), dict.fromkeys(names), pattern):
        assert select_files(FILES, select) == expected
    assert select_files(FILES, lambda file: file.remote_path.posix in names) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_single_path(name: str) -> None:
    assert select_files(FILES, RemotePath(name)) == select_files(FILES, name) == [FILES[NAMES.index(name)]]


@pytest.mark.parametrize("select", [None, 3, b"a", ["a", None], FILES[:1], re.compile(b"a")])
def test_what_names_no_files_is_refused(select: Any) -> None:
    with pytest.raises(TypeError, match=r"Cannot select files by .* Give True or False"):
        select_files(FILES, select)
