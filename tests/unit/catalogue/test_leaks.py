"""Whatever goes wrong between here and the server: errors are of our tree, and no secret comes along."""

from __future__ import annotations

import io
import json
import logging
import pickle
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx
import pytest
from rich.console import Console
from rich.traceback import Traceback

from scicat_api.models import CreateAttachmentV3Dto, CreateOrigDatablockDto
from scitacean import Attachment, Client, Dataset, Proposal, Sample, ScicatError
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.credentials import CallbackSecret
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.errors import ConfigurationError, LoginError, ScicatCommError
from scitacean.testing.faults import Fault, faults_of, lose_answer, on, reset, status, truncate, wrong_json

TOKEN = "eyJhbGciOi-4711-token"
PASSWORD = "hush-4711-password"
SECRETS = ("4711",)
TIME = datetime(2026, 3, 1, tzinfo=UTC)


def dataset(**fields: Any) -> Dataset:
    return Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=TIME,
        source_folder="/data/run-7",
        **fields,
    )


def block() -> CreateOrigDatablockDto:
    return CreateOrigDatablockDto.from_dict({"datasetId": "x/1", "size": 0, "dataFileList": []})


PROPOSAL = Proposal(proposal_id="2026-042", owner_group="me", email="ada@site.example", title="Rods")
PICTURE = Attachment(caption="The rod", owner_group="me")
CALLS: dict[str, Callable[[Client], object]] = {
    "get_dataset": lambda client: client.get_dataset("x/1", attachments=True),
    "get_dataset of a list": lambda client: client.get_dataset(["x/1", "x/2"]),
    "get_sample": lambda client: client.get_sample("s"),
    "upload_new_dataset_now": lambda client: client.upload_new_dataset_now(dataset()),
    "upload_new_sample_now": lambda client: client.upload_new_sample_now(
        Sample(owner_group="me", sample_name="Rod")
    ),
    "download_attachments_for": lambda client: client.download_attachments_for(dataset(pid="x/1")),
    "check_session": lambda client: client.scicat.check_session(),
    "my_groups": lambda client: client.scicat.my_groups(),
    "query_datasets": lambda client: client.scicat.query_datasets({"ownerGroup": "me"}),
    "find_datasets_like": lambda client: client.scicat.find_datasets_like(
        source_folder="/data", name="Run 7", creation_time=TIME, owner="Ada Example"
    ),
    "get_dataset_model_or_none": lambda client: client.scicat.get_dataset_model_or_none("x/1"),
    "delete_dataset": lambda client: client.scicat.delete_dataset("x/1"),
    "create_dataset_model": lambda client: client.scicat.create_dataset_model(dataset().make_upload_model()),
    "create_orig_datablock": lambda client: client.scicat.create_orig_datablock(block()),
    "create_attachment_for_dataset": lambda client: client.scicat.create_attachment_for_dataset(
        "x/1", CreateAttachmentV3Dto(caption="c", owner_group="me")
    ),
    "create_attachment": lambda client: client.scicat.create_attachment(
        PICTURE.make_upload_model_with_target(target_id="x/1", target_type="dataset")
    ),
    "get_proposal_model": lambda client: client.scicat.get_proposal_model("p"),
    "create_proposal_model": lambda client: client.scicat.create_proposal_model(PROPOSAL.make_upload_model()),
    "get_instrument_model": lambda client: client.scicat.get_instrument_model("i"),
    "get_all_instrument_models": lambda client: client.scicat.get_all_instrument_models(),
}


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if isinstance(error, httpx.RequestError):
            error.request = request
        raise error.with_traceback(None)

    return answer


