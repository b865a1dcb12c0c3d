"""Rules for attachments that go into the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import attrs

from scitacean.problem import Problem
from scitacean.validation.pictures import picture_problem
from scitacean.validation.repeated import Repeated
from scitacean.validation.rules import Rule, checked, missing
from scitacean.validation.values import flag_problem, text_problem, texts_problem

REQUIRED = {"caption": "text that says what the picture shows"}
TARGET_TYPES = ("dataset", "proposal", "published_data", "sample")


class _Relationship(Protocol):
    """What an attachment belongs to; its values may be odd."""

    @property
    def target_id(self) -> object: ...

    @property
    def target_type(self) -> object: ...

    @property
    def relation_type(self) -> object: ...


def relationships_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a list of what an attachment can belong to; None is no problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problems. Of many items that are wrong alike the first is named, the others
        are counted.

    Examples
    --------
    >>> from scitacean.model.attachment import AttachmentRelationship
    >>> [str(problem) for problem in relationships_problem([AttachmentRelationship("7", "job")], "to")]
    ["to[0].target_type is 'job'; expected dataset, proposal, published_data or sample"]
    """
    if value is None:
        return
    if not isinstance(value, list | tuple):
        yield Problem(at, value, "a list of AttachmentRelationship")
        return
    repeated = Repeated(at)
    for index, item in enumerate(value):
        if all(hasattr(item, name) for name in ("target_id", "target_type", "relation_type")):
            for problem in _relationship_problems(item):
                name = problem.field
                yield from repeated.first(attrs.evolve(problem, field=f"{at}[{index}].{name}"), name)
        else:
            yield from repeated.first(Problem(f"{at}[{index}]", item, "an AttachmentRelationship"))
    yield from repeated.others()


def _relationship_problems(item: _Relationship) -> Iterator[Problem]:
    yield from missing({"target_id": item.target_id}, {"target_id": "an identifier"})
    yield from text_problem(item.target_id, "target_id")
    if not isinstance(item.target_type, str) or item.target_type not in TARGET_TYPES:
        expected = f"{', '.join(TARGET_TYPES[:-1])} or {TARGET_TYPES[-1]}"
        yield Problem("target_type", item.target_type, expected)
    yield from text_problem(item.relation_type, "relation_type")


_RULES: dict[str, Rule] = {
    "caption": text_problem,
    "owner_group": text_problem,
    "access_groups": texts_problem,
    "instrument_group": text_problem,
    "is_published": flag_problem,
    "thumbnail": picture_problem,
    "relationships": relationships_problem,
    "aid": text_problem,
}


def problems_of_attachment(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new attachment, or what cannot be sent.

    Parameters
    ----------
    fields:
        The attachment's fields by their Python names.
    required:
        Whether to look for missing fields.

    Returns
    -------
    :
        The problems; those of missing fields come first.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_attachment({"owner_group": "beamline1"})]
    ['caption is None; expected text that says what the picture shows']
    """
    return [*(missing(fields, REQUIRED) if required else ()), *checked(fields, _RULES)]
