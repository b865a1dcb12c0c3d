"""Signing requests, and signing in again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from scitacean import SecretStr
from scitacean.catalogue.auth import SignInAuth, TokenAuth


class Server:
    """Accepts the newest token; older ones have expired."""

    def __init__(self) -> None:
        self.tokens = 0
        self.sign_ins = 0
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
                return httpx.Response(200)
            return httpx.Response(401, json={"message": "SESSION_EXPIRED"})

    def sign_in(self) -> SecretStr:
        return SecretStr(self.http.post("/login").text)


def test_a_token_is_sent() -> None:
    server = Server()
    server.tokens = 7
    with server.http as http:
        assert http.get("/", auth=TokenAuth(SecretStr("token-7"))).status_code == 200
        assert http.get("/", auth=TokenAuth(SecretStr("token-6"))).status_code == 401


def test_expired_sessions_are_renewed_once_for_all_threads() -> None:
    server = Server()
    with server.http as http:
        http.auth = SignInAuth(server.sign_in)
        assert http.get("/").status_code == 200
        assert server.sign_ins == 1
        server.tokens += 1
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: http.get("/").status_code, range(50)))
    assert answers == [200] * 50
    assert server.sign_ins == 2


def test_other_refusals_do_not_sign_in_again() -> None:
    calls: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        return httpx.Response(401, json={"message": "Unauthorized"})

    auth = SignInAuth(lambda: SecretStr("t"))
    with httpx.Client(transport=httpx.MockTransport(refuse), auth=auth) as http:
        assert http.get("http://localhost/a").status_code == 401
    assert calls == ["/a"]
