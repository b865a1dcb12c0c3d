"""A relay before a server on this machine, through which tests break connections."""

from __future__ import annotations

import asyncio

_BLOCK = 65_536


class Relay:
    """Passes on what comes to a port of its own, until it is told to break the connections.

    All of it runs in one event loop.

    Parameters
    ----------
    target_port:
        Port of the server, on 127.0.0.1.

    Attributes
    ----------
    port:
        Where the relay listens, on 127.0.0.1.
    accepted:
        How many connections there have been.
    """

    def __init__(self, *, target_port: int) -> None:
        self.port = 0
        self.accepted = 0
        self._target_port = target_port
        self._room: int | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop to listen and break what is open."""
        if self._server is not None:
            self._server.close()
        self._flowing.set()
        await self.kill_connections()

    async def kill_connections(self) -> None:
        """Break all connections now, without farewell."""
        for writer in self._writers:
            writer.transport.abort()

    async def cut_after(self, size: int) -> None:
        """Break all connections when that many more bytes have passed, both ways together; once."""
        self._room = size

    async def freeze(self) -> None:
        """Pass nothing on any more, but keep the connections."""
        self._flowing.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        mine = {writer, far_writer}
        self._writers |= mine
        try:
            ways = [
                asyncio.create_task(self._pass(reader, far_writer)),
                asyncio.create_task(self._pass(far_reader, writer)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers -= mine
            for end in mine:
                end.close()
            await asyncio.gather(*ways)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while block := await reader.read(_BLOCK):
                await self._flowing.wait()
                passing = block[: self._room]
                writer.write(passing)
                await writer.drain()
                await self._count(len(passing))
        except OSError:
            # One of the ends has gone, which is what relays for tests are for.
            return

    async def _count(self, size: int) -> None:
        if self._room is not None:
            self._room -= size
            if self._room <= 0:
                self._room = None
                await self.kill_connections()
