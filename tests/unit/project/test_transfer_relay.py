"""The relay of the benchmark of transfers passes on all that it gets, later."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfers.link import measure, relay

DELAY = 0.01
# Closing sends a reset, without farewell.
LINGER = (socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize("delay", [0.0, DELAY])
def test_what_passes_the_relay_comes_out_the_same_both_ways_with_its_end(delay: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, relay(listener.getsockname()[1], delay) as port:

        @given(there=st.lists(st.binary(max_size=300_000)), back=st.lists(st.binary()))
        def passes(there: list[bytes], back: list[bytes]) -> None:
            with socket.create_connection(("127.0.0.1", port)) as near, listener.accept()[0] as far:
                for sender, receiver, blocks in ((near, far, there), (far, near, back)):
                    for block in blocks:
                        sender.sendall(block)
                    sender.shutdown(socket.SHUT_WR)
                    assert all_from(receiver) == b"".join(blocks)

        passes()


def test_the_relay_passes_on_that_one_end_has_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, relay(listener.getsockname()[1], DELAY) as port:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port)) as near:
                far, _ = listener.accept()
                far.setsockopt(*LINGER)
                far.close()
                assert all_from(near) == b""
                with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
                    near.sendall(bytes(64 << 20))


def test_the_relay_serves_several_connections_and_keeps_what_nobody_reads() -> None:
    content = random.Random(7).randbytes(20 << 20)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = stack.enter_context(relay(listener.getsockname()[1], DELAY))
        pairs = []
        for _ in range(3):
            near = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            pairs.append((near, stack.enter_context(listener.accept()[0])))
        for near, _ in pairs:
            near.sendall(content)
            near.shutdown(socket.SHUT_WR)
        assert all(all_from(far) == content for _, far in reversed(pairs))


def test_a_round_trip_takes_the_delay_twice() -> None:
    # More than the relay keeps at a time.
    quality = measure(DELAY, 300 << 20)
    assert quality.round_trip >= 2 * DELAY
    assert quality.rate > 0
    assert quality.rate_without_delay > 0


def all_from(connection: socket.socket) -> bytes:
    blocks = []
    try:
        while block := connection.recv(1 << 20):
            blocks.append(block)
    except ConnectionResetError:
        pass
    return b"".join(blocks)
