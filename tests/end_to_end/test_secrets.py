"""Secrets show nowhere, whatever fails: in no log, message, traceback, pickle, file or command line."""

from __future__ import annotations

import base64
import logging
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scitacean import Client, ExpiringToken, SecretStr
from scitacean.cli import main
from scitacean.credentials import CallbackSecret, EnvironmentSecret
from scitacean.errors import ScicatError
from scitacean.testing.faults import (
    Fault,
    expire_token,
    lose_answer,
    on,
    reset,
    status,
    truncate,
    wrong_json,
)
from tests.end_to_end.secrecy.sieve import Sieve, texts_of, texts_without_locals
from tests.end_to_end.transfer.sites import is_nightly

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Frames of tests are in tracebacks too, so what they use must be no local variable of theirs.
from tests.end_to_end.secrecy.site import (
    BAD_TEXT,
    HOST_PASSWORD,
    ODD_TOKEN,
    PASSPHRASE,
    PASSWORD,
    WRONG,
    Site,
    closed_port,
    fails_without_showing,
    known_secrets,
    running_site,
)

DATASETS = "/api/v4/datasets"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with running_site(tmp_path, monkeypatch) as site:
        yield site


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
        url=f"http://127.0.0.1:{closed_port()}", password=PASSWORD
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
        proxy=f"http://ada:{WRONG}@127.0.0.1:{closed_port()}",
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
    fails_without_showing(site, lambda: action(site))


def test_an_address_with_a_password(site: Site) -> None:
    # Who calls with it has it in plain text in an argument, as have the functions that read it.
    with site.sieve.watching_logs(), pytest.raises(ScicatError) as caught:
        _sign_in(url=f"https://ada:{WRONG}@scicat.site.example", password=PASSWORD)
    site.sieve.check(texts_without_locals(caught.value))


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
    assert len(site.sieve.secrets) > len(known_secrets()) + 1
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
    sieve = Sieve(known_secrets())
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
