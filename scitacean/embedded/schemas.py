"""Requests checked against the server's interface document, with the deviations of real servers."""

from __future__ import annotations

import copy
import functools
import importlib.resources
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from . import quick, times
from .answers import Document, bad_request
from .variants import NEWEST, Variant

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_REFERENCE = "#/components/schemas/"
_OLD_RELATIONSHIP = {
    "type": "object",
    "properties": {"pid": {"type": "string"}, "relationship": {"type": "string"}},
    "required": ["pid", "relationship"],
}
# Each part ends where the next one begins: no text makes it try again and again.
_ADDRESS = r"(?![^\s;]{321})[^@\s;]+@[^@\s;][^@\s;.]*\.[^@\s;]+"
_ADDRESSES = rf"^{_ADDRESS}(\s*;\s*{_ADDRESS})*;?\s*$"


@frozen
class Deviation:
    """Where servers do not do what their document says.

    Parameters
    ----------
    schema:
        Name of the schema, ``*`` for each.
    change:
        What to do to the schema.
    why:
        What servers do.
    """

    schema: str
    change: Callable[[Document], None]
    why: str


def _closed(schema: Document) -> None:
    # A schema without properties is an open object, scientificMetadata for example.
    if schema.get("properties"):
        schema["additionalProperties"] = False


_NEVER_NULL = (
    "size",
    "packedSize",
    "numberOfFiles",
    "numberOfFilesArchived",
    "isPublished",
    "datasetlifecycle",
)


def _nullable(schema: Document) -> None:
    required = set(schema.get("required", ()))
    for name, entry in schema.get("properties", {}).items():
        if name not in required and name not in _NEVER_NULL:
            schema["properties"][name] = {"anyOf": [entry, {"type": "null"}]}


def _not_null(*names: str) -> Callable[[Document], None]:
    def change(schema: Document) -> None:
        # Older servers do not know all of them.
        for name in schema["properties"].keys() & set(names):
            alternatives = schema["properties"][name]["anyOf"]
            schema["properties"][name] = next(one for one in alternatives if one != {"type": "null"})

    return change


def _single_texts(schema: Document) -> None:
    for name, entry in schema.get("properties", {}).items():
        if entry.get("type") == "array" and entry.get("items", {}).get("type") == "string":
            schema["properties"][name] = {"anyOf": [entry, {"type": "string"}]}


def _any_numbers(schema: Document) -> None:
    for entry in schema.get("properties", {}).values():
        if entry.get("type") == "integer":
            entry["type"] = "number"


def _required(name: str) -> Callable[[Document], None]:
    def change(schema: Document) -> None:
        schema["required"] = [*schema.get("required", ()), name]

    return change


def _not_empty(*names: str) -> Callable[[Document], None]:
    def change(schema: Document) -> None:
        for name in names:
            schema["properties"][name] = {**schema["properties"][name], "minLength": 1}

    return change


def _addresses(schema: Document) -> None:
    schema["properties"]["contactEmail"]["pattern"] = _ADDRESSES


def _one_of(name: str, *values: str) -> Callable[[Document], None]:
    def change(schema: Document) -> None:
        schema["properties"][name] = {**schema["properties"][name], "enum": list(values)}

    return change


