"""Answers of a WSGI application that break off, over a socket or in the same process."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import httpx
from attrs import evolve, frozen

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@frozen
class Answer:
    """What an application has answered, as a whole."""

    status: str
    headers: list[tuple[str, str]]
    content: bytes

    def with_content(self, content: bytes) -> Answer:
        """Answer something else."""
        headers = [entry for entry in self.headers if entry[0].lower() != "content-length"]
        return evolve(self, headers=[*headers, ("Content-Length", str(len(content)))], content=content)

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as an application."""
        start_response(self.status, self.headers)
        return [self.content]

    def head(self) -> bytes:
        """Write the status line and the headers as HTTP does."""
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


Change: TypeAlias = "Callable[[Answer, WSGIEnvironment, StartResponse], Iterable[bytes]]"
"""Answers something else than an application did."""


def answer_of(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Let an application answer."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _info: object = None
    ) -> Callable[[bytes], object]:
        started.append((status, headers))
        return written.append

    body = application(environ, start_response)
    try:
        content = b"".join([*body])
    finally:
        if hasattr(body, "close"):
            body.close()
    status, headers = started[-1]
    return Answer(status, headers, b"").with_content(b"".join(written) + content)


def break_off(
    answer: Answer,
    size: int | None,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    *,
    reset: bool = False,
) -> Iterable[bytes]:
    """Answer a part of the body and end the connection.

    Parameters
    ----------
    answer:
        The whole answer.
    size:
        Bytes of the body to send; None for half of it.
    environ:
        The request; of servers like Werkzeug's, it has the socket.
    start_response:
        Starts the answer.
    reset:
        Whether the connection does not end but is reset.

    Raises
    ------
    ConnectionAbortedError
        Over a socket: it is closed, and the server should know.
    """
    part = answer.content[: len(answer.content) // 2 if size is None else size]
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.sendall(answer.head() + part)
        _close(connection, reset=reset)
    start_response(answer.status, answer.headers)
    # What httpx would say of a socket, for those in the same process.
    if reset:
        return _broken(part, httpx.ReadError("Connection reset by peer"))
    return _broken(part, httpx.RemoteProtocolError("peer closed connection without sending complete body"))


def hang_up(environ: WSGIEnvironment) -> NoReturn:
    """End the connection without an answer.

    Raises
    ------
    ConnectionAbortedError
        Over a socket: it is closed, and the server should know.
    httpx.RemoteProtocolError
        In the same process.
    """
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        _close(connection, reset=False)
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def _broken(part: bytes, error: httpx.TransportError) -> Iterator[bytes]:
    yield part
    raise error


def _close(connection: socket.socket, *, reset: bool) -> NoReturn:
    if reset:
        # Nothing lingers: what closes it is a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The server holds the connection as well, and would end it politely.
    socket.close(connection.detach())
    raise ConnectionAbortedError("The connection was ended by an ordered fault")
