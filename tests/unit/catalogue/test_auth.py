"""Signing requests, and getting new tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest

from scitacean import ExpiringToken, SecretStr
from scitacean.catalogue.auth import Session
from scitacean.credentials import CallbackSecret, StrStorage
from scitacean.errors import ConfigurationError, LoginError, SessionExpiredError

MESSAGES = ["SESSION_EXPIRED", "Unauthorized"]


class Server:
    """Accepts the newest token; older ones have expired."""

    def __init__(self, message: str = "SESSION_EXPIRED") -> None:
        self.message = message
        self.tokens = 0
        self.sign_ins = 0
        self.done: list[str] = []
        self.lock = threading.Lock()
        self.http = httpx.Client(transport=httpx.MockTransport(self.answer), base_url="http://localhost")

    def answer(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if request.url.path == "/login":
                assert "Authorization" not in request.headers
                self.tokens += 1
                self.sign_ins += 1
                return httpx.Response(201, text=f"token-{self.tokens}")
            if request.headers.get("Authorization") == f"Bearer token-{self.tokens}":
                self.done.append(request.content.decode())
                return httpx.Response(200)
            return httpx.Response(401, json={"message": self.message})

    def sign_in(self) -> SecretStr:
        return SecretStr(self.http.post("/login").text)


def test_a_token_is_sent() -> None:
    server = Server()
    server.tokens = 7
    with server.http as http:
        assert http.get("/", auth=Session(SecretStr("token-7"))).status_code == 200
        assert http.get("/", auth=Session(SecretStr("token-6"))).status_code == 401


@pytest.mark.parametrize("message", MESSAGES)
def test_refused_sessions_are_renewed_once_for_all_threads(message: str) -> None:
    server = Server(message)
    with server.http as http:
        http.auth = Session(renew=server.sign_in)
        assert http.get("/").status_code == 200
        assert server.sign_ins == 1
        server.tokens += 1
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: http.get("/").status_code, range(50)))
    assert answers == [200] * 50
    assert server.sign_ins == 2


@pytest.mark.parametrize("message", MESSAGES)
def test_what_a_refused_request_creates_is_created_once(message: str) -> None:
    server = Server(message)
    with server.http as http:
        http.auth = Session(SecretStr("old"), renew=server.sign_in)
        assert http.post("/", content="a dataset").status_code == 200
    assert server.done == ["a dataset"]
    assert server.sign_ins == 1


def test_who_is_refused_again_is_refused() -> None:
    calls: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        calls.append(request.headers["Authorization"])
        return httpx.Response(401, json={"message": "Unauthorized"})

    tokens = iter(["one", "two", "three"])
    auth = Session(renew=lambda: SecretStr(next(tokens)))
    with httpx.Client(transport=httpx.MockTransport(refuse), auth=auth) as http:
        assert http.get("http://localhost/a").status_code == 401
    assert calls == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("renew", [None, lambda: SecretStr("same")])
def test_the_same_token_is_not_sent_twice(renew: Callable[[], StrStorage] | None) -> None:
    calls: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        return httpx.Response(401)

    auth = Session(SecretStr("same"), renew=renew)
    with httpx.Client(transport=httpx.MockTransport(refuse), auth=auth) as http:
        assert http.get("http://localhost/a").status_code == 401
    assert calls == ["/a"]


def test_a_storage_that_has_another_token_by_now_is_asked_again() -> None:
    server = Server()
    server.tokens = 2
    tokens = iter(["token-1", "token-2"])
    with server.http as http:
        auth = Session(CallbackSecret(lambda: next(tokens)))
        assert http.get("/", auth=auth).status_code == 200
    assert auth.can_renew


# Ahead of the end


def token_that_lasts(**duration: float) -> SecretStr:
    end = datetime.now(tz=UTC) + timedelta(**duration)
    return SecretStr(jwt.encode({"exp": end.timestamp()}, "k" * 32))


def sent_with(auth: Session, times: int) -> list[str]:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(answer), auth=auth) as http:
        for _ in range(times):
            http.get("http://localhost/a")
    return sent


def test_tokens_are_renewed_ahead_of_their_end() -> None:
    old, new = token_that_lasts(seconds=50), token_that_lasts(hours=1)
    assert sent_with(Session(old, renew=lambda: new), 3) == [new.get_str()] * 3
    assert sent_with(Session(new, renew=lambda: old), 3) == [new.get_str()] * 3


def test_expired_tokens_are_renewed_too() -> None:
    old = ExpiringToken(value="old", expires_at=datetime.now(tz=UTC) - timedelta(hours=1))
    new = token_that_lasts(hours=1)
    assert sent_with(Session(old, renew=lambda: new), 1) == [new.get_str()]
    with pytest.raises(SessionExpiredError, match="expired at"):
        sent_with(Session(old), 1)


@pytest.mark.parametrize("lasting", [-3600, 30])
def test_a_wrong_clock_does_not_renew_without_end(lasting: float) -> None:
    """The server decides whether a token is good that it has just made."""
    asked: list[None] = []

    def renew() -> StrStorage:
        asked.append(None)
        return token_that_lasts(seconds=lasting)

    assert len(sent_with(Session(renew=renew), 5)) == 5
    assert len(asked) == 1


@pytest.mark.parametrize("token", [SecretStr("opaque"), SecretStr("a.b.c")])
def test_tokens_without_end_are_kept(token: SecretStr) -> None:
    session = Session(token, renew=lambda: SecretStr("another"))
    assert sent_with(session, 2) == [token.get_str()] * 2
    assert session.ends_at() is None


@pytest.mark.parametrize("end", [-62_135_596_800, -1e300, 1e300, 10**30, float("nan"), "x", None, [], {}])
def test_odd_ends_are_no_matter(end: object) -> None:
    token = SecretStr(jwt.encode({"exp": end}, "k" * 32))
    assert len(sent_with(Session(token, renew=lambda: token), 2)) == 2


def test_the_end_is_known() -> None:
    end = datetime(2033, 5, 18, 3, 33, 20, tzinfo=UTC)
    assert Session(SecretStr(jwt.encode({"exp": 2_000_000_000}, "k" * 32) + "\n")).ends_at() == end
    assert Session(ExpiringToken(value="x", expires_at=end)).ends_at() == end
    assert Session(renew=lambda: SecretStr("x")).ends_at() is None


# What cannot be sent


@pytest.mark.parametrize("token", ["", " \n", "sec ret", "sec\x00ret", "sécret"])
def test_tokens_that_are_none_are_not_sent(token: str) -> None:
    with pytest.raises(ConfigurationError, match="no token has"):
        sent_with(Session(SecretStr(token)), 1)


def test_a_session_without_anything_sends_nothing() -> None:
    with pytest.raises(ConfigurationError, match="is empty"):
        sent_with(Session(), 1)


def failing() -> str:
    raise KeyError("token")


@pytest.mark.parametrize("function", [failing, lambda: None])
def test_functions_that_give_no_token_are_explained(function: Callable[[], str]) -> None:
    with pytest.raises(LoginError, match=r"does not give its secret \((KeyError|it gave NoneType)") as caught:
        sent_with(Session(CallbackSecret(function)), 1)
    assert caught.value.__context__ is None
