"""A catalogue with the accounts of the recorded server, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scitacean.embedded import Accounts, EmbeddedCatalogue

ACCOUNTS = Path(__file__).parents[2] / "data" / "congruence" / "accounts.json"


@pytest.fixture
def catalogue() -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue(accounts=Accounts.from_file(ACCOUNTS)) as catalogue:
        yield catalogue


@pytest.fixture
def as_user(catalogue: EmbeddedCatalogue) -> Iterator[Callable[[str | None], httpx.Client]]:
    """Give a client that is signed in as a user, or as nobody."""
    clients: list[httpx.Client] = []

    def make(username: str | None) -> httpx.Client:
        headers = {}
        if username is not None:
            headers["Authorization"] = f"Bearer {catalogue.token_for(username)}"
        clients.append(
            httpx.Client(
                transport=httpx.WSGITransport(catalogue.wsgi),
                base_url="http://catalogue",
                headers=headers,
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def alice(as_user: Callable[[str | None], httpx.Client]) -> httpx.Client:
    return as_user("alice")


@pytest.fixture
def minimal() -> dict[str, Any]:
    """Give the least that a dataset needs."""
    return {
        "ownerGroup": "beamline1",
        "owner": "Ada",
        "contactEmail": "ada@site.example",
        "sourceFolder": "/data/x",
        "creationTime": "2026-03-01T12:00:00.000Z",
        "datasetName": "x",
        "type": "raw",
    }
