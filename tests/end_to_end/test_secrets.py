"""Secrets show nowhere, whatever fails: in no log, message, traceback, pickle, file or command line."""

from __future__ import annotations

import base64
import logging
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import paramiko
import pytest

from scitacean import Client, Dataset, ExpiringToken, SecretStr
from scitacean.cli import main
from scitacean.credentials import CallbackSecret, EnvironmentSecret, FileSecret
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.errors import ScicatError
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
from tests.end_to_end.secrecy.sieve import Sieve, texts_of, texts_without_locals
from tests.end_to_end.transfer.sites import is_nightly
from tests.unit.transfer.ssh.asking_server import asking_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "kept"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.dat").write_bytes(bytes(range(256)) * 4_000)
    (tmp_path / "served").mkdir()
    (tmp_path / "no hosts").touch()
    sieve = Sieve(_secrets())
    with ExitStack() as stack:
        catalogue = stack.enter_context(EmbeddedCatalogue(accounts=Accounts.single(password=PASSWORD)))
        catalogue.wsgi = _Listener(catalogue, sieve)
        faults = stack.enter_context(faults_of(catalogue))
        running = stack.enter_context(serve(catalogue))
        files = stack.enter_context(asyncssh_server(tmp_path / "served", password=HOST_PASSWORD))
        yield Site(catalogue, faults, running.url, files, tmp_path, sieve)


def _fails_without_showing(site: Site, action: Callable[[], object]) -> None:
    expected = (ScicatError, ValueError, TypeError, KeyboardInterrupt)
    with site.sieve.watching_logs(), pytest.raises(expected) as caught:
        action()
    site.sieve.check(texts_of(caught.value))
    site.sieve.check_files(site.folder)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _get(client: Client) -> None:
    with client:
        client.get_dataset("20.500.12345/none")


def _pickled(client: Client) -> None:
    with client:
        pickle.dumps(client)


# Not a function of ours, which would have the password in its frame.
_sign_in = partial(Client.from_credentials, username="me", retry_for=0)

