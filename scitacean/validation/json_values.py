"""Rules for scientific metadata: what JSON can hold, and what the catalogue gives back as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from typing import Literal

import attrs

from scitacean.problem import Problem
from scitacean.validation.repeated import Repeated
from scitacean.validation.scalars import LARGEST_EXACT, is_finite, showable, time_problem
from scitacean.validation.text import is_unicode

_DEEPEST = 99
"""MongoDB keeps documents of 100 levels, and the entry around the metadata is one of them."""

_LARGEST = 16 * 1024 * 1024
"""Servers answer "Internal server error" to larger bodies."""

_MANGLED = re.compile(r"[\s.$]|%[0-9A-Fa-f]{2}")
"""Servers encode keys with these in URL style on some routes and decode them on others."""

_encoded = json.JSONEncoder(ensure_ascii=False).encode
"""Text as it is sent, with its quotes."""

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


def json_problems(value: object, at: str) -> Iterator[Problem]:
    """Find what JSON or the catalogue cannot hold, and (as warnings) what it does not give back as it was.

    Errors are values of other types, NaN and infinity, keys that are no valid text, what contains itself,
    more than 99 levels and more than 16 MiB. Warnings are keys with dots, dollar signs or blanks, integers
    that a double rounds, and a ``unit`` without a ``value``. Of many problems of one kind in one list the
    first is named, and the others are counted.

    Parameters
    ----------
    value:
        Scientific metadata.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> metadata = {"a": [1, float("nan")], "run no.": 2**60}
    >>> for problem in json_problems(metadata, "meta"):
    ...     print(problem.severity, problem.field)
    error meta.a[1]
    warning meta["run no."]
    warning meta["run no."]
    """
    walk = _Walk(at)
    yield from walk.leaf(value)
    yield from walk.enter(value)
    # A walk with a stack of its own: metadata may be nested deeper than Python's calls may be.
    while walk.levels:
        for key, item in walk.levels[-1].items:
            if walk.passes(key, item):
                continue
            walk.steps[-1] = key
            if isinstance(key, str):
                yield from walk.key(key)
            yield from walk.leaf(item)
            if isinstance(item, dict | list | tuple):
                yield from walk.enter(item)
                break
        else:
            yield from walk.leave()
        if walk.size > _LARGEST:
            yield from walk.others()
            yield Problem(at, "more than 16 MiB as JSON", "less: servers take no more, put it into a file")
            return


def object_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a dict that the catalogue can hold; None is no problem.

    Parameters
    ----------
    value:
        Any object; see :func:`json_problems`.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [problem.expected for problem in object_problem([1], "meta")]
    ['a dict with text as keys']
    """
    if isinstance(value, dict | None):
        yield from json_problems(value, at)
    else:
        yield Problem(at, value, "a dict with text as keys")


@attrs.frozen
class _Level:
    identity: int
    is_list: bool
    items: Iterator[tuple[object, object]]


