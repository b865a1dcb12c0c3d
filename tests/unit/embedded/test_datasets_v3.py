"""Datasets as v3 has them, beside those of v4."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

As = Callable[[str | None], httpx.Client]
ROOT = "/api/v3/datasets"


@pytest.fixture
def raw(minimal: dict[str, Any]) -> dict[str, Any]:
    return {**minimal, "principalInvestigator": "Ada", "creationLocation": "/SITE"}


@pytest.fixture
def derived(minimal: dict[str, Any]) -> dict[str, Any]:
    more = {"investigator": "Eve", "inputDatasets": ["p/1"], "usedSoftware": ["s"]}
    return {**minimal, "type": "derived", **more}


def made(http: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(ROOT, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def path(pid: str, version: int = 3) -> str:
    return f"/api/v{version}/datasets/{quote(pid, safe='')}"


def found(http: httpx.Client, what: str = "", **parameters: Any) -> Any:
    query = {name: json.dumps(value) for name, value in parameters.items()}
    answer = http.get(ROOT + what, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_was_not_sent_is_a_list_with_null_in_v4(alice: httpx.Client, raw: dict[str, Any]) -> None:
    dataset = made(alice, raw)
    assert dataset["principalInvestigator"] == "Ada"
    assert [dataset[name] for name in ("proposalId", "sampleId", "instrumentId")] == [None] * 3
    v4 = alice.get(path(dataset["pid"], 4)).json()
    assert [v4[name] for name in ("proposalIds", "sampleIds", "instrumentIds")] == [[None]] * 3
    assert v4["principalInvestigators"] == ["Ada"]
    assert not {"principalInvestigator", "proposalId"} & set(v4)


def test_raw_and_derived(alice: httpx.Client, raw: dict[str, Any], derived: dict[str, Any]) -> None:
    dataset = made(alice, {**derived, "proposalId": "P"})
    assert (dataset["investigator"], dataset["proposalId"], dataset["type"]) == ("Eve", "P", "derived")
    for body, missing in ((raw, "principalInvestigator"), (derived, "investigator")):
        without = {name: value for name, value in body.items() if name != missing}
        assert alice.post(ROOT, json=without).status_code == 400
        assert alice.post(f"{ROOT}/isValid", json=without).json() == {"valid": False}
        assert alice.post(f"{ROOT}/isValid", json=body).json() == {"valid": True}
    other = {name: value for name, value in raw.items() if name != "principalInvestigator"}
    assert made(alice, {**other, "type": "custom"})["type"] == "custom"


def test_who_may_make_and_see_them(as_user: As, alice: httpx.Client, raw: dict[str, Any]) -> None:
    assert as_user("bob").post(ROOT, json=raw).status_code == 403
    assert as_user(None).post(ROOT, json=raw).status_code == 403
    hidden, open_ = made(alice, raw)["pid"], made(alice, {**raw, "isPublished": True})["pid"]
    for user in ("bob", None):
        assert [one["pid"] for one in found(as_user(user))] == [open_]
        assert found(as_user(user), "/count") == {"count": 1}
        published = found(as_user(user), "/fullquery", fields={"isPublished": True})
        assert [one["pid"] for one in published] == [open_]
        assert as_user(user).get(path(hidden)).status_code == 403
    assert as_user(None).get(path(open_)).json()["history"] == []
    assert as_user("archiver").delete(path(hidden)).status_code == 200
    assert alice.get(path(hidden)).status_code == 404


def test_lists_know_the_fields_of_both(alice: httpx.Client, raw: dict[str, Any]) -> None:
    for name in ("a", "b", "c"):
        made(alice, {**raw, "datasetName": name, "proposalId": f"P{name}"})
    where = {"$or": [{"proposalId": "Pa"}, {"principalInvestigator": "nobody"}, {"proposalIds": "Pc"}]}
    filter_ = {"where": where, "limits": {"order": "datasetName:desc"}}
    assert [one["datasetName"] for one in found(alice, filter=filter_)] == ["c", "a"]
    assert found(alice, "/count", filter=filter_) == {"count": 2}
    one = found(alice, "/findOne", filter={"where": {"proposalId": "Pb"}, "fields": ["proposalId"]})
    assert (one["proposalId"], "datasetName" in one) == ("Pb", False)
    assert found(alice, "/findOne", filter={"where": {"proposalId": "P"}}) is None
    fields = {"proposalId": ["Pa", "Pb"], "creationTime": {"begin": "2026-01-01", "end": "2026-12-31"}}
    limits = {"order": "datasetName:desc", "limit": 1}
    assert [one["proposalId"] for one in found(alice, "/fullquery", fields=fields, limits=limits)] == ["Pb"]
    (facets,) = found(alice, "/fullfacet", fields={}, facets=["proposalId", "isPublished", "creationTime"])
    assert sorted(facets["proposalId"], key=str) == [{"_id": f"P{name}", "count": 1} for name in "abc"]
    assert facets["isPublished"] == [{"_id": False, "count": 3}]
    assert facets["creationTime"] == [{"_id": {"year": 2026, "month": 3, "day": 1}, "count": 3}]
    assert facets["all"] == [{"totalSets": 3}]


@pytest.mark.parametrize(
    "filter_",
    [
        {"where": 1},
        {"where": {"$or": [1]}},
        {"include": 1},
        {"include": [{"relation": "nothing"}]},
        {"where": {"$or": [{"$or": [{"a": 1}]}]}},
    ],
)
def test_bad_filters(alice: httpx.Client, filter_: dict[str, Any]) -> None:
    inner = filter_
    if filter_ == {"where": {"$or": [{"$or": [{"a": 1}]}]}}:
        for _ in range(100):
            inner = {"where": {"$or": [inner["where"]]}}
    assert alice.get(ROOT, params={"filter": json.dumps(inner)}).status_code == 400


def test_relations(alice: httpx.Client, raw: dict[str, Any]) -> None:
    pid = made(alice, raw)["pid"]
    picture = {"caption": "c", "ownerGroup": "beamline1"}
    assert alice.post(f"{path(pid)}/attachments", json=picture).status_code == 201
    for relation in ("attachments", {"relation": "attachments"}):
        filter_ = {"include": [relation]}
        one = alice.get(path(pid), params={"filter": json.dumps(filter_)}).json()
        assert [attachment["caption"] for attachment in one["attachments"]] == ["c"]
        (listed,) = found(alice, filter=filter_)
        assert len(listed["attachments"]) == 1


def test_changing(as_user: As, alice: httpx.Client, raw: dict[str, Any], minimal: dict[str, Any]) -> None:
    pid = made(alice, {**raw, "scientificMetadata": {"t": {"value": 1, "unit": "mm"}}})["pid"]
    patched = alice.patch(path(pid), json={"sampleId": "S", "principalInvestigator": "Eve"}).json()
    assert (patched["sampleId"], patched["sampleIds"]) == ("S", ["S"])
    assert patched["principalInvestigator"] == "Eve"
    assert alice.patch(path(pid), json={"investigators": 1}).status_code == 400
    assert alice.patch(path(pid), json={"owner": None}).status_code == 400
    alone = {"scientificMetadata": {"t": {"value": 2}}}
    assert alice.patch(path(pid), json=alone).status_code == 400
    assert as_user("bob").patch(path(pid), json={"comment": "x"}).status_code == 403
    put = {name: value for name, value in raw.items() if name != "type"}
    assert alice.put(path(pid), json={**put, "type": "raw"}).status_code == 400
    replaced = alice.put(path(pid), json=put)
    assert replaced.status_code == 200, replaced.text
    assert (replaced.json()["scientificMetadata"], replaced.json()["sampleIds"]) == ({}, [])


def test_appending(as_user: As, alice: httpx.Client, raw: dict[str, Any]) -> None:
    pid = made(alice, {**raw, "keywords": ["a"]})["pid"]

    def append(http: httpx.Client, name: str, data: str) -> httpx.Response:
        query = {"fieldName": name, "data": data}
        return http.post(f"{path(pid)}/appendToArrayField", params=query)

    assert append(alice, "keywords", '["b", "a", "b"]').json()["keywords"] == ["a", "b"]
    assert append(as_user("bob"), "keywords", "[]").status_code == 403
    for name, data in (("owner", "[]"), ("keywords", "1"), ("keywords", "{"), ("keywords", '["\\ud800"]')):
        assert append(alice, name, data).status_code == 400
    assert append(alice, "keywords", "[1]").status_code == 400


def test_lifecycles(alice: httpx.Client, as_user: As, raw: dict[str, Any]) -> None:
    pid = made(alice, raw)["pid"]
    change = {"archivable": False}
    assert alice.patch(f"{path(pid)}/datasetlifecycle", json=change).json()["archivable"] is False
    assert alice.get(f"{path(pid)}/datasetlifecycle").json()["archivable"] is False
    assert as_user("bob").patch(f"{path(pid)}/datasetlifecycle", json=change).status_code == 403
    assert as_user("archiver").patch(f"{path(pid)}/datasetlifecycle", json=change).status_code == 200
