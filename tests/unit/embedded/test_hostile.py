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
    answer = alice.post("/api/v4/jobs", json={})
    assert answer.status_code == 501
    assert "POST /api/v4/jobs" in answer.json()["message"]
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
