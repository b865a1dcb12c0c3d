"""Patches: corrections to a document, each with the value that it expects to find."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .document import Document
from .problems import RegenerationError

_EXPECTATIONS = {"expect", "expect_some", "expect_items", "expect_anything", "expect_nothing"}
_ACTIONS = {"put", "merge", "remove", "remove_items"}
_KEYS = _EXPECTATIONS | _ACTIONS | {"why", "where", "ours"}


@dataclass(frozen=True)
class Patch:
    """One correction.

    Parameters
    ----------
    where:
        A JSON pointer whose parts may be patterns: ``*`` within a part, ``**`` for any number of parts.
    expectation, expected:
        ``expect``: exactly this value; ``expect_some``: an object with at least this in it;
        ``expect_items``: a list with these items; ``expect_anything``; ``expect_nothing``: no value.
    action, argument:
        ``put`` a value; ``merge`` fields into an object; ``remove`` the value; ``remove_items``:
        remove the items that are expected.
    why:
        What is wrong without the patch.
    ours:
        Whether the committed document needs it; a patch that only other servers' documents need
        does not become stale.
    """

    where: str
    expectation: str
    expected: Any
    action: str
    argument: Any
    why: str
    ours: bool

    def __str__(self) -> str:
        return f"{self.where} ({self.why})"


def load_patches(path: Path) -> list[Patch]:
    """Read patches from a TOML file; one with several places counts as several.

    Raises
    ------
    RegenerationError
        If the file cannot be read, or a patch does not say where, what is expected, what to do
        and why.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RegenerationError(f"Cannot read the patches in {path}: {error}") from error
    patches: list[Patch] = []
    for number, raw in enumerate(content.get("patch", []), 1):
        expectations, actions = _EXPECTATIONS & raw.keys(), _ACTIONS & raw.keys()
        if len(expectations) != 1 or len(actions) != 1 or not raw.keys() <= _KEYS:
            raise RegenerationError(
                f"Patch {number} in {path} must have one of {sorted(_EXPECTATIONS)}, "
                f"one of {sorted(_ACTIONS)}, 'where' and 'why', and nothing else but 'ours'."
            )
        if not (raw.get("why") and raw.get("where")):
            raise RegenerationError(f"Patch {number} in {path} does not say where or why.")
        expectation, action = expectations.pop(), actions.pop()
        places = [raw["where"]] if isinstance(raw["where"], str) else raw["where"]
        patches.extend(
            Patch(
                where,
                expectation,
                raw[expectation],
                action,
                raw[action],
                raw["why"],
                raw.get("ours", True),
            )
            for where in places
        )
    return patches


def apply(document: Document, patches: list[Patch]) -> list[Patch]:
    """Change a document in place; return the patches that found nothing to do, in order."""
    return [patch for patch in patches if not _apply_one(document, patch)]


def _apply_one(document: Document, patch: Patch) -> bool:
    parts = [p.replace("~1", "/").replace("~0", "~") for p in patch.where.split("/")[1:]]
    holders = list(_find(document, parts[:-1]))
    done = False
    # Backwards, so that removing items of a list does not move those still to come.
    for holder in reversed(holders):
        for key in reversed(_keys(holder, parts[-1], patch.expectation == "expect_nothing")):
            if _is_expected(holder, key, patch):
                _change(holder, key, patch)
                done = True
    return done


def _find(node: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield node
        return
    if parts[0] == "**":
        yield from _find(node, parts[1:])
        for key in _keys(node, "*", False):
            yield from _find(node[key], parts)
        return
    for key in _keys(node, parts[0], False):
        yield from _find(node[key], parts[1:])


def _keys(node: Any, part: str, absent: bool) -> list[Any]:
    if isinstance(node, dict):
        if absent:
            return [] if part in node else [part]
        return [key for key in node if fnmatchcase(key, part)]
    if isinstance(node, list):
        return [index for index in range(len(node)) if fnmatchcase(str(index), part)]
    return []


def _is_expected(holder: Any, key: Any, patch: Patch) -> bool:
    if patch.expectation == "expect_nothing":
        return True
    value = holder[key]
    if patch.expectation == "expect":
        return bool(value == patch.expected)
    if patch.expectation == "expect_some":
        return _has(value, patch.expected)
    if patch.expectation == "expect_items":
        return isinstance(value, list) and all(item in value for item in patch.expected)
    return True


def _has(value: Any, expected: Any) -> bool:
    if isinstance(expected, dict) and isinstance(value, dict):
        return all(key in value and _has(value[key], part) for key, part in expected.items())
    return bool(value == expected or expected == "*")


def _change(holder: Any, key: Any, patch: Patch) -> None:
    if patch.action == "put":
        holder[key] = copy.deepcopy(patch.argument)
    elif patch.action == "merge":
        holder[key] |= copy.deepcopy(patch.argument)
    elif patch.action == "remove_items":
        holder[key] = [item for item in holder[key] if item not in patch.expected]
    else:
        del holder[key]
