"""Faults that are ordered come where they should, in the same process and over a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scicat_api.models import CreateDatasetDto
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import Accounts, EmbeddedCatalogue, User, serve
from scitacean.errors import (
    BadAnswerError,
    ScicatCommError,
    ServerUnreachableError,
    SessionExpiredError,
)
from scitacean.testing.faults import (
    Fault,
    Faults,
    delay,
    expire_token,
    faults_of,
    lose_answer,
    on,
    reset,
    status,
    truncate,
    wrong_json,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DATASETS = "/api/v4/datasets"
USER = User(username="ada", email="ada@site.example", groups=("g",), password="ada-secret")
ACCOUNTS = Accounts(users={"ada": USER}, rights={"create_dataset": "everyone"})
Connect = Callable[..., ScicatClient]


@pytest.fixture
def catalogue() -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue(accounts=ACCOUNTS) as catalogue:
        yield catalogue


@pytest.fixture
def faults(catalogue: EmbeddedCatalogue) -> Iterator[Faults]:
    with faults_of(catalogue) as faults:
        yield faults


@pytest.fixture(params=["in process", "over a socket"])
def connect(
    request: pytest.FixtureRequest, catalogue: EmbeddedCatalogue, faults: Faults
) -> Iterator[Connect]:
    clients: list[ScicatClient] = []

    def make(
        url: str, transport: httpx.BaseTransport | None, *, token: bool = False, **options: Any
    ) -> ScicatClient:
        if token:
            client = ScicatClient.from_token(url, catalogue.token_for("ada"), transport=transport, **options)
        else:
            client = ScicatClient.from_credentials(
                url, username="ada", password="ada-secret", transport=transport, **options
            )
        clients.append(client)
        return client

    if request.param == "in process":
        transport = httpx.WSGITransport(catalogue.wsgi)
        yield lambda **options: make("http://localhost", transport, **options)
    else:
        with serve(catalogue) as server:
            yield lambda **options: make(server.url, None, **options)
            for client in clients:
                client.close()
    for client in clients:
        client.close()


def new_dataset(name: str = "x") -> CreateDatasetDto:
    return CreateDatasetDto(
        owner_group="g",
        owner="Ada",
        contact_email="ada@site.example",
        source_folder="/data",
        creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        dataset_name=name,
        type_="raw",
    )


def names(catalogue: EmbeddedCatalogue) -> set[str]:
    """List what is really there."""
    headers = {"Authorization": f"Bearer {catalogue.token_for('ada')}"}
    with httpx.Client(
        transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://c", headers=headers
    ) as http:
        return {dataset["datasetName"] for dataset in http.get(DATASETS).json()}


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        (lose_answer(), ServerUnreachableError, True),
        (reset(), ServerUnreachableError, True),
        (reset(0), ServerUnreachableError, True),
        (truncate(), ServerUnreachableError, True),
        (truncate(7), ServerUnreachableError, True),
        (wrong_json(), BadAnswerError, True),
        (wrong_json(b"<html>Bad gateway</html>"), BadAnswerError, True),
        (status(503), ScicatCommError, False),
        (status(429, {"Retry-After": "3600"}), ScicatCommError, False),
    ],
)
def test_a_create_that_breaks_is_done_or_not(
    catalogue: EmbeddedCatalogue,
    faults: Faults,
    connect: Connect,
    fault: Fault,
    error: type[Exception],
    done: bool,
) -> None:
    client = connect()
    faults.add(on("POST", DATASETS, after=1), fault)
    client.create_dataset_model(new_dataset("before"))
    with pytest.raises(error):
        client.create_dataset_model(new_dataset("broken"))
    client.create_dataset_model(new_dataset("after"))
    assert names(catalogue) == {"before", "after"} | ({"broken"} if done else set())


@pytest.mark.parametrize("fault", [lose_answer(), status(503, {"Retry-After": "0"})])
def test_a_client_repeats_what_it_may(faults: Faults, connect: Connect, fault: Fault) -> None:
    client = connect()
    pid = client.create_dataset_model(new_dataset()).pid
    before = len(faults.requests)
    faults.add(on("GET", f"{DATASETS}/*"), fault)
    assert client.get_dataset_model(pid).pid == pid
    assert faults.requests[before:] == [("GET", f"{DATASETS}/{pid}")] * 2


@pytest.mark.parametrize("fault", [reset(), reset(0), truncate(), truncate(0)])
def test_a_body_that_breaks_off_is_no_answer(faults: Faults, connect: Connect, fault: Fault) -> None:
    client = connect(retry_for=1)
    pid = client.create_dataset_model(new_dataset()).pid
    faults.add(on("GET", f"{DATASETS}/*", times=None), fault)
    with pytest.raises(ServerUnreachableError):
        client.get_dataset_model(pid)
    faults.clear()
    assert client.get_dataset_model(pid).pid == pid


@pytest.mark.parametrize(
    ("fault", "end"), [(reset(), "reset"), (truncate(), "part"), (lose_answer(), "nothing")]
)
def test_a_connection_ends_as_it_should(
    faults: Faults, catalogue: EmbeddedCatalogue, fault: Fault, end: str
) -> None:
    faults.add(on("GET"), fault)
    with (
        serve(catalogue) as server,
        socket.create_connection(("127.0.0.1", httpx.URL(server.url).port)) as client,
    ):
        client.sendall(b"GET /api/v3/health HTTP/1.1\r\nHost: c\r\n\r\n")
        received = b""
        seen = "nothing"
        try:
            while piece := client.recv(1000):
                received += piece
                seen = "part"
        except ConnectionResetError:
            seen = "reset"
    assert seen == end
    if end == "part":
        head, _, body = received.partition(b"\r\n\r\n")
        assert f"Content-Length: {2 * len(body)}".encode() in head or f"{2 * len(body) + 1}".encode() in head


def test_a_fault_lasts_as_long_as_it_should(faults: Faults, connect: Connect) -> None:
    client = connect()
    pid = client.create_dataset_model(new_dataset()).pid
    faults.add(on(path="*/datasets/*", times=None), status(500))
    for _ in range(3):
        with pytest.raises(ScicatCommError) as caught:
            client.get_dataset_model(pid)
        assert caught.value.status == 500
    faults.clear()
    assert client.get_dataset_model(pid).pid == pid


def test_an_expired_token_is_renewed_by_those_who_can(faults: Faults, connect: Connect) -> None:
    client, with_token = connect(), connect(token=True)
    pid = client.create_dataset_model(new_dataset()).pid
    faults.add(on("GET", "*/datasets/*", times=2), expire_token())
    with pytest.raises(SessionExpiredError) as caught:
        with_token.get_dataset_model(pid)
    assert caught.value.code == "SESSION_EXPIRED"
    assert client.get_dataset_model(pid).pid == pid
    assert faults.requests[-2][1].endswith("/auth/login")
    with pytest.raises(SessionExpiredError):
        with_token.get_dataset_model(pid)


def test_a_token_that_is_not_sent_does_not_expire(faults: Faults, catalogue: EmbeddedCatalogue) -> None:
    faults.add(on(), expire_token())
    with httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://c") as http:
        assert [http.get("/api/v3/health").status_code for _ in range(2)] == [200, 200]


def test_a_delayed_answer_comes_too_late(faults: Faults, catalogue: EmbeddedCatalogue) -> None:
    faults.add(on("GET", "/api/v3/health"), delay(0.5))
    with serve(catalogue) as server, httpx.Client(base_url=server.url) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get("/api/v3/health", timeout=0.05)
        assert http.get("/api/v3/health").status_code == 200


def _note(event: threading.Event) -> Fault:
    """Make a fault of one's own: it says that the request has come."""

    def fault(application: Any) -> Any:
        def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            event.set()
            answer: Iterable[bytes] = application(environ, start_response)
            return answer

        return broken

    return fault


