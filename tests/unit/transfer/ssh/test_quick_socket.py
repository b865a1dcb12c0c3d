"""Much is read at once, and what arrives while a connection is made is acknowledged at once."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.transfer.ssh.quick_socket import QuickSocket


@contextmanager
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        here = socket.create_connection(listening.getsockname(), timeout=7.0)
        there, _ = listening.accept()
        with here, there:
            yield here, there


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with connection() as both:
        yield both


def test_it_takes_the_place_of_a_socket(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    name = here.getsockname()
    with QuickSocket.instead_of(here) as quick:
        assert here.fileno() == -1
        assert (quick.getsockname(), quick.gettimeout()) == (name, 7.0)
        there.sendall(b"123")
        assert quick.recv(2) + quick.recv(2) == b"123"
        quick.sendall(b"45")
        assert there.recv(2) == b"45"


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="the system cannot")
def test_it_acknowledges_the_first_blocks_at_once(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = ends
    asked: list[tuple[object, ...]] = []

    class Noting(QuickSocket):
        def setsockopt(self, *arguments: Any) -> None:
            asked.append(arguments)
            super().setsockopt(*arguments)

    monkeypatch.setattr(QuickSocket, "_remaining", 3)
    with Noting.instead_of(here) as quick:
        for number in range(5):
            there.sendall(b"1")
            assert quick.recv(1) == b"1"
            assert asked == [(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)] * min(number + 1, 3)


@given(
    sent=st.lists(st.binary(min_size=1, max_size=2000), max_size=20),
    sizes=st.lists(st.integers(min_value=1, max_value=3000), min_size=1),
)
def test_what_is_read_ahead_comes_in_order(sent: list[bytes], sizes: list[int]) -> None:
    with connection() as (here, there), QuickSocket.instead_of(here) as quick:
        for block in sent:
            there.sendall(block)
        there.shutdown(socket.SHUT_WR)
        received = []
        for size in itertools.cycle(sizes):
            block = quick.recv(size)
            assert len(block) <= size
            if not block:
                break
            received.append(block)
    assert b"".join(received) == b"".join(sent)


def test_it_waits_as_long_as_any_other(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    with QuickSocket.instead_of(here) as quick:
        quick.settimeout(0.01)
        with pytest.raises(TimeoutError):
            quick.recv(1)
        there.sendall(b"12")
        quick.settimeout(7.0)
        assert quick.recv(1) == b"1"
        # Nothing new has come.
        assert quick.recv(1) == b"2"
        with pytest.raises(ValueError, match="without flags"):
            quick.recv(1, socket.MSG_PEEK)
