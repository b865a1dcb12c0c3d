"""Which operations and fields of the generated client the handwritten layer uses."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .document import Document, operations, references, schemas


@dataclass
class Usage:
    """What is used.

    Parameters
    ----------
    operations:
        ``(method, path)`` of the endpoints.
    classes:
        Generated classes that are imported, that the endpoints take and answer, and those that are
        reached from there through fields whose names are used.
    sent:
        Imported classes that go into the endpoints' requests.
    names:
        Attributes and keywords in the modules that import generated code.
    """

    operations: set[tuple[str, str]] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def find_usage(
    handwritten: Path, package: Path, document: Document, python_names: dict[str, dict[str, str]]
) -> Usage:
    """Read the handwritten modules, without running them.

    Parameters
    ----------
    handwritten:
        The folder of the handwritten package.
    package:
        The generated package that it is written against.
    document:
        The patched document of that package.
    python_names:
        For each of its classes the names of its fields in JSON and in Python.
    """
    usage = Usage()
    endpoints: set[tuple[str, str]] = set()
    for path in sorted(handwritten.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        found = _imports(tree)
        if not found:
            continue
        chains = {dotted for node in ast.walk(tree) if (dotted := _dotted(node, found))}
        for parts in (dotted.split(".") for dotted in chains | set(found.values())):
            if parts[1:2] == ["api"] and len(parts) >= 4:
                endpoints.add((parts[2], parts[3]))
            elif parts[1:2] == ["models"]:
                usage.classes.update(part for part in parts[2:] if part[:1].isupper())
        usage.names |= _names(tree)
    usage.operations = {_operation_of(package, tag, name) for tag, name in endpoints} - {("", "")}
    used = [
        operation
        for method, route, operation in operations(document)
        if (method.upper(), route) in usage.operations
    ]
    # Only who imports a class can make an object of it.
    usage.sent = usage.classes & _reached(
        references([operation.get("requestBody") for operation in used]), document, lambda _, __: True
    )
    usage.classes = _reached(
        usage.classes | references(used),
        document,
        lambda name, key: python_names.get(name, {}).get(key, key) in usage.names,
    )
    return usage


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the local names that stand for parts of the generated package."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "scicat_api":
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "scicat_api":
                    found[alias.asname or "scicat_api"] = alias.name if alias.asname else "scicat_api"
    return found


def _dotted(node: ast.AST, found: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if parts and isinstance(node, ast.Name) and node.id in found:
        return ".".join([found[node.id], *reversed(parts)])
    return ""


def _names(tree: ast.Module) -> set[str]:
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return names | {n.arg for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg}


def _operation_of(package: Path, tag: str, name: str) -> tuple[str, str]:
    path = package / "api" / tag / f"{name}.py"
    if not path.is_file():
        return "", ""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    method, _, route = said.rstrip(".").partition(" ")
    return method, route


def _reached(start: set[str], document: Document, follow: Callable[[str, str], bool]) -> set[str]:
    """Return the schemas that some lead to through the fields that are followed."""
    reached: set[str] = set()
    waiting = set(start)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        schema = schemas(document).get(name, {})
        fields = {key: part for key, part in schema.get("properties", {}).items() if follow(name, key)}
        waiting |= references(schema | {"properties": fields}) - reached
    return reached