def test_faults_add_up(faults: Faults, catalogue: EmbeddedCatalogue) -> None:
    came = threading.Event()
    faults.add(on("GET"), _note(came))
    faults.add(on("GET"), status(418, {"X-Pot": "tea"}, body=["short and stout"]))
    with httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://c") as http:
        answer = http.get("/api/v3/health")
    assert (answer.status_code, answer.headers["X-Pot"], answer.json()) == (418, "tea", ["short and stout"])
    assert came.is_set()


@pytest.mark.parametrize("code", [520, 499, 599])
def test_proxies_have_statuses_of_their_own(faults: Faults, connect: Connect, code: int) -> None:
    client = connect()
    faults.add(on("POST", DATASETS), status(code))
    with pytest.raises(ScicatCommError) as caught:
        client.create_dataset_model(new_dataset())
    assert caught.value.status == code


def test_proxies_answer_with_pages(faults: Faults, catalogue: EmbeddedCatalogue) -> None:
    faults.add(on(), status(502, {"content-type": "text/html"}, body=b"<html>Bad Gateway</html>"))
    with httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://c") as http:
        answer = http.get("/api/v3/health")
    assert (answer.status_code, answer.text) == (502, "<html>Bad Gateway</html>")
    assert answer.headers.get_list("content-type") == ["text/html"]


