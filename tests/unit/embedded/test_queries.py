"""Full queries, facets and the keys of metadata."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scitacean.embedded.answers import Refusal
from scitacean.embedded.calls import Call, Site
from scitacean.embedded.queries import selected
from scitacean.embedded.store import Store

As = Callable[[str | None], httpx.Client]
METADATA = [
    {"length": {"value": 5, "unit": "mm"}, "mode": "fast scan"},
    {"length": {"value": 2, "unit": "m"}, "count": 7, "mode": "slow"},
    {"temperature": {"value": 20, "unit": "K"}, "count": {"value": 7}},
]


@pytest.fixture
def datasets(alice: httpx.Client, minimal: dict[str, Any]) -> httpx.Client:
    for i, metadata in enumerate(METADATA):
        keywords = ["all", f"k{i}"]
        body = {**minimal, "datasetName": f"name-{i}", "keywords": keywords, "scientificMetadata": metadata}
        assert alice.post("/api/v4/datasets", json=body).status_code == 201
    return alice


def ask(http: httpx.Client, what: str, **parameters: Any) -> httpx.Response:
    return http.get(f"/api/{what}", params={name: json.dumps(value) for name, value in parameters.items()})


def names(http: httpx.Client, fields: dict[str, Any], **more: Any) -> list[str]:
    answer = ask(http, "v3/datasets/fullquery", fields=fields, **more)
    assert answer.status_code == 200, answer.text
    return [one["datasetName"][-1] for one in answer.json()]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "012"),
        ({"text": "K1"}, "1"),
        ({"text": "k0 no k2"}, "02"),
        ({"text": "nam"}, ""),
        ({"text": "ame"}, ""),
        ({"text": "NAME"}, "012"),
        ({"text": "slow-scan"}, "01"),
        # The times of a dataset are no texts.
        ({"text": "2026 01 03"}, ""),
        ({"text": "!?"}, ""),
        ({"keywords": ["k1", "k2"]}, "12"),
        ({"keywords": []}, ""),
        ({"datasetName": "name-1"}, "1"),
        ({"datasetName": {"$regex": "[02]$"}}, "02"),
        ({"mode": {"datasetName": "name-2"}}, "2"),
        ({"$or": [{"keywords": "k0"}, {"keywords": "k1"}]}, "01"),
        ({"creationTime": {"begin": "2026-01-01", "end": "2026-12-31"}}, "012"),
        ({"creationTime": {"begin": "2027-01-01"}}, ""),
        ({"userGroups": ["beamline1"]}, "012"),
        ({"userGroups": ["beamline2"]}, ""),
        ({"scientificMetadata.count": 7}, "1"),
    ],
)
def test_fields(datasets: httpx.Client, fields: dict[str, Any], expected: str) -> None:
    assert "".join(names(datasets, fields)) == expected


@pytest.mark.parametrize(
    ("lhs", "relation", "rhs", "unit", "expected"),
    [
        ("length", "GREATER_THAN", 4, "mm", "01"),
        ("length", "GREATER_THAN", 1, "m", "1"),
        ("length", "LESS_THAN", 5, "mm", ""),
        ("length", "LESS_THAN_OR_EQUAL", 5, "mm", "0"),
        ("length", "EQUAL_TO", 2000, "mm", "1"),
        ("length", "RANGE", [1, 10], "mm", "0"),
        ("count", "EQUAL_TO_NUMERIC", 7, "", "12"),
        ("count", "GREATER_THAN_OR_EQUAL", 8, "", ""),
        ("mode", "EQUAL_TO_STRING", "slow", "", "1"),
        ("mode", "CONTAINS_STRING", "S", "", "01"),
        ("mode", "CONTAINS_STRING", ".", "", ""),
    ],
)
def test_scientific_metadata(
    datasets: httpx.Client, lhs: str, relation: str, rhs: object, unit: str, expected: str
) -> None:
    term = {"lhs": lhs, "relation": relation, "rhs": rhs, "unit": unit}
    assert "".join(names(datasets, {"scientific": [term]})) == expected
    assert "".join(names(datasets, {"scientific": term})) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"nonsense": 1},
        {"text": 1},
        {"mode": 1},
        {"userGroups": 1},
        {"scientific": [1]},
        {"scientific": [{"lhs": "a", "relation": "NEAR", "rhs": 1}]},
        {"scientific": [{"lhs": "a", "relation": "RANGE", "rhs": [1]}]},
        {"creationTime": {"begin": "yesterday"}},
    ],
)
def test_bad_fields(alice: httpx.Client, fields: dict[str, Any]) -> None:
    assert ask(alice, "v3/datasets/fullquery", fields=fields).status_code == 400
    assert ask(alice, "v4/datasets/fullfacet", fields=fields).status_code == 400


def test_more_than_sqlite_takes(alice: httpx.Client) -> None:
    nested: dict[str, Any] = {"type": "raw"}
    for i in range(28):
        nested = {"$nor" if i % 2 else "$or": [nested, {"size": 1}]}
    term = {"lhs": "a", "relation": "LESS_THAN", "rhs": 1}
    queries: list[dict[str, Any]] = [{"mode": nested}, {"scientific": [term] * 60}]
    for fields in queries:
        for what in ("v3/datasets/metadataKeys", "v3/datasets/fullquery", "v4/datasets/fullfacet"):
            assert ask(alice, what, fields=fields).status_code in (200, 400)


def test_a_filter_that_sqlite_does_not_take(tmp_path: Path) -> None:
    store = Store(tmp_path / "file")
    with store.transaction(write=False) as transaction:
        call = Call(cast(Site, None), transaction, None, {}, {}, {}, {})
        with pytest.raises(Refusal, match="more than the catalogue takes"):
            selected(call, f"SELECT {'(' * 2000}1{')' * 2000}", ())
        with pytest.raises(sqlite3.OperationalError):
            selected(call, "SELECT nothing", ())
    store.close()


def test_pages(datasets: httpx.Client) -> None:
    for limits, expected in (
        ({"order": "datasetName:desc"}, "210"),
        ({"order": "datasetName:asc", "skip": 1, "limit": 1}, "1"),
    ):
        assert "".join(names(datasets, {}, limits=limits)) == expected
    assert ask(datasets, "v3/datasets/fullquery", limits={"limit": -1}).status_code == 400


def test_facets(as_user: As, datasets: httpx.Client) -> None:
    fields = {"keywords": ["k0", "k1"]}
    by_parts = ask(datasets, "v4/datasets/fullfacet", fields=fields, facets=["keywords"]).json()
    texts = {"fields": json.dumps(fields), "facets": json.dumps(["keywords"])}
    assert by_parts == ask(datasets, "v4/datasets/fullfacet", filters=texts).json()
    whole = {"fields": fields, "facets": ["keywords"]}
    assert by_parts == ask(datasets, "v4/datasets/fullfacet", filters=whole).json()
    (facets,) = by_parts
    assert facets["keywords"][0] == {"_id": "all", "count": 2}
    assert facets["all"] == [{"totalSets": 2}]
    assert ask(as_user("bob"), "v4/datasets/fullfacet").json() == [{"all": [{"totalSets": 0}]}]
    assert ask(as_user(None), "v4/datasets/public/fullfacet").json() == [{"all": [{"totalSets": 0}]}]
    for bad in ("[", "1", "[1]", '["nonsense"]', '["a.b"]', json.dumps(["type"] * 51)):
        assert datasets.get("/api/v4/datasets/fullfacet", params={"facets": bad}).status_code == 400
    assert ask(datasets, "v4/datasets/fullfacet", filters={"fields": 1}).status_code == 400


def test_metadata_keys(as_user: As, datasets: httpx.Client) -> None:
    for version in ("v3", "v4"):
        what = f"{version}/datasets/metadataKeys"
        # What has no unit is a group.
        assert ask(datasets, what).json() == ["length", "mode", "count", "temperature", "count.value"]
        assert ask(datasets, what, fields={"metadataKey": "O"}).json() == ["mode", "count", "count.value"]
        assert ask(datasets, what, limits={"limit": 1, "skip": 1}).json() == ["mode"]
        assert ask(as_user("bob"), what).json() == []
    assert ask(as_user(None), "v4/datasets/public/metadataKeys").json() == []


def test_metadata_keys_with_their_users(as_user: As, datasets: httpx.Client) -> None:
    sample = {"ownerGroup": "beamline1", "sampleName": "s", "sampleCharacteristics": {"count": 1}}
    assert datasets.post("/api/v3/samples", json=sample).status_code == 201
    filter_ = {"where": {"key": "count"}, "limits": {"sort": {"usageCount": "desc"}}}
    found = ask(datasets, "v4/metadatakeys", filter=filter_).json()
    assert [(key["sourceType"], key["usageCount"]) for key in found] == [("dataset", 2), ("sample", 1)]
    assert found[0]["userGroups"] == ["beamline1"]
    assert found[0]["isPublished"] is False
    assert ask(as_user("bob"), "v4/metadatakeys").json() == []
    assert ask(datasets, "v4/metadatakeys", filter={"where": {"nonsense": 1}}).status_code == 400
    fields = {"fields": ["key"], "limits": {"limit": 1}}
    assert [set(key) for key in ask(datasets, "v4/metadatakeys", filter=fields).json()] == [{"_id", "key"}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["text", "mode", "scientific", "userGroups", "keywords", "creationTime", "size", "$or", "isPublished"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fields=st.dictionaries(NAMES, JSON, max_size=3), facets=JSON, limits=JSON)
def test_whatever_is_asked_is_answered(
    alice: httpx.Client, fields: dict[str, Any], facets: object, limits: object
) -> None:
    for what in ("datasets/fullquery", "datasets/fullfacet", "datasets/metadataKeys", "proposals/count"):
        answer = ask(alice, f"v3/{what}", fields=fields, facets=facets, limits=limits)
        assert answer.status_code in (200, 400), answer.text


def test_full_queries_are_about_ones_own_groups(as_user: As, alice: httpx.Client, minimal: Any) -> None:
    """Unlike lists: what others have published is only found by those who ask for it."""
    for name, more in (
        ("0", {}),
        ("1", {"isPublished": True}),
        ("2", {"accessGroups": ["beamline2"]}),
        ("3", {"sharedWith": ["bob@site.example"]}),
    ):
        body = {**minimal, "datasetName": name, **more}
        assert alice.post("/api/v4/datasets", json=body).status_code == 201

    def found(user: str | None, **fields: Any) -> str:
        return "".join(names(as_user(user), fields))

    def facets(user: str, **fields: Any) -> int:
        answers = [ask(as_user(user), f"{v}/datasets/fullfacet", fields=fields) for v in ("v3", "v4")]
        counts = {answer.json()[0]["all"][0]["totalSets"] for answer in answers}
        assert len(counts) == 1
        return int(counts.pop())

    assert found("alice") == found("admin") == "0123"
    assert (found("bob"), found(None)) == ("2", "1")
    assert found("bob", isPublished=True) == found("alice", isPublished=True) == "1"
    assert (found("bob", isPublished=False), found(None, isPublished=False)) == ("2", "")
    assert found("bob", isPublished=[True, False]) == "1"
    assert (facets("alice"), facets("bob"), facets("bob", isPublished=True)) == (4, 1, 1)
    assert len(as_user("bob").get("/api/v3/datasets").json()) == 3


def test_metadata_keys_of_groups(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    metadata = {
        "beam": {"slit": {"gap": {"value": 1, "unit": "mm"}, "names": [{"a": 1}]}, "on": True},
        "none": {"value": 1, "unit": ""},
        "empty": {},
    }
    for body in (metadata, {"beam": {"on": False, "off": None}, "text": "[1"}):
        answer = alice.post("/api/v4/datasets", json={**minimal, "scientificMetadata": body})
        assert answer.status_code == 201
    keys = ["beam.slit.gap", "beam.slit.names", "beam.on", "none", "beam.off", "text"]
    assert ask(alice, "v4/datasets/metadataKeys").json() == keys
    assert ask(alice, "v3/datasets/metadataKeys", limits={"skip": 4}).json() == keys[4:]
