"""Metadata files: a dataset's fields, written as TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs

from scitacean.errors import ConfigurationError
from scitacean.model.dataset import Dataset
from scitacean.model.parts import Relationship, Technique

_TIMES = ("creation_time", "start_time", "end_time")
_NOT_FROM_FILE = {
    "attachments",
    "files",
    "uid",
    "lifecycle",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "api_version",
}


def make_dataset(file: Path | None, overrides: Mapping[str, object]) -> Dataset:
    """Make a dataset of a metadata file and options.

    Parameters
    ----------
    file:
        TOML or JSON, by its ending: fields of :class:`scitacean.Dataset` by their names; times in ISO 8601.
    overrides:
        Fields given as options; None where they are not.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or has fields that datasets do not have.
    """
    fields: dict[str, object] = {"type": "raw", "creation_time": datetime.now(tz=UTC)}
    fields |= _read(file) if file is not None else {}
    fields |= {name: value for name, value in overrides.items() if value is not None}
    known = {attribute.alias for attribute in attrs.fields(Dataset)} - _NOT_FROM_FILE
    if unknown := sorted(set(fields) - {str(name) for name in known}):
        raise ConfigurationError(
            f"The metadata file {file} has fields that datasets do not have: {', '.join(unknown)}.",
            hint="Scientific metadata belongs into the table [meta].",
        )
    return Dataset(type=str(fields.pop("type"))).replace(**fields)


def _read(file: Path) -> dict[str, object]:
    try:
        text = file.read_text(encoding="utf-8")
        fields: dict[str, object] = dict(json.loads(text) if file.suffix == ".json" else tomllib.loads(text))
        return fields | dict(_converted(fields))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"Cannot read the metadata file {file}: {error}.",
            hint="It is TOML, or JSON if its name ends with .json; see the examples folder.",
        ) from None


def _converted(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    converted: list[tuple[str, object]] = []
    for name, value in fields.items():
        if name in _TIMES and isinstance(value, str):
            converted.append((name, datetime.fromisoformat(value)))
        elif name == "techniques" and isinstance(value, list):
            converted.append((name, [Technique(**item) for item in value]))
        elif name == "relationships" and isinstance(value, list):
            converted.append((name, [Relationship(**item) for item in value]))
    return converted
