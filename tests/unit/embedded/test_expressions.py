"""No expression holds a catalogue for long, nor takes its memory."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scitacean.embedded import expressions
from scitacean.embedded.answers import Refusal
from scitacean.embedded.expressions import Expressions, compiled

ENDLESS = "^(a|aa)+$"
"""Of a text with n letters there are more than 1.6 ** n ways to try."""


def filtered(where: dict[str, Any]) -> dict[str, str]:
    return {"filter": json.dumps({"where": where})}


@pytest.fixture
def long_name(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    created = alice.post("/api/v4/datasets", json={**minimal, "datasetName": "a" * 200 + "!"})
    assert created.status_code == 201


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v4/datasets", filtered({"datasetName": {"$regex": ENDLESS}})),
        ("/api/v4/datasets/count", filtered({"datasetName": {"$not": {"$regex": ENDLESS}}})),
        ("/api/v3/datasets", filtered({"datasetName": {"$regex": ENDLESS}})),
        ("/api/v3/datasets/fullquery", {"fields": json.dumps({"datasetName": {"$regex": ENDLESS}})}),
        (
            "/api/v3/datasets/metadataKeys",
            {"fields": json.dumps({"mode": {"datasetName": {"$regex": ENDLESS}}})},
        ),
    ],
)
@pytest.mark.usefixtures("long_name")
def test_an_endless_expression_is_refused(
    alice: httpx.Client, monkeypatch: pytest.MonkeyPatch, path: str, query: dict[str, str]
) -> None:
    monkeypatch.setattr(expressions, "_SECONDS", 0.1)
    answer = alice.get(path, params=query)
    assert answer.status_code == 400
    assert "$regex takes longer than the 0.1 s" in answer.json()["message"]
    # The next request has its own time.
    found = alice.get("/api/v4/datasets", params=filtered({"datasetName": {"$regex": "a!$"}}))
    assert len(found.json()) == 1


@pytest.mark.usefixtures("long_name")
def test_others_are_answered_meanwhile(
    as_user: Callable[[str | None], httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expressions, "_SECONDS", 3.0)
    begun, statuses = threading.Event(), []

    def told(pattern: str, options: str) -> Callable[[str, float], bool]:
        begun.set()
        return compiled(pattern, options)

    monkeypatch.setattr(expressions, "compiled", told)
    slow, other = as_user("alice"), as_user("alice")

    def ask() -> None:
        answer = slow.get("/api/v4/datasets", params=filtered({"datasetName": {"$regex": ENDLESS}}))
        statuses.append(answer.status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    assert begun.wait(30)
    assert other.get("/api/v4/datasets/count").json() == {"count": 1}
    assert statuses == []
    thread.join()
    assert statuses == [400]


@pytest.mark.usefixtures("long_name")
def test_an_endless_expression_is_refused_where_other_threads_work(
    alice: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expressions, "_SECONDS", 1.0)
    ended, block = threading.Event(), bytes(2**24)

    def work() -> None:
        while not ended.is_set():
            hashlib.sha256(block)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        answer = alice.get("/api/v4/datasets", params=filtered({"datasetName": {"$regex": ENDLESS}}))
    finally:
        ended.set()
        thread.join()
    assert answer.status_code == 400
    assert "$regex takes longer than" in answer.json()["message"]


def test_all_texts_share_the_time_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "_SECONDS", 0.05)
    looking = Expressions()

    def look_for_ever() -> None:
        with looking.limited():
            while True:
                assert looking.matches("a", "", "a")

    with pytest.raises(Refusal, match="takes longer"):
        look_for_ever()


@pytest.mark.parametrize(
    "pattern",
    ["a{1000000000}", "(?:(?:a{1000}){1000}){1000}", "((a|b){400}[)]{4}){400}", "(?x)(a{999})#(\n{999}"],
)
def test_expressions_that_are_too_long_written_out_are_refused(pattern: str) -> None:
    with pytest.raises(Refusal, match="repeats more than the catalogue takes"):
        compiled(pattern, "")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", "925b4b2c-6218-4b71-89d7-412ba365085b"),
        (r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})", "2026-03-01T12:00:00.000Z"),
        (r"^run \d{1,6}$", "run 000123"),
    ],
)
def test_ordinary_counts_are_not(pattern: str, text: str) -> None:
    assert compiled(pattern, "")(text, 5.0)


def test_a_prefix_takes_the_plainest_texts_alone(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    for owner in ("Ada", "Adam", "Bob"):
        assert alice.post("/api/v4/datasets", json={**minimal, "owner": owner}).status_code == 201
    for pattern, number in (("^Ada", 2), ("^Ada$", 1), ("^Ada?m?", 2), ("^ada", 0), ("^Ada|Bob", 3)):
        found = alice.get("/api/v4/datasets", params=filtered({"owner": {"$regex": pattern}}))
        assert len(found.json()) == number