def answering(
    code: int, content: bytes = b"", headers: dict[str, str] | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(code, headers=headers, content=content)


DEEP = b"[" * 3_000 + b"]" * 3_000
FAULTS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    **{
        type(error).__name__: raising(error)
        for error in (
            httpx.ConnectError("[Errno 111] Connection refused"),
            httpx.ConnectTimeout(""),
            httpx.ReadTimeout(""),
            httpx.WriteTimeout(""),
            httpx.PoolTimeout(""),
            httpx.ReadError("[Errno 104] Connection reset by peer"),
            httpx.WriteError(""),
            httpx.CloseError(""),
            httpx.RemoteProtocolError("odd"),
            httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
            httpx.ProxyError("407"),
            httpx.UnsupportedProtocol("ftp"),
            httpx.TooManyRedirects("round and round"),
            httpx.InvalidURL("odd"),
            ConnectionResetError("reset"),
            TimeoutError("slow"),
            OSError("the network is down"),
        )
    },
    **{
        f"{code}": answering(code, json.dumps({"message": "no"}).encode())
        for code in (302, 304, 400, 401, 403, 404, 409, 412, 413, 418, 422, 429, 500, 502, 503, 504)
    },
    "SESSION_EXPIRED": answering(401, b'{"message": "SESSION_EXPIRED"}'),
    "503 with Retry-After": answering(503, headers={"Retry-After": "3600"}),
    "500 as text": answering(500, b'"Internal server error"'),
    "a page": answering(200, b"<html>Sign in</html>"),
    "half of it": answering(200, b'{"pid": '),
    "no text": answering(200, b"\xff\xfe\x00"),
    "deep": answering(200, DEEP),
    "deep refusal": answering(400, DEEP),
    "a long number": answering(200, b"1" * 10_000),
    "a long number in a refusal": answering(400, b"1" * 10_000),
    "no gzip": lambda _: httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
    ),
    "nested refusal": answering(400, b'{"message":' * 400 + b"1" + b"}" * 400),
    "another nested refusal": answering(400, b'{"error":' * 800 + b"1" + b"}" * 800),
    **{
        f"200 {body!r}": answering(200, body)
        for body in (b"", b"null", b"{}", b"[]", b"7", b'"x"', b"[null]", b"[[]]", b'{"pid": 7}', b"NaN")
    },
    "204": answering(204),
}


def frames_of(error: BaseException) -> Iterator[str]:
    step: TracebackType | None = error.__traceback__
    while step is not None:
        yield step.tb_frame.f_globals.get("__name__", "")
        step = step.tb_next


def all_shown(error: BaseException) -> str:
    """Write down all that programs show of an error: text, tracebacks with locals, pickles."""
    # What the test itself knows is no leak.
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename == __file__:
        step = step.tb_next
    out = io.StringIO()
    Console(file=out, width=300).print(
        Traceback.from_exception(type(error), error, step, show_locals=True, locals_max_string=5_000)
    )
    plain = traceback.TracebackException(type(error), error, step, capture_locals=True)
    return "\n".join(
        [
            str(error),
            repr(error),
            out.getvalue(),
            *plain.format(),
            repr(pickle.dumps(error)),
            str(vars(error)),
        ]
    )


