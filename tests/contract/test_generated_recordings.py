"""The answers that real servers gave are read through the endpoints that they came from."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import scicat_api.api
from scicat_api import Client, reading

DATA = Path(__file__).parent.parent / "data"
RECORDINGS = sorted((DATA / "recordings").glob("*.json"))
REPORTED = tomllib.loads((DATA / "reported_fields.toml").read_text(encoding="utf-8"))
#: ``{"~": "string"}`` in a recording stands for any text; this one is a valid time, too.
ANY = {"string": "2026-01-01T00:00:00.000Z", "number": 1, "boolean": True, "null": None}


def fill(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"~"}:
            return ANY.get(value["~"], [] if value["~"] == "array" else {})
        return {name: fill(item) for name, item in value.items()}
    return [fill(item) for item in value] if isinstance(value, list) else value


def endpoints() -> list[tuple[str, str, ModuleType]]:
    """Method, path and module of every endpoint; paths with fewest parameters first."""
    found = []
    for info in pkgutil.walk_packages(scicat_api.api.__path__, "scicat_api.api."):
        module = importlib.import_module(info.name)
        if hasattr(module, "sync_detailed"):
            method, _, path = (module.__doc__ or "").rstrip(".").partition(" ")
            found.append((method, path, module))
    return sorted(found, key=lambda endpoint: endpoint[1].count("{"))


ENDPOINTS = endpoints()


def endpoint_of(step: dict[str, Any]) -> tuple[str, ModuleType]:
    for method, path, module in ENDPOINTS:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        if method == step["method"] and re.fullmatch(pattern, step["path"]):
            return f"{method} {path}", module
    raise AssertionError(step)


def call(module: ModuleType, answer: httpx.Response) -> Any:
    """Call an endpoint with whatever it needs; a server gives the answer."""
    needed = {
        name: "x"
        for name in module.sync_detailed.__annotations__
        if name not in {"client", "return", *(module.sync_detailed.__kwdefaults__ or {})}
    }
    with httpx.Client(
        base_url="https://server.example", transport=httpx.MockTransport(lambda _: answer)
    ) as http:
        return module.sync_detailed(client=Client(http), **needed).parsed


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_answers_are_read_and_only_known_fields_reported(path: Path) -> None:
    reported: dict[str, set[str]] = {}
    expected: dict[str, set[str]] = {}
    steps = [step for step in json.loads(path.read_text(encoding="utf-8")) if "body" in step]
    assert steps
    for step in steps:
        name, module = endpoint_of(step)
        body = fill(step["body"])
        with reading() as problems:
            parsed = call(module, httpx.Response(step["status"], json=body))
        if step["status"] in module._ANSWERS:
            assert (parsed is None) == (body is None)
        else:
            assert parsed is None
            assert step["status"] >= 400 or name in REPORTED["no schema"]["operations"]
        where = {f"{p.kind} {re.sub('[0-9]+', '', p.path)}" for p in problems}
        reported.setdefault(name, set()).update(where)
        expected[name] = set(REPORTED["fields"].get(name, []))
    assert reported == expected


def test_the_list_of_reported_fields_names_recorded_operations_only() -> None:
    steps = [step for path in RECORDINGS for step in json.loads(path.read_text(encoding="utf-8"))]
    recorded = {endpoint_of(step)[0] for step in steps}
    assert {*REPORTED["fields"], *REPORTED["no schema"]["operations"]} <= recorded
