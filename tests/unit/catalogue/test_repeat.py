"""What is sent again, when, and for how long; in a time that passes only where somebody waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.catalogue.repeat import SAFE_TO_REPEAT, RepeatingTransport

READS = ["GET", "HEAD", "OPTIONS"]
WRITES = ["POST", "PUT", "PATCH", "DELETE"]
NOT_ARRIVED = [httpx.ConnectError("no"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
BROKEN = [httpx.ReadTimeout("slow"), httpx.ReadError("reset"), httpx.RemoteProtocolError("gone")]
Fault = int | tuple[int, str] | Exception


class Server:
    """Answers with faults first; each request takes some time."""

    def __init__(self, *faults: Fault, retry_for: float = 60.0, takes: float = 0.0) -> None:
        self.faults = list(faults)
        self.takes = takes
        self.now = 0.0
        self.sent: list[float] = []
        self.transport = RepeatingTransport(
            httpx.MockTransport(self.answer), retry_for=retry_for, sleep=self.sleep, clock=lambda: self.now
        )

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.sent.append(self.now)
        self.now += self.takes
        fault = self.faults.pop(0) if self.faults else 200
        if isinstance(fault, Exception):
            raise fault
        code, wait = fault if isinstance(fault, tuple) else (fault, None)
        return httpx.Response(code, headers={} if wait is None else {"Retry-After": wait})

    def ask(self, method: str = "GET", *, safe: bool = False) -> int:
        request = httpx.Request(method, "http://localhost/", extensions={SAFE_TO_REPEAT: safe})
        return self.transport.handle_request(request).status_code


def met(*faults: Fault) -> Server:
    """Make a server that has answered once, without faults."""
    server = Server()
    server.ask()
    server.sent.clear()
    server.faults = list(faults)
    return server


@pytest.mark.parametrize("method", [*READS, "safe POST"])
@pytest.mark.parametrize("fault", [429, 502, 503, 504, *NOT_ARRIVED, *BROKEN])
def test_what_changes_nothing_is_repeated(method: str, fault: Fault) -> None:
    server = met(fault, fault)
    assert server.ask(method.removeprefix("safe "), safe=method.startswith("safe")) == 200
    assert len(server.sent) == 3


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("fault", [429, (429, "1"), (503, "1"), *NOT_ARRIVED])
def test_what_surely_was_not_done_is_repeated(method: str, fault: Fault) -> None:
    server = met(fault, fault)
    assert server.ask(method) == 200
    assert len(server.sent) == 3


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("fault", [500, 502, 503, 504, (502, "1"), (504, "1")])
def test_what_may_have_been_done_is_not(method: str, fault: Fault) -> None:
    server = met(fault)
    assert server.ask(method) == (fault[0] if isinstance(fault, tuple) else fault)
    assert len(server.sent) == 1


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("fault", BROKEN)
def test_what_may_have_arrived_is_not(method: str, fault: Exception) -> None:
    server = met(fault)
    with pytest.raises(type(fault)):
        server.ask(method)
    assert len(server.sent) == 1


@pytest.mark.parametrize("fault", [400, 401, 403, 404, 409, 500, 501])
def test_answers_that_stay_are_not_asked_for_again(fault: int) -> None:
    server = met(fault)
    assert server.ask() == fault
    assert len(server.sent) == 1


@pytest.mark.parametrize("error", [httpx.LocalProtocolError("bad"), httpx.UnsupportedProtocol("ftp")])
def test_requests_that_cannot_be_sent_are_not_repeated(error: Exception) -> None:
    server = met(error)
    with pytest.raises(type(error)):
        server.ask()
    assert len(server.sent) == 1


@pytest.mark.parametrize("fault", [503, httpx.ReadTimeout("slow")])
@pytest.mark.parametrize("takes", [0.0, 7.0])
def test_repeating_has_an_end(fault: Fault, takes: float) -> None:
    server = met(*[fault] * 1000)
    server.takes = takes
    begun = server.now
    if isinstance(fault, Exception):
        with pytest.raises(type(fault)):
            server.ask()
    else:
        assert server.ask() == fault
    assert 3 < len(server.sent) < 30
    assert server.sent[-1] < begun + 60
    assert server.now <= begun + 60 + takes


def test_pauses_grow_to_some_seconds() -> None:
    server = met(*[503] * 1000)
    server.ask()
    pauses = [after - before for before, after in pairwise(server.sent)]
    # With jitter, so that many clients do not come back together.
    assert 0 < pauses[0] <= 0.4
    assert all(6 < pause < 10.001 for pause in pauses[6:])
    assert len({round(pause, 6) for pause in pauses}) > 4


def test_days_of_patience_are_no_overflow() -> None:
    server = Server(*[503] * 3000, retry_for=timedelta(days=2).total_seconds())
    assert server.ask() == 200
    assert len(server.sent) == 3001


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_server_says_how_long_to_wait(status: int, method: str) -> None:
    server = met((status, "30"))
    assert server.ask(method) == 200
    assert server.sent[1] - server.sent[0] == 30


def test_the_server_says_when_to_come_back() -> None:
    then = format_datetime(datetime.now(tz=UTC) + timedelta(seconds=30), usegmt=True)
    server = met((503, then))
    assert server.ask() == 200
    assert 20 < server.sent[1] - server.sent[0] <= 30


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_told_to_wait_for_longer_gives_up_at_once(method: str) -> None:
    server = met((503, "61"))
    begun = server.now
    assert server.ask(method) == 503
    assert (len(server.sent), server.now) == (1, begun)


@pytest.mark.parametrize(
    "wait",
    ["0", "", "soon", "-5", "1e3", "Sun, 99 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 99999999999 12:00:00 GMT"],
)
def test_odd_waits_are_those_of_one_who_was_told_nothing(wait: str) -> None:
    server = met((503, wait))
    assert server.ask() == 200
    assert 0 < server.sent[1] - server.sent[0] <= 0.4


@pytest.mark.parametrize("fault", [*NOT_ARRIVED, httpx.RemoteProtocolError("no HTTP")])
def test_a_server_that_never_answered_is_not_waited_for(fault: Exception) -> None:
    """Its address is wrong, likelier than not."""
    server = Server(*[fault] * 1000)
    with pytest.raises(type(fault)):
        server.ask()
    assert len(server.sent) == 3
    assert server.now < 3


def test_no_time_to_repeat_means_once() -> None:
    server = Server(503, retry_for=0)
    assert server.ask() == 503
    assert len(server.sent) == 1


class Breaking(httpx.SyncByteStream):
    """A body that ends in the middle."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"half of"
        raise httpx.ReadError("reset")


