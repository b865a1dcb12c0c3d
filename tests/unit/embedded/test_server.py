"""The catalogue over a socket."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from scitacean.embedded import EmbeddedCatalogue, Server, serve
from scitacean.embedded import server as server_module
from scitacean.embedded.server import _Handler, _Server


@pytest.fixture
def server(catalogue: EmbeddedCatalogue) -> Iterator[Server]:
    with serve(catalogue) as server:
        yield server


@pytest.fixture
def http(catalogue: EmbeddedCatalogue, server: Server) -> Iterator[httpx.Client]:
    token = catalogue.token_for("alice")
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as http:
        yield http


def connected(server: Server) -> socket.socket:
    url = httpx.URL(server.url)
    return socket.create_connection((url.host, url.port or 80), timeout=10)


def exchange(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    answer = b""
    while piece := connection.recv(1 << 16):
        answer += piece
    return answer


def test_a_connection_is_kept(http: httpx.Client, minimal: dict[str, Any]) -> None:
    # Each answer leaves the connection at the start of the next request, read body or not.
    ports = set()
    for _ in range(3):
        for method, path, body in (
            ("POST", "/api/v4/datasets", minimal),
            ("GET", "/api/v4/datasets", None),
            ("POST", "/api/v3/policies", {"x": "y" * 100_000}),
            ("HEAD", "/api/v4/datasets", None),
            ("POST", "/nothing/here", {"x": 1}),
        ):
            with http.stream(method, path, json=body) as answer:
                stream = answer.extensions["network_stream"]
                ports.add(stream.get_extra_info("client_addr"))
                answer.read()
            assert answer.status_code in (200, 201, 404, 501)
            assert answer.http_version == "HTTP/1.1"
    assert len(ports) == 1


def test_requests_one_after_the_other_on_one_socket(server: Server) -> None:
    one = b"GET /api/v3/health HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /api/v3/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connected(server) as connection:
        answer = exchange(connection, one + one + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"Connection: close") == 1


def test_chunked_and_compressed_bodies(http: httpx.Client, minimal: dict[str, Any]) -> None:
    content = json.dumps(minimal).encode()
    json_type = {"Content-Type": "application/json"}
    chunked = http.post("/api/v4/datasets", content=iter([content[:5], content[5:]]), headers=json_type)
    assert chunked.status_code == 201
    zipped = http.post(
        "/api/v4/datasets",
        content=gzip.compress(content),
        headers={**json_type, "Content-Encoding": "gzip"},
    )
    assert zipped.status_code == 201


def test_a_body_that_is_too_large_gets_an_answer(http: httpx.Client) -> None:
    answer = http.post("/api/v4/datasets", json={"x": "y" * 17_000_000})
    assert (answer.status_code, answer.json()) == (500, "Internal server error")
    assert http.get("/api/v3/health").status_code == 200


def test_many_clients_at_once(catalogue: EmbeddedCatalogue, server: Server) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=server.url) as own:
            statuses.extend(own.get("/api/v3/health").status_code for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 40


def test_the_end_of_the_server_ends_idle_connections(catalogue: EmbeddedCatalogue) -> None:
    before = set(threading.enumerate())
    with serve(catalogue) as server:
        idle = connected(server)
        silent = connected(server)
        idle.sendall(b"GET /api/v3/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1 << 16)
    assert set(threading.enumerate()) <= before
    assert idle.recv(1) == b""
    idle.close()
    silent.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_the_end_of_the_server_ends_connections_that_have_just_come(
    catalogue: EmbeddedCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    came, shut = threading.Event(), threading.Event()
    begin, shut_one = _Server.process_request_thread, server_module._shut

    def begin_late(server: _Server, request: Any, address: Any) -> None:
        came.set()
        shut.wait(timeout=5)
        begin(server, request, address)

    def shut_and_tell(connection: socket.socket, how: int) -> None:
        shut_one(connection, how)
        shut.set()

    monkeypatch.setattr(_Server, "process_request_thread", begin_late)
    monkeypatch.setattr(server_module, "_shut", shut_and_tell)
    with serve(catalogue) as server:
        silent = connected(server)
        assert came.wait(timeout=5)
    assert silent.recv(1) == b""
    silent.close()


def test_a_client_that_reads_nothing_does_not_keep_the_server_from_ending(
    catalogue: EmbeddedCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_GRACE_SECONDS", 0.1)
    sending = threading.Event()
    send = _Handler._send

    def send_and_tell(handler: _Handler, *answer: Any) -> None:
        sending.set()
        send(handler, *answer)

    monkeypatch.setattr(_Handler, "_send", send_and_tell)
    with serve(catalogue) as server:
        deaf = connected(server)
        # More than the systems on both ends keep for it.
        deaf.sendall(b"GET /explorer-json HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        assert sending.wait(timeout=5)
    deaf.close()


def test_a_client_that_goes_away_disturbs_nobody(
    server: Server, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with connected(server) as connection:
        connection.sendall(b"POST /api/v4/datasets HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    assert http.get("/api/v3/health").status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/v3/health HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\nConnection: close\r\n\r\n",
        (
            b"POST /api/v3/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\nzz\r\n"
        ),
        b"FETCH /api/v3/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_survived(server: Server, http: httpx.Client, request_: bytes) -> None:
    with connected(server) as connection:
        exchange(connection, request_)
    assert http.get("/api/v3/health").status_code == 200


def test_ipv6(catalogue: EmbeddedCatalogue) -> None:
    with serve(catalogue, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert httpx.get(f"{server.url}/api/v3/health").status_code == 200


HIDDEN = b"GET /api/v3/health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"Content-Length: -5", 400),
        (b"Content-Length: +5", 400),
        (b"Content-Length: 5x", 400),
        (b"Content-Length: 0x5", 400),
        (b"Content-Length:", 400),
        (b"Content-Length: 1, 1", 400),
        ("Content-Length: ٤".encode(), 400),
        (b"Content-Length: " + b"9" * 5000, 400),
        (b"Content-Length: 1\r\nContent-Length: 2", 400),
        (b"Content-Length: 0\r\nTransfer-Encoding: chunked", 400),
        (b"Transfer-Encoding: gzip", 501),
        (b"Transfer-Encoding: gzip, chunked", 501),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
        (b"Transfer-Encoding:", 501),
        (b"Transfer-Encoding: identity", 501),
        (b"Content-Length : 46", 400),
        (b"no header at all\r\nContent-Length: 46", 400),
        (b" Content-Length: 46", 400),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
def test_a_body_of_unclear_length_ends_the_connection(
    server: Server, method: bytes, framing: bytes, status: int
) -> None:
    with connected(server) as connection:
        head = method + b" /api/v3/health HTTP/1.1\r\n" + framing + b"\r\nHost: x\r\n\r\n"
        answer = exchange(connection, head + HIDDEN)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1") == 1
    assert b"\r\nConnection: close\r\n" in answer


def test_equal_lengths_are_one_length(server: Server) -> None:
    head = b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n"
    last = b"GET /api/v3/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connected(server) as connection:
        answer = exchange(connection, head + b"{}" + last)
    assert answer.count(b"HTTP/1.1 404") == answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("chunks", [b"zz\r\n0\r\n\r\n", b"-1\r\n0\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n"])
@pytest.mark.parametrize("path", [b"/api/v3/auth/login", b"/nothing"])
def test_after_a_broken_chunk_nothing_is_read(server: Server, path: bytes, chunks: bytes) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connected(server) as connection:
        answer = exchange(connection, head + chunks + HIDDEN)
    assert answer.count(b"HTTP/1.1") == 1


def test_an_endless_body_of_unclear_length_is_not_read_to_its_end(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(b"POST /api/v3/health HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n")
        sent = 0
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"x" * (1 << 20))
                sent += 1
    assert sent < 1000
