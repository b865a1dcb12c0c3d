"""What the endpoint functions send, and what becomes of the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scicat_api import UNSET, Client, reading
from scicat_api.api.auth import login
from scicat_api.api.datasets_v4 import find_all, find_by_id, find_by_id_and_update
from scicat_api.api.instruments import find_by_id as find_instrument
from scicat_api.models import CredentialsDto, PartialUpdateDatasetDto

Handler = Callable[[httpx.Request], httpx.Response]


class Server:
    """Keeps the last request and gives one answer to all."""

    def __init__(self, status: int = 200, content: bytes = b"") -> None:
        self.requests: list[httpx.Request] = []
        self._answer = (status, content)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._answer[0], content=self._answer[1])

    @property
    def request(self) -> httpx.Request:
        return self.requests[-1]


def client_of(server: Handler) -> Client:
    http = httpx.Client(base_url="https://server.example", transport=httpx.MockTransport(server))
    return Client(http)


@example(pid="20.500.1/a b?c#d%2F")
@example(pid=".")
@example(pid="..")
@given(pid=st.text(min_size=1).filter(lambda text: text.isprintable() or text.isspace()))
def test_a_path_parameter_is_one_segment_of_the_path_whatever_it_is(pid: str) -> None:
    server = Server()
    find_by_id.sync_detailed(pid, client=client_of(server))
    segments = server.request.url.raw_path.decode().split("/")
    assert segments[:-1] == ["", "api", "v4", "datasets"]
    assert unquote(segments[-1]) == pid


def test_an_empty_path_parameter_is_refused() -> None:
    server = Server()
    with pytest.raises(ValueError, match="empty"):
        find_by_id.sync_detailed("", client=client_of(server))
    assert server.requests == []


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
def test_the_content_type_of_a_patch_can_be_chosen_and_is_sent_exactly(content_type: Any) -> None:
    server = Server()
    body = PartialUpdateDatasetDto(description="new")
    find_by_id_and_update.sync_detailed("pid", client=client_of(server), body=body, content_type=content_type)
    assert server.request.headers["content-type"] == content_type
    # A default here would empty the dataset: the server takes every field that comes.
    assert json.loads(server.request.content) == {"description": "new"}


def test_query_parameters_that_are_unset_are_not_sent_and_lists_repeat() -> None:
    server = Server()
    find_by_id.sync_detailed("a", client=client_of(server), include=["origdatablocks", "samples"])
    assert server.request.url.params.multi_items() == [
        ("include", "origdatablocks"),
        ("include", "samples"),
    ]
    find_all.sync_detailed(client=client_of(server), filter_=UNSET)
    assert server.request.url.query == b""
    assert "content-type" not in server.request.headers


def test_an_undocumented_status_is_not_parsed() -> None:
    answer = find_by_id.sync_detailed("a", client=client_of(Server(599, b"no JSON")))
    assert (answer.status_code, answer.content, answer.parsed) == (599, b"no JSON", None)


@pytest.mark.parametrize("content", [b"", b"null"])
def test_an_empty_answer_is_none(content: bytes) -> None:
    with reading() as problems:
        answer = find_instrument.sync_detailed("a", client=client_of(Server(200, content)))
    assert answer.parsed is None
    assert problems == []


@pytest.mark.parametrize("content", [b"<html>", b"\xff\xfe\xfa", b"[" * 100_000, b"9" * 5000, b'{"pid": '])
def test_an_answer_that_is_no_json_is_one_kind_of_error(content: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        find_by_id.sync_detailed("a", client=client_of(Server(200, content)))


def test_an_answer_of_another_kind_is_kept_and_reported() -> None:
    with reading() as problems:
        answer = find_all.sync_detailed(client=client_of(Server(200, b'{"message": "odd"}')))
    parsed: object = answer.parsed
    assert parsed == {"message": "odd"}
    assert [(p.path, p.kind) for p in problems] == [("", "type")]


def test_a_problem_in_a_list_is_reported_at_its_index() -> None:
    content = b'[{}, {"dataFileList": []}, {"origdatablocks": [{"size": "1"}]}]'
    with reading() as problems:
        find_all.sync_detailed(client=client_of(Server(200, content)))
    assert ("[2].origdatablocks[0].size", "type") in [(p.path, p.kind) for p in problems]
    assert ("[1].dataFileList", "unknown") in [(p.path, p.kind) for p in problems]


def test_the_asynchronous_form_does_the_same() -> None:
    server = Server(201, b'{"access_token": "t"}')

    async def sign_in() -> Any:
        transport = httpx.MockTransport(server)
        async with httpx.AsyncClient(base_url="https://s.example", transport=transport) as http:
            body = CredentialsDto(username="ada", password="secret")
            client = Client(async_httpx_client=http)
            return (await login.asyncio_detailed(client=client, body=body)).parsed

    assert asyncio.run(sign_in()).access_token == "t"
    assert server.request.url.path == "/api/v3/auth/login"
    assert json.loads(server.request.content) == {"username": "ada", "password": "secret"}


def test_a_client_without_http_client_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"without an httpx\.Client"):
        Client().get_httpx_client()
    with pytest.raises(RuntimeError, match=r"without an httpx\.AsyncClient"):
        Client().get_async_httpx_client()
