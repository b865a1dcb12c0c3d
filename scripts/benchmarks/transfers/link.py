"""The link between a client and the server: loopback as it is, or through a relay that delays."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

_RELAY = Path(__file__).with_name("relay.py")
_PINGS = 50
_BLOCK = 1 << 20


@contextmanager
def relay(target_port: int, delay: float) -> Iterator[int]:
    """Run a relay before a port of this machine and give its own port.

    Parameters
    ----------
    target_port:
        Where to pass all on to.
    delay:
        How many seconds each way takes.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", _RELAY, f"--target-port={target_port}", f"--delay={delay}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        # When this block ends, so does its standard input, and it stops.
        yield int(process.stdout.readline())


@frozen
class Quality:
    """What a relay is worth.

    Attributes
    ----------
    round_trip:
        Median of the seconds that one byte needs there and back.
    rate, rate_without_delay:
        Bytes per second in one direction, with its delay and without any.
    """

    round_trip: float
    rate: float
    rate_without_delay: float


def measure(delay: float, size: int) -> Quality:
    """Measure a relay with nothing but an echo behind it.

    Parameters
    ----------
    delay:
        How many seconds each way takes.
    size:
        How many bytes to send for the rate.
    """
    with _peer(size) as port, relay(port, delay) as slow, relay(port, 0.0) as fast:
        return Quality(
            round_trip=_ping(slow),
            rate=size / (_pour(slow, size) - 2 * delay),
            rate_without_delay=size / _pour(fast, size),
        )


@contextmanager
def _peer(size: int) -> Iterator[int]:
    """Serve connections that say ``p`` with echoes, and those that say ``r`` with a stream of zeros."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, size))
        thread.start()
        port: int = listener.getsockname()[1]
        try:
            yield port
        finally:
            with socket.create_connection(("127.0.0.1", port)) as last:
                last.sendall(b"q")
            thread.join()


def _serve(listener: socket.socket, size: int) -> None:
    zeros = bytes(_BLOCK)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wish = connection.recv(1)
            if wish == b"q":
                return
            while wish == b"p":
                connection.sendall(wish)
                wish = connection.recv(1)
            if wish == b"r":
                for start in range(0, size, _BLOCK):
                    connection.sendall(zeros[: size - start])


def _ping(port: int) -> float:
    with _connected(port) as connection:
        return statistics.median(_echo(connection) for _ in range(_PINGS))


def _echo(connection: socket.socket) -> float:
    begin = time.perf_counter()
    connection.sendall(b"p")
    assert connection.recv(1) == b"p"
    return time.perf_counter() - begin


def _pour(port: int, size: int) -> float:
    buffer = bytearray(_BLOCK)
    with _connected(port) as connection:
        begin = time.perf_counter()
        connection.sendall(b"r")
        received = 0
        while count := connection.recv_into(buffer):
            received += count
        assert received == size
        return time.perf_counter() - begin


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
