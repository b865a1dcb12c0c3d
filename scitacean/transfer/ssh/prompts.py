"""What is asked of a person at sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import attrs

_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class Prompt:
    """A question at sign-in: for a password, the passphrase of a key, or a second factor.

    Attributes
    ----------
    host:
        Who asks: user, host and port; the text may come from there and be hostile.
    text:
        The question as the server sent it.
    hidden:
        Whether the answer must not be shown while it is typed.
    title, instructions:
        What the server says beside the question.

    Examples
    --------
    >>> Prompt(host="ada at files.site.example port 22", text="Verification code: ", hidden=False).text
    'Verification code: '
    """

    host: str
    text: str
    hidden: bool = True
    title: str = ""
    instructions: str = ""


Ask: TypeAlias = Callable[[Prompt], str]
"""Asks a person and returns the answer; what it raises ends the sign-in."""


class NotAnsweredError(Exception):
    """Carries what a caller's function raised past those who would take it for an error of the network.

    Parameters
    ----------
    reason:
        What it raised.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


def answer_of(function: Callable[[], _T]) -> _T:
    """Call a function that may do whatever it likes.

    Raises
    ------
    NotAnsweredError
        With what the function raised.
    """
    try:
        return function()
    except NotAnsweredError:
        raise
    except Exception as error:  # noqa: BLE001  (what it raises is the caller's, and handed on)
        raise NotAnsweredError(error) from None
