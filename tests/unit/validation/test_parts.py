"""Rules for the parts of datasets, on anything that has their attributes."""

from __future__ import annotations

from types import SimpleNamespace

from scitacean.validation.parts import lifecycle_problems, relationship_problems, technique_problems


def test_what_lacks_an_attribute_is_no_part() -> None:
    assert list(technique_problems([SimpleNamespace(pid="a", name="b")], "t")) == []
    assert [str(problem.expected) for problem in technique_problems([SimpleNamespace(pid="a")], "t")] == [
        "a Technique"
    ]
    (problem,) = relationship_problems([SimpleNamespace(identifier="a", relationship="b")], "r")
    assert (problem.field, problem.expected) == ("r[0]", "a Relationship")
    (problem,) = lifecycle_problems(SimpleNamespace(), "lifecycle")
    assert (problem.field, problem.expected) == ("lifecycle", "a Lifecycle")
