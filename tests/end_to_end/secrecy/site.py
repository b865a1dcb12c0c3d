"""Servers that want secrets, and a search for these in all that is made of failures."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from scitacean import Client, Dataset, SecretStr
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.errors import ScicatError
from scitacean.testing.faults import (
    Faults,
    faults_of,
)
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.ssh import SSHFileTransfer
from tests.end_to_end.secrecy.sieve import Sieve, texts_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Frames of tests are in tracebacks too, so what they use must be no local variable of theirs.
PASSWORD = "kestrel-over-the-moor-41"
WRONG = "merlin-under-the-bridge-17"
HOST_PASSWORD = "heron-by-the-quiet-weir-83"
PASSPHRASE = "plover-on-the-grey-sand-29"
CODE = "903817264455"
ODD_TOKEN = "eyJhbGciOi\nwith-a-break-in-it"
BAD_TEXT = "osprey-\udcff-at-the-lake"


def known_secrets() -> dict[str, str]:
    """Return the secrets that are known before anybody has signed in."""
    return {
        "the password": PASSWORD,
        "the wrong password": WRONG,
        "the password of the file server": HOST_PASSWORD,
        "the passphrase": PASSPHRASE,
        "the code": CODE,
        "the odd token": ODD_TOKEN,
        "what cannot be sent": BAD_TEXT,
    }


@attrs.define
class Site:
    """The servers, and a search for what was secret on the way to them."""

    catalogue: EmbeddedCatalogue
    faults: Faults
    url: str
    files: RunningSSHServer
    folder: Path
    sieve: Sieve

    def token(self) -> str:
        token = self.catalogue.token_for("me")
        self.sieve.secrets[f"the token {len(self.sieve.secrets)}"] = token
        return token

    def transfer(self, **changed: Any) -> SSHFileTransfer:
        parameters: dict[str, Any] = {
            "host": self.files.host,
            "port": self.files.port,
            "username": self.files.username,
            "password": SecretStr(HOST_PASSWORD),
            "known_hosts": self.files.known_hosts,
            "config": os.devnull,
            "source_folder": f"{self.files.root.as_posix()}/{{uid}}",
            "timeout": 20.0,
        }
        return SSHFileTransfer(**(parameters | changed))

    def client(self, *, transfer: SSHFileTransfer | None = None, **options: Any) -> Client:
        return Client.from_credentials(
            url=self.url,
            username="me",
            password=PASSWORD,
            file_transfer=transfer or self.transfer(),
            **options,
        )

    def dataset(self) -> Dataset:
        dataset = Dataset(
            type="raw",
            name="Run 7",
            owner_group="me",
            owner="Ada Example",
            contact_email="ada@site.example",
            creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
        )
        dataset.add_local_files(self.folder / "source")
        dataset.add_attachment(caption="The rod")
        return dataset


class _Listener:
    """Takes in the tokens of all requests."""

    def __init__(self, catalogue: EmbeddedCatalogue, sieve: Sieve) -> None:
        self._application = catalogue.wsgi
        self._sieve = sieve

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if token and token not in self._sieve.secrets.values():
            self._sieve.secrets[f"the token {len(self._sieve.secrets)}"] = token
        return self._application(environ, start_response)


@contextmanager
def running_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Run the servers, with nothing of the user's own in reach."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "kept"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.dat").write_bytes(bytes(range(256)) * 4_000)
    (tmp_path / "served").mkdir()
    (tmp_path / "no hosts").touch()
    sieve = Sieve(known_secrets())
    with ExitStack() as stack:
        catalogue = stack.enter_context(EmbeddedCatalogue(accounts=Accounts.single(password=PASSWORD)))
        catalogue.wsgi = _Listener(catalogue, sieve)
        faults = stack.enter_context(faults_of(catalogue))
        running = stack.enter_context(serve(catalogue))
        files = stack.enter_context(asyncssh_server(tmp_path / "served", password=HOST_PASSWORD))
        yield Site(catalogue, faults, running.url, files, tmp_path, sieve)


def fails_without_showing(site: Site, action: Callable[[], object]) -> None:
    """Let something fail, and search all that is made of that."""
    expected = (ScicatError, ValueError, TypeError, KeyboardInterrupt)
    with site.sieve.watching_logs(), pytest.raises(expected) as caught:
        action()
    site.sieve.check(texts_of(caught.value))
    site.sieve.check_files(site.folder)


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
