"""Secrets show nowhere: whatever fails, they are in no log, message, traceback, pickle, file or command line."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import paramiko
import pytest

from scitacean import Client, Dataset, ExpiringToken, SecretStr
from scitacean.cli import main
from scitacean.credentials import CallbackSecret, EnvironmentSecret, FileSecret, StrStorage
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.errors import ScicatError
from scitacean.model.remote_path import RemotePath
from scitacean.testing.faults import (
    Fault,
    Faults,
    expire_token,
    faults_of,
    lose_answer,
    on,
    reset,
    status,
    truncate,
    wrong_json,
)
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.ssh import Prompt, SSHFileTransfer
from scitacean.workflow.progress import Progress
from tests.end_to_end.secrecy.sieve import Sieve, texts_of
from tests.unit.transfer.ssh.asking_server import asking_server

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
DATASETS = "/api/v4/datasets"


def _secrets() -> dict[str, str]:
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
            url=self.url, username="me", password=PASSWORD, file_transfer=transfer or self.transfer(), **options
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


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "kept"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.dat").write_bytes(bytes(range(256)) * 4_000)
    (tmp_path / "served").mkdir()
    sieve = Sieve(_secrets())
    with ExitStack() as stack:
        catalogue = stack.enter_context(EmbeddedCatalogue(accounts=Accounts.single(password=PASSWORD)))
        catalogue.wsgi = _Listener(catalogue, sieve)
        faults = stack.enter_context(faults_of(catalogue))
        running = stack.enter_context(serve(catalogue))
        files = stack.enter_context(asyncssh_server(tmp_path / "served", password=HOST_PASSWORD))
        yield Site(catalogue, faults, running.url, files, tmp_path, sieve)


def _fails_without_showing(site: Site, action: Callable[[], object]) -> None:
    with site.sieve.watching_logs(), pytest.raises(BaseException) as caught:
        action()
    assert isinstance(caught.value, ScicatError | ValueError | KeyboardInterrupt | TypeError), caught.value
    site.sieve.check(texts_of(caught.value))
    site.sieve.check_files(site.folder)
    site.sieve.check_processes()


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _sign_in(url: str, password: str | StrStorage, **options: Any) -> Client:
    return Client.from_credentials(url=url, username="me", password=password, **options)


def _get(client: Client) -> None:
    with client:
        client.get_dataset("20.500.12345/none")


def _pickled(client: Client) -> None:
    with client:
        pickle.dumps(client)


SIGN_INS: dict[str, Callable[[Site], object]] = {
    "a wrong password": lambda site: _sign_in(site.url, WRONG),
    "a wrong password that is kept": lambda site: _sign_in(site.url, SecretStr(WRONG)),
    "a server that is down": lambda site: _sign_in(f"http://127.0.0.1:{_closed_port()}", PASSWORD),
    "a server of no name": lambda site: _sign_in("https://no-such-host.invalid", PASSWORD),
    "plain http": lambda site: _sign_in("http://scicat.site.example", PASSWORD),
    "no URL": lambda site: _sign_in("scicat.site.example", PASSWORD),
    "no certificates": lambda site: _sign_in("https://127.0.0.1", PASSWORD, verify="no-such-file.pem"),
    "a proxy that is down": lambda site: _sign_in(
        "http://scicat.site.example",
        PASSWORD,
        allow_http=True,
        proxy=f"http://ada:{WRONG}@127.0.0.1:{_closed_port()}",
    ),
    "no proxy": lambda site: _sign_in(site.url, PASSWORD, proxy=f"htp://ada:{WRONG}@127.0.0.1"),
    "a password that cannot be sent": lambda site: _sign_in(site.url, BAD_TEXT),
    "a token with a break": lambda site: _get(Client.from_token(url=site.url, token=ODD_TOKEN)),
    "a token that is none": lambda site: _get(Client.from_token(url=site.url, token=WRONG)),
    "a token without expiry": lambda site: ExpiringToken.from_jwt(WRONG),
    "an expired token": lambda site: ExpiringToken(
        value=site.token(), expires_at=datetime(2026, 3, 1, tzinfo=UTC)
    ).get_str(),
    "a token with an odd time": lambda site: ExpiringToken(
        value=site.token(), expires_at=datetime(2026, 3, 1)  # noqa: DTZ001 - which is refused
    ),
    "a token and plain http": lambda site: Client.from_token(
        url="http://scicat.site.example", token=site.token()
    ),
    "a pickled password": lambda site: pickle.dumps(SecretStr(PASSWORD)),
    "a pickled client": lambda site: _pickled(site.client()),
    "a pickled transfer": lambda site: pickle.dumps(site.transfer()),
}


@pytest.mark.parametrize("action", SIGN_INS.values(), ids=SIGN_INS)
def test_signing_in_at_the_catalogue(site: Site, action: Callable[[Site], object]) -> None:
    _fails_without_showing(site, lambda: action(site))
