"""A relay passes on what comes when it should; without a server it ends connections, without complaints."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import pytest

from scitacean.testing.relay import Relay


async def _connect_in_vain(complaints: list[Any]) -> bytes:
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Nobody listens there.
        relay = Relay(target_port=taken.getsockname()[1])
        await relay.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        said = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        await writer.wait_closed()
        await relay.stop()
    assert relay.accepted == 1
    del reader, writer, relay
    # What nobody asked the result of complains when it is collected.
    await asyncio.sleep(0)
    gc.collect()
    return said


def test_a_relay_without_a_server_ends_connections() -> None:
    complaints: list[Any] = []
    assert asyncio.run(_connect_in_vain(complaints)) == b""
    assert complaints == []


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(4))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def _ask_a_frozen_relay() -> tuple[bool, bytes]:
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        relay = Relay(target_port=server.sockets[0].getsockname()[1])
        await relay.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        await relay.freeze()
        writer.write(b"ping")
        answer = asyncio.ensure_future(reader.read())
        await asyncio.wait([answer], timeout=0.2)
        was_silent = not answer.done()
        await relay.flow()
        said = await asyncio.wait_for(answer, 20)
        writer.close()
        await writer.wait_closed()
        await relay.stop()
    return was_silent, said


def test_what_came_while_a_relay_was_frozen_is_passed_on_later() -> None:
    assert asyncio.run(_ask_a_frozen_relay()) == (True, b"ping")


async def _ask_a_harmful_relay(size: int) -> tuple[bytes, bytes]:
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        relay = Relay(target_port=server.sockets[0].getsockname()[1])
        await relay.start()
        answers = []
        await relay.damage_after(size)
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(b"ping")
            answers.append(await asyncio.wait_for(reader.read(), 20))
            writer.close()
            await writer.wait_closed()
        await relay.stop()
    first, second = answers
    return first, second


@pytest.mark.parametrize(
    ("size", "answers"),
    [
        (0, (b"qing", b"ping")),
        (3, (b"pinf", b"ping")),
        (4, (b"qing", b"ping")),
        (7, (b"pinf", b"ping")),
        (8, (b"ping", b"qing")),
        (15, (b"ping", b"pinf")),
        (16, (b"ping", b"ping")),
    ],
)
def test_a_relay_changes_one_bit_where_it_was_told_to(size: int, answers: tuple[bytes, bytes]) -> None:
    assert asyncio.run(_ask_a_harmful_relay(size)) == answers
