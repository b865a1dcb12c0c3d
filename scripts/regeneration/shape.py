"""What a document must look like for anything to be done with it: objects and lists in their places."""

from __future__ import annotations

from typing import Any

from .problems import RegenerationError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MAX_DEPTH = 100
_WORDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}


def check_shape(document: Any) -> None:
    """Make sure that what this package reads of a document is what OpenAPI says.

    The rest is for the generator to judge.

    Raises
    ------
    RegenerationError
        If something else is in a place; the message names the place.
    """
    if not _is_flat(document, _MAX_DEPTH):
        raise RegenerationError(f"it is nested more than {_MAX_DEPTH} deep.")
    top = _part({"the document": document}, "the document", dict, "")
    for key, kind in (("openapi", str), ("info", dict), ("paths", dict)):
        if key not in top:
            raise RegenerationError(f"'{key}' is missing.")
        _part(top, key, kind, "")
    for path in top["paths"]:
        item = _part(top["paths"], path, dict, "paths.")
        for method in METHODS:
            if method in item:
                _check_operation(_part(item, method, dict, f"paths.{path}."), f"paths.{path}.{method}.")
    named = _part(_part(top, "components", dict, ""), "schemas", dict, "components.")
    for name in named:
        _check_schema(_part(named, name, dict, "components.schemas."), f"components.schemas.{name}.")


def _part(holder: Any, key: Any, kind: type, where: str) -> Any:
    """Return what is at a key, which must be of a kind; something empty if nothing is there."""
    found = holder[key] if isinstance(holder, list) else holder.get(key, kind())
    if not isinstance(found, kind):
        raise RegenerationError(f"'{where}{key}' must be {_WORDS[kind]}.")
    return found


def _check_operation(operation: dict[str, Any], where: str) -> None:
    _part(operation, "tags", list, where)
    parameters = _part(operation, "parameters", list, where)
    for index in range(len(parameters)):
        parameter = _part(parameters, index, dict, f"{where}parameters.")
        _check_schema(parameter.get("schema"), f"{where}parameters.{index}.schema.")
    _check_content(_part(operation, "requestBody", dict, where), f"{where}requestBody.")
    responses = _part(operation, "responses", dict, where)
    for status in responses:
        _check_content(_part(responses, status, dict, f"{where}responses."), f"{where}responses.{status}.")


def _check_content(holder: dict[str, Any], where: str) -> None:
    contents = _part(holder, "content", dict, where)
    for kind in contents:
        content = _part(contents, kind, dict, f"{where}content.")
        _check_schema(content.get("schema"), f"{where}content.{kind}.schema.")


def _check_schema(schema: Any, where: str) -> None:
    if not isinstance(schema, dict):
        return
    for key in ("required", "enum"):
        _part(schema, key, list, where)
    for key in ("items", "additionalProperties", "not"):
        _check_schema(schema.get(key), f"{where}{key}.")
    for key in ("allOf", "anyOf", "oneOf"):
        parts = _part(schema, key, list, where)
        for index in range(len(parts)):
            _check_schema(_part(parts, index, dict, f"{where}{key}."), f"{where}{key}.{index}.")
    for name, content in _part(schema, "properties", dict, where).items():
        _check_schema(content, f"{where}properties.{name}.")


def _is_flat(node: Any, depth: int) -> bool:
    if not isinstance(node, dict | list):
        return True
    parts = node.values() if isinstance(node, dict) else node
    return depth > 0 and all(_is_flat(part, depth - 1) for part in parts)
