"""Which operations and fields of the generated client the handwritten layer uses."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from .document import Document, operations, schemas

_REFERENCE = re.compile(r"#/components/schemas/([^'\"]+)")


@dataclass
class Usage:
    """What is used.

    Parameters
    ----------
    operations:
        ``(method, path)`` of the endpoints.
    classes:
        Generated classes that are imported, and those that come with the endpoints' answers.
    names:
        Attributes and keywords in the modules that import generated code.
    """

    operations: set[tuple[str, str]] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def find_usage(handwritten: Path, package: Path, document: Document) -> Usage:
    """Read the handwritten modules, without running them.

    Parameters
    ----------
    handwritten:
        The folder of the handwritten package.
    package:
        The generated package that it is written against.
    document:
        The patched document of that package.
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
    for method, path_, operation in operations(document):
        if (method.upper(), path_) in usage.operations:
            usage.classes |= set(_REFERENCE.findall(str(operation)))
    _add_nested(usage.classes, document)
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


def _add_nested(classes: set[str], document: Document) -> None:
    waiting = list(classes)
    while waiting:
        for name in _REFERENCE.findall(str(schemas(document).get(waiting.pop(), ""))):
            if name not in classes:
                classes.add(name)
                waiting.append(name)