@attrs.define
class _Walk:
    """Where a walk through nested values is, and how many bytes of JSON it has seen at least."""

    at: str
    levels: list[_Level] = attrs.field(factory=list)
    steps: list[object] = attrs.field(factory=list)
    inside: set[int] = attrs.field(factory=set)
    size: int = 0
    repeated: Repeated | None = None
    """The problems of the outermost list that the walk is in."""

    def path(self, steps: list[object]) -> str:
        return self.at + "".join(map(_step, steps))

    def found(
        self,
        value: object,
        expected: str,
        *,
        beside: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> Iterator[Problem]:
        """Report what is wrong here, or with a key of the dict that is here."""
        steps = self.steps if beside is None else [*self.steps, beside]
        if self.repeated is None:
            yield Problem(self.path(steps), value, expected, severity)
            return
        names = [None if level.is_list else step for level, step in zip(self.levels, steps, strict=False)]
        kind = (*names, beside)
        if not self.repeated.is_counted((severity, expected, kind)):
            yield from self.repeated.first(Problem(self.path(steps), value, expected, severity), kind)

    def passes(self, key: object, item: object) -> bool:
        """Pass over good numbers in lists, which most large values are, quickly."""
        if type(item) is float and type(key) is int and isfinite(item):
            self.size += len(repr(item))
            return True
        if type(item) is int and type(key) is int and -LARGEST_EXACT <= item <= LARGEST_EXACT:
            self.size += len(repr(item))
            return True
        return False

    def others(self) -> Iterator[Problem]:
        if self.repeated is not None:
            yield from self.repeated.others()
            self.repeated = None

    def leave(self) -> Iterator[Problem]:
        self.inside.remove(self.levels.pop().identity)
        self.steps.pop()
        if not any(level.is_list for level in self.levels):
            yield from self.others()

    def enter(self, value: object) -> Iterator[Problem]:
        if not isinstance(value, dict | list | tuple):
            return
        self.size += 2 + max(len(value) - 1, 0)
        kind = "dict" if isinstance(value, dict) else "list"
        if id(value) in self.inside:
            yield from self.found(f"the {kind} that it is in", f"a {kind} that is not in itself")
        elif len(self.levels) == _DEEPEST:
            expected = f"at most {_DEEPEST}: databases of catalogues keep no more"
            yield from self.found(f"level {_DEEPEST + 1}", expected)
        else:
            if isinstance(value, dict):
                yield from self.keys(value)
            elif self.repeated is None:
                self.repeated = Repeated(self.path(self.steps))
            items = iter(value.items()) if isinstance(value, dict) else iter(_numbered(value))
            self.inside.add(id(value))
            self.levels.append(_Level(id(value), kind == "list", items))
            self.steps.append(None)

    def keys(self, value: dict[object, object]) -> Iterator[Problem]:
        for key in value:
            if not isinstance(key, str):
                yield from self.found(key, f"keys that are text, not {_type_name(key)}")
            elif not is_unicode(key):
                yield from self.found(key, "keys that are text of valid unicode")
            elif "\0" in key:
                yield from self.found(key, "keys without NUL characters")
        if "unit" in value and "value" not in value:
            expected = "a value beside it: catalogues take value and unit together"
            yield from self.found(value["unit"], expected, beside="unit", severity="warning")

    def key(self, key: str) -> Iterator[Problem]:
        self.size += _text_size(key) + 1
        if _MANGLED.search(key) and is_unicode(key) and "\0" not in key:
            expected = "a key without dots, dollar signs, blanks and %xx: servers may give it back changed"
            yield from self.found(key, expected, severity="warning")

    def leaf(self, value: object) -> Iterator[Problem]:
        match value:
            case None | bool():
                self.size += 5 if value is False else 4
            case str():
                self.size += _text_size(value)
                if not is_unicode(value):
                    yield from self.found(value, "text that is valid unicode")
            case int() | float():
                yield from self.number(value)
            case dict() | list() | tuple():
                pass
            case datetime():
                odd = next(time_problem(value, self.at), None)
                yield from self.other(value) if odd is None else self.found(value, odd.expected)
            case _:
                yield from self.other(value)

    def number(self, value: float) -> Iterator[Problem]:
        if not is_finite(value):
            expected = "a finite number: JSON has neither NaN nor infinity"
            if isinstance(value, int):
                expected = "a number below 1.8e308: catalogues keep doubles"
            yield from self.found(showable(value), expected)
            return
        self.size += len(int.__repr__(value) if isinstance(value, int) else float.__repr__(value))
        if isinstance(value, int) and abs(value) > LARGEST_EXACT:
            expected = f"at most {LARGEST_EXACT} (2**53 - 1): the catalogue rounds larger integers"
            yield from self.found(value, expected, severity="warning")

    def other(self, value: object) -> Iterator[Problem]:
        expected = f"text, a number, True, False, None, a list or a dict, not {_type_name(value)}"
        yield from self.found(value, expected)


def _numbered(value: list[object] | tuple[object, ...]) -> Iterator[tuple[object, object]]:
    return iter(enumerate(value))


def _text_size(text: str) -> int:
    return len(_encoded(text).encode(errors="surrogatepass"))


def _step(step: object) -> str:
    if isinstance(step, int) and not isinstance(step, bool):
        return f"[{step}]"
    if not isinstance(step, str):
        return f"[{step!r}]"
    if _PLAIN_NAME.fullmatch(step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=not step.isprintable())}]"


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
