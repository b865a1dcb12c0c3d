"""Rules for proposals that go into the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scitacean.problem import Problem
from scitacean.validation.rules import Rule, checked, in_order, missing
from scitacean.validation.values import (
    email_problem,
    object_problem,
    text_problem,
    texts_problem,
    time_problem,
)

# Servers answer 400 without these.
REQUIRED = {
    "proposal_id": "an identifier",
    "owner_group": "a group that you are a member of",
    "email": "an e-mail address",
    "title": "a title",
}
_PERIOD_REQUIRED = {
    "instrument": "identifier of an instrument",
    "start": "a time with a time zone",
    "end": "a time with a time zone",
}
_PERIOD_RULES: dict[str, Rule] = {
    "instrument": text_problem,
    "start": time_problem,
    "end": time_problem,
    "comment": text_problem,
}


def measurement_periods_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a list of measurement periods; None is no problem.

    Parameters
    ----------
    value:
        What should be one.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [str(problem) for problem in measurement_periods_problem(["May"], "measurement_periods")]
    ["measurement_periods[0] is 'May'; expected a MeasurementPeriod"]
    """
    if value is None:
        return
    if not isinstance(value, list | tuple):
        yield Problem(at, value, "a list of measurement periods")
        return
    for index, period in enumerate(value):
        yield from _period_problems(period, f"{at}[{index}]")


def _period_problems(period: object, at: str) -> Iterator[Problem]:
    if not all(hasattr(period, name) for name in _PERIOD_RULES):
        yield Problem(at, period, "a MeasurementPeriod")
        return
    fields = {f"{at}.{name}": getattr(period, name) for name in _PERIOD_RULES}
    yield from missing(fields, {f"{at}.{name}": what for name, what in _PERIOD_REQUIRED.items()})
    yield from checked(fields, {f"{at}.{name}": rule for name, rule in _PERIOD_RULES.items()})
    yield from in_order(fields, f"{at}.start", f"{at}.end")


_RULES: dict[str, Rule] = {
    "proposal_id": text_problem,
    "owner_group": text_problem,
    "email": email_problem,
    "title": text_problem,
    "firstname": text_problem,
    "lastname": text_problem,
    "pi_email": email_problem,
    "pi_firstname": text_problem,
    "pi_lastname": text_problem,
    "abstract": text_problem,
    "start_time": time_problem,
    "end_time": time_problem,
    "measurement_periods": measurement_periods_problem,
    "metadata": object_problem,
    "parent_proposal_id": text_problem,
    "type": text_problem,
    "instrument_ids": texts_problem,
    "keywords": texts_problem,
    "access_groups": texts_problem,
    "instrument_group": text_problem,
}


def problems_of_proposal(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new proposal, or what cannot be sent.

    Parameters
    ----------
    fields:
        The proposal's fields by their Python names.
    required:
        Whether to look for missing fields.

    Examples
    --------
    >>> good = {"proposal_id": "P-1", "owner_group": "beamline1", "email": "ada@site.example"}
    >>> [str(problem) for problem in problems_of_proposal(good)]
    ['title is None; expected a title']
    """
    return [
        *(missing(fields, REQUIRED | _not_empty(fields)) if required else ()),
        *checked(fields, _RULES),
        *in_order(fields, "start_time", "end_time"),
    ]


def _not_empty(fields: Mapping[str, object]) -> dict[str, str]:
    # Servers send back what older ones took, and refuse empty text as an address.
    return {} if fields.get("pi_email") is None else {"pi_email": "an e-mail address, or None"}
