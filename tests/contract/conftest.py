"""A catalogue with three users, reached in the same process and over a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import Accounts, EmbeddedCatalogue, User, serve

Connect = Callable[..., ScicatClient]

ACCOUNTS = Accounts(
    users={
        name: User(username=name, email=f"{name}@site.example", groups=groups, password=f"{name}-secret")
        for name, groups in {
            "ada": ("beamline1",),
            "bob": ("beamline2",),
            "ingestor": ("ingestor",),
            "admin": ("admin",),
        }.items()
    },
    rights={
        "admin": frozenset({"admin"}),
        "create_dataset": "everyone",
        "create_sample": "everyone",
        "create_attachment": "everyone",
        "create_dataset_with_pid": frozenset({"ingestor"}),
    },
)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue(tmp_path / "catalogue", accounts=ACCOUNTS) as catalogue:
        yield catalogue


@pytest.fixture(params=["in process", "over a socket"])
def connect(request: pytest.FixtureRequest, catalogue: EmbeddedCatalogue) -> Iterator[Connect]:
    """Make clients of users by name; None for nobody."""
    clients: list[ScicatClient] = []

    def make(user: str | None, *, url: str, transport: httpx.BaseTransport | None) -> ScicatClient:
        if user is None:
            client = ScicatClient.without_login(url, transport=transport)
        else:
            client = ScicatClient.from_credentials(url, user, f"{user}-secret", transport=transport)
        clients.append(client)
        return client

    if request.param == "in process":
        transport = httpx.WSGITransport(app=catalogue.wsgi)
        yield lambda user: make(user, url="http://localhost", transport=transport)
    else:
        with serve(catalogue) as server:
            yield lambda user: make(user, url=server.url, transport=None)
            for client in clients:
                client.close()
    for client in clients:
        client.close()
