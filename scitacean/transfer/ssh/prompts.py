"""What is asked of a person at sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs


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
