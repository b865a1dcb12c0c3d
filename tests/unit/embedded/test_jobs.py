"""Jobs: who may ask for what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

As = Callable[[str | None], httpx.Client]


@pytest.fixture
def pid(alice: httpx.Client, minimal: dict[str, Any]) -> str:
    return str(alice.post("/api/v4/datasets", json=minimal).json()["pid"])


def body(pid: str, kind: str = "archive", **more: object) -> dict[str, object]:
    parameters = {"datasetList": [{"pid": pid, "files": []}]}
    return {"type": kind, "ownerGroup": "beamline1", "jobParams": parameters, **more}


def listed(http: httpx.Client, what: str = "jobs", **filter_: Any) -> Any:
    answer = http.get(f"/api/v4/{what}", params={"filter": json.dumps(filter_)})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("kind", "path", "change"),
    [
        ("retrieve", "/datasetlifecycle", {"retrievable": True}),
        ("public", "", {"isPublished": True}),
    ],
)
def test_datasets_must_be_fit(
    alice: httpx.Client, pid: str, kind: str, path: str, change: dict[str, bool]
) -> None:
    refused = alice.post("/api/v4/jobs", json=body(pid, kind))
    assert (refused.status_code, set(refused.json())) == (400, {"status", "message"})
    assert pid in refused.json()["message"]
    alice.patch(f"/api/v4/datasets/{quote(pid, safe='')}{path}", json=change)
    assert alice.post("/api/v4/jobs", json=body(pid, kind)).status_code == 201


def test_jobs_are_for_ones_own_groups_and_name(as_user: As, alice: httpx.Client, pid: str) -> None:
    for more in ({"ownerGroup": "beamline2"}, {"ownerUser": "bob"}):
        assert alice.post("/api/v4/jobs", json=body(pid, **more)).status_code == 403
        assert as_user("admin").post("/api/v4/jobs", json=body(pid, **more)).status_code == 201
    without = {name: value for name, value in body(pid).items() if name != "ownerGroup"}
    assert alice.post("/api/v4/jobs", json=without).status_code == 403
    assert as_user("admin").post("/api/v4/jobs", json=without).status_code == 201
    assert as_user("bob").post("/api/v4/jobs", json=body(pid, ownerGroup="beamline2")).status_code == 403
    # Carol is in both groups: it does not matter for which of them she asks.
    for group in ("beamline1", "beamline2"):
        assert as_user("carol").post("/api/v4/jobs", json=body(pid, ownerGroup=group)).status_code == 201


@pytest.mark.parametrize("parameters", [{"datasetList": []}, {"datasetList": "x"}, {}])
def test_datasets_must_be_named(alice: httpx.Client, pid: str, parameters: dict[str, object]) -> None:
    answer = alice.post("/api/v4/jobs", json=body(pid, jobParams=parameters))
    assert (answer.status_code, answer.json()["error"]) == (422, "Unprocessable Entity")


@pytest.mark.parametrize(
    "changes", [{"files": None}, {"files": [1]}, {"files": "a"}, {"more": 1}, {"pid": 1}]
)
def test_entries_have_a_pid_and_files(alice: httpx.Client, pid: str, changes: dict[str, object]) -> None:
    entry = {name: value for name, value in {"pid": pid, "files": [], **changes}.items() if value is not None}
    answer = alice.post("/api/v4/jobs", json=body(pid, jobParams={"datasetList": [entry]}))
    assert (answer.status_code, set(answer.json())) == (422, {"message", "error"})


def test_files_must_be_in_the_dataset(alice: httpx.Client, pid: str) -> None:
    files = [{"path": path, "size": 1, "time": "2026-03-01T12:00:00.000Z"} for path in ("a", "b")]
    block = {"datasetId": pid, "size": 2, "dataFileList": files}
    assert alice.post("/api/v4/origdatablocks", json=block).status_code == 201

    def asked(*paths: str) -> httpx.Response:
        parameters = {"datasetList": [{"pid": pid, "files": list(paths)}]}
        return alice.post("/api/v4/jobs", json=body(pid, jobParams=parameters))

    assert asked("b", "a").status_code == 201
    refused = asked("a", "c")
    assert refused.status_code == 422
    assert json.loads(refused.json()["error"]) == [{"pid": pid, "nonExistFiles": ["c"]}]


def test_jobs_for_all(as_user: As, alice: httpx.Client, pid: str) -> None:
    made = as_user("bob").post("/api/v4/jobs", json=body(pid, "all_access", ownerGroup="beamline2"))
    assert made.status_code == 201
    empty = {"type": "all_access", "ownerGroup": "beamline1", "jobParams": {}}
    assert alice.post("/api/v4/jobs", json=empty).status_code == 201
    change = {"statusCode": "done", "statusMessage": "by anybody"}
    assert alice.patch(f"/api/v4/jobs/{made.json()['_id']}", json=change).status_code == 200


def test_finding_changing_and_deleting(as_user: As, alice: httpx.Client, pid: str) -> None:
    job = alice.post("/api/v4/jobs", json=body(pid)).json()["_id"]
    path = f"/api/v4/jobs/{job}"
    (found,) = listed(alice, where={"jobParams.datasetList.pid": pid}, include=["datasets"])
    assert [dataset["pid"] for dataset in found["datasets"]] == [pid]
    (details,) = listed(alice, "jobs/datasetDetails")
    assert details["datasetDetails"][0]["origdatablocks"] == []
    assert listed(as_user("bob")) == []
    assert len(listed(as_user("admin"))) == len(listed(alice, "jobs/fullquery")) == 1
    full = alice.get("/api/v4/jobs/fullquery", params={"fields": '{"type": "archive"}'}).json()
    assert [one["_id"] for one in full] == [job]
    facets = alice.get("/api/v4/jobs/fullfacet", params={"facets": '["type"]'}).json()
    assert facets == [{"type": [{"_id": "archive", "count": 1}], "all": [{"totalSets": 1}]}]
    shown = alice.get(path, params={"filter": '{"fields": ["type"], "include": ["datasets"]}'}).json()
    assert set(shown) == {"_id", "type", "datasets"}
    bad = alice.get("/api/v4/jobs", params={"filter": '{"include": ["nothing"]}'})
    assert bad.status_code == 400
    merge = {"Content-Type": "application/merge-patch+json"}
    change = json.dumps({"statusCode": "s", "statusMessage": "m", "jobResultObject": {"a": 1}})
    changed = as_user("archiver").patch(path, content=change, headers=merge).json()
    assert (changed["statusCode"], changed["jobResultObject"]) == ("s", {"a": 1})
    assert alice.delete(path).status_code == 403
    assert as_user(None).delete(path).status_code == 401
    assert as_user("archiver").delete(path).status_code == 200
    assert as_user("archiver").delete(path).status_code == 400
