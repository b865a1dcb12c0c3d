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
        self._unharmed: int | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._accepting = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop to listen, break what is open and wait for its end."""
        if self._server is not None:
            self._server.close()
        self._flowing.set()
        await self.kill_connections()
        await asyncio.gather(*self._serving)

    async def kill_connections(self) -> None:
        """Break all connections now, without farewell."""
        for writer in self._writers:
            writer.transport.abort()

    async def cut_after(self, size: int) -> None:
        """Break all connections when that many more bytes have passed, both ways together; once."""
        self._room = size

    async def damage_after(self, size: int) -> None:
        """Change a bit when that many more bytes have passed, both ways together; once."""
        self._unharmed = size

    async def freeze(self) -> None:
        """Pass nothing on any more, but keep the connections."""
        self._flowing.clear()

    async def flow(self) -> None:
        """Pass on again what comes, and what has come since :meth:`freeze`."""
        self._flowing.set()

    async def refuse(self) -> None:
        """End new connections at once, and let the open ones be."""
        self._accepting = False

    async def accept(self) -> None:
        """Let new connections be again."""
        self._accepting = True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if not self._accepting:
            writer.transport.abort()
            return
        self._writers.add(writer)
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways: list[asyncio.Task[None]] = []
        mine = {writer}
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            mine.add(far_writer)
            self._writers.add(far_writer)
            ways.append(asyncio.create_task(self._pass(reader, far_writer)))
            ways.append(asyncio.create_task(self._pass(far_reader, writer)))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            # The server has gone; the client learns it from the end of its connection.
            return
        finally:
            for end in mine:
                end.close()
            await asyncio.gather(*ways)
            self._writers -= mine

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while block := await reader.read(_BLOCK):
                await self._flowing.wait()
                passing = self._harmed(block[: self._room])
                writer.write(passing)
                await writer.drain()
                await self._count(len(passing))
        except OSError:
            # One of the ends has gone, which is what relays for tests are for.
            return

    def _harmed(self, block: bytes) -> bytes:
        if self._unharmed is None:
            return block
        position, self._unharmed = self._unharmed, self._unharmed - len(block)
        if self._unharmed >= 0:
            return block
        self._unharmed = None
        return b"".join((block[:position], bytes([block[position] ^ 1]), block[position + 1 :]))

    async def _count(self, size: int) -> None:
        if self._room is not None:
            self._room -= size
            if self._room <= 0:
                self._room = None
                await self.kill_connections()