SIGN_INS: dict[str, Callable[[Site], object]] = {
    "a wrong password": lambda site: _sign_in(url=site.url, password=WRONG),
    "a wrong password that is kept": lambda site: _sign_in(url=site.url, password=SecretStr(WRONG)),
    "a server that is down": lambda site: _sign_in(
        url=f"http://127.0.0.1:{_closed_port()}", password=PASSWORD
    ),
    "plain http": lambda site: _sign_in(url="http://scicat.site.example", password=PASSWORD),
    "no URL": lambda site: _sign_in(url="scicat.site.example", password=PASSWORD),
    "no certificates": lambda site: _sign_in(
        url="https://127.0.0.1", password=PASSWORD, verify="no-such-file.pem"
    ),
    "a certificate that is none": lambda site: _sign_in(
        url="https://127.0.0.1",
        password=PASSWORD,
        cert=(str(site.files.known_hosts), str(site.files.known_hosts), PASSPHRASE),
    ),
    "a proxy that is down": lambda site: _sign_in(
        url="http://scicat.site.example",
        password=PASSWORD,
        allow_http=True,
        proxy=f"http://ada:{WRONG}@127.0.0.1:{_closed_port()}",
    ),
    "no proxy": lambda site: _sign_in(url=site.url, password=PASSWORD, proxy=f"htp://ada:{WRONG}@127.0.0.1"),
    "a password that cannot be sent": lambda site: _sign_in(url=site.url, password=BAD_TEXT),
    "a token with a break": lambda site: _get(Client.from_token(url=site.url, token=ODD_TOKEN)),
    "a token that is none": lambda site: _get(Client.from_token(url=site.url, token=WRONG)),
    "a token without expiry": lambda site: ExpiringToken.from_jwt(WRONG),
    "an expired token": lambda site: ExpiringToken(
        value=site.token(), expires_at=datetime(2026, 3, 1, tzinfo=UTC)
    ).get_str(),
    "a token with an odd time": lambda site: ExpiringToken(
        value=site.token(),
        expires_at=datetime(2026, 3, 1),  # noqa: DTZ001 - which is refused
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


def test_an_address_with_a_password(site: Site) -> None:
    # Who calls with it has it in plain text in an argument, as have the functions that read it.
    with site.sieve.watching_logs(), pytest.raises(ScicatError) as caught:
        _sign_in(url=f"https://ada:{WRONG}@scicat.site.example", password=PASSWORD)
    site.sieve.check(texts_without_locals(caught.value))


def _uploads(site: Site, transfer: SSHFileTransfer) -> None:
    with site.client(transfer=transfer) as client:
        client.upload_new_dataset_now(site.dataset())


def _key_with_passphrase(site: Site) -> Path:
    path = site.folder / "key"
    paramiko.ECDSAKey.generate().write_private_key_file(str(path), PASSPHRASE)
    return path


def _refuses(prompt: Prompt) -> str:
    raise ValueError(f"there is nobody at {prompt.host}")


def _gives_up(prompt: Prompt) -> str:
    raise KeyboardInterrupt


def _frozen(site: Site) -> None:
    site.files.freeze()
    _uploads(site, site.transfer(timeout=0.5))


def _cut(site: Site, size: int) -> None:
    site.files.cut_after(size)
    site.files.refuse_connections()
    _uploads(site, site.transfer())


def _cut_off(site: Site) -> None:
    def cut(progress: Progress) -> None:
        if progress.bytes_done:
            site.files.refuse_connections()
            site.files.kill_connections()

    with site.client() as client:
        client.upload_new_dataset_now(site.dataset(), on_progress=cut)


def _asked(site: Site, **parameters: Any) -> None:
    with asking_server(
        site.folder,
        "password",
        "keyboard-interactive",
        password=HOST_PASSWORD,
        rounds=[("Look at your phone", [("Code: ", False)], ["123456"])],
    ) as server:
        port, known_hosts = server.port, server.known_hosts
        transfer = site.transfer(
            username="ada", port=port, known_hosts=known_hosts, password=None, **parameters
        )
        _uploads(site, transfer)


HOSTS: dict[str, Callable[[Site], object]] = {
    "a wrong password": lambda site: _uploads(site, site.transfer(password=WRONG)),
    "a wrong password that is kept": lambda site: _uploads(site, site.transfer(password=SecretStr(WRONG))),
    "a password that cannot be sent": lambda site: _uploads(site, site.transfer(password=BAD_TEXT)),
    "no password in the environment": lambda site: _uploads(
        site, site.transfer(password=EnvironmentSecret("NOT_SET"))
    ),
    "no password in a file": lambda site: _uploads(site, site.transfer(password=FileSecret("no-such-file"))),
    "a server that is down": lambda site: _uploads(site, site.transfer(port=_closed_port())),
    "an unknown server": lambda site: _uploads(site, site.transfer(known_hosts=site.folder / "no hosts")),
    "a wrong parameter": lambda site: SSHFileTransfer(
        "127.0.0.1",
        password=HOST_PASSWORD,
        verify="no",  # type: ignore[arg-type]  # which is refused
    ),
    "a wrong passphrase": lambda site: _uploads(
        site, site.transfer(key_filename=_key_with_passphrase(site), passphrase=WRONG)
    ),
    "a key that is not accepted": lambda site: _uploads(
        site, site.transfer(key_filename=_key_with_passphrase(site), passphrase=PASSPHRASE, password=WRONG)
    ),
    "a wrong code": lambda site: _asked(
        site, ask=lambda prompt: HOST_PASSWORD if "assword" in prompt.text else CODE
    ),
    "nobody who answers": lambda site: _asked(site, ask=_refuses),
    "somebody who gives up": lambda site: _asked(
        site, ask=lambda prompt: HOST_PASSWORD if "assword" in prompt.text else _gives_up(prompt)
    ),
    "a server that is silent": _frozen,
    "a line that is cut at once": lambda site: _cut(site, 500),
    "a line that is cut at sign-in": lambda site: _cut(site, 2_600),
    "a line that is cut later": _cut_off,
}


@pytest.mark.parametrize("action", HOSTS.values(), ids=HOSTS)
def test_signing_in_at_the_file_server(site: Site, action: Callable[[Site], object]) -> None:
    _fails_without_showing(site, lambda: action(site))


# The rest of the kinds of answers is nightly.
FAULTS: list[Fault] = [status(503, {"Retry-After": "600"}), lose_answer(), wrong_json()]
MORE_FAULTS: list[Fault] = [status(500), status(403), status(401), reset(), truncate(), wrong_json(b"{}")]
REQUESTS = {
    "sign in": ("POST", "/api/v3/auth/*"),
    "check": ("POST", f"{DATASETS}/isValid"),
    "create": ("POST", DATASETS),
    "register": ("POST", "/api/v4/origdatablocks"),
    "attach": ("POST", "/api/v3/datasets/*/attachments"),
    "who": ("GET", "/api/v3/users/*"),
    "get": ("GET", f"{DATASETS}/*"),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_requests_that_fail(site: Site, request_: tuple[str, str]) -> None:
    for fault in [*FAULTS, *(MORE_FAULTS if is_nightly() else [])]:
        site.faults.clear()
        site.faults.add(on(*request_, times=None), fault)
        with site.sieve.watching_logs():
            texts = _texts_of_failure(site)
        site.sieve.check(texts)
        site.sieve.check_files(site.folder)


def _texts_of_failure(site: Site) -> dict[str, str | bytes]:
    try:
        with site.client(retry_for=0) as client:
            uploaded = client.upload_new_dataset_now(site.dataset())
            assert uploaded.pid is not None
            client.get_dataset(uploaded.pid, attachments=True)
            client.download_files(uploaded, target=site.folder / "target", force=True)
    except ScicatError as error:
        return texts_of(error)
    return {}


def test_work_that_succeeds_with_a_session_that_expires(site: Site) -> None:
    site.faults.add(on("POST", DATASETS), expire_token())
    with site.sieve.watching_logs(), site.client() as client:
        client.upload_new_dataset_now(site.dataset())
        objects = [client, client.scicat, client.file_transfer, *vars(client).values()]
        site.sieve.check({f"the repr of {type(one).__name__}": repr(one) for one in objects})
        site.sieve.check({f"the attributes of {type(one).__name__}": _attributes(one) for one in objects})
    assert len(site.sieve.secrets) > len(_secrets()) + 1
    site.sieve.check_files(site.folder)


def _attributes(one: object) -> str:
    return repr(getattr(one, "__dict__", None))


def _password() -> str:
    return PASSWORD


def test_pickles_name_where_secrets_come_from(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILES_PASSWORD", HOST_PASSWORD)
    transfer = site.transfer(password=EnvironmentSecret("FILES_PASSWORD"))
    with Client.from_credentials(
        url=site.url, username="me", password=CallbackSecret(_password), file_transfer=transfer
    ) as client:
        client.upload_new_dataset_now(site.dataset())
        content = pickle.dumps(client)
    site.sieve.check({"the pickle": content})
    with pickle.loads(content) as copy:
        assert copy.scicat.query_datasets({}) != []


COMMAND = (
    ("upload", "source", "--name", "x", "--owner-group", "me", "--owner", "Ada"),
    ("show", "20.500.12345/none"),
    ("download", "20.500.12345/none", "target"),
)


@pytest.mark.parametrize("arguments", COMMAND, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("password", ["PASSWORD", "WRONG"])
def test_the_command(
    site: Site,
    arguments: tuple[str, ...],
    password: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("SCITACEAN_PASSWORD", globals()[password])
    monkeypatch.setenv("SCITACEAN_SSH_PASSWORD", WRONG)
    host = ["--host", site.files.host, "--port", str(site.files.port), "--ssh-username", "scientist"]
    host += ["--known-hosts", str(site.files.known_hosts)]
    where = ["--url", site.url, "--username", "me", *(host if arguments[0] != "show" else [])]
    with site.sieve.watching_logs():
        assert main([*arguments, *where]) == 1
    said = capsys.readouterr()
    assert said.err
    site.sieve.check({"what the command says": said.out + said.err})


def test_command_lines_of_processes(site: Site) -> None:
    seen: list[AssertionError | None] = []

    def look(application: WSGIApplication) -> WSGIApplication:
        def looked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            try:
                site.sieve.check_processes()
                seen.append(None)
            except AssertionError as error:
                seen.append(error)
            return application(environ, start_response)

        return looked

    site.faults.add(on(times=None), look)
    (site.folder / "password").write_text(PASSWORD, encoding="utf-8")
    command = [sys.executable, "-m", "scitacean", "show", "20.500.12345/none", "--url", site.url]
    command += ["--username", "me", "--password-file", str(site.folder / "password")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    site.sieve.check({"what the command says": done.stdout + done.stderr})
    assert done.returncode == 1
    assert seen
    assert [error for error in seen if error is not None] == []


def _show_in(local: str) -> None:
    assert local
    raise ValueError("a local variable has it")


@pytest.mark.parametrize("fails", [lambda: _show_in(PASSWORD), lambda: _show_in(WRONG + PASSWORD)])
def test_the_search_finds_what_is_there(fails: Callable[[], None]) -> None:
    sieve = Sieve(_secrets())
    with pytest.raises(ValueError, match="local") as caught:
        fails()
    texts = texts_of(caught.value)
    for where in ("the plain traceback", "the rich traceback"):
        with pytest.raises(AssertionError, match="the password is in"):
            sieve.check({where: texts[where]})
    authorization = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    with pytest.raises(AssertionError, match="the password is in the header"):
        sieve.check({"the header": f"Basic {authorization}"})
    with pytest.raises(AssertionError, match="the log entry"), sieve.watching_logs():
        logging.getLogger("httpcore.connection").debug("sent %s", PASSWORD)
