"""Rules for files of a dataset, one by one and beside each other."""

from __future__ import annotations

import pytest

from scitacean import File
from scitacean.validation.file import problems_of_file, problems_of_files

TIME = "2026-03-01T12:00:00Z"


def files(*paths: str) -> list[File]:
    return [File.from_remote(path, 1, TIME) for path in paths]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["run/a", "run-2", "run.b"], []),
        (["run", "run/a"], [0]),
        (["a/b/c/d", "a", "a/b"], [1, 2]),
        (["a", "a//.", "./a"], [1, 2]),
        (["../a", "/b", "c"], [0, 1]),
        # On the server these are two.
        (["a", "A"], []),
    ],
)
def test_files_that_cannot_stand_beside_each_other_are_found(paths: list[str], expected: list[int]) -> None:
    found = [problem.field for problem in problems_of_files(files(*paths), "blocks[2].files")]
    assert found == [f"blocks[2].files[{index}].remote_path" for index in expected]


def test_problems_come_in_the_order_of_the_files() -> None:
    some = [*files("run", "run/a"), File.from_remote("b", -1, TIME), File(remote_path="../c")]
    assert [problem.field for problem in problems_of_files(some)] == [
        "files[0].remote_path",
        "files[2].remote_size",
        "files[3].remote_path",
        "files[3].remote_size",
        "files[3].remote_creation_time",
    ]
    assert len(list(problems_of_files(some, required=False))) == 3


@pytest.mark.parametrize("odd", ["x", 7, None, {"remote_path": "a"}, [1], object()])
def test_what_is_no_file_is_a_problem(odd: object) -> None:
    some: list[object] = [*files("a"), odd, *files("a/b")]
    found = list(problems_of_files(some))  # type: ignore[arg-type]
    assert [problem.field for problem in found] == ["files[0].remote_path", "files[1]"]
    assert "File.from_local" in found[1].expected
    assert found[1].value is odd


@pytest.mark.parametrize("path", [None, 7, "../a", ""])
def test_odd_paths_are_found_alone_and_among_others(path: object) -> None:
    alone = problems_of_file({"remote_path": path}, required=False)
    (among,) = problems_of_files([File(remote_path=path)], required=False)  # type: ignore[arg-type]
    assert [problem.field for problem in alone] == ["remote_path"]
    if path != "":
        assert (among.expected, among.value) == (alone[0].expected, path)
