"""The tree of errors."""

from __future__ import annotations

import inspect
import pickle

import pytest

from scitacean import errors

ALL = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]


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
    error = errors.ValidationError("Bad.", problems=["a is wrong", "b is wrong"])
    assert str(error).splitlines() == ["Bad.", "  - a is wrong", "  - b is wrong"]
