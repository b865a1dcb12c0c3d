"""Rules for samples that go into the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from scitacean.validation.problem import Problem
from scitacean.validation.values import flag_problem, object_problem, text_problem, texts_problem

_REQUIRED = {
    "owner_group": "a group that you are a member of",
    "sample_name": "a name",  # servers since 5.2 answer 500 without it
}
_TEXTS = (
    "owner_group",
    "sample_name",
    "owner",
    "description",
    "instrument_group",
    "type",
    "proposal_id",
    "parent_sample_id",
)


def problems_of_new_sample(fields: Mapping[str, object]) -> list[Problem]:
    """Find what a server would refuse in a new sample, or what cannot be sent.

    Parameters
    ----------
    fields:
        The sample's fields by their Python names.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_new_sample({"owner_group": "beamline1"})]
    ['sample_name is None; expected a name']
    """
    missing = [
        Problem(name, fields.get(name), expected)
        for name, expected in _REQUIRED.items()
        if fields.get(name) in (None, "")
    ]
    return [
        *missing,
        *(problem for name in _TEXTS for problem in text_problem(fields.get(name), name)),
        *texts_problem(fields.get("access_groups"), "access_groups"),
        *flag_problem(fields.get("is_published"), "is_published"),
        *object_problem(fields.get("sample_characteristics"), "sample_characteristics"),
    ]
