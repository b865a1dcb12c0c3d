"""Tokens: a bad one is none, an expired one is refused everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from scitacean.embedded import Accounts, EmbeddedCatalogue

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http(clock: Clock) -> Iterator[Callable[[str | None], httpx.Response]]:
    accounts = Accounts.single(password="secret")
    with (
        EmbeddedCatalogue(accounts=accounts, token_lifetime=timedelta(minutes=5), clock=clock) as catalogue,
        httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://c") as client,
    ):

        def ask(header: str | None, method: str = "GET", path: str = "/api/v3/users/my/self", **more: Any) -> httpx.Response:  # fmt: skip  # noqa: E501
            headers = {} if header is None else {"Authorization": header}
            return client.request(method, path, headers=headers, **more)

        yield ask


def signed_in(ask: Any) -> dict[str, Any]:
    login = {"username": "me", "password": "secret"}
    answer = ask(None, "POST", "/api/v3/auth/ldap", json=login)
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


def test_a_token_lasts_as_long_as_it_says(http: Any, clock: Clock) -> None:
    login = signed_in(http)
    assert (login["expires_in"], login["ttl"]) == (300, 300)
    assert login["created"] == "2026-03-01T12:00:00.000Z"
    assert login["id"] == login["access_token"]
    header = f"Bearer {login['access_token']}"
    clock.now = START + timedelta(seconds=299)
    assert http(header).status_code == 200
    clock.now = START + timedelta(seconds=300)
    for method, path in (
        ("GET", "/api/v3/users/my/self"),
        ("GET", "/api/v3/health"),
        ("POST", "/api/v3/auth/login"),
        ("GET", "/api/v4/datasets/public"),
        ("GET", "/api/v4/jobs"),
        ("GET", "/no/such/path"),
    ):
        answer = http(header, method, path, json={"username": "me", "password": "secret"})
        assert answer.status_code == 401
        assert answer.json()["message"] == "SESSION_EXPIRED"
    signed_in(http)


def test_a_bad_token_is_no_token(http: Any) -> None:
    claims = {"sub": "me", "exp": START.timestamp() + 100}
    for token in (
        "Bearer x.y.z",
        "Bearer",
        "Basic bWU6c2VjcmV0",
        f"Bearer {jwt.encode(claims, 'x' * 64, algorithm='HS256')}",
        f"Bearer {jwt.encode(claims, '', algorithm='none')}",
    ):
        assert http(token).status_code == 401
        assert http(token).json()["message"] != "SESSION_EXPIRED"
        assert http(token, path="/api/v4/datasets").status_code == 403
        assert http(token, path="/api/v3/samples").status_code == 200
        assert http(token, path="/api/v3/auth/whoami").content == b""


def test_signing_out_leaves_the_token_good(http: Any) -> None:
    header = f"Bearer {signed_in(http)['access_token']}"
    assert http(header, "POST", "/api/v3/auth/logout").json() == {"logout": "successful"}
    assert http(header).status_code == 200


def test_the_token_of_somebody_who_left_is_no_token(tmp_path: Any) -> None:
    with EmbeddedCatalogue(tmp_path, accounts=Accounts.single("gone")) as catalogue:
        token = catalogue.token_for("gone")
    with (
        EmbeddedCatalogue(tmp_path) as catalogue,
        httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://c") as client,
    ):
        answer = client.get("/api/v3/users/my/self", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
