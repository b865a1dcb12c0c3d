"""Getting many datasets: in order, several at a time, with an error that names the one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from scitacean import PID, Client, Dataset, NotFoundError
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import EmbeddedCatalogue


class Watching(httpx.BaseTransport):
    """Counts how many requests for datasets there are at a time; waits until there are enough."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.together = threading.Barrier(2)
        self.waits = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.waits and "/origdatablocks" in request.url.path:
            self.together.wait(timeout=30)
        return self.inner.handle_request(request)


@pytest.fixture
def catalogue() -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue() as catalogue:
        yield catalogue


@pytest.fixture
def transport(catalogue: EmbeddedCatalogue) -> Watching:
    return Watching(httpx.WSGITransport(app=catalogue.wsgi))


@pytest.fixture
def client(catalogue: EmbeddedCatalogue, transport: Watching) -> Iterator[Client]:
    scicat = ScicatClient.from_token("http://localhost", catalogue.token_for("me"), transport=transport)
    with Client(client=scicat, file_transfer=None) as client:
        yield client


@pytest.fixture
def pids(client: Client) -> list[PID]:
    def upload(index: int) -> PID:
        dataset = Dataset(
            type="raw",
            name=f"Run {index}",
            owner_group="me",
            owner="Ada Example",
            contact_email="ada@site.example",
            creation_time=datetime(2026, 3, 1, tzinfo=UTC),
            source_folder="/data/run-7",
        )
        dataset.add_attachment(caption=f"Picture {index}")
        pid = client.upload_new_dataset_now(dataset).pid
        assert pid is not None
        return pid

    return [upload(index) for index in range(12)]


def test_datasets_come_in_order(client: Client, pids: list[PID]) -> None:
    assert [one.name for one in client.get_dataset(pids)] == [f"Run {index}" for index in range(12)]
    again = client.get_dataset((str(pids[3]), pids[1], pids[3]), attachments=True)
    assert [one.pid for one in again] == [pids[3], pids[1], pids[3]]
    assert [(one.attachments or [])[0].caption for one in again] == ["Picture 3", "Picture 1", "Picture 3"]
    assert client.get_dataset([]) == []


def test_several_come_at_a_time(client: Client, pids: list[PID], transport: Watching) -> None:
    transport.waits = True
    # Each of them waits for another one, so one at a time would never end.
    assert len(client.get_dataset(pids)) == 12


def test_the_error_names_the_first_that_cannot_be_got(client: Client, pids: list[PID]) -> None:
    mixed: list[str | PID] = [*pids[:5], "no/such", *pids[5:], "no/other"]
    with pytest.raises(NotFoundError, match="Cannot get the dataset no/such"):
        client.get_dataset(mixed)


def test_typing_mistakes_are_found_before_anything_is_asked(
    client: Client, pids: list[PID], transport: Watching
) -> None:
    def refuse(request: httpx.Request) -> Any:
        raise AssertionError(f"{request.url} was asked for")

    transport.inner = httpx.MockTransport(refuse)
    with pytest.raises(ValueError, match="PID"):
        client.get_dataset([*pids, ""])
