"""Interface documents: get them from a file or a server, and say the same thing the same way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from .problems import RegenerationError
from .shape import METHODS, check_shape

Document = dict[str, Any]
_PROSE = {"description", "summary", "example", "examples", "externalDocs", "deprecated"}
_REFERENCE = "#/components/schemas/"
_OPERATION_ID = re.compile(r"\w+Controller_(\w+?)_(v\d+)")


def load(path: Path) -> Document:
    """Read a document from a JSON file.

    Parameters
    ----------
    path:
        The file.

    Returns
    -------
    :
        The document.

    Raises
    ------
    RegenerationError
        If the file cannot be read or is no OpenAPI document.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegenerationError(f"Cannot read {path}: {error}") from error
    return parse(text, str(path))


def fetch(url: str) -> Document:
    """Get the document that a server emits, usually at ``/explorer-json``.

    Parameters
    ----------
    url:
        Where the document is.

    Returns
    -------
    :
        The document.

    Raises
    ------
    RegenerationError
        If the server cannot be reached or answers with something else.
    """
    try:
        response = httpx.get(url, follow_redirects=True, timeout=30)
        response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RegenerationError(
            f"Cannot get the document from {url}: {error}. Is the address right? "
            "SciCat servers have it at https://SERVER/explorer-json."
        ) from error
    return parse(response.text, url)


def parse(text: str, source: str) -> Document:
    """Read a document from text that came from ``source``.

    Raises
    ------
    RegenerationError
        If it is no OpenAPI document, or one that cannot be written to a file.
    """
    try:
        document: Document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RegenerationError(f"{source} is no JSON: {error}") from error
    try:
        check_shape(document)
        json.dumps(document, ensure_ascii=False).encode()
    except (RegenerationError, UnicodeEncodeError) as error:
        raise RegenerationError(f"{source} is no OpenAPI 3 document: {error}") from error
    return document


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Go through the operations: method, path, and the operation itself."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if isinstance(item.get(method), dict):
                yield method, path, item[method]


def schemas(document: Document) -> dict[str, Any]:
    """Return the named schemas."""
    found: dict[str, Any] = document.get("components", {}).get("schemas", {})
    return found


def normalise(document: Document) -> Document:
    """Return a copy that says the same without prose, with plain names and single references.

    Servers of different versions word the same thing differently; patches and comparisons would
    otherwise have to know all the ways.  Names of operations are unique within their tag.
    """
    copy: Document = json.loads(json.dumps(document))
    copy["info"] = {
        "title": " ".join(str(copy["info"].get("title", "")).split()),
        "version": " ".join(str(copy["info"].get("version", "")).split()),
    }
    if schemas(copy):
        copy["components"]["schemas"] = {n: _plain_schema(s) for n, s in schemas(copy).items()}
        copy = _unify_names(copy)
    else:
        # The same said in another way; patches that add schemas then find no place for them.
        copy.get("components", {}).pop("schemas", None)
    _name_operations(copy)
    for _, _, operation in operations(copy):
        _normalise_operation(operation)
    return copy


def _unify_names(document: Document) -> Document:
    """Name schemas as classes are named, and put alternatives where they are referred to."""
    named = schemas(document)
    places: dict[str, Any] = {}
    for name, schema in named.items():
        reference = {"$ref": _REFERENCE + name[:1].upper() + name[1:]}
        places[_REFERENCE + name] = schema if _is_alternatives(schema) else reference
    for name in _self_referring({n: s for n, s in named.items() if _is_alternatives(s)}):
        places[_REFERENCE + name] = {"$ref": _REFERENCE + name[:1].upper() + name[1:]}

    def put_in_place(node: Any) -> Any:
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str) and target in places:
                found = places[target]
                return put_in_place(found) if "anyOf" in found else dict(found)
            return {key: put_in_place(value) for key, value in node.items()}
        return [put_in_place(item) for item in node] if isinstance(node, list) else node

    document["components"]["schemas"] = {
        name[:1].upper() + name[1:]: schema
        for name, schema in named.items()
        if "$ref" in places[_REFERENCE + name]
    }
    unified: Document = put_in_place(document)
    return unified


def _is_alternatives(schema: dict[str, Any]) -> bool:
    return schema.keys() == {"anyOf"}


def _self_referring(named: dict[str, Any]) -> set[str]:
    """Return the names of those schemas that come back to themselves through others of them."""
    direct = {name: named.keys() & references(schema) for name, schema in named.items()}
    found = set()
    for name, following in direct.items():
        reached: set[str] = set()
        waiting = set(following)
        while waiting:
            reached |= waiting
            waiting = set().union(*(direct[other] for other in waiting)) - reached
        if name in reached:
            found.add(name)
    return found


def references(node: Any) -> set[str]:
    """Return the names of the schemas that are referred to somewhere in a part of a document."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    target = node.get("$ref")
    found = {target.removeprefix(_REFERENCE)} if isinstance(target, str) else set()
    return found.union(*map(references, node.values()))


def _name_operations(document: Document) -> None:
    names: Counter[tuple[str, str]] = Counter()
    for method, path, operation in operations(document):
        tag = str((operation.get("tags") or ["default"])[0])
        original = str(operation.get("operationId") or f"{method}_{path}")
        match = _OPERATION_ID.fullmatch(original)
        name = match[1] if match else original
        if names[tag, name] and match:
            name = f"{name}_{match[2]}"
        names[tag, name] += 1
        if names[tag, name] > 1:
            name = f"{name}_{names[tag, name]}"
        operation["operationId"] = name


def _normalise_operation(operation: dict[str, Any]) -> None:
    for word in _PROSE:
        operation.pop(word, None)
    tag = str((operation.get("tags") or ["default"])[0])
    title = _pascal(tag) + _pascal(operation["operationId"])
    for parameter in operation.get("parameters", []):
        for word in _PROSE:
            parameter.pop(word, None)
        if "schema" in parameter:
            parameter["schema"] = _plain_schema(parameter["schema"])
            _name_inline(parameter["schema"], title + _pascal(str(parameter.get("name"))))
    bodies = {"Body": operation.get("requestBody", {})}
    answers = {f"Answer{status}": r for status, r in operation.get("responses", {}).items()}
    for role, holder in (bodies | answers).items():
        if "description" in holder:
            holder["description"] = ""
        for content in holder.get("content", {}).values():
            for word in _PROSE:
                content.pop(word, None)
            if "schema" in content:
                content["schema"] = _plain_schema(content["schema"])
                _name_inline(content["schema"], title + role)


def _plain_schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    plain = {k: v for k, v in schema.items() if k not in _PROSE and not k.startswith("x-")}
    for key in ("items", "additionalProperties", "not"):
        if key in plain:
            plain[key] = _plain_schema(plain[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in plain:
            plain[key] = [_plain_schema(part) for part in plain[key]]
    if "properties" in plain:
        plain["properties"] = {k: _plain_schema(v) for k, v in plain["properties"].items()}
    # A default belongs to what is sent; beside a reference it is what generators stumble over.
    alone = plain.keys() <= {"allOf", "default", "type"} and len(plain.get("allOf", [])) == 1
    return plain["allOf"][0] if alone else plain


def _name_inline(schema: Any, title: str) -> None:
    """Give classes for schemas that have no name one that no other operation's schema has."""
    if isinstance(schema, dict) and "$ref" not in schema:
        if schema.get("properties") or "enum" in schema:
            schema["title"] = title
        _name_inline(schema.get("items"), title + "Item")


def _pascal(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^0-9A-Za-z]+", text))
