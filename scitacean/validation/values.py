"""Rules for single values: text, lists of text, numbers, and what JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scitacean.validation.problem import Problem


def text_problem(value: object, at: str) -> Iterator[Problem]:
    r"""Find out whether a value is text that can be sent; None is no problem.

    Examples
    --------
    >>> [problem.expected for problem in text_problem("\ud800", "name")]
    ['text that is valid unicode']
    """
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem(at, value, "text")
    elif not is_unicode(value):
        yield Problem(at, value, "text that is valid unicode")


def texts_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a list of text; None is no problem.

    Examples
    --------
    >>> [problem.expected for problem in texts_problem("neutron", "keywords")]
    ['a list of text, not one text']
    """
    if isinstance(value, str):
        yield Problem(at, value, "a list of text, not one text")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from text_problem("" if item is None else item, f"{at}[{index}]")
    elif value is not None:
        yield Problem(at, value, "a list of text")


def flag_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is True or False; None is no problem."""
    if not isinstance(value, bool | None):
        yield Problem(at, value, "True or False")


def number_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a finite number; None is no problem."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield Problem(at, value, "a finite number")


def json_problems(value: object, at: str) -> Iterator[Problem]:
    """Find what JSON cannot hold: other types, NaN and infinity, keys that are no text.

    Parameters
    ----------
    value:
        Scientific metadata.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [problem.field for problem in json_problems({"a": [1, float("nan")]}, "meta")]
    ['meta.a[1]']
    """
    match value:
        case None | bool() | int():
            return
        case str():
            yield from text_problem(value, at)
        case float():
            if not math.isfinite(value):
                yield Problem(at, value, "a finite number: JSON has neither NaN nor infinity")
        case dict():
            for key, item in value.items():
                if isinstance(key, str) and is_unicode(key):
                    yield from json_problems(item, f"{at}.{key}")
                else:
                    yield Problem(at, key, "keys that are text of valid unicode")
        case list() | tuple():
            for index, item in enumerate(value):
                yield from json_problems(item, f"{at}[{index}]")
        case _:
            yield Problem(at, value, "what JSON can hold: text, numbers, booleans, lists, dicts")


def object_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a dict that JSON can hold; None is no problem."""
    if isinstance(value, dict | None):
        yield from json_problems(value, at)
    else:
        yield Problem(at, value, "a dict with text as keys")


def is_unicode(text: str) -> bool:
    """Whether a text can be encoded: names of files that are no text cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
