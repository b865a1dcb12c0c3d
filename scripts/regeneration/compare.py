"""What came, went or changed between two documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .document import Document, operations, schemas

What = Literal["came", "went", "changed"]


@dataclass(frozen=True)
class Difference:
    """One difference.

    Parameters
    ----------
    what:
        Whether it came, went or changed.
    subject:
        ``(method, path)`` of an operation, or ``(schema, field)``.
    detail:
        How it changed.
    newly_required:
        Whether it is a field that must be there now and need not be before.
    """

    what: What
    subject: tuple[str, str]
    detail: str = ""
    newly_required: bool = False


def compare_operations(ours: Document, theirs: Document) -> list[Difference]:
    """Compare operations by method and path: parameters, bodies and answers."""
    old = {(method.upper(), path): op for method, path, op in operations(ours)}
    new = {(method.upper(), path): op for method, path, op in operations(theirs)}
    return list(_compare(old, new, _operation_traits))


def compare_fields(ours: Document, theirs: Document) -> list[Difference]:
    """Compare the fields of the schemas that both have, and name those that one has alone."""
    old, new = schemas(ours), schemas(theirs)
    found = [Difference("went", (name, "")) for name in sorted(old.keys() - new.keys())]
    found += [Difference("came", (name, "")) for name in sorted(new.keys() - old.keys())]
    for name in sorted(old.keys() & new.keys()):
        found += _compare(_fields(name, old[name]), _fields(name, new[name]), _field_traits)
    return found


def _compare(
    old: dict[tuple[str, str], Any], new: dict[tuple[str, str], Any], traits: Any
) -> Iterator[Difference]:
    for subject in sorted(old.keys() | new.keys()):
        if subject not in new:
            yield Difference("went", subject)
        elif subject not in old:
            required = traits(new[subject]).get("required") == "yes"
            yield Difference("came", subject, "required" if required else "", required)
        else:
            before, after = traits(old[subject]), traits(new[subject])
            details = [
                f"{trait}: {before.get(trait, 'none')} -> {after.get(trait, 'none')}"
                for trait in sorted(before.keys() | after.keys())
                if before.get(trait) != after.get(trait)
            ]
            if details:
                required = (before.get("required"), after.get("required")) == ("no", "yes")
                yield Difference("changed", subject, "; ".join(details), required)


def _fields(name: str, schema: Any) -> dict[tuple[str, str], Any]:
    required = schema.get("required", [])
    return {
        (name, field): (content, field in required) for field, content in schema.get("properties", {}).items()
    }


def _field_traits(field: tuple[Any, bool]) -> dict[str, str]:
    return {"type": in_words(field[0]), "required": "yes" if field[1] else "no"}


def _operation_traits(operation: dict[str, Any]) -> dict[str, str]:
    traits = {}
    for parameter in operation.get("parameters", []):
        needed = "" if parameter.get("required") else " (optional)"
        traits[f"parameter {parameter.get('name')}"] = in_words(parameter.get("schema")) + needed
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        traits[f"body {kind}"] = in_words(content.get("schema"))
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            traits[f"answer {status}"] = in_words(schema)
    return traits


def in_words(schema: Any) -> str:
    """Write a schema as people say it: ``list of DataFile``."""
    if not isinstance(schema, dict) or not schema:
        return "anything"
    null = " or null" if schema.get("nullable") else ""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1] + null
    if schema.get("type") == "array":
        return f"list of {in_words(schema.get('items'))}{null}"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            joint = " and " if key == "allOf" else " or "
            # The order in which a server names the alternatives means nothing.
            return joint.join(sorted(in_words(part) for part in schema[key])) + null
    if "enum" in schema:
        return "one of " + ", ".join(sorted(map(str, schema["enum"]))) + null
    return str(schema.get("format") or schema.get("type") or "anything") + null
