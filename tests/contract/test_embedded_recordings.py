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
NOT_THERE = {"datasets_find": {30, 31, 32, 33, 34, 35, 36}}
"""Steps about routes that the embedded catalogue does not have: it must say so."""


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


@pytest.mark.parametrize(
    "name",
    ["sign_in", "datasets", "datasets_change", "datasets_find", "files", "attachments", "samples"],
)
def test_answers_as_the_recorded_server(name: str) -> None:
    steps = json.loads((DATA / "recordings" / f"{name}.json").read_text())
    found: list[str] = []
    with (
        EmbeddedCatalogue(accounts=Accounts.from_file(ACCOUNTS)) as catalogue,
        httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://catalogue") as http,
    ):
        session = Session(http)
        for number, step in enumerate(steps):
            answer = session.call(step)
            title = f"{number} {step.get('name') or step['path']}"
            if number in NOT_THERE.get(name, ()):
                assert answer.status_code == 501, title
            elif step["status"] == 500:
                # A recorded 500 stands for any refusal.
                assert answer.status_code >= 400, title
            elif answer.status_code != step["status"]:
                found.append(f"{title}: {answer.status_code}, expected {step['status']}")
            else:
                body = answer.json() if answer.content else None
                found += [f"{title}: {text}" for text in differences(step["body"], body)]
    assert found == []


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
