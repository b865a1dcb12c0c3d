"""Requests are checked as servers check them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.embedded import quick, schemas
from scitacean.embedded.answers import Refusal

DATASET = {
    "ownerGroup": "g",
    "owner": "o",
    "contactEmail": "a@b.cd; e@f.gh",
    "sourceFolder": "/x",
    "creationTime": "2026-03-01T12:00:00.000Z",
    "datasetName": "n",
    "type": "raw",
}
FILE = {"path": "a", "size": 1, "time": "2026-03-01T12:00:00.000Z"}
TIMES = ["2026-03-01T12:00:00.000Z", "2026-02-30T12:00:00.000Z", "2026-03-01", "x", ""]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from(TIMES)
)
FILES = st.dictionaries(st.sampled_from([*FILE, "chk", "foo"]), VALUES, max_size=4).map(
    lambda changes: {**FILE, **changes}
)


def jsonschema_says(name: str, body: Any) -> bool:
    return bool(schemas._validator(name).is_valid(body))


@given(files=st.lists(FILES, max_size=3), size=VALUES, more=st.dictionaries(st.just("foo"), VALUES))
def test_the_quick_check_never_lets_through_what_jsonschema_refuses(
    files: list[dict[str, Any]], size: Any, more: dict[str, Any]
) -> None:
    body = {"datasetId": "p", "size": size, "dataFileList": files, **more}
    if schemas._quick("CreateOrigDatablockDto")(body):
        assert jsonschema_says("CreateOrigDatablockDto", body)


def test_the_quick_check_knows_common_bodies() -> None:
    # Else large lists of files would take seconds.
    block = {"datasetId": "p", "size": 1, "dataFileList": [{**FILE, "chk": "aa"}]}
    assert schemas._quick("CreateOrigDatablockDto")(block)
    dataset = {**DATASET, "ownerEmail": "ada.example+x@site.example", "keywords": ["a"], "size": 0}
    assert schemas._quick("CreateDatasetDto")(dataset)


@given(
    contact=st.from_regex(r"[a@.; ]{,12}|a@b.cd(; ?a@b.cd)*[;a]?", fullmatch=True),
    owner=st.from_regex(r"[a@.-]{,12}|[ab.+-]+@[ab-]+(\.[ab-]+)+\n?", fullmatch=True),
)
def test_the_quick_check_takes_no_address_that_jsonschema_refuses(contact: str, owner: str) -> None:
    body = {**DATASET, "contactEmail": contact, "ownerEmail": owner}
    if schemas._quick("CreateDatasetDto")(body):
        assert jsonschema_says("CreateDatasetDto", body)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string", "maxLength": 3},
        {"type": "string", "format": "uri"},
        {"type": "number", "minimum": 1},
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "minProperties": 1},
        {"enum": ["x"]},
    ],
)
def test_the_quick_check_is_not_sure_of_what_it_does_not_know(schema: dict[str, Any]) -> None:
    check = quick.compiled(schema, {})
    for value in ("x", 1, [], ["x"], {}, {"a": "x"}):
        assert not check(value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"foo": 1}, "property foo should not exist"),
        ({"ownerGroup": ""}, "ownerGroup"),
        ({"ownerGroup": None}, "ownerGroup"),
        ({"contactEmail": "nobody"}, "contactEmail"),
        ({"contactEmail": "a@b.cd, e@f.gh"}, "contactEmail"),
        ({"ownerEmail": "a@b.cd;e@f.gh"}, "ownerEmail"),
        ({"creationTime": "2026-02-30T00:00:00Z"}, "creationTime"),
        ({"size": None}, "size"),
        ({"datasetlifecycle": None}, "datasetlifecycle"),
        ({"keywords": [1]}, "keywords"),
        ({"relationships": [{"pid": "p", "relationship": "x"}]}, "relationships.0"),
        ({"techniques": [{"pid": "p"}]}, "techniques.0"),
        ({"description": "x" * 1000, "comment": 1}, "comment"),
    ],
)
def test_what_servers_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as refused:
        schemas.check("CreateDatasetDto", {**DATASET, **changes})
    assert refused.value.status == 400
    assert any(message in problem for problem in refused.value.message)


@pytest.mark.parametrize("missing", sorted(DATASET))
def test_what_servers_miss(missing: str) -> None:
    body = {name: value for name, value in DATASET.items() if name != missing}
    assert schemas.problems("CreateDatasetDto", body)


def test_messages_are_short() -> None:
    (problem,) = schemas.problems("CreateDatasetDto", {**DATASET, "comment": ["x" * 9999]})
    assert len(problem) < 400


def test_what_servers_take_and_what_they_make_of_it() -> None:
    stored = schemas.check(
        "CreateDatasetDto",
        {
            **DATASET,
            "creationTime": "2026-03-01T13:00+01:00",
            "keywords": "one",
            "description": None,
            "size": 1.5,
            "scientificMetadata": {"any": {"thing": ["2026-03-01"]}},
            "datasetlifecycle": {"publishedOn": "2026-03-01"},
        },
    )
    assert stored["creationTime"] == "2026-03-01T12:00:00.000Z"
    assert stored["keywords"] == ["one"]
    assert stored["description"] is None
    assert stored["scientificMetadata"] == {"any": {"thing": ["2026-03-01"]}}
    assert stored["datasetlifecycle"] == {"publishedOn": "2026-03-01T00:00:00.000Z"}


def test_each_deviation_changes_the_document() -> None:
    changing = copy.deepcopy(schemas.parsed_document()["components"]["schemas"])
    for deviation in schemas.DEVIATIONS:
        assert deviation.why
        before = copy.deepcopy(changing)
        for name in changing if deviation.schema == "*" else [deviation.schema]:
            deviation.change(changing[name])
        assert changing != before, deviation


def test_names_of_fields_and_of_what_is_in_them() -> None:
    names = schemas.names("OutputDatasetDto")
    assert {"pid", "techniques", "publishedOn", "dataFileList", "chk"} <= names
    assert "nonsense" not in names


@pytest.mark.parametrize(
    "address", ["a@b.cd", "a.b@c.d.ef", "a@b..c", "a@.b.c", "ü@b.c", "a@" + "b" * 315 + ".cd"]
)
def test_addresses(address: str) -> None:
    assert not schemas.problems("CreateDatasetDto", {**DATASET, "ownerEmail": address})
    for several in (address, f"{address};", f"{address} ; {address}", f"{address};{address}; "):
        assert not schemas.problems("CreateDatasetDto", {**DATASET, "contactEmail": several})


@pytest.mark.parametrize(
    "address", ["", "a", "a@b", "a@b.", "@b.c", "a@.b", "a@b@c.d", "a b@c.d", "a@" + "b" * 320 + ".c"]
)
def test_what_is_no_address(address: str) -> None:
    for name in ("ownerEmail", "contactEmail"):
        assert schemas.problems("CreateDatasetDto", {**DATASET, name: address})


@pytest.mark.parametrize(
    "text",
    [
        "a@" + "." * 200_000,
        "a@" + "b." * 100_000 + "@",
        "a@b.cd;" * 50_000 + "@",
        "a@b.cd" + " " * 300_000 + "x",
    ],
)
def test_checking_an_address_takes_a_time_that_grows_as_its_length(text: str) -> None:
    # What grows with the square would take minutes: the time limit of tests.
    for name in ("ownerEmail", "contactEmail"):
        assert schemas.problems("CreateDatasetDto", {**DATASET, name: text})


def test_fields_that_hold_times() -> None:
    assert {"creationTime", "datasetlifecycle.publishedOn"} <= schemas.time_fields("OutputDatasetDto")
    assert "dataFileList.time" in schemas.time_fields("OutputOrigDatablockDto")
