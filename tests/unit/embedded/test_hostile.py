"""Whatever comes in, an answer of the server's form goes out."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from scitacean.embedded import EmbeddedCatalogue, datasets

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"datasetName": "\\ud800"}',
        b"[" * 100_000,
        b"[" * 101 + b"]" * 101,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b"[]",
        b"null",
        b'"text"',
        b"",
    ],
)
def test_bad_bodies_are_refused(alice: httpx.Client, content: bytes) -> None:
    for path in ("/api/v4/datasets", "/api/v4/origdatablocks", "/api/v3/samples"):
        answer = alice.post(path, content=content, headers=JSON)
        assert answer.status_code == 400
        assert answer.json()["error"] == "Bad Request"


def test_bodies_are_utf_8(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    def posted(content: bytes) -> int:
        return alice.post("/api/v4/datasets", content=content, headers=JSON).status_code

    text = json.dumps({**minimal, "datasetName": "ü", "comment": "here"}, ensure_ascii=False)
    assert posted(text.encode()) == posted(text.encode("utf-8-sig")) == 201
    assert posted(text.encode("utf-16")) == posted(text.encode("latin-1")) == 400
    for surrogate in (b"\xed\xa0\x80", b"\\ud800", b"\xed\xa0\xbd\xed\xb8\x80"):
        assert posted(text.encode().replace(b"here", surrogate)) == 400
    assert posted(text.encode().replace(b"here", b"\\ud83d\\ude00")) == 201


def test_numbers_that_are_too_large_for_json(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    for digits, status in ((300, 201), (308, 201), (309, 400), (400, 400), (5000, 400)):
        for sign in ("", "-"):
            content = json.dumps({**minimal, "size": 0}).replace(": 0", f": {sign}1" + "0" * digits)
            answer = alice.post("/api/v4/datasets", content=content, headers=JSON)
            assert answer.status_code == status
    assert alice.get("/api/v4/datasets", params={"filter": '{"where": {"size": {"$gt": 0}}}'}).is_success


def test_deep_metadata_is_stored_as_deep_as_databases_go(
    alice: httpx.Client, minimal: dict[str, Any]
) -> None:
    deep: dict[str, Any] = {}
    for _ in range(90):
        deep = {"a": deep}
    answer = alice.post("/api/v4/datasets", json={**minimal, "scientificMetadata": deep})
    assert answer.status_code == 201
    assert alice.get("/api/v4/datasets").json()[0]["scientificMetadata"] == deep


def test_a_body_that_is_no_json_by_its_type_is_not_read(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    content = json.dumps(minimal).encode()
    for kind in ("text/plain", "multipart/form-data", ""):
        answer = alice.post("/api/v4/datasets", content=content, headers={"Content-Type": kind})
        assert answer.status_code == 400
        assert isinstance(answer.json()["message"], list)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress), ("deflate", zlib.compress)],
)
def test_compressed_bodies(
    alice: httpx.Client, minimal: dict[str, Any], encoding: str, packed: Callable[[bytes], bytes]
) -> None:
    headers = {**JSON, "Content-Encoding": encoding}

    def post(content: bytes) -> httpx.Response:
        return alice.post("/api/v4/datasets", content=content, headers=headers)

    content = packed(json.dumps(minimal).encode())
    assert post(content).status_code == 201
    assert post(content[:-3]).status_code == 400
    assert post(b"nonsense").status_code == 400
    # The limit applies to what comes out.
    assert post(packed(b" " * (16 * 1024 * 1024 + 1))).status_code == 500
    unknown = alice.post("/api/v4/datasets", content=b"x", headers={"Content-Encoding": "br"})
    assert unknown.status_code == 415


def test_the_limit_of_a_body(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    limit = 16 * 1024 * 1024
    fits = json.dumps({**minimal, "description": ""}).encode()
    fits = fits.replace(b'"description": ""', b'"description": "' + b"x" * (limit - len(fits)) + b'"')
    assert len(fits) == limit
    assert alice.post("/api/v4/datasets", content=fits, headers=JSON).status_code == 201
    answer = alice.post("/api/v4/datasets", content=fits + b" ", headers=JSON)
    assert (answer.status_code, answer.json()) == (500, "Internal server error")


def test_long_addresses(alice: httpx.Client) -> None:
    assert alice.get("/api/v4/datasets", params={"filter": "x" * 13_000}).status_code == 431


def test_unknown_and_missing_routes(alice: httpx.Client) -> None:
    answer = alice.get("/api/v4/nothing")
    assert (answer.status_code, answer.json()["message"]) == (404, "Cannot GET /api/v4/nothing")
    assert alice.post("/api/v4/datasets/count").status_code == 404
    answer = alice.post("/api/v3/policies", json={})
    assert answer.status_code == 501
    assert "POST /api/v3/policies" in answer.json()["message"]
    assert answer.json()["error"] == "Not Implemented"


def test_the_document(alice: httpx.Client) -> None:
    answer = alice.get("/explorer-json")
    assert answer.headers["Content-Type"] == "application/json"
    assert "/api/v4/datasets" in answer.json()["paths"]


def test_etags(alice: httpx.Client, minimal: dict[str, Any]) -> None:
    alice.post("/api/v4/datasets", json=minimal)
    first = alice.get("/api/v4/datasets")
    assert first.headers["ETag"].startswith('W/"')
    again = alice.get("/api/v4/datasets", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_fault_of_ours_is_an_answer_and_logged(
    alice: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> Any:
        raise ZeroDivisionError("our fault")

    monkeypatch.setattr(datasets, "v4_query", broken)
    with caplog.at_level(logging.ERROR):
        answer = alice.get("/api/v4/datasets")
    assert (answer.status_code, answer.json()) == (500, "Internal server error")
    assert "our fault" in caplog.text


def test_a_failed_request_changes_nothing(
    alice: httpx.Client, minimal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = alice.post("/api/v4/datasets", json=minimal).json()["pid"]
    block = {
        "datasetId": pid,
        "size": 1,
        "dataFileList": [{"path": "a", "size": 1, "time": "2026-03-01T12:00:00.000Z"}],
    }
    with monkeypatch.context() as patched:
        patched.setattr("scitacean.embedded.files._resize", None)
        assert alice.post("/api/v4/origdatablocks", json=block).status_code == 500
    assert alice.get("/api/v4/origdatablocks").json() == []


TEXTS = st.text(max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FILTER_KEYS = st.sampled_from(
    ["where", "fields", "include", "limits", "limit", "skip", "sort", "$and", "$in", "$gt", "pid"]
)
FILTERS = st.recursive(ANYTHING, lambda inner: st.dictionaries(FILTER_KEYS, inner, max_size=3), max_leaves=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filter_=FILTERS | TEXTS)
def test_any_filter_gets_an_answer(alice: httpx.Client, minimal: dict[str, Any], filter_: Any) -> None:
    text = filter_ if isinstance(filter_, str) else json.dumps(filter_)
    params = {"filter": text.encode("utf-8", "replace").decode()}
    for path in (
        "/api/v4/datasets",
        "/api/v4/datasets/count",
        "/api/v4/origdatablocks/files",
        "/api/v4/attachments",
        "/api/v3/samples",
    ):
        assert alice.get(path, params=params).status_code in (200, 400)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_body_gets_an_answer(alice: httpx.Client, minimal: dict[str, Any], data: st.DataObject) -> None:
    names = st.sampled_from([*minimal, "size", "keywords", "scientificMetadata", "datasetlifecycle"])
    body = {**minimal, **data.draw(st.dictionaries(names, ANYTHING, max_size=3))}
    for path in ("/api/v4/datasets", "/api/v4/datasets/isValid", "/api/v3/samples"):
        assert alice.post(path, json=body).status_code in (200, 201, 400, 403)
    assert alice.get("/api/v4/datasets").status_code == 200


def test_addresses_that_are_no_text(catalogue: EmbeddedCatalogue) -> None:
    from scitacean.embedded.answers import Refusal
    from scitacean.embedded.calls import check_plain_text

    with pytest.raises(Refusal):
        check_plain_text({"pid": "\ud800"})


def nested(operator: str, depth: int, width: int = 1) -> dict[str, Any]:
    filter_: dict[str, Any] = {"owner": "x"}
    for _ in range(depth):
        filter_ = {operator: [filter_, *([{"owner": "x"}] * (width - 1))]}
    return filter_


@pytest.mark.parametrize("path", ["datasets", "datasets/count", "origdatablocks/files/count"])
@pytest.mark.parametrize("operator", ["$and", "$or", "$nor"])
@pytest.mark.parametrize("width", [1, 2])
def test_any_depth_of_a_filter_gets_an_answer(
    alice: httpx.Client, path: str, operator: str, width: int
) -> None:
    status = 0
    for depth in range(60):
        filter_ = json.dumps({"where": nested(operator, depth, width)}).replace("owner", "ownerGroup")
        status = alice.get(f"/api/v4/{path}", params={"filter": filter_}).status_code
        assert status == 200 if depth <= 10 else status in (200, 400, 431), depth
    assert status == 400


@pytest.mark.parametrize(
    "where",
    [
        {"size": {"$in": list(range(1000))}},
        {"size": {"$nin": [-i for i in range(1000)]}},
        {"size": {"$in": [i + 0.5 for i in range(900)]}},
        {"scientificMetadata.a": {"$in": [[i] for i in range(900)]}},
        {"scientificMetadata.a": {"$in": [{"b": i} for i in range(500)]}},
        {"scientificMetadata.a": {"$in": [None, True, False] * 300}},
    ],
)
def test_long_lists_of_values(alice: httpx.Client, minimal: dict[str, Any], where: dict[str, Any]) -> None:
    alice.post("/api/v4/datasets", json=minimal)
    for path in ("datasets", "datasets/count"):
        filter_ = json.dumps({"where": where}, separators=(",", ":"))
        assert len(filter_) < 12_000
        assert alice.get(f"/api/v4/{path}?filter={filter_}").status_code == 200


@pytest.mark.parametrize(
    "filter_",
    [
        {"limits": {"sort": {"a\0b": "asc"}}},
        {"limits": {"sort": {"scientificMetadata.\0": "asc"}}},
        {"where": []},
        {"where": ""},
        {"where": 0},
        {"where": False},
        {"limits": []},
        {"fields": ""},
        {"fields": {}},
        {"include": 0},
        {"limits": {"sort": []}},
    ],
)
def test_filters_that_are_refused(alice: httpx.Client, minimal: dict[str, Any], filter_: Any) -> None:
    alice.post("/api/v4/datasets", json=minimal)
    text = json.dumps(filter_, separators=(",", ":"))
    for path in ("datasets", "origdatablocks", "attachments"):
        assert alice.get(f"/api/v4/{path}", params={"filter": text}).status_code == 400


def test_samples_are_not_sorted_by_what_is_no_name(alice: httpx.Client) -> None:
    filter_ = '{"limits": {"order": "\\u0000:asc"}}'
    assert alice.get("/api/v3/samples", params={"filter": filter_}).status_code == 400


def asked(catalogue: EmbeddedCatalogue, path: str, filter_: str) -> TestResponse:
    # Other clients make the address longer than servers take.
    token = catalogue.token_for("alice")
    return Client(catalogue.wsgi).get(
        f"/api/{path}", query_string=f"filter={filter_}", headers={"Authorization": f"Bearer {token}"}
    )


MANY = '{"where":{"$or":[' + ",".join(['{"size":1}'] * 1050) + "]}}"


@pytest.mark.parametrize(
    "path", ["v4/datasets", "v4/datasets/count", "v4/origdatablocks/files", "v3/samples"]
)
def test_a_filter_that_is_more_than_the_database_takes(catalogue: EmbeddedCatalogue, path: str) -> None:
    assert asked(catalogue, path, MANY).status_code == 400


def test_null_in_a_filter_is_as_good_as_nothing(alice: httpx.Client) -> None:
    filter_ = '{"where": null, "fields": null, "include": null, "limits": null}'
    assert alice.get("/api/v4/datasets", params={"filter": filter_}).status_code == 200


def test_faults_of_the_database_are_no_faults_of_clients(
    catalogue: EmbeddedCatalogue, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scitacean.embedded.store.TOO_MUCH", ())
    answer = asked(catalogue, "v4/datasets", MANY)
    assert (answer.status_code, answer.json) == (500, "Internal server error")
    assert "OperationalError" in caplog.text


def test_an_answer_that_is_no_json_is_a_fault(
    alice: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scitacean.embedded.store.Transaction.count", lambda *_: float("inf"))
    answer = alice.get("/api/v4/datasets/count")
    assert (answer.status_code, answer.json()) == (500, "Internal server error")
    assert "JSON compliant" in caplog.text
