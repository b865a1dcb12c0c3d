"""Problems and their tables."""

from __future__ import annotations

from scitacean.problem import Problem, problem_table


def test_long_values_are_cut() -> None:
    assert len(str(Problem("a", "x" * 1000, "less"))) < 100


def test_values_that_cannot_be_shown_are_named() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert Problem("a", 10**5_000, "less").shown_value == "<int>"
    assert Problem("a", nested, "less").shown_value == "<list>"
    while nested:  # Python frees deep nesting recursively
        nested = nested.pop()  # type: ignore[assignment]


def test_hostile_text_stays_in_its_line() -> None:
    table = problem_table([Problem('meta["\n\x1b[2J"]', "\x1b", "less\nor more")])
    assert len(table.splitlines()) == 2
    assert table.replace("\n", "").isprintable()


def test_a_table_may_be_empty() -> None:
    assert problem_table([]) == ""


def test_a_value_with_a_broken_repr_is_named() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise OSError

    assert str(Problem("a", Broken(), "less")) == "a is <Broken>; expected less"


def test_long_tables_are_cut() -> None:
    table = problem_table([Problem(f"a{index}", index, "less") for index in range(1_234)])
    assert len(table.splitlines()) == 102
    assert table.endswith("\n  and 1,134 more")