_DATASETS = (
    "CreateDatasetDto", "UpdateDatasetDto", "PartialUpdateDatasetDto",
    "CreateRawDatasetObsoleteDto", "UpdateRawDatasetObsoleteDto", "PartialUpdateRawDatasetObsoleteDto",
    "CreateDerivedDatasetObsoleteDto", "UpdateDerivedDatasetObsoleteDto",
    "PartialUpdateDerivedDatasetObsoleteDto",
)  # fmt: skip
_OBSOLETE = ("ownerGroup", "owner", "contactEmail", "sourceFolder", "creationTime", "datasetName")
_PUBLISHED_DATA = ("CreatePublishedDataV4Dto", "PartialUpdatePublishedDataV4Dto")
_NEEDED = {
    "UpdateDatasetDto": ("owner",),
    "PartialUpdateDatasetDto": (
        "ownerGroup", "owner", "contactEmail", "sourceFolder", "creationTime", "datasetName"
    ),
    "PartialUpdateOrigDatablockDto": ("ownerGroup", "dataFileList"),
    "PartialUpdateSampleDto": ("ownerGroup", "sampleName"),
    "PartialUpdateProposalDto": ("ownerGroup", "email", "title"),
    "PartialUpdateInstrumentDto": ("name",),
    "PartialUpdateDatablockDto": ("ownerGroup", "dataFileList"),
    "PartialUpdateAttachmentV4Dto": ("ownerGroup", "caption"),
    "PartialUpdateAttachmentV3Dto": ("ownerGroup", "caption"),
    "PartialUpdatePublishedDataV4Dto": ("title", "abstract", "datasetPids", "status"),
    "PartialUpdateRawDatasetObsoleteDto": _OBSOLETE,
    "PartialUpdateDerivedDatasetObsoleteDto": _OBSOLETE,
}  # fmt: skip
DEVIATIONS: tuple[Deviation, ...] = (
    Deviation("CreateDatasetDto", _required("owner"), "a dataset without an owner is a 500"),
    *(
        Deviation(
            name,
            _not_empty("ownerGroup", "sourceFolder", "owner"),
            "empty texts are refused, the empty owner with a 500",
        )
        for name in _DATASETS
    ),
    *(
        Deviation(name, _addresses, "contactEmail is a list of addresses with ';' between them")
        for name in _DATASETS
    ),
    Deviation("CreateOrigDatablockDto", _not_empty("datasetId"), "no dataset has an empty PID"),
    *(
        Deviation(
            name,
            _one_of("status", "private", "public", "registered", "amended"),
            "published data has no other state",
        )
        for name in _PUBLISHED_DATA
    ),
    Deviation("*", _closed, "unknown fields are refused: property foo should not exist"),
    Deviation("*", _any_numbers, "sizes and counts need not be whole numbers"),
    Deviation("*", _single_texts, "a text where a list of texts is due becomes a list of one"),
    Deviation(
        "*",
        _nullable,
        "null is as good as nothing for optional fields; for some of a dataset it is a 500",
    ),
    *(
        Deviation(name, _not_null(*needed), "what was needed to make it cannot become null")
        for name, needed in _NEEDED.items()
    ),
)


@functools.cache
def document() -> bytes:
    """Read the interface document that the generated client was made from."""
    folder = importlib.resources.files("scicat_api")
    return folder.joinpath("openapi.json").read_bytes()


@functools.cache
def parsed_document() -> Document:
    """Parse the interface document."""
    content: Document = json.loads(document())
    return content


@functools.cache
def fields(name: str) -> frozenset[str]:
    """List the fields of a schema of the document."""
    return frozenset(parsed_document()["components"]["schemas"][name]["properties"])


def is_boolean(name: str, field: str) -> bool:
    """Tell whether a field of a schema is true or false."""
    entry = parsed_document()["components"]["schemas"][name]["properties"][field]
    return bool(_resolved(entry).get("type") == "boolean")


@functools.cache
def names(name: str) -> frozenset[str]:
    """List the fields of a schema of the document, of the schemas in it, and so on."""
    return frozenset(_names({"$ref": _REFERENCE + name}))


def _names(schema: Document) -> Iterator[str]:
    for name, entry in _resolved(schema).get("properties", {}).items():
        yield name
        entry = _resolved(entry)
        yield from _names(entry["items"] if entry.get("type") == "array" else entry)


@functools.cache
def time_fields(name: str) -> frozenset[str]:
    """List the dotted paths of a schema that hold times."""
    return frozenset(_time_fields({"$ref": _REFERENCE + name}))


def _time_fields(schema: Document) -> Iterator[str]:
    schema = _resolved(schema)
    for name, entry in schema.get("properties", {}).items():
        entry = _resolved(entry)
        if entry.get("format") == "date-time":
            yield name
        inner = entry["items"] if entry.get("type") == "array" else entry
        yield from (f"{name}.{path}" for path in _time_fields(inner))


