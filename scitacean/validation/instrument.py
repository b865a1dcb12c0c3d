"""Rules for instruments that go into the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from scitacean.problem import Problem
from scitacean.validation.rules import Rule, checked, missing
from scitacean.validation.values import object_problem, text_problem

REQUIRED = {"unique_name": "a name that no other instrument has", "name": "a name"}
_RULES: dict[str, Rule] = {
    "pid": text_problem,
    "unique_name": text_problem,
    "name": text_problem,
    "custom_metadata": object_problem,
}


def problems_of_instrument(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new instrument, or what cannot be sent.

    Parameters
    ----------
    fields:
        The instrument's fields by their Python names.
    required:
        Whether to look for missing fields.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_instrument({"unique_name": "SITE:BL1"})]
    ['name is None; expected a name']
    """
    return [*(missing(fields, REQUIRED) if required else ()), *checked(fields, _RULES)]
