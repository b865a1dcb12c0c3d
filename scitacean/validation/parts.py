"""Rules for the small parts of datasets: techniques, relationships, the lifecycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scitacean.problem import Problem
from scitacean.validation.rules import Rule, checked
from scitacean.validation.values import flag_problem, object_problem, text_problem, time_problem


def _needed_text_problem(value: object, at: str) -> Iterator[Problem]:
    if value is None:
        yield Problem(at, value, "text")
    yield from text_problem(value, at)


_TECHNIQUE: dict[str, Rule] = {"pid": _needed_text_problem, "name": _needed_text_problem}
_RELATIONSHIP: dict[str, Rule] = {
    "identifier": _needed_text_problem,
    "relationship": _needed_text_problem,
    "identifier_type": text_problem,
    "entity_type": text_problem,
    "external_id": text_problem,
}
_LIFECYCLE: dict[str, Rule] = {
    "archivable": flag_problem,
    "retrievable": flag_problem,
    "publishable": flag_problem,
    "is_on_central_disk": flag_problem,
    "retrieve_integrity_check": flag_problem,
    "archive_status_message": text_problem,
    "retrieve_status_message": text_problem,
    "archive_return_message": object_problem,
    "retrieve_return_message": object_problem,
    "exported_to": text_problem,
    "storage_location": text_problem,
    "date_of_disk_purging": time_problem,
    "archive_retention_time": time_problem,
    "date_of_publishing": time_problem,
    "published_on": time_problem,
}


def technique_problems(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a list of techniques that can be sent; None is no problem.

    Parameters
    ----------
    value:
        What should be one.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [str(problem) for problem in technique_problems(["SAXS"], "techniques")]
    ["techniques[0] is 'SAXS'; expected a Technique"]
    """
    yield from _list_problems(value, at, "Technique", _TECHNIQUE)


def relationship_problems(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a list of relationships that can be sent; None is no problem.

    Parameters
    ----------
    value:
        What should be one.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [problem.expected for problem in relationship_problems("10.1/x", "relationships")]
    ['a list, each a Relationship']
    """
    yield from _list_problems(value, at, "Relationship", _RELATIONSHIP)


def lifecycle_problems(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a lifecycle that can be sent; None is no problem.

    Parameters
    ----------
    value:
        What should be one.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [str(problem) for problem in lifecycle_problems("archived", "lifecycle")]
    ["lifecycle is 'archived'; expected a Lifecycle"]
    """
    if value is not None:
        yield from _part_problems(value, at, "Lifecycle", _LIFECYCLE)


def _list_problems(value: object, at: str, noun: str, rules: Mapping[str, Rule]) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, list | tuple):
        yield Problem(at, value, f"a list, each a {noun}")
        return
    for index, item in enumerate(value):
        yield from _part_problems(item, f"{at}[{index}]", noun, rules)


def _part_problems(part: object, at: str, noun: str, rules: Mapping[str, Rule]) -> Iterator[Problem]:
    if not all(hasattr(part, name) for name in rules):
        yield Problem(at, part, f"a {noun}")
        return
    fields = {f"{at}.{name}": getattr(part, name) for name in rules}
    yield from checked(fields, {f"{at}.{name}": rule for name, rule in rules.items()})
