"""The catalogue over a socket: HTTP/1.1 with connections that are kept, a thread for each."""

from __future__ import annotations

import logging
import re
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import RawIOBase
from socketserver import ThreadingTCPServer
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from attrs import frozen
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import DechunkedInput
from werkzeug.wsgi import LimitedStream

from .catalogue import EmbeddedCatalogue

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOG = logging.getLogger(__name__)
_IDLE_SECONDS = 60.0
_DRAIN_SECONDS = 2.0
_GRACE_SECONDS = 10.0
"""For answers that are on their way when the server ends; some clients never read theirs."""

_PIECE = 1 << 16
_DRAINED_PIECES = 256
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_LENGTH = re.compile(r"[0-9]{1,18}")


@frozen
class Server:
    """A running server.

    Parameters
    ----------
    url:
        Its address, ``http://127.0.0.1:8000`` for example; the API is under ``/api/v3`` and
        ``/api/v4``.
    """

    url: str


@contextmanager
def serve(catalogue: EmbeddedCatalogue, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """Serve a catalogue over HTTP as long as the ``with`` lasts.

    Parameters
    ----------
    catalogue:
        What to serve.
    host:
        Address to listen on. The connection is not encrypted: leave it on this machine.
    port:
        0: one that is free.

    Yields
    ------
    :
        The server with its URL.

    Examples
    --------
    >>> import httpx
    >>> with EmbeddedCatalogue() as catalogue, serve(catalogue) as server:
    ...     httpx.get(f"{server.url}/api/v3/health").json()["status"]
    'ok'
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Looked up each time: tests put faults before it while the server runs.
        return catalogue.wsgi(environ, start_response)

    with _Server((host, port), application) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="embedded-catalogue"
        )
        thread.start()
        try:
            shown = f"[{host}]" if ":" in host else host
            yield Server(f"http://{shown}:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: WSGIApplication) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.application = application
        self._open: set[socket.socket] = set()
        self._fewer = threading.Condition()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        # Not in its thread: that may begin after all have been hung up on, and then wait for a request.
        with self._fewer:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._fewer:
            self._open.discard(request)
            self._fewer.notify_all()

    def hang_up(self) -> None:
        """End the connections that are kept, so that their threads end."""
        with self._fewer:
            for connection in self._open:
                # Whoever reads sees the end; an answer on its way still goes out.
                _shut(connection, socket.SHUT_RD)
            self._fewer.wait_for(lambda: not self._open, timeout=_GRACE_SECONDS)
            for connection in self._open:
                _shut(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's
        # A client that went away is no news; anything else the application has logged.
        _LOG.debug("connection from %s ended", client_address, exc_info=sys.exc_info())


def _shut(connection: socket.socket, how: int) -> None:
    try:
        connection.shutdown(how)
    except OSError:
        _LOG.debug("connection was closed already")


class _Chunks(DechunkedInput):
    """A body in chunks, of which nothing is read after a broken one."""

    broken = False

    def readinto(self, buf: bytearray) -> int:  # type: ignore[override]  # as the base has it
        if self.broken:
            raise OSError("A chunk before was broken")
        try:
            return super().readinto(buf)
        except OSError:
            self.broken = True
            raise


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "scitacean"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _run(self) -> None:
        if fault := self._framing_fault():
            self._refuse(fault)
            return
        environ = self._environ()
        answer: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Any:
            answer.append((status, headers))
            return self.wfile.write

        body: Iterable[bytes] = self.server.application(environ, start_response)
        try:
            content = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        status, headers = answer[-1]
        self._send(int(status[:3]), headers, content)
        self._finish_body(environ["wsgi.input"])

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _run  # noqa: N815

    def _framing_fault(self) -> HTTPStatus | None:
        """Find out whether it is clear where the body ends; if not, with which status to say so."""
        # The parser takes the lines after one that is no header for a body: a length may be there.
        if self.headers.defects or self.headers.get_payload():
            return HTTPStatus.BAD_REQUEST
        lengths = set(self.headers.get_all("Content-Length", []))
        codings = [coding.strip().lower() for coding in self.headers.get_all("Transfer-Encoding", [])]
        if codings and lengths:
            return HTTPStatus.BAD_REQUEST
        if codings and codings != ["chunked"]:
            return HTTPStatus.NOT_IMPLEMENTED
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
            return HTTPStatus.BAD_REQUEST
        return None

    def _refuse(self, status: HTTPStatus) -> None:
        """End the connection: what comes next may be a body or a request."""
        self.close_connection = True
        self._send(status, [("Content-Length", "0")], b"")
        # Closed at once, with something unread, the answer would get lost on its way.
        self.connection.settimeout(_DRAIN_SECONDS)
        try:
            self.connection.shutdown(socket.SHUT_WR)
            for _ in range(_DRAINED_PIECES):
                if not self.connection.recv(_PIECE):
                    break
        except OSError:
            _LOG.debug("connection was left open by its client")

    def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        # A body where clients expect none would be taken for the next answer.
        if self.command != "HEAD" and status not in _WITHOUT_BODY:
            self.wfile.write(content)
        self.wfile.flush()

    def _finish_body(self, stream: RawIOBase) -> None:
        # The next request begins where the body of this one ends, read or not.
        # A client that got its answer does not let us wait for the rest of it.
        self.connection.settimeout(_DRAIN_SECONDS)
        try:
            while stream.read(_PIECE):
                pass
        except (OSError, ClientDisconnected):
            self.close_connection = True
        self.connection.settimeout(self.timeout)

    def _environ(self) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "RAW_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": str(self.server.server_address[0]),
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": str(self.client_address[0]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "wsgi.input": self._body(),
            # As in Werkzeug's own server: tests break the connection there.
            "werkzeug.socket": self.connection,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            plain = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            environ[key if plain else f"HTTP_{key}"] = value
        return environ

    def _body(self) -> RawIOBase:
        sent = cast("IO[bytes]", self.rfile)
        if "Transfer-Encoding" in self.headers:
            return _Chunks(sent)
        return LimitedStream(sent, int(self.headers.get("Content-Length", "0")))

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            # Not reached there when the client did not take all of its answer.
            self.rfile.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        _LOG.debug(format, *args)
