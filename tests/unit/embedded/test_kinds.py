"""Samples, proposals and instruments, and what hangs from entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

As = Callable[[str | None], httpx.Client]
PROPOSAL = {"proposalId": "P/1", "ownerGroup": "beamline1", "email": "a@b.example", "title": "T"}
SAMPLE = {"ownerGroup": "beamline1", "sampleId": "S/1", "sampleName": "s"}
PICTURE = {"caption": "c", "thumbnail": "data:,", "ownerGroup": "beamline1"}
TIME = "2026-03-01T12:00:00.000Z"
FILES = [{"path": "a", "size": 1, "time": TIME}, {"path": "b", "size": 2, "time": TIME}]


def path(what: str, identifier: str, rest: str = "") -> str:
    return f"/api/v3/{what}/{quote(identifier, safe='')}{rest}"


def ask(http: httpx.Client, what: str, **parameters: Any) -> Any:
    query = {name: json.dumps(value) for name, value in parameters.items()}
    answer = http.get(f"/api/v3/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
def proposal(as_user: As) -> str:
    assert as_user("ingestor").post("/api/v3/proposals", json=PROPOSAL).status_code == 201
    return path("proposals", "P/1")


@pytest.fixture
def sample(alice: httpx.Client) -> str:
    body = {**SAMPLE, "sampleCharacteristics": {"mass": {"value": 3, "unit": "g"}}}
    assert alice.post("/api/v3/samples", json=body).status_code == 201
    return path("samples", "S/1")


@pytest.fixture
def pid(alice: httpx.Client, minimal: dict[str, Any]) -> str:
    body = {**minimal, "sampleIds": ["S/1"], "proposalIds": ["P/1"]}
    return str(alice.post("/api/v4/datasets", json=body).json()["pid"])


@pytest.mark.usefixtures("proposal")
def test_finding_proposals(as_user: As, alice: httpx.Client) -> None:
    for http, number in ((alice, 1), (as_user("admin"), 1), (as_user("bob"), 0), (as_user(None), 0)):
        assert len(ask(http, "proposals", filters={"where": {"title": "T"}})) == number
        assert ask(http, "proposals/count") == {"count": number}
        assert ask(http, "proposals/count", fields={"title": ["T"]}, filter={"title": "T"})["count"] == number
        assert len(ask(http, "proposals/fullquery", fields={"text": "t"})) == number
        facets = ask(http, "proposals/fullfacet", facets=["type"])
        assert facets[0]["all"] == [{"totalSets": number}]
        authorization = ask(http, "proposals/P%2F1/authorization")
        assert authorization == {"canAccess": number == 1}
    assert ask(alice, "proposals/count", fields={"title": "other"}) == {"count": 0}


def test_changing_proposals(as_user: As, alice: httpx.Client, proposal: str) -> None:
    change = {"title": "new", "metadata": {"t": {"value": 1, "unit": "mm"}}}
    for user in ("alice", "archiver", None):
        assert as_user(user).patch(proposal, json=change).status_code == 403
    # Who may make proposals may see and change those of others as well.
    changed = as_user("ingestor").patch(proposal, json=change).json()
    assert changed["metadata"]["t"]["unitSI"] == "m"
    assert alice.get(proposal).json()["title"] == "new"
    assert as_user("admin").patch(proposal, json={"title": None}).status_code == 400
    for user, status in (("alice", 403), ("admin", 403), ("archiver", 200), ("archiver", 404)):
        assert as_user(user).delete(proposal).status_code == status
    valid = as_user("ingestor").post("/api/v3/proposals/isValid", json=PROPOSAL)
    assert (valid.status_code, valid.json()) == (200, {"valid": True})
    # Servers do not miss fields here, they only look at those that are there.
    for body, expected in (({}, True), ({"title": 1}, False), ({"foo": 1}, False)):
        answer = as_user("ingestor").post("/api/v3/proposals/isValid", json=body)
        assert answer.json() == {"valid": expected}
    assert ask(alice, "proposals/none/authorization") == {"canAccess": False}
    assert alice.post("/api/v3/proposals/isValid", json=PROPOSAL).status_code == 403


def test_proposals_count_their_datasets(as_user: As, alice: httpx.Client, proposal: str, pid: str) -> None:
    def number() -> int:
        return int(alice.get(proposal).json()["numberOfDatasets"])

    dataset = f"/api/v4/datasets/{quote(pid, safe='')}"
    assert number() == 1
    for proposals, expected in (([], 0), (["P/1", "unknown"], 1), (None, 0), (["P/1"], 1)):
        assert alice.patch(dataset, json={"proposalIds": proposals}).status_code == 200
        assert number() == expected
    assert as_user("archiver").delete(dataset).status_code == 200
    assert number() == 0


@pytest.mark.usefixtures("proposal", "sample")
def test_datasets_of_proposals_and_samples(as_user: As, alice: httpx.Client, pid: str) -> None:
    for what in ("proposals/P%2F1", "samples/S%2F1"):
        assert [one["pid"] for one in ask(alice, f"{what}/datasets")] == [pid]
        assert as_user("bob").get(f"/api/v3/{what}/datasets").status_code == 403


@pytest.mark.usefixtures("sample")
def test_finding_samples(as_user: As, alice: httpx.Client, pid: str) -> None:
    for http, number in ((alice, 1), (as_user("bob"), 0), (as_user(None), 0)):
        assert len(ask(http, "samples/fullquery", fields={"text": "s"})) == number
        assert ask(http, "samples/count", fields={"sampleName": "s"}) == {"count": number}
        assert ask(http, "samples/metadataKeys") == ["mass"] * number
        assert ask(http, "samples/S%2F1/authorization") == {"canAccess": number == 1}
        assert (ask(http, "samples/findOne") is not None) == (number == 1)
    term = {"lhs": "mass", "relation": "LESS_THAN", "rhs": 4, "unit": "g"}
    assert len(ask(alice, "samples/fullquery", fields={"scientific": [term]})) == 1
    alice.post("/api/v3/samples/S%2F1/attachments", json={"caption": "c"})
    one = ask(alice, "samples/findOne", filter={"where": {"sampleName": "s"}})
    assert [dataset["pid"] for dataset in one["datasets"]] == [pid]
    assert [attachment["sampleId"] for attachment in one["attachments"]] == ["S/1"]


def test_instruments(as_user: As, alice: httpx.Client) -> None:
    admin = as_user("admin")
    body = {"uniqueName": "u", "name": "n", "customMetadata": {"l": {"value": 1, "unit": "km"}}}
    instrument = admin.post("/api/v3/instruments", json=body).json()
    assert instrument["customMetadata"]["l"]["valueSI"] == 1000
    one = path("instruments", instrument["pid"])
    own = admin.post("/api/v3/instruments", json={"uniqueName": "v", "name": "n", "pid": "own"})
    assert own.json()["pid"] == "own"
    assert (
        admin.post("/api/v3/instruments", json={**body, "uniqueName": "w", "pid": "own"}).status_code == 409
    )
    for http in (alice, as_user(None)):
        assert ask(http, "instruments/count", filter={"where": {"uniqueName": "u"}}) == {"count": 1}
        assert ask(http, "instruments/findOne", filter={"where": {"uniqueName": "v"}})["pid"] == "own"
        assert http.patch(one, json={"name": "x"}).status_code == 403
    assert admin.patch(one, json={"name": "x"}).json()["name"] == "x"
    assert admin.patch(one, json={"uniqueName": "x"}).status_code == 400
    for user, status in (("admin", 403), ("archiver", 200)):
        assert as_user(user).delete(one).status_code == status
    assert alice.get(one).content == b""


@pytest.mark.parametrize(
    ("parent", "field"), [("proposals/P%2F1", "proposalId"), ("samples/S%2F1", "sampleId")]
)
@pytest.mark.usefixtures("proposal", "sample")
def test_attachments_of_others(as_user: As, alice: httpx.Client, parent: str, field: str) -> None:
    root = f"/api/v3/{parent}/attachments"
    of_proposal = field == "proposalId"
    sent = PICTURE if of_proposal else {"caption": "c"}
    assert alice.post(root, json=sent).status_code == (403 if of_proposal else 201)
    assert as_user("ingestor").post(root, json=sent).status_code == (201 if of_proposal else 403)
    made = as_user("admin").post(root, json=sent)
    assert made.status_code == 201, made.text
    assert (made.json()["ownerGroup"], made.json()[field]) == ("beamline1", parent[-5] + "/1")
    assert as_user("bob").post(root, json=sent).status_code == 403
    assert as_user("bob").get(root).status_code == 403
    listed = alice.get(root).json()
    own = f"{root}/{listed[0]['_id']}"
    if of_proposal:
        assert as_user("admin").patch(own, json={"caption": "new"}).json()["caption"] == "new"
        assert as_user("ingestor").patch(own, json={"caption": "new"}).status_code == 403
        assert as_user("admin").patch(f"{root}/none", json={"caption": "new"}).status_code == 404
    else:
        assert alice.get(own).json()["caption"] == "c"
    assert as_user("bob").delete(own).status_code == 403
    for _ in listed:
        assert as_user("archiver").delete(own).status_code == 200
    assert (len(listed), alice.get(root).json()) == (2, [])


def test_attachments_of_datasets(as_user: As, alice: httpx.Client, pid: str) -> None:
    root = path("datasets", pid, "/attachments")
    made = [alice.post(root, json=PICTURE).json()["_id"] for _ in range(2)]
    assert alice.put(f"{root}/{made[0]}", json={**PICTURE, "caption": "put"}).json()["caption"] == "put"
    assert alice.get(f"{root}/count").json() == {"count": 2}
    assert as_user("bob").delete(root).status_code == 403
    assert alice.delete(root).json() == {"count": 2}
    assert alice.get(path("datasets", "no/such", "/attachments")).status_code == 404


def test_attachments_by_themselves(as_user: As, alice: httpx.Client, pid: str) -> None:
    body = {**PICTURE, "isPublished": False, "relationships": [{"targetId": pid, "targetType": "dataset"}]}
    one = "/api/v4/attachments/" + alice.post("/api/v4/attachments", json=body).json()["aid"]
    merge = {"Content-Type": "application/merge-patch+json"}
    change = json.dumps({"caption": "merged", "thumbnail": None})
    merged = alice.patch(one, content=change, headers=merge).json()
    assert (merged["caption"], merged["thumbnail"]) == ("merged", "data:,")
    assert alice.patch(one, json={"thumbnail": None}).json()["thumbnail"] is None
    assert alice.patch(one, json={"relationships": None}).json()["relationships"] == []
    assert alice.get(path("datasets", pid, "/attachments")).json() == []
    put = {"caption": "put", "ownerGroup": "beamline1", "isPublished": True}
    replaced = alice.put(one, json=put).json()
    assert (replaced["caption"], replaced["relationships"], "thumbnail" in replaced) == ("put", [], False)
    for method in ("PATCH", "DELETE"):
        assert as_user("bob").request(method, one, json={"caption": "x"}).status_code == 403
    assert alice.delete(one).status_code == 200
    assert alice.get(one).status_code == 404


@pytest.mark.parametrize(
    ("what", "more", "sizes"),
    [
        ("origdatablocks", {}, ("size", "numberOfFiles")),
        (
            "datablocks",
            {"archiveId": "a", "version": "1", "packedSize": 3},
            ("packedSize", "numberOfFilesArchived"),
        ),
    ],
)
def test_blocks(
    as_user: As, alice: httpx.Client, pid: str, what: str, more: dict[str, Any], sizes: tuple[str, str]
) -> None:
    root = path("datasets", pid, f"/{what}")
    body = {"size": 3, "dataFileList": FILES, **more}

    def total() -> list[int]:
        dataset = alice.get(path("datasets", pid)).json()
        return [dataset[name] for name in sizes]

    made = alice.post(root, json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["datasetId"], made.json()["ownerGroup"]) == (pid, "beamline1")
    own = made.json()["_id"]
    assert alice.post(f"/api/v3/{what}", json={**body, "datasetId": pid}).status_code == 201
    assert alice.post(f"/api/v3/{what}", json={**body, "datasetId": "none"}).status_code == 404
    assert as_user("bob").post(root, json=body).status_code == 403
    assert total() == [6, 4]
    assert alice.get(f"{root}/count").json() == {"count": 2}
    assert len(ask(alice, what, filter={"where": {"datasetId": pid}})) == len(alice.get(root).json()) == 2
    assert ask(as_user("bob"), what) == []
    change = {**body, sizes[0]: 1, "dataFileList": FILES[:1]}
    assert alice.patch(f"{root}/{own}", json=change).json()[sizes[0]] == 1
    assert alice.patch(path(what, own), json={"chkAlg": "md5"}).json()["chkAlg"] == "md5"
    assert alice.get(path(what, own)).json()["chkAlg"] == "md5"
    assert total() == [4, 3]
    assert alice.delete(f"{root}/{own}").status_code == 403
    assert as_user("archiver").delete(f"{root}/{own}").status_code == 200
    assert total() == [3, 2]
    assert as_user("archiver").delete(f"{root}/{own}").status_code == 404
    assert as_user("archiver").delete(root).json() == {"count": 1}
    assert total() == [0, 0]


def test_queries_of_files(as_user: As, alice: httpx.Client, pid: str) -> None:
    body = {"datasetId": pid, "size": 3, "dataFileList": FILES}
    for problem in ({}, {"size": "x"}):
        valid = not problem
        sent = {"size": 3, "dataFileList": FILES, **problem}
        for answer in (
            alice.post("/api/v3/origdatablocks/isValid", json={**body, **problem}),
            alice.post(path("datasets", pid, "/origdatablocks/isValid"), json=sent),
        ):
            assert (answer.json()["valid"], answer.json()["errors"] == []) == (valid, valid)
    alice.post("/api/v3/origdatablocks", json=body)
    assert len(ask(alice, "origdatablocks/fullquery", fields={"datasetId": pid})) == 1
    files = ask(alice, "origdatablocks/fullquery/files", fields={"datasetId": pid}, limits={"skip": 1})
    assert [one["dataFileList"]["path"] for one in files] == ["b"]
    facets = ask(alice, "origdatablocks/fullfacet", facets=["datasetId"])
    assert facets[0]["datasetId"] == [{"_id": pid, "count": 1}]
    assert ask(as_user("bob"), "origdatablocks/fullquery/files") == []
    assert ask(alice, "datablocks/count") == {"count": 0}


def test_settings_and_other_names_of_sign_in(as_user: As, alice: httpx.Client) -> None:
    login = {"username": "alice", "password": "alice-secret"}
    for name in ("auth/login", "auth/ldap", "auth/msad", "users/login"):
        assert as_user(None).post(f"/api/v3/{name}", json=login).status_code == 201
    for name in ("auth/logout", "users/logout"):
        assert alice.post(f"/api/v3/{name}").status_code < 300
    assert alice.get("/api/v3/users/my/settings").json()["externalSettings"] == {}
    assert as_user(None).get("/api/v3/users/my/settings").status_code == 401
