"""Rules for text and lists of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scitacean.problem import Problem
from scitacean.validation.repeated import Repeated


def text_problem(value: object, at: str) -> Iterator[Problem]:
    r"""Find out whether a value is text that can be sent; None is no problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problem.

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
    """Find out whether a value is a list of text, or another sequence; None is no problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problems. Of many items that are wrong alike the first is named, the others
        are counted.

    Examples
    --------
    >>> [problem.expected for problem in texts_problem("neutron", "keywords")]
    ['a list of text, not one text']
    >>> [problem.field for problem in texts_problem(["neutron", 5], "keywords")]
    ['keywords[1]']
    """
    if value is None:
        return
    if isinstance(value, str):
        yield Problem(at, value, "a list of text, not one text")
    elif not isinstance(value, Sequence) or isinstance(value, bytes | bytearray):
        yield Problem(at, value, "a list of text")
    else:
        repeated = Repeated(at)
        for index, item in enumerate(value):
            for problem in _item_problem(item, f"{at}[{index}]"):
                yield from repeated.first(problem)
        yield from repeated.others()


def _item_problem(item: object, at: str) -> Iterator[Problem]:
    if item is None:
        yield Problem(at, None, "text")
    yield from text_problem(item, at)


def is_unicode(text: str) -> bool:
    r"""Whether a text can be encoded: names of files that are no text cannot.

    Parameters
    ----------
    text:
        Any text.

    Examples
    --------
    >>> is_unicode("5 µm"), is_unicode("\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
