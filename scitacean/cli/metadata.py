"""Metadata files: a dataset's fields, written as TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs
from attrs import AttrsInstance

from scitacean.errors import ConfigurationError
from scitacean.model.dataset import Dataset
from scitacean.model.parts import Lifecycle, Relationship, Technique

_TIMES = frozenset({"creation_time", "start_time", "end_time"})
_TIMES_OF_PARTS = frozenset(
    {"date_of_disk_purging", "archive_retention_time", "date_of_publishing", "published_on"}
)


def make_dataset(file: Path | None, overrides: Mapping[str, object]) -> Dataset:
    """Make a dataset of a metadata file and options; the upload validates it.

    Parameters
    ----------
    file:
        TOML, or JSON if its name ends with ``.json``: fields of :class:`scitacean.Dataset` by their names,
        times, those of the lifecycle too, in ISO 8601; techniques by name or id, or with ``pid`` and
        ``name``.
    overrides:
        Fields given as options; None where they are not.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or has fields that datasets do not have.

    Examples
    --------
    >>> file = Path("run.toml")
    >>> _ = file.write_text('techniques = ["SAXS"]')
    >>> dataset = make_dataset(file, {"name": "Run 7", "owner": None})
    >>> dataset.type, dataset.name, dataset.techniques[0].name
    ('raw', 'Run 7', 'small angle x-ray scattering')
    """
    fields: dict[str, object] = {"type": "raw", "creation_time": datetime.now(tz=UTC)}
    if file is not None:
        fields |= _converted(_read(file), file)
    fields |= {name: value for name, value in overrides.items() if value is not None}
    return Dataset(type="raw").replace(**fields)


def _read(file: Path) -> dict[str, object]:
    try:
        fields = _parsed(file)
    except (OSError, ValueError) as error:
        raise _unreadable(file, str(error)) from None
    except RecursionError:
        raise _unreadable(file, "it is nested too deeply") from None
    if not isinstance(fields, dict):
        raise _unreadable(file, "it holds no JSON object, {...}")
    return fields


def _parsed(file: Path) -> object:
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix.casefold() == ".json" else tomllib.loads(text)


def _unreadable(file: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"Cannot read the metadata file {file}: {reason}.",
        hint="It is TOML, or JSON if its name ends with .json; see the examples folder.",
    )


def _converted(fields: Mapping[str, object], file: Path) -> dict[str, object]:
    """Make parts and times of what the file has; what is neither stays, for validation to report."""
    # The few who may choose a PID can do so here.
    known = {field.name for field in Dataset.fields(read_only=False)} | {"pid"}
    if unknown := sorted(set(fields) - known):
        raise _unusable(
            file,
            f"it has fields that datasets do not have: {', '.join(unknown)}. "
            "Scientific metadata belongs into the table [meta].",
        )
    try:
        return {name: _field(name, value) for name, value in fields.items()}
    except ValueError as error:
        raise _unusable(file, str(error)) from None


def _unusable(file: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"The metadata file {file} cannot be used: {reason}")


def _field(name: str, value: object) -> object:
    if name in _TIMES:
        return _time(value, name)
    match name, value:
        case "techniques", list():
            return _each(_technique, value, name)
        case "relationships", list():
            return _each(_relationship, value, name)
        case "lifecycle", dict():
            return _part(Lifecycle, value, name)
    return value


def _each(make: Callable[[object, str], object], items: list[object], at: str) -> list[object]:
    return [make(item, f"{at}[{index}]") for index, item in enumerate(items)]


def _technique(item: object, at: str) -> object:
    return Technique.find(item) if isinstance(item, str) else _part(Technique, item, at)


def _relationship(item: object, at: str) -> object:
    return _part(Relationship, item, at)


def _part(kind: type[AttrsInstance], item: object, at: str) -> object:
    if not isinstance(item, dict):
        return item
    known = attrs.fields_dict(kind)
    if unknown := sorted(set(item) - set(known)):
        raise ValueError(f"{at} has fields that a {kind.__name__} does not have: {', '.join(unknown)}.")
    # What is missing is None, and reported with all else that is wrong.
    needed = [name for name, attribute in known.items() if attribute.default is attrs.NOTHING]
    times = {name: _time(item[name], f"{at}.{name}") for name in _TIMES_OF_PARTS & item.keys()}
    return kind(**dict.fromkeys(needed) | item | times)


def _time(value: object, at: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f"{at} is {value!r}, which is no time in ISO 8601 like 2026-03-01T12:00:00Z."
        ) from None
