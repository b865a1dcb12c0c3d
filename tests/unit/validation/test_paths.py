"""Rules for paths of a catalogue."""

from __future__ import annotations

import unicodedata
from pathlib import PureWindowsPath
from typing import Literal

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


@pytest.mark.parametrize(
    "both",
    [
        ["run/A.nxs", "RUN/a.nxs"],
        ["caf\u00e9/a", "cafe\u0301/a"],
        ["CAF\u00c9", "cafe\u0301"],
        ["\u212b", "a\u030a"],
        ["stra\u00dfe", "STRASSE"],
        ["\u0390", "\u1fd3"],
    ],
)
def test_macos_tells_neither_cases_nor_accents_apart(both: list[str]) -> None:
    assert list(path_problems(both, "files", windows=False)) == []
    (problem,) = path_problems(both, "files", windows=False, macos=True)
    assert problem.value == both[1]


@given(st.text(max_size=20), st.sampled_from(["NFC", "NFD"]))
def test_macos_knows_a_name_again(name: str, form: Literal["NFC", "NFD"]) -> None:
    other = unicodedata.normalize(form, name)
    found = [problem.expected for problem in path_problems([name, other], "files", windows=False, macos=True)]
    assert "a path that no other file has, as files[0] does" in found


@given(st.text(st.sampled_from("aA1.: /\\\x1f\u00b9COMNULcon$"), max_size=12))
def test_windows_takes_safe_paths_as_they_are(path: str) -> None:
    if unsafe_path_reason(path, windows=True):
        return
    local = PureWindowsPath(path)
    assert not local.anchor
    assert list(local.parts) == [part for part in path.split("/") if part not in ("", ".")]
    devices = {"con", "nul", "com1", "conin$"}
    assert not any(part.partition(".")[0].rstrip(" ").lower() in devices for part in local.parts)
    assert not any(part.endswith((".", " ")) for part in local.parts)


def test_deep_paths_take_no_longer_than_they_are() -> None:
    deep = ["/".join(["a"] * 2000) + f"/{index}" for index in range(2000)]
    assert list(path_problems(deep, "files", windows=False)) == []
