"""How objects of a class are drawn: what each has, what some have, and what breaks a rule."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

Strategies = Mapping[str, SearchStrategy[object]]
"""Strategies for the values of fields, by the names of these."""

Adjust = Callable[[dict[str, object], Collection[str]], None]
"""Makes drawn values fit each other; takes them by name, and the names of those that must stay."""


def _leave(values: dict[str, object], fixed: Collection[str]) -> None:
    """Leave values as they are."""


@attrs.frozen(kw_only=True)
class Recipe(Generic[T]):
    """How objects of a class are drawn.

    Attributes
    ----------
    kind:
        The class.
    always:
        Fields that each object has.
    sometimes:
        Fields that some objects have.
    wrong:
        For each field with a rule: values that break it.
    adjust:
        Makes drawn values fit each other.
    """

    kind: type[T]
    always: Strategies = attrs.field(repr=False)
    sometimes: Strategies = attrs.field(repr=False)
    wrong: Strategies = attrs.field(repr=False)
    adjust: Adjust = attrs.field(default=_leave, repr=False)

    def strategy(self, *, invalid: bool | str = False, fields: Mapping[str, object]) -> SearchStrategy[T]:
        """Return the strategy.

        Parameters
        ----------
        invalid:
            True for objects of which some field breaks a rule, its name for a certain field.
        fields:
            Values or strategies for fields, instead of those of the recipe.

        Raises
        ------
        TypeError
            If there is no field of a name.
        ValueError
            If ``invalid`` names no field with a rule, or one whose values are given, too.
        """
        for name in fields:
            if name not in self.always and name not in self.sometimes:
                raise TypeError(self._unknown(name, [*self.always, *self.sometimes]))
        if invalid is False:
            return self._drawn(fields) if fields else self._valid
        if invalid is True:
            names = [name for name in self.wrong if name not in fields]
            return st.sampled_from(names).flatmap(lambda name: self._drawn(fields, wrong=name))
        if invalid in fields:
            raise ValueError(
                f"The field {invalid!r} cannot both be given and be drawn with an invalid value."
            )
        if invalid not in self.wrong:
            raise ValueError(self._unknown(invalid, self.wrong))
        return self._drawn(fields, wrong=invalid)

    @cached_property
    def _valid(self) -> SearchStrategy[T]:
        return self._drawn({})

    def _drawn(self, fields: Mapping[str, object], wrong: str | None = None) -> SearchStrategy[T]:
        fixed = {name: _strategy_of(value) for name, value in fields.items()}
        if wrong is not None:
            fixed[wrong] = self.wrong[wrong]
        always = {**self.always, **fixed}
        sometimes = {name: values for name, values in self.sometimes.items() if name not in always}

        def make(values: dict[str, object]) -> T:
            self.adjust(values, fixed)
            return self.kind(**values)

        # Hypothesis shows what it has drawn as a call of this.
        make.__name__ = self.kind.__name__
        return st.fixed_dictionaries(always, optional=sometimes).map(make)

    def _unknown(self, name: str, known: Collection[str]) -> str:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Is {close[0]!r} meant?" if close else f"There are: {', '.join(known)}."
        return f"{self.kind.__name__} has no field {name!r} that can be drawn so. {hint}"


def in_order(start: str, end: str) -> Adjust:
    """Return what lets nothing end before it starts."""

    def adjust(values: dict[str, object], fixed: Collection[str]) -> None:
        first, last = values.get(start), values.get(end)
        # Where one is meant to be wrong, they may have nothing to be compared.
        if not _is_aware(first) or not _is_aware(last) or first <= last:  # type: ignore[operator]  # both are times
            return
        if end not in fixed:
            values[end] = first
        elif start not in fixed:
            values[start] = last

    return adjust


def _is_aware(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _strategy_of(value: object) -> SearchStrategy[object]:
    if isinstance(value, SearchStrategy):
        return value
    # A list of which all objects had the same would let one test see what another does to it.
    return st.builds(copy.deepcopy, st.just(value))
