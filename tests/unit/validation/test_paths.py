"""Rules for paths of a catalogue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.validation.paths import path_problems, unsafe_path_reason

paths = st.lists(st.lists(st.sampled_from(["a", "A", "b", ".", ""]), max_size=3).map("/".join), max_size=6)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "..", "a/../../b", "", ".", "a\0b", "//a", "./../a", "\ud800"]
)
def test_paths_that_lead_out_are_unsafe_everywhere(path: str) -> None:
    assert unsafe_path_reason(path, windows=False)
    assert unsafe_path_reason(path, windows=True)


@pytest.mark.parametrize(
    "path", ["c:/a", "a\\..\\b", "con", "sub/NUL.txt", "a.", "a ", "LPT1.dat", "a?", "a\nb", "com¹"]
)
def test_paths_that_windows_twists_are_unsafe_there(path: str) -> None:
    assert unsafe_path_reason(path, windows=True)
    assert not unsafe_path_reason(path, windows=False)


@pytest.mark.parametrize("path", ["a", "a/b.nxs", "console/a", "ü/a b", "...a"])
def test_ordinary_paths_are_safe(path: str) -> None:
    assert not unsafe_path_reason(path, windows=True)


@given(paths, st.booleans())
def test_each_problem_of_many_paths_is_found(texts: list[str], windows: bool) -> None:
    def names(text: str) -> tuple[str, ...]:
        text = text.lower() if windows else text
        return tuple(
            ["/"] * text.startswith("/") + [part for part in text.split("/") if part not in ("", ".")]
        )

    expected: list[tuple[str, str]] = []
    for index, text in enumerate(texts):
        field = f"files[{index}].remote_path"
        if reason := unsafe_path_reason(text, windows=windows):
            expected.append((field, reason))
        if names(text) in map(names, texts[:index]):
            expected.append((field, "no other file has"))
        here = names(text)
        if here not in ((), ("/",)) and any(
            len(other) > len(here) and other[: len(here)] == here for other in map(names, texts)
        ):
            expected.append((field, "no folder of another file"))
    found = list(path_problems(texts, "files", windows=windows))
    assert [problem.field for problem in found] == [field for field, _ in expected]
    for problem, (_, text) in zip(found, expected, strict=True):
        assert text in problem.expected
        assert problem.severity == "error"


def test_the_other_file_is_named() -> None:
    found = list(path_problems(["x", "a/b/c", "a//b/c", "a"], "files", windows=False))
    assert [(problem.field, problem.expected) for problem in found] == [
        ("files[2].remote_path", "a path that no other file has, as files[1] does"),
        ("files[3].remote_path", "a path that is no folder of another file, as of files[1]"),
    ]


def test_windows_does_not_tell_cases_apart() -> None:
    both = ["run/A.nxs", "RUN/a.nxs"]
    assert list(path_problems(both, "files", windows=False)) == []
    assert len(list(path_problems(both, "files", windows=True))) == 1


def test_deep_paths_take_no_longer_than_they_are() -> None:
    deep = ["/".join(["a"] * 2000) + f"/{index}" for index in range(2000)]
    assert list(path_problems(deep, "files", windows=False)) == []
