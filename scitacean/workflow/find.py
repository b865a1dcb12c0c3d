"""Finding datasets by what people know of them: words, the group, the type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import attrs

from scitacean.catalogue.scicat_client import ScicatClient

T = TypeVar("T")

_SEARCHED = ("pid", "datasetName", "description", "keywords", "owner")


@attrs.frozen(kw_only=True)
class Found:
    """What a list shows of a dataset; empty or None where the catalogue does not say it.

    Attributes
    ----------
    pid, name, type, owner_group:
        As in the dataset.
    creation_time:
        When its data were taken.
    size:
        Of all its files, in bytes.
    number_of_files:
        How many they are.
    """

    pid: str
    name: str
    type: str
    owner_group: str
    creation_time: datetime | None
    size: int | None
    number_of_files: int | None


def find_datasets(
    scicat: ScicatClient,
    *,
    text: str | None = None,
    name: str | None = None,
    owner_group: str | None = None,
    dataset_type: str | None = None,
    limit: int,
) -> list[Found]:
    """Find the latest datasets that meet all conditions.

    Parameters
    ----------
    scicat:
        Talks to the catalogue.
    text:
        A part of the PID, name, description, owner or a keyword, in capitals or not.
    name:
        A part of the name, in capitals or not.
    owner_group, dataset_type:
        Exactly.
    limit:
        How many to return at most.

    Raises
    ------
    ScicatCommError
        If there is no proper answer.
    """
    where: dict[str, object] = {}
    if text:
        where["$or"] = [{field: _having(text)} for field in _SEARCHED]
    if name:
        where["datasetName"] = _having(name)
    if owner_group:
        where["ownerGroup"] = owner_group
    if dataset_type:
        where["type"] = dataset_type
    return [
        Found(
            pid=_of(str, one.pid) or "",
            name=_of(str, one.dataset_name) or "",
            type=_of(str, one.type_) or "",
            owner_group=_of(str, one.owner_group) or "",
            creation_time=_of(datetime, one.creation_time),
            size=_of(int, one.size),
            number_of_files=_of(int, one.number_of_files),
        )
        for one in scicat.query_datasets(where, limit=limit)
    ]


def _having(text: str) -> Mapping[str, str]:
    return {"$regex": re.escape(text), "$options": "i"}


def _of(kind: type[T], value: object) -> T | None:
    return value if isinstance(value, kind) else None
