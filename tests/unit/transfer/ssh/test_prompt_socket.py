"""What arrives while a connection is made is acknowledged at once, where the system can do that."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from scitacean.transfer.ssh.prompt_socket import PromptSocket


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        here = socket.create_connection(listening.getsockname(), timeout=7.0)
        there, _ = listening.accept()
        with here, there:
            yield here, there


def test_it_takes_the_place_of_a_socket(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    name = here.getsockname()
    with PromptSocket.instead_of(here) as prompt:
        assert here.fileno() == -1
        assert (prompt.getsockname(), prompt.gettimeout()) == (name, 7.0)
        there.sendall(b"123")
        assert prompt.recv(2) + prompt.recv(2) == b"123"
        prompt.sendall(b"45")
        assert there.recv(2) == b"45"


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="the system cannot")
def test_it_acknowledges_the_first_blocks_at_once(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = ends
    asked: list[tuple[object, ...]] = []

    class Noting(PromptSocket):
        def setsockopt(self, *arguments: Any) -> None:
            asked.append(arguments)
            super().setsockopt(*arguments)

    monkeypatch.setattr(PromptSocket, "_remaining", 3)
    with Noting.instead_of(here) as prompt:
        for number in range(5):
            there.sendall(b"1")
            assert prompt.recv(1) == b"1"
            assert asked == [(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)] * min(number + 1, 3)