def problems(name: str, body: Document, variant: Variant = NEWEST) -> list[str]:
    """List what is wrong with a body, in the words of servers where they are known."""
    if _quick(name, variant)(body):
        return []
    validator = _validator(name, variant)
    found = []
    for outer in sorted(validator.iter_errors(body), key=lambda error: str(error.absolute_path)):
        error = _innermost(outer)
        where = ".".join(str(part) for part in error.absolute_path)
        unknown = re.findall(r"'([^']*)' (?:was|were) unexpected", error.message)
        if error.validator == "additionalProperties" and unknown:
            found.append(f"{where}.property {unknown[0]} should not exist".lstrip("."))
        else:
            found.append(f"{where} {_short(error.message)}".strip())
    return found


def is_missing(problem: str) -> bool:
    """Tell whether a problem is that a field was not sent."""
    return problem.endswith("is a required property")


def check(name: str, body: object, variant: Variant = NEWEST) -> Document:
    """Check a body and give it the form that is stored: lists as lists, times in UTC.

    Raises
    ------
    Refusal
        400, with the list of what is wrong.
    """
    if not isinstance(body, dict):
        raise bad_request(["the body should be an object"])
    if found := problems(name, body, variant):
        raise bad_request(found)
    stored = _stored(name, body)
    if not isinstance(stored, dict):
        raise TypeError(f"{name} is no schema of an object")
    return stored


def _innermost(error: ValidationError) -> ValidationError:
    # Of several alternatives, the one that was meant is the one that got the furthest.
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:300]} ..."


@functools.cache
def _schemas(variant: Variant) -> Document:
    changed = copy.deepcopy(parsed_document()["components"]["schemas"])
    for name, field in variant.unknown_fields:
        _remove(changed[name], field)
    if variant.old_relationships:
        changed["CreateRelationshipDto"] = copy.deepcopy(_OLD_RELATIONSHIP)
    for deviation in DEVIATIONS:
        names = changed if deviation.schema == "*" else [deviation.schema]
        for name in names:
            deviation.change(changed[name])
    result: Document = changed
    return result


def _remove(schema: Document, field: str) -> None:
    del schema["properties"][field]
    schema["required"] = [name for name in schema.get("required", ()) if name != field]


@functools.cache
def _quick(name: str, variant: Variant = NEWEST) -> quick.Check:
    return quick.compiled({"$ref": _REFERENCE + name}, _schemas(variant))


@functools.cache
def _validator(name: str, variant: Variant = NEWEST) -> Validator:
    # jsonschema takes long to import, and few who import this package check anything.
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(_is_time)
    checker.checks("email")(_is_address)
    return jsonschema.Draft202012Validator(
        {"$ref": f"{_REFERENCE}{name}", "components": {"schemas": _schemas(variant)}},
        format_checker=checker,
    )


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        times.normalised(value)
    return True


def _is_address(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(_ADDRESS, value) is not None


def _stored(name: str, body: Document) -> object:
    return _form({"$ref": _REFERENCE + name}, body)


def _resolved(schema: Document) -> Document:
    """Follow a reference; of alternatives, one of which is null, take the other."""
    for alternatives in ("anyOf", "oneOf", "allOf"):
        for entry in schema.get(alternatives, ()):
            if entry.get("type") != "null":
                return _resolved(entry)
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        return _resolved(parsed_document()["components"]["schemas"][name])
    return schema


def _form(schema: Document, value: object) -> object:
    schema = _resolved(schema)
    if schema.get("type") == "array":
        if isinstance(value, str):
            return [value]
        return [_form(schema["items"], entry) for entry in value] if isinstance(value, list) else value
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        return {key: _form(properties.get(key, {}), entry) for key, entry in value.items()}
    if isinstance(value, str) and schema.get("format") == "date-time":
        return times.normalised(value)
    return value
