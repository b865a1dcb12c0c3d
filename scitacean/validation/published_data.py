"""Rules for published data that goes into the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scitacean.problem import Problem
from scitacean.validation.pids import pids_problem
from scitacean.validation.rules import Rule, checked, missing
from scitacean.validation.values import object_problem, text_problem, time_problem

# Servers answer 400 without these.
REQUIRED = {
    "title": "a title",
    "abstract": "an abstract",
    "dataset_pids": "a list of PIDs of datasets",
}
_STATUSES = ("private", "public", "registered", "amended")


def status_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a status that published data can have; None is no problem.

    Parameters
    ----------
    value:
        What should be one.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [str(problem) for problem in status_problem("secret", "status")]
    ["status is 'secret'; expected 'private', 'public', 'registered' or 'amended'"]
    """
    if value is not None and not (isinstance(value, str) and value in _STATUSES):
        *others, last = map(repr, _STATUSES)
        yield Problem(at, value, f"{', '.join(others)} or {last}")


_RULES: dict[str, Rule] = {
    "title": text_problem,
    "abstract": text_problem,
    "dataset_pids": pids_problem,
    "metadata": object_problem,
    "registered_time": time_problem,
    "status": status_problem,
}


def problems_of_published_data(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in new published data, or what cannot be sent.

    Parameters
    ----------
    fields:
        The fields by their Python names; PIDs as text.
    required:
        Whether to look for missing fields.

    Examples
    --------
    >>> [problem.field for problem in problems_of_published_data({"title": "Data of a paper"})]
    ['abstract', 'dataset_pids']
    """
    return [
        *(missing(fields, REQUIRED) if required else ()),
        *(_no_datasets(fields) if required else ()),
        *checked(fields, _RULES),
    ]


def _no_datasets(fields: Mapping[str, object]) -> Iterator[Problem]:
    pids = fields.get("dataset_pids")
    if isinstance(pids, list | tuple) and not pids:
        yield Problem("dataset_pids", pids, "PIDs of datasets, at least one")
