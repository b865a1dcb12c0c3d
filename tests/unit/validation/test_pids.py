"""Rules for the text of PIDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.model.pid import PID
from scitacean.validation.pids import pid_problem, pids_problem

part = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)


@given(part, part)
def test_what_is_a_pid_is_no_problem(prefix: str, identifier: str) -> None:
    pids = [str(PID(prefix=prefix.replace("/", "-"), pid=identifier)), identifier.replace("/", "-")]
    assert [*pid_problem(pids[0], "pid"), *pids_problem(pids, "pids")] == []


@pytest.mark.parametrize("odd", ["/a", "a/", "", " ", "/", " /a", "a/ ", 7, "\ud800"])
def test_what_is_none_is_found_once(odd: object) -> None:
    assert [problem.field for problem in pid_problem(odd, "pid")] == ["pid"]
    assert [problem.field for problem in pids_problem(["a", odd], "pids")] == ["pids[1]"]


def test_none_is_none_and_no_list_is_found() -> None:
    assert [*pid_problem(None, "pid"), *pids_problem(None, "pids"), *pids_problem([], "pids")] == []
    for odd in ("site/1", 7, {"a": 1}):
        assert [problem.field for problem in pids_problem(odd, "pids")] == ["pids"]
    assert [problem.field for problem in pids_problem([None], "pids")] == ["pids[0]"]


def test_many_of_one_kind_are_counted() -> None:
    found = list(pids_problem(["/a", 7, *["b/"] * 1000], "pids"))
    assert [problem.field for problem in found] == ["pids[0]", "pids[1]", "pids"]
    assert found[-1].value == "1,000 more like the first"
