"""The catalogue to test: one that runs somewhere, or an embedded one of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from tests.contract.any_server.site import Site

ACCOUNTS = Path(__file__).parents[2] / "data" / "congruence" / "accounts.json"
LISTS = (
    "v4/datasets",
    "v4/origdatablocks",
    "v4/attachments",
    "v3/samples",
    "v3/proposals",
    "v3/instruments",
    "v4/jobs",
    "v4/publisheddata",
)
LEFT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what no account could delete."""
    if left := config.stash.get(LEFT, []):
        terminalreporter.section("left on the server: no account may delete it")
        for entry in left:
            terminalreporter.line(entry)


@pytest.fixture(scope="session")
def running_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Reach the server at ``SCITACEAN_CONTRACT_URL``; without it, start one and see that it ends up empty."""
    accounts = Accounts.from_file(os.environ.get("SCITACEAN_CONTRACT_ACCOUNTS") or ACCOUNTS)
    if url := os.environ.get("SCITACEAN_CONTRACT_URL"):
        site = Site(url, accounts)
        request.config.stash[LEFT] = site.left
        yield site
        site.close()
        return
    with EmbeddedCatalogue(accounts=accounts) as catalogue, serve(catalogue) as server:
        site = Site(server.url, accounts)
        yield site
        http = site.http(site.administrator)
        left = {name: http.get(f"/api/{name}").json() for name in LISTS}
        site.close()
        assert left == {name: [] for name in LISTS}


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    """Reach the server, and delete what the test made there."""
    yield running_site
    running_site.clean()
