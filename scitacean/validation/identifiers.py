"""Rules for identifiers of people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scitacean.problem import Problem

# Upper and lower case mean the same in names of hosts, and people write the last character in both.
_ORCID = re.compile(
    r"(?:(?:https?://)?(?:www\.)?orcid\.org/)?((?:[0-9]{4}-){3}[0-9]{3}[0-9X])/?", re.ASCII | re.IGNORECASE
)
_OTHER_DASHES = re.compile(r"[\s\u2010-\u2015\u2212-]+")
_SHAPE = "it has 16 characters in four groups, like 0000-0002-1825-0097; only the last may be an X"


def orcid_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is an ORCID iD with its right check digit.

    Neither None nor empty text is a problem.

    Parameters
    ----------
    value:
        The iD, with or without ``https://orcid.org/`` before it.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> list(orcid_problem("https://orcid.org/0000-0002-1825-0097", "orcid_of_owner"))
    []
    >>> [problem.expected for problem in orcid_problem("0000-0002-1825-0079", "orcid_of_owner")]
    ['an ORCID iD: the last character should be 0, so some character is wrong or two are swapped']
    """
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem(at, value, "an ORCID iD, as text")
    elif value and (reason := _refusal(value.strip())):
        yield Problem(at, value, f"an ORCID iD: {reason}")


def _refusal(text: str) -> str:
    found = _ORCID.fullmatch(text)
    if found is None:
        bare = _OTHER_DASHES.sub("", text)
        written = "-".join(bare[start : start + 4] for start in range(0, 16, 4))
        is_meant = len(bare) == 16 and _ORCID.fullmatch(written)
        return f"it has hyphens between four groups, like {written}" if is_meant else _SHAPE
    orcid = found[1].upper()
    expected = _check_character(orcid[:-1].replace("-", ""))
    if orcid[-1] != expected:
        return f"the last character should be {expected}, so some character is wrong or two are swapped"
    return ""


def _check_character(digits: str) -> str:
    """Compute the check character of ISO 7064, mod 11-2."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return "X" if check == 10 else str(check)