def chain_of(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    while waiting:
        if (one := waiting.pop()) is not None:
            yield one
            waiting += [one.__cause__, one.__context__ if one.__context__ is not one.__cause__ else None]


def check(error: ScicatError) -> None:
    assert error.hint
    for one in chain_of(error):
        # Nothing of HTTP is chained in, not even where tracebacks do not show it.
        assert isinstance(one, ScicatError)
        assert not [name for name in frames_of(one) if name.partition(".")[0] in ("httpx", "httpcore")]
        if isinstance(one, ScicatCommError):
            assert one.url == "http://localhost"


def check_secrets(error: ScicatError) -> None:
    assert not [secret for secret in SECRETS if secret in all_shown(error)]


@pytest.mark.parametrize("call", CALLS)
def test_errors_are_ours(call: str) -> None:
    met = 0
    for fault in FAULTS.values():
        scicat = ScicatClient.from_token(
            "http://localhost", TOKEN, transport=httpx.MockTransport(fault), retry_for=0
        )
        with Client(client=scicat, file_transfer=None) as client:
            try:
                CALLS[call](client)
            except ScicatError as error:
                met += 1
                check(error)
    assert met > 30


@pytest.mark.parametrize(
    "fault",
    [
        "ConnectError",
        "ReadTimeout",
        "RemoteProtocolError",
        "LocalProtocolError",
        "OSError",
        "401",
        "403",
        "500",
        "503 with Retry-After",
        "SESSION_EXPIRED",
        "a page",
        "deep",
        "200 b'{}'",
        "204",
    ],
)
def test_no_secret_comes_along(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport = httpx.MockTransport(FAULTS[fault])

    def ask_with_token() -> None:
        with ScicatClient.from_token("http://localhost", TOKEN, transport=transport, retry_for=0) as client:
            client.create_dataset_model(dataset().make_upload_model())

    def sign_in() -> None:
        ScicatClient.from_credentials("http://localhost", "ada", PASSWORD, transport=transport, retry_for=0)

    for trial in (ask_with_token, sign_in):
        with pytest.raises(ScicatError) as caught:
            trial()
        check(caught.value)
        check_secrets(caught.value)
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_what_shows_a_secret_would_be_seen() -> None:
    with pytest.raises(ValueError, match="Expecting value") as caught:
        json.loads(PASSWORD)
    assert all(secret in all_shown(caught.value) for secret in SECRETS)


@pytest.mark.parametrize("token", [f"{TOKEN}\nx y", f"{TOKEN}é", f"{TOKEN} x"])
def test_tokens_that_cannot_be_sent_are_not_shown(token: str) -> None:
    transport = httpx.MockTransport(FAULTS["204"])
    with ScicatClient.from_token("http://localhost", token, transport=transport) as client:
        with pytest.raises(ConfigurationError) as caught:
            client.get_sample_model("s")
        check(caught.value)
        check_secrets(caught.value)


@pytest.mark.parametrize("text", [f"{PASSWORD}\ud800", f"{PASSWORD}\0"])
def test_passwords_that_cannot_be_sent_are_not_shown(text: str) -> None:
    transport = httpx.MockTransport(FAULTS["401"])
    with pytest.raises(ScicatError) as caught:
        ScicatClient.from_credentials("http://localhost", "ada", text, transport=transport)
    check(caught.value)
    check_secrets(caught.value)


def failing_callback() -> str:
    password = PASSWORD
    raise KeyError(f"no service for a password of {len(password)} letters")


def test_functions_that_get_secrets_may_fail() -> None:
    """Without the frames of the function, which knows them."""
    transport = httpx.MockTransport(FAULTS["SESSION_EXPIRED"])
    secret = CallbackSecret(failing_callback)
    with pytest.raises(LoginError, match="no service for a password of 18 letters") as caught:
        ScicatClient.from_credentials("http://localhost", "ada", secret, transport=transport)
    check(caught.value)
    check_secrets(caught.value)
    with ScicatClient.from_token("http://localhost", TOKEN, renew=secret, transport=transport) as client:
        with pytest.raises(LoginError, match="does not give its secret") as caught:
            client.get_sample_model("s")
        check(caught.value)
        check_secrets(caught.value)


@pytest.mark.parametrize("url", ["http://scicat.site.example", "ftp://x", "", "https://ada:pw@x.example"])
def test_bad_addresses_show_no_secrets(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client.from_token(url=url, token=TOKEN)
    check_secrets(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        Client.from_credentials(url=url, username="ada", password=PASSWORD)
    check_secrets(caught.value)


@pytest.mark.parametrize("identifier", ["", "\ud800"])
def test_identifiers_that_cannot_be_asked_for(identifier: str) -> None:
    transport = httpx.MockTransport(FAULTS["204"])
    with ScicatClient.from_token("http://localhost", TOKEN, transport=transport) as client:
        for ask in (client.get_sample_model, client.get_dataset_model, client.get_proposal_model):
            with pytest.raises(ConfigurationError, match="cannot be sent"):
                ask(identifier)


# On a real server


@pytest.fixture
def catalogue() -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue(accounts=Accounts.single(password=PASSWORD)) as catalogue:
        yield catalogue


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (lose_answer(), "broke"),
        (reset(), "broke"),
        (reset(0), "broke"),
        (truncate(), "broke"),
        (wrong_json(), "no JSON"),
        (status(500), "500"),
        (status(503, {"Retry-After": "3600"}), "503"),
    ],
)
def test_a_real_server_that_breaks(catalogue: EmbeddedCatalogue, fault: Fault, text: str) -> None:
    with (
        faults_of(catalogue) as faults,
        serve(catalogue) as server,
        ScicatClient.from_credentials(server.url, "me", PASSWORD, retry_for=0) as client,
    ):
        faults.add(on("POST", "/api/v4/datasets"), fault)
        with pytest.raises(ScicatCommError, match=text) as caught:
            client.create_dataset_model(dataset().make_upload_model())
        assert (caught.value.request, caught.value.url) == ("POST /api/v4/datasets", server.url)
        check_secrets(caught.value)


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            ScicatClient.from_token(url, TOKEN, timeout={"read": 0.2}, retry_for=0) as client,
            pytest.raises(ScicatCommError, match="did not answer in time") as caught,
        ):
            client.get_sample_model("s")
    check_secrets(caught.value)


def test_what_speaks_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
                connection.recv(10_000)

        thread = threading.Thread(target=greet)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with (
            ScicatClient.from_token(url, TOKEN, retry_for=0) as client,
            pytest.raises(ScicatCommError, match="broke") as caught,
        ):
            client.get_sample_model("s")
        thread.join()
    check_secrets(caught.value)


def test_faults_that_are_not_of_the_network_are_not_hidden() -> None:
    """A mistake in a transport of one's own, for example."""

    def mistaken(_: httpx.Request) -> httpx.Response:
        raise AttributeError("no such thing")

    with (
        ScicatClient.without_login("http://localhost", transport=httpx.MockTransport(mistaken)) as client,
        pytest.raises(AttributeError, match="no such thing"),
    ):
        client.get_sample_model("s")


def test_a_client_that_is_closed_says_so() -> None:
    client = ScicatClient.from_token("http://localhost", TOKEN)
    client.close()
    with pytest.raises(ConfigurationError, match="the client is closed") as caught:
        client.get_sample_model("s")
    check(caught.value)
