"""A server that lets nobody in before several methods have succeeded, and asks whatever it likes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import paramiko
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL
from paramiko.server import InteractiveQuery

Round = tuple[str, Sequence[tuple[str, bool]], Sequence[str]]
"""Instructions, questions and whether they may be shown, and the right answers."""


@attrs.define
class AskingServer:
    """What it demands, and what it has seen."""

    steps: list[str]
    password: str = attrs.field(repr=False)
    rounds: list[Round]
    key: paramiko.PKey | None
    port: int = 0
    known_hosts: Path = Path()
    tried: list[str] = attrs.field(factory=list)


class _Session(paramiko.ServerInterface):
    def __init__(self, server: AskingServer) -> None:
        self._server = server
        self._left = list(server.steps)
        self._round = 0

    def get_allowed_auths(self, username: str) -> str:
        return self._left[0] if self._left else ""

    def _result(self, method: str, *, right: bool) -> int:
        self._server.tried.append(method)
        if not right or self._left[0] != method:
            return AUTH_FAILED
        self._left.pop(0)
        return AUTH_PARTIALLY_SUCCESSFUL if self._left else AUTH_SUCCESSFUL

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._result("publickey", right=key == self._server.key)

    def check_auth_password(self, username: str, password: str) -> int:
        return self._result("password", right=password == self._server.password)

    def check_auth_interactive(self, username: str, submethods: str) -> int | InteractiveQuery:
        if not self._left or self._left[0] != "keyboard-interactive":
            return self._result("keyboard-interactive", right=False)
        self._round = 0
        return self._query()

    def check_auth_interactive_response(self, responses: Sequence[str]) -> int | InteractiveQuery:
        if list(responses) != list(self._server.rounds[self._round][2]):
            return self._result("keyboard-interactive", right=False)
        self._round += 1
        if self._round < len(self._server.rounds):
            return self._query()
        return self._result("keyboard-interactive", right=True)

    def _query(self) -> InteractiveQuery:
        instructions, questions, _ = self._server.rounds[self._round]
        return InteractiveQuery("Sign-in", instructions, *questions)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED


@contextmanager
def asking_server(
    folder: Path,
    *steps: str,
    password: str = "",
    rounds: Sequence[Round] = (),
    key: paramiko.PKey | None = None,
) -> Iterator[AskingServer]:
    """Run it."""
    host_key = paramiko.ECDSAKey.generate()
    server = AskingServer(list(steps), password, list(rounds), key)
    sessions: list[paramiko.Transport] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        server.known_hosts = folder / "asking_known_hosts"
        line = f"[127.0.0.1]:{server.port} {host_key.get_name()} {host_key.get_base64()}\n"
        server.known_hosts.write_text(line)

        def serve() -> None:
            while True:
                connection, _ = listener.accept()
                if not running.is_set():
                    connection.close()
                    return
                transport = paramiko.Transport(connection)
                sessions.append(transport)
                transport.add_server_key(host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer)
                transport.start_server(threading.Event(), _Session(server))

        running = threading.Event()
        running.set()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            running.clear()
            socket.create_connection(listener.getsockname()).close()
            thread.join()
            for transport in sessions:
                transport.close()
                transport.join()
