"""Rules for samples that go into the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from scitacean.problem import Problem
from scitacean.validation.rules import Rule, checked, missing
from scitacean.validation.values import flag_problem, object_problem, text_problem, texts_problem

REQUIRED = {
    "owner_group": "a group that you are a member of",
    "sample_name": "a name",  # servers since 5.2 answer 500 without it
}
_RULES: dict[str, Rule] = {
    "owner_group": text_problem,
    "sample_name": text_problem,
    "sample_id": text_problem,
    "owner": text_problem,
    "description": text_problem,
    "instrument_group": text_problem,
    "type": text_problem,
    "proposal_id": text_problem,
    "parent_sample_id": text_problem,
    "access_groups": texts_problem,
    "is_published": flag_problem,
    "sample_characteristics": object_problem,
}


def problems_of_sample(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new sample, or what cannot be sent.

    Parameters
    ----------
    fields:
        The sample's fields by their Python names.
    required:
        Whether to look for missing fields.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_sample({"owner_group": "beamline1"})]
    ['sample_name is None; expected a name']
    """
    return [*(missing(fields, REQUIRED) if required else ()), *checked(fields, _RULES)]
