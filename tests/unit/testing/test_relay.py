"""A relay without a server behind it ends the connections it gets, and complains to nobody."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

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
