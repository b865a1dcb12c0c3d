"""Answers and failures become errors of ours."""

from __future__ import annotations

import json

import httpx
import pytest

from scitacean import errors
from scitacean.catalogue.errors import error_of_answer, explained

URL = "https://scicat.site.example"


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
    error = error_of_answer("get it", status=status, content=b"", request=URL)
    assert type(error) is kind
    assert error.status == status
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
    assert error_of_answer("x", status=500, content=content, request=URL).server_messages == messages


@pytest.mark.parametrize(
    "body", [{"message": "SESSION_EXPIRED"}, {"message": "x", "code": "SESSION_EXPIRED"}]
)
def test_expired_sessions_are_told_apart(body: dict[str, str]) -> None:
    error = error_of_answer("x", status=401, content=json.dumps(body).encode(), request=URL)
    assert isinstance(error, errors.SessionExpiredError)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpx.ConnectError("refused"), errors.ServerUnreachableError),
        (httpx.ReadTimeout(""), errors.ServerUnreachableError),
        (httpx.LocalProtocolError("secret"), errors.ConfigurationError),
        (httpx.RemoteProtocolError("odd"), errors.ServerUnreachableError),
        (json.JSONDecodeError("no", "", 0), errors.BadAnswerError),
        (errors.NotFoundError("gone"), errors.NotFoundError),
    ],
)
def test_failures_are_explained(raised: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught, explained("get it", URL):
        raise raised
    assert type(caught.value) is kind


def test_long_reasons_are_cut() -> None:
    error = error_of_answer("x", status=400, content=b"x" * 100_000, request=URL)
    assert len(str(error)) < 1000
