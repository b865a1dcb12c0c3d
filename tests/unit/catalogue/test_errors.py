"""Answers and failures become errors of ours."""

from __future__ import annotations

import json

import httpx
import pytest

from scicat_api import Response
from scitacean import errors
from scitacean.catalogue.errors import Asked, error_of_answer, error_of_failure

URL = "https://scicat.site.example"
ASKED = Asked("get it", URL, "GET /api/v4/datasets/x%2F1")


def error_of(
    status: int, content: bytes = b"", headers: dict[str, str] | None = None
) -> errors.ScicatCommError:
    return error_of_answer(ASKED, Response(status, content, httpx.Headers(headers), None))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ScicatCommError),
        (401, errors.LoginError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (412, errors.ConflictError),
        (418, errors.ScicatCommError),
        (500, errors.ScicatCommError),
    ],
)
def test_the_status_decides(status: int, kind: type[errors.ScicatCommError]) -> None:
    error = error_of(status)
    assert type(error) is kind
    assert (error.status, error.request, error.url) == (status, "GET /api/v4/datasets/x%2F1", URL)
    assert f"Cannot get it: {URL} answered {status}: it gives no reason." in str(error)


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (b'{"message": ["a", "b"], "error": "Bad Request"}', ("a", "b")),
        (b'{"message": "a", "code": "c"}', ("a", "c")),
        (b'"Internal server error"', ("Internal server error",)),
        (b'["a", {"message": "b"}]', ("a", "b")),
        (b'{"status": 400}', ('{"status": 400}',)),
        (b"plain text", ("plain text",)),
        (b"", ()),
        (b"{}", ()),
        (b"null", ()),
        (b"\xff", ("\N{REPLACEMENT CHARACTER}",)),
    ],
)
def test_all_shapes_of_error_bodies_are_read(content: bytes, messages: tuple[str, ...]) -> None:
    assert error_of(500, content).server_messages == messages


@pytest.mark.parametrize(
    "body", [{"message": "SESSION_EXPIRED"}, {"message": "x", "code": "SESSION_EXPIRED"}]
)
def test_expired_sessions_are_told_apart(body: dict[str, str]) -> None:
    error = error_of(401, json.dumps(body).encode())
    assert isinstance(error, errors.SessionExpiredError)
    assert (error.code, error.request) == ("SESSION_EXPIRED", ASKED.request)


@pytest.mark.parametrize(
    ("raised", "kind", "nothing_sent"),
    [
        (httpx.ConnectError("refused"), errors.ServerUnreachableError, True),
        (httpx.ConnectTimeout(""), errors.ServerUnreachableError, True),
        (httpx.PoolTimeout(""), errors.ServerUnreachableError, True),
        (httpx.ProxyError("407"), errors.ServerUnreachableError, True),
        (httpx.ReadTimeout(""), errors.ServerUnreachableError, False),
        (httpx.RemoteProtocolError("odd"), errors.ServerUnreachableError, False),
        (httpx.DecodingError("odd"), errors.ServerUnreachableError, False),
        (ConnectionResetError("reset"), errors.ServerUnreachableError, False),
        (httpx.LocalProtocolError("secret"), errors.ConfigurationError, None),
        (httpx.InvalidURL("secret"), errors.ConfigurationError, None),
        (UnicodeEncodeError("utf-8", "secret", 0, 1, "no"), errors.ConfigurationError, None),
        (ValueError("nan"), errors.ConfigurationError, None),
        (TypeError("no JSON"), errors.ConfigurationError, None),
        (RecursionError("deep"), errors.ConfigurationError, None),
        (json.JSONDecodeError("no", "", 0), errors.BadAnswerError, None),
    ],
)
def test_failures_are_explained(raised: Exception, kind: type[Exception], nothing_sent: bool | None) -> None:
    error = error_of_failure(ASKED, raised)
    assert type(error) is kind
    assert "Cannot get it" in str(error)
    assert "secret" not in str(error)
    assert error.hint
    assert getattr(error, "nothing_sent", None) is nothing_sent
    assert getattr(error, "request", ASKED.request) == ASKED.request


def test_other_faults_are_not_taken_for_those_of_http() -> None:
    assert error_of_failure(ASKED, KeyError("x")) is None


@pytest.mark.parametrize(
    ("wait", "shown"), [("600", "600 seconds"), ("Sun, 01 Mar 2026 12:00:00 GMT", "until Sun, 01 Mar 2026")]
)
@pytest.mark.parametrize("status", [429, 503])
def test_how_long_the_server_asks_to_wait_is_told(status: int, wait: str, shown: str) -> None:
    hint = error_of(status, headers={"Retry-After": wait}).hint
    assert shown in hint
    assert "retry_for" in hint


def test_refusals_as_deep_as_python_reads_are_taken() -> None:
    """And those that it reads but cannot write any more."""
    for depth in range(900, 1000):
        error = error_of(400, b'{"error": ' * depth + b"1" + b"}" * depth)
        assert len(str(error)) < 1000


def test_long_reasons_are_cut() -> None:
    error = error_of(400, b"x" * 100_000)
    assert len(str(error)) < 1000
