"""Published data: from a private draft to a registered DOI."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

As = Callable[[str | None], httpx.Client]
METADATA = {
    "creators": [{"name": "Ada"}],
    "publisher": {"name": "Site"},
    "publicationYear": 2026,
    "resourceType": "raw",
}
ROOT = "/api/v4/publisheddata"


@pytest.fixture
def pid(alice: httpx.Client, minimal: dict[str, Any]) -> str:
    return str(alice.post("/api/v4/datasets", json=minimal).json()["pid"])


def made(http: httpx.Client, pid: str, **more: object) -> str:
    body = {"title": "t", "abstract": "a", "datasetPids": [pid], "metadata": METADATA, **more}
    answer = http.post(ROOT, json=body)
    assert answer.status_code == 201, answer.text
    return f"{ROOT}/{quote(answer.json()['doi'], safe='')}"


def status(http: httpx.Client, path: str) -> Any:
    return http.get(path).json().get("status")


def test_the_life_of_a_publication(as_user: As, alice: httpx.Client, pid: str) -> None:
    admin, nobody = as_user("admin"), as_user(None)
    path = made(alice, pid)
    assert status(alice, path) == "private"
    assert nobody.get(path).status_code == 404
    assert as_user("bob").patch(path, json={"title": "x"}).status_code == 404
    assert nobody.patch(path, json={"title": "x"}).status_code == 401
    assert alice.post(f"{path}/publish").json()["status"] == "public"
    again = alice.post(f"{path}/publish")
    assert (again.status_code, set(again.json())) == (400, {"message", "statusCode"})
    assert alice.patch(path, json={"title": "late"}).status_code == 400
    assert admin.patch(path, json={"title": "by the administrator"}).status_code == 200
    assert alice.post(f"{path}/resync", json={"title": "late"}).status_code == 400
    assert alice.post(f"{path}/amend").status_code == 403
    assert admin.post(f"{path}/amend").status_code == 400
    registered = alice.post(f"{path}/register")
    assert registered.status_code == 201
    assert registered.json()["registeredTime"]
    dataset = alice.get(f"/api/v4/datasets/{quote(pid, safe='')}").json()
    assert dataset["isPublished"] is True
    assert dataset["datasetlifecycle"]["publishedOn"] == registered.json()["registeredTime"]
    assert admin.patch(path, json={"title": "late"}).status_code == 400
    assert admin.post(f"{path}/amend").json()["status"] == "amended"
    doi = registered.json()["doi"]
    assert admin.post(f"{path}/resync", json={"title": "amended"}).json() == {"doi": doi}
    assert (status(nobody, path), nobody.get(path).json()["title"]) == ("registered", "amended")
    assert as_user("archiver").delete(path).status_code == 400


def test_lists(as_user: As, alice: httpx.Client, pid: str) -> None:
    paths = [made(alice, pid, title=f"t{i}") for i in range(3)]

    def titles(user: str | None, **parameters: Any) -> list[str]:
        query = {name: json.dumps(value) for name, value in parameters.items()}
        return [one["title"] for one in as_user(user).get(ROOT, params=query).json()]

    def count(user: str | None) -> int:
        return int(as_user(user).get(f"{ROOT}/count").json()["count"])

    assert titles("alice") == titles("admin") == ["t0", "t1", "t2"]
    assert (titles("bob"), titles(None), count("bob"), count(None)) == ([], [], 0, 0)
    alice.post(f"{paths[0]}/publish")
    assert (titles("bob"), titles(None), count("bob"), count(None)) == (["t0"], [], 1, 0)
    alice.post(f"{paths[0]}/register")
    assert (titles(None), count(None)) == (["t0"], 1)
    assert titles("alice", limits={"limit": 1, "order": "title:desc"}) == ["t2"]
    assert titles("alice", filter={"where": {"title": "t1"}, "limits": {"limit": 5}}) == ["t1"]


def test_changing_and_deleting_a_draft(as_user: As, alice: httpx.Client, pid: str) -> None:
    path = made(alice, pid)
    answer = alice.post(f"{path}/resync", json={"abstract": "new"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert alice.get(path).json()["abstract"] == "new"
    assert alice.delete(path).status_code == 403
    assert as_user("archiver").delete(path).status_code == 200
    assert alice.get(path).status_code == 404
    assert as_user("admin").delete(path).status_code == 404


def test_what_cannot_be_published(as_user: As, alice: httpx.Client, pid: str) -> None:
    refused = alice.post(f"{made(alice, pid, metadata=None)}/publish")
    assert refused.status_code == 400
    assert [type(reason) for reason in refused.json()] == [str] * 4
    assert alice.post(f"{made(alice, 'no/such')}/publish").status_code == 404
    # Others cannot open what is not theirs by publishing it.
    assert as_user("bob").post(f"{made(as_user('bob'), pid)}/publish").status_code == 403
    body = {"title": "t", "abstract": "a", "datasetPids": [pid], "status": "nonsense"}
    assert alice.post(ROOT, json=body).status_code == 400
    config = as_user(None).get(f"{ROOT}/config").json()
    assert set(config["metadataSchema"]["required"]) == set(METADATA)


def test_forms_are_filled_from_a_dataset(as_user: As, alice: httpx.Client, minimal: dict[str, Any]) -> None:
    proposal = {"proposalId": "P", "ownerGroup": "beamline1", "email": "a@b.example", "title": "T"}
    assert as_user("ingestor").post("/api/v3/proposals", json=proposal).status_code == 201
    dataset = {**minimal, "description": "d", "proposalIds": ["P"]}
    pid = alice.post("/api/v4/datasets", json=dataset).json()["pid"]
    picture = {"caption": "c", "thumbnail": "data:,", "ownerGroup": "beamline1"}
    alice.post(f"/api/v3/datasets/{quote(pid, safe='')}/attachments", json=picture)

    def form(user: str | None) -> Any:
        return as_user(user).get(f"{ROOT}/formpopulate", params={"pid": pid}).json()

    assert form("alice") == {"resourceType": "raw", "description": "d", "title": "T", "thumbnail": "data:,"}
    assert form("bob") == {}
    assert as_user(None).get(f"{ROOT}/formpopulate", params={"pid": pid}).status_code == 403
