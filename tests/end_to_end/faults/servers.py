"""A catalogue behind a socket and a file server, for many cases, with what breaks them and heals them."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import httpx

from scitacean.embedded import Accounts, EmbeddedCatalogue, User, serve
from scitacean.testing.faults import Fault, Faults, Place, faults_of
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server
from scitacean.testing.sshd import find_sshd, sshd
from tests.end_to_end.faults.place import DELETER, PASSWORD, USERNAME
from tests.end_to_end.faults.powers import starting_anybody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HELD_AT_MOST_SECONDS = 60.0
_ACCOUNTS = Accounts(
    users={
        name: User(username=name, email=f"{name}@site.example", groups=groups, password=PASSWORD)
        for name, groups in {USERNAME: ("g",), DELETER: ("g", "deleters")}.items()
    },
    # As on most servers: whoever is signed in may make datasets, and only few delete them.
    rights={"create_dataset": "everyone", "delete": frozenset({"deleters"})},
)


@attrs.define(eq=False)
class Servers:
    """The running servers.

    Attributes
    ----------
    catalogue, faults, url:
        The catalogue, what breaks its answers, and its address.
    files:
        The file server.
    """

    catalogue: EmbeddedCatalogue
    faults: Faults
    url: str
    files: RunningSSHServer
    _holds: list[_Hold] = attrs.field(factory=list, init=False)

    def hold(self) -> Fault:
        """Let requests wait until :meth:`heal`, and do then what they ask."""
        self._holds.append(_Hold())
        return self._holds[-1]

    def heal(self) -> None:
        """Let everything work again, and what was late be done."""
        self.faults.clear()
        for hold in self._holds:
            hold.end()
        self._holds.clear()
        self.files.cut_after(1 << 40)
        self.files.accept_connections()
        self.files.kill_connections()
        self.files.flow()


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Run the servers; files are in a folder."""
    with ExitStack() as stack:
        catalogue = stack.enter_context(EmbeddedCatalogue(accounts=_ACCOUNTS))
        faults = stack.enter_context(faults_of(catalogue))
        running = stack.enter_context(serve(catalogue))
        root = folder / "served"
        root.mkdir()
        kind = ssh_server if find_sshd() is None else sshd
        files = starting_anybody(lambda: stack.enter_context(kind(root)))
        made = Servers(catalogue, faults, running.url, files)
        try:
            yield made
        finally:
            made.heal()


class _Hold:
    """Requests that wait."""

    __name__ = "hold"

    def __init__(self) -> None:
        self._over = threading.Event()
        self._none_waits = threading.Condition()
        self._waiting = 0

    def __call__(self, application: WSGIApplication) -> WSGIApplication:
        def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self._none_waits:
                self._waiting += 1
            try:
                self._over.wait(_HELD_AT_MOST_SECONDS)
                return application(environ, start_response)
            finally:
                with self._none_waits:
                    self._waiting -= 1
                    self._none_waits.notify_all()

        return late

    def end(self) -> None:
        self._over.set()
        with self._none_waits:
            self._none_waits.wait_for(lambda: not self._waiting, timeout=_HELD_AT_MOST_SECONDS)


def reset_before() -> Fault:
    """Reset the connection, with nothing done."""

    def fault(_application: WSGIApplication) -> WSGIApplication:
        def broken(environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
            connection: socket.socket = environ["werkzeug.socket"]
            # Nothing lingers: what closes it is a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(connection.detach())
            raise ConnectionAbortedError("The connection was reset by an ordered fault")

        return broken

    return fault


def kill(get_process: Callable[[], int], *, done: bool) -> Fault:
    """Kill the process that asks, before or after what it asks is done."""

    def fault(application: WSGIApplication) -> WSGIApplication:
        def deadly(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            answer: Sequence[bytes] = [*application(environ, start_response)] if done else []
            os.kill(get_process(), signal.SIGKILL)
            if not done:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
            return answer

        return deadly

    return fault


class ClosedDoor(httpx.BaseTransport):
    """Sends the requests of a place to a port where nobody listens, and all others where they belong.

    Parameters
    ----------
    place:
        Which requests.

    Attributes
    ----------
    refused:
        How many of them there have been.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._network = httpx.HTTPTransport()
        # It stays bound, so that nobody else gets the port, but does not listen.
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))
        self._met = 0
        self.refused = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_due(request):
            self.refused += 1
            request = httpx.Request(
                request.method,
                request.url.copy_with(port=self._nobody.getsockname()[1]),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        return self._network.handle_request(request)

    def _is_due(self, request: httpx.Request) -> bool:
        if not self._place.is_of(request.method, request.url.path):
            return False
        self._met += 1
        number = self._met - self._place.after
        return number > 0 and (self._place.times is None or number <= self._place.times)

    def close(self) -> None:
        self._network.close()
        self._nobody.close()
