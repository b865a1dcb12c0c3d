#!/usr/bin/env python3
"""A relay on the loopback interface that delays all that passes, in order and at any rate.

It is a process of its own, of one thread, and needs the standard library only. It prints the port
where it listens and ends when its standard input does.
"""

from __future__ import annotations

import argparse
import itertools
import os
import select
import socket
import sys
import time
from collections import deque

_BLOCK = 1 << 20
# What is on its way in one direction; a line of 20 ms at 10 GB/s holds less.
_MOST_ON_THE_WAY = 256 << 20
_BLOCKS_AT_ONCE = 64


class _Way:
    """One direction of a connection: what has come from one end and is due at the other later."""

    def __init__(self, source: socket.socket, sink: socket.socket, delay: float) -> None:
        self.source, self.sink, self.delay = source, sink, delay
        self.waiting: deque[tuple[float, memoryview]] = deque()
        self.size = 0
        self.ended = False
        self.end_due = 0.0
        self.blocked = False
        self.closed = False

    def wants_to_read(self) -> bool:
        return not self.ended and self.size < _MOST_ON_THE_WAY

    def due(self) -> float | None:
        """When there is something to do next; None where only the source can say."""
        if self.blocked or self.closed:
            return None
        if self.waiting:
            return self.waiting[0][0]
        return self.end_due if self.ended else None

    def read(self) -> None:
        """Take what has come."""
        try:
            block = self.source.recv(_BLOCK)
        except BlockingIOError:
            return
        due = time.monotonic() + self.delay
        if block:
            self.waiting.append((due, memoryview(block)))
            self.size += len(block)
        else:
            self.ended, self.end_due = True, due

    def write(self) -> None:
        """Pass on what is due, as much as the other end takes."""
        now = time.monotonic()
        self.blocked = False
        while not self.blocked and self.waiting and self.waiting[0][0] <= now:
            self._write_due(now)
        if not self.waiting and self.ended and self.end_due <= now and not self.closed:
            self.closed = True
            self.sink.shutdown(socket.SHUT_WR)

    def _write_due(self, now: float) -> None:
        first = itertools.islice(self.waiting, _BLOCKS_AT_ONCE)
        blocks = [block for _, block in itertools.takewhile(lambda waiting: waiting[0] <= now, first)]
        try:
            sent = self.sink.sendmsg(blocks)
        except BlockingIOError:
            sent = 0
        self.blocked = sent < sum(map(len, blocks))
        self.size -= sent
        while sent:
            due, block = self.waiting.popleft()
            if sent < len(block):
                self.waiting.appendleft((due, block[sent:]))
                return
            sent -= len(block)


class _Relay:
    def __init__(self, target_port: int, delay: float) -> None:
        self._target_port, self._delay = target_port, delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._ways: list[_Way] = []
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        """Relay until standard input ends."""
        stdin, listener = sys.stdin.fileno(), self._listener.fileno()
        while True:
            reading = {way.source.fileno(): way for way in self._ways if way.wants_to_read()}
            writing = [way.sink.fileno() for way in self._ways if way.blocked]
            # poll and epoll would round up to milliseconds, which are a tenth of the delay.
            ready, _, _ = select.select([stdin, listener, *reading], writing, [], self._pause())
            if stdin in ready and not os.read(stdin, 1):
                return
            if listener in ready:
                self._accept()
            self._pass_on([reading[end] for end in ready if end in reading])

    def _pause(self) -> float | None:
        times = [due for way in self._ways if (due := way.due()) is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._target_port))
        for end in (near, far):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ways += [_Way(near, far, self._delay), _Way(far, near, self._delay)]

    def _pass_on(self, readable: list[_Way]) -> None:
        broken: set[socket.socket] = set()
        for step, ways in ((_Way.read, readable), (_Way.write, self._ways)):
            for way in ways:
                try:
                    step(way)
                except OSError:
                    # One end has gone without farewell: the other shall learn it too.
                    broken |= {way.source, way.sink}
        for way in list(self._ways):
            both_closed = all(
                other.closed for other in self._ways if {other.source, other.sink} == {way.source, way.sink}
            )
            if both_closed or way.source in broken:
                broken |= {way.source, way.sink}
        self._ways = [way for way in self._ways if way.source not in broken]
        for end in broken:
            end.close()


def main() -> None:
    """Relay as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target-port", type=int, required=True, help="port on 127.0.0.1 to pass all on to")
    parser.add_argument("--delay", type=float, required=True, help="seconds that each way takes")
    options = parser.parse_args()
    relay = _Relay(options.target_port, options.delay)
    print(relay.port, flush=True)
    relay.run()


if __name__ == "__main__":
    main()