@pytest.mark.parametrize(
    ("method", "fault"),
    [("GET", status(204)), ("GET", status(304)), ("HEAD", status(503)), ("HEAD", wrong_json())],
)
def test_answers_without_body_have_none(
    faults: Faults, catalogue: EmbeddedCatalogue, method: str, fault: Fault
) -> None:
    faults.add(on(method), fault)
    with serve(catalogue) as server, httpx.Client(base_url=server.url) as http:
        assert http.request(method, "/api/v3/health").content == b""
        # On the same connection: nothing may be left in it.
        assert http.get("/api/v3/health").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("method", "path", "met"),
    [
        ("get", "/api/v3/samples/a", True),
        ("Get", "*", True),
        ("GET", "/api/v3/samples/a[1]?", True),
        ("GET", "/api/v3/samples/?", False),
        ("GET", "/api/v3/samples/[a]", False),
        ("GET", "*a", True),
        ("GET", "/api/*/a", True),
    ],
)
def test_only_asterisks_stand_for_others(method: str, path: str, met: bool) -> None:
    sent = path if met and "*" not in path else "/api/v3/samples/a"
    assert on(method, path).is_of("GET", sent) is met


@pytest.mark.parametrize(("method", "path"), [("GTE", "*"), ("GET", "api/v4/datasets"), ("GET", "")])
def test_places_that_no_request_has_are_errors(method: str, path: str) -> None:
    with pytest.raises(ValueError, match="GTE" if method == "GTE" else "'/'"):
        on(method, path)


def test_a_server_that_runs_meets_faults_and_loses_them(catalogue: EmbeddedCatalogue) -> None:
    with serve(catalogue) as server, httpx.Client(base_url=server.url) as http:
        with faults_of(catalogue) as faults:
            faults.add(on(times=None), status(418))
            assert http.get("/api/v3/health").status_code == 418
        assert http.get("/api/v3/health").status_code == 200


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (status(503), "status(503)"),
        (delay(0.5), "delay(0.5)"),
        (truncate(), "truncate()"),
        (reset(3), "reset(3)"),
        (lose_answer(), "lose_answer()"),
        (wrong_json(), "wrong_json()"),
        (expire_token(), "expire_token()"),
    ],
)
def test_faults_have_names_for_the_ids_of_tests(fault: Fault, name: str) -> None:
    assert fault.__name__ == name
    assert name in repr(fault)


def test_faults_end_with_their_block(catalogue: EmbeddedCatalogue) -> None:
    before = catalogue.wsgi
    with faults_of(catalogue) as faults:
        assert catalogue.wsgi is faults
    assert catalogue.wsgi is before


def test_what_an_application_writes_belongs_to_its_answer() -> None:
    closed = threading.Event()

    class Body(list[bytes]):
        def close(self) -> None:
            closed.set()

    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "4")])(b"ab")
        return Body([b"cd"])

    faults = Faults(application)
    faults.add(on(), truncate(3))
    with (
        httpx.Client(transport=httpx.WSGITransport(faults), base_url="http://c") as http,
        http.stream("GET", "/") as answer,
    ):
        chunks = answer.iter_raw()
        assert next(chunks) == b"abc"
        with pytest.raises(httpx.RemoteProtocolError):
            next(chunks)
    assert closed.is_set()
