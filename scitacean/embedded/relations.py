"""What belongs to a dataset and can be included in it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from . import rights
from .access import visible
from .answers import Document, bad_request
from .calls import Call
from .conditions import Condition
from .indexes import found_by
from .store import linked

BELONGING = {
    "origdatablocks": "orig_datablocks",
    "datablocks": "datablocks",
    "attachments": "attachments",
}
"""Relations whose documents name the dataset."""

NAMED = {
    "instruments": ("instruments", "instrumentIds", rights.INSTRUMENTS),
    "proposals": ("proposals", "proposalIds", rights.PROPOSALS),
    "samples": ("samples", "sampleIds", rights.SAMPLES),
}
"""Relations whose documents the dataset names."""


def checked(include: Iterable[str]) -> tuple[str, ...]:
    """Check the names of relations; ``all`` stands for each of them.

    Raises
    ------
    Refusal
        400 for a name that is none.
    """
    known = (*BELONGING, *NAMED)
    names: list[str] = []
    for name in include:
        if name == "all":
            names.extend(known)
        elif name in known:
            names.append(name)
        else:
            raise bad_request(f"Provided include field {json.dumps(name)} is not part of a dataset")
    return tuple(dict.fromkeys(names))


def with_relations(
    call: Call, dataset: Document, include: Iterable[str], *, public: bool = False
) -> Document:
    """Add what is included to a dataset, as far as the user may see it."""
    user = None if public else call.user
    result = dict(dataset)
    for name in include:
        if name in BELONGING:
            collection, related = BELONGING[name], linked([str(dataset["pid"])])
            seen = visible(call.site.accounts, user)
        else:
            collection, field, allowed = NAMED[name]
            related = with_ids(dataset.get(field))
            seen = allowed.listed(call.site.accounts, user)
        result[name] = call.transaction.find(collection, related & seen)
    return result


def with_ids(identifiers: object) -> Condition:
    """Match the documents that have any of these ids."""
    names = identifiers if isinstance(identifiers, list) else []
    return found_by("d.id", "IN (SELECT value FROM json_each(?))", json.dumps(names))
