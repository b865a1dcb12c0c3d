"""The embedded catalogue answers what a real server answered, recorded in ``data/recordings``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from scitacean.embedded import Accounts, EmbeddedCatalogue

DATA = Path(__file__).parents[1] / "data"
ACCOUNTS = DATA / "congruence" / "accounts.json"
OWN_KEYS = {"_id", "__v", "id"}
FILE = {"size": 10, "time": "2026-01-01T00:00:00.000Z"}


def filled(x: Any, saved: dict[str, Any], *, in_path: bool = False) -> Any:
    if isinstance(x, str):
        whole = re.fullmatch(r"\{(\w+)\}", x)
        if whole and not in_path:
            return saved[whole[1]]

        def value(match: re.Match[str]) -> str:
            text = str(saved[match[1]])
            return quote(text, safe="") if in_path else text

        return re.sub(r"\{(\w+)\}", value, x)
    if isinstance(x, dict):
        if set(x) == {"#text"}:
            return "x" * x["#text"]
        if set(x) == {"#files"}:
            return [{"path": f"run/f{i:06d}.dat", **FILE} for i in range(x["#files"])]
        return {key: filled(entry, saved) for key, entry in x.items()}
    return [filled(entry, saved) for entry in x] if isinstance(x, list) else x


def kind(x: Any) -> str:
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    return "null" if x is None else kinds.get(type(x), "object")


def differences(want: Any, got: Any, at: str = "") -> Iterator[str]:
    if isinstance(want, dict) and set(want) == {"~"}:
        if kind(got) != want["~"]:
            yield f"{at}: expected a {want['~']}, got {got!r}"
    elif kind(want) != kind(got):
        yield f"{at}: expected {want!r}, got {got!r}"
    elif isinstance(want, dict):
        yield from (f"{at}/{key}: missing" for key in want.keys() - got.keys())
        yield from (f"{at}/{key}: extra" for key in got.keys() - want.keys() - OWN_KEYS)
        for key in want.keys() & got.keys():
            yield from differences(want[key], got[key], f"{at}/{key}")
    elif isinstance(want, list):
        if all(isinstance(one, dict) and set(one) == {"_id", "count"} for one in want + got):
            # Facets of equal count come in any order.
            want, got = (sorted(x, key=lambda one: (-one["count"], str(one["_id"]))) for x in (want, got))
        if len(want) != len(got):
            yield f"{at}: {len(got)} items, expected {len(want)}"
        for i, (one, other) in enumerate(zip(want, got, strict=False)):
            yield from differences(one, other, f"{at}/{i}")
    elif isinstance(want, int | float):
        if got != pytest.approx(want, rel=1e-9):
            yield f"{at}: expected {want!r}, got {got!r}"
    elif want != got:
        yield f"{at}: expected {want!r}, got {got!r}"


class Session:
    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.saved: dict[str, Any] = {}
        users = json.loads(ACCOUNTS.read_text())["users"]
        self.passwords = {user["username"]: user["password"] for user in users}
        self.tokens = {"bad token": "not.a.token"}

    def token(self, user: str) -> str:
        if user not in self.tokens:
            login = {"username": user, "password": self.passwords[user]}
            answer = self.http.post("/api/v3/auth/login", json=login)
            assert answer.status_code == 201
            self.tokens[user] = answer.json()["access_token"]
        return self.tokens[user]

    def call(self, step: dict[str, Any]) -> httpx.Response:
        headers = dict(step.get("headers", {}))
        if step.get("as"):
            headers["Authorization"] = f"Bearer {self.token(step['as'])}"
        query = {
            name: json.dumps(filled(value, self.saved)) if isinstance(value, dict) else value
            for name, value in step.get("query", {}).items()
        }
        content = None
        if "json" in step:
            headers.setdefault("Content-Type", "application/json")
            content = json.dumps(filled(step["json"], self.saved)).encode()
        answer = self.http.request(
            step["method"],
            filled(step["path"], self.saved, in_path=True),
            params=query or None,
            headers=headers,
            content=content,
        )
        for name, pointer in step.get("save", {}).items():
            self.saved[name] = answer.json()[pointer.strip("/")]
        return answer


def test_answers_as_the_recorded_server() -> None:
    # One after the other on one catalogue, as they were recorded: some count what others made.
    found: list[str] = []
    with (
        EmbeddedCatalogue(accounts=Accounts.from_file(ACCOUNTS)) as catalogue,
        httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://catalogue") as http,
    ):
        for path in sorted((DATA / "recordings").glob("*.json")):
            session = Session(http)
            for number, step in enumerate(json.loads(path.read_text())):
                title = f"{path.stem} {number} {step.get('name') or step['path']}"
                found += [f"{title}: {text}" for text in faults(session.call(step), step)]
    assert found == []


def faults(answer: httpx.Response, step: dict[str, Any]) -> Iterator[str]:
    if step["status"] == 500:
        # A recorded 500 stands for any refusal.
        if answer.status_code < 400:
            yield f"{answer.status_code}, expected a refusal"
    elif answer.status_code != step["status"]:
        yield f"{answer.status_code}, expected {step['status']}"
    else:
        yield from differences(step["body"], answer.json() if answer.content else None)


def test_the_comparison_notices_differences() -> None:
    want = {"a": {"~": "string"}, "b": [1, {"c": None}]}
    assert list(differences(want, {"a": "x", "b": [1.0, {"c": None}], "_id": "y"})) == []
    for wrong in (
        {"a": 1, "b": [1, {"c": None}]},
        {"a": "x", "b": [1]},
        {"a": "x", "b": [2, {"c": None}]},
        {"a": "x", "b": [1, {"c": "d"}]},
        {"a": "x", "b": [1, {"c": None}], "more": 1},
        {"a": "x"},
    ):
        assert list(differences(want, wrong)) != [], wrong
    facets = [{"_id": "a", "count": 1}, {"_id": "b", "count": 1}]
    assert list(differences(facets, facets[::-1])) == []
    assert list(differences(facets, [*facets[:1], {"_id": "c", "count": 1}])) != []