def test_answers_that_break_off_are_asked_for_again() -> None:
    bodies = [Breaking(), httpx.ByteStream(b"whole")]
    inner = httpx.MockTransport(lambda _: httpx.Response(200, stream=bodies.pop(0)))
    transport = RepeatingTransport(inner, retry_for=5, sleep=lambda _: None)
    with httpx.Client(transport=transport, base_url="http://localhost") as http:
        assert http.get("/").text == "whole"
    bodies.append(Breaking())
    with (
        httpx.Client(transport=transport, base_url="http://localhost") as http,
        pytest.raises(httpx.ReadError),
    ):
        http.post("/")


@given(
    method=st.sampled_from(["GET", "POST"]),
    faults=st.lists(
        st.one_of(
            st.sampled_from([429, 500, 502, 503, 504]),
            st.tuples(st.sampled_from([429, 503]), st.integers(0, 99).map(str)),
            st.sampled_from([*NOT_ARRIVED, *BROKEN]),
        ),
        max_size=30,
    ),
    takes=st.floats(0, 60),
    retry_for=st.floats(0, 300),
)
def test_creates_happen_at_most_once_and_all_in_time(
    method: str, faults: list[Fault], takes: float, retry_for: float
) -> None:
    server = Server(*faults, retry_for=retry_for, takes=takes)
    try:
        last: int | None = server.ask(method)
    except httpx.TransportError:
        last = None
    used = faults[: len(server.sent)]
    unsure = [one for one in used if one in (500, 502, 503, 504) or one in BROKEN]
    if method == "POST":
        assert len(unsure) + (last == 200) <= 1
    assert all(sent < retry_for for sent in server.sent[1:])
