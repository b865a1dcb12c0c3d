"""The tree of errors."""

from __future__ import annotations

import inspect
import pickle

import pytest

from scitacean import errors
from scitacean.problem import Problem

ALL = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if cls.__module__ == errors.__name__ and not issubclass(cls, Warning)
]


@pytest.mark.parametrize("cls", ALL)
def test_every_error_is_in_the_tree_and_in_its_picture(cls: type[errors.ScicatError]) -> None:
    assert issubclass(cls, errors.ScicatError)
    assert f"{cls.__name__} " in (errors.__doc__ or "") or cls is errors.ScicatError


@pytest.mark.parametrize("cls", ALL)
def test_every_error_says_what_to_do_and_survives_pickling(cls: type[errors.ScicatError]) -> None:
    error = cls("It broke.", hint="Mend it.")
    again = pickle.loads(pickle.dumps(error))
    assert str(error) == str(again) == "It broke. Mend it."
    assert again.__dict__ == error.__dict__


def test_errors_are_those_that_documentation_promises() -> None:
    assert issubclass(errors.ScicatCommError, RuntimeError)
    assert issubclass(errors.TransferError, RuntimeError)
    assert issubclass(errors.ValidationError, ValueError)


def test_problems_are_listed() -> None:
    problems = [Problem("name", None, "a name"), Problem("meta.a\n", "x" * 99, "less")]
    error = errors.ValidationError(
        "Bad.", problems=problems, hint="Mend it.", server_messages=["the server says no"]
    )
    assert str(error).splitlines() == [
        "Bad. 3 problems:",
        "  field     value" + " " * 57 + "expected",
        "  name      None" + " " * 58 + "a name",
        "  meta.a\\n  '" + "x" * 56 + "...  less",
        "  the server says no",
        "Mend it.",
    ]
    assert str(errors.ValidationError("Bad.", server_messages=["no"])) == "Bad. 1 problem:\n  no"


def test_problems_can_be_taken_apart_like_a_group() -> None:
    first, second = Problem("name", None, "a name"), Problem("meta.a", 1, "less")
    error = errors.ValidationError("Bad.", problems=[first, second], hint="Mend it.")
    of_meta, others = error.split(lambda problem: problem.field.startswith("meta"))
    assert of_meta is not None
    assert others is not None
    assert (of_meta.problems, others.problems, others.hint) == ((second,), (first,), "Mend it.")
    assert error.subgroup(lambda problem: False) is None
    assert [str(one) for one in error.exceptions] == [str(first), str(second)]
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, str(again)) == (error.problems, str(error))
