"""Single fields between the model and the generated classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeGuard, TypeVar, cast

from scicat_api import UNSET, Unset
from scicat_api.models import CreateRelationshipDto, DataFile, LifecycleClass, TechniqueClass
from scitacean.errors import ValidationError
from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.model.pid import PID
from scitacean.model.thumbnail import Thumbnail

T = TypeVar("T")
U = TypeVar("U")


def is_usable_file(entry: object) -> TypeGuard[DataFile]:
    """Whether an entry has a path and a size, without which it is no file."""
    return (
        isinstance(entry, DataFile)
        and isinstance(cast("object", entry.path), str)
        and isinstance(cast("object", entry.size), int)
    )


def text_or_none(value: object) -> str | None:
    """Return text; None for anything else."""
    return value if isinstance(value, str) else None


def time_or_none(value: object) -> datetime | None:
    """Return a time; None for anything else."""
    return value if isinstance(value, datetime) else None


def required(value: T | None, name: str) -> T:
    """Return what the catalogue requires.

    Raises
    ------
    ValidationError
        If it is missing.
    """
    if value is None:
        raise ValidationError(f"{name} is missing, and the catalogue requires it.")
    return value


def to_send(value: T | None) -> T | Unset:
    """Return what is sent for a value: nothing for None."""
    return UNSET if value is None else value


def list_to_send(values: Sequence[T] | None) -> list[T] | Unset:
    """Return what is sent for a list: nothing for None."""
    return UNSET if values is None else list(values)


def each_to_send(values: Sequence[T] | None, convert: Callable[[T], U]) -> list[U] | Unset:
    """Return what is sent for a list of parts: nothing for None."""
    return UNSET if values is None else [convert(value) for value in values]


def received(value: T | Unset) -> T | None:
    """Return a value that came; None where none did."""
    return None if isinstance(value, Unset) else value


def received_list(values: Sequence[T | None] | Unset | None) -> list[T] | None:
    """Return a list that came, without nulls; another value, which was reported, as it is."""
    # Datasets made through v3 have [null] in the lists of v4.
    if not isinstance(values, list):
        return cast("None", received(values))
    return [value for value in values if value is not None]


def received_each(values: list[T] | Unset | None, kind: type[T], convert: Callable[[T], U]) -> list[U] | None:
    """Return the parts of a list that came, without odd ones, which were reported."""
    if not isinstance(values, list):
        return cast("None", received(values))
    return [convert(value) for value in values if isinstance(value, kind)]


def received_pid(pid: str | None) -> PID | None:
    """Return an identifier that came; None where it is none."""
    try:
        return PID.parse(pid) if isinstance(pid, str) else None
    except ValueError:
        return None


def technique_to_send(technique: Technique) -> TechniqueClass:
    """Make what is sent for a technique."""
    return TechniqueClass(pid=technique.pid, name=technique.name)


def received_technique(technique: TechniqueClass) -> Technique:
    """Make a technique of what came."""
    return Technique(pid=received(technique.pid) or "", name=received(technique.name) or "")


def relationship_to_send(relationship: Relationship) -> CreateRelationshipDto:
    """Make what is sent for a relationship."""
    return CreateRelationshipDto(
        identifier=relationship.identifier,
        relationship=relationship.relationship,
        identifier_type=to_send(relationship.identifier_type),
        entity_type=to_send(relationship.entity_type),
        external_id=to_send(relationship.external_id),
    )


def received_relationship(relationship: CreateRelationshipDto) -> Relationship:
    """Make a relationship of what came."""
    return Relationship(
        identifier=received(relationship.identifier) or "",
        relationship=received(relationship.relationship) or "",
        identifier_type=received(relationship.identifier_type),
        entity_type=received(relationship.entity_type),
        external_id=received(relationship.external_id),
    )


def received_lifecycle(lifecycle: LifecycleClass | None) -> Lifecycle | None:
    """Make a lifecycle of what came; None where it is none."""
    if not isinstance(lifecycle, LifecycleClass):
        return None
    return Lifecycle(
        archivable=received(lifecycle.archivable),
        retrievable=received(lifecycle.retrievable),
        publishable=received(lifecycle.publishable),
        archive_status_message=received(lifecycle.archive_status_message),
        retrieve_status_message=received(lifecycle.retrieve_status_message),
        date_of_disk_purging=received(lifecycle.date_of_disk_purging),
        archive_retention_time=received(lifecycle.archive_retention_time),
        date_of_publishing=received(lifecycle.date_of_publishing),
        published_on=received(lifecycle.published_on),
        is_on_central_disk=received(lifecycle.is_on_central_disk),
    )


def received_thumbnail(encoded: str) -> Thumbnail | None:
    """Make a picture of what came; None where it is none."""
    try:
        return Thumbnail.parse(encoded)
    except ValueError:
        return None
