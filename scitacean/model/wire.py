"""Single values between the model and the generated classes: tolerant when reading, exact when writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from scicat_api import UNSET, Unset
from scitacean.errors import ValidationError
from scitacean.model.pid import PID

T = TypeVar("T")
U = TypeVar("U")


def promised(value: T) -> T:
    """Return what the server promises to send; None where it did not, which was reported."""
    return cast("T", received(value))


def required(value: T | None, name: str) -> T:
    """Return what the catalogue requires, and validation has found to be there.

    Raises
    ------
    ValidationError
        If it is missing.
    """
    if value is None:
        raise ValidationError(f"{name} is missing, and the catalogue requires it.")
    return value


def to_send(value: T | None) -> T | Unset:
    """Return what is sent for a value: nothing for None."""
    return UNSET if value is None else value


def list_to_send(values: Sequence[T] | None) -> list[T] | Unset:
    """Return what is sent for a list: nothing for None."""
    return UNSET if values is None else list(values)


def each_to_send(values: Sequence[T] | None, convert: Callable[[T], U]) -> list[U] | Unset:
    """Return what is sent for a list of parts: nothing for None."""
    return UNSET if values is None else [convert(value) for value in values]


def received(value: T | Unset) -> T | None:
    """Return a value that came; None where none did."""
    return None if isinstance(value, Unset) else value


def received_list(values: Sequence[T | None] | Unset | None) -> list[T] | None:
    """Return a list that came, without nulls; another value, which was reported, as it is."""
    # Datasets made through v3 have [null] in the lists of v4.
    if not isinstance(values, list):
        return cast("None", received(values))
    return [value for value in values if value is not None]


def received_each(values: list[T] | Unset | None, kind: type[T], convert: Callable[[T], U]) -> list[U] | None:
    """Return the parts of a list that came, odd ones as they are."""
    if not isinstance(values, list):
        return cast("None", received(values))
    return [convert(value) if isinstance(value, kind) else cast("U", value) for value in values]


def received_pid(pid: str | Unset | None) -> PID | None:
    """Return an identifier that came; what is none, as it is."""
    try:
        return PID.parse(pid) if isinstance(pid, str) else cast("None", received(pid))
    except ValueError:
        return cast("None", pid)
