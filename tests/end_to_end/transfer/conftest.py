from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.transfer.sites import Site, kinds
from tests.end_to_end.transfer.sites import site as running_site


@pytest.fixture(params=kinds())
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A server of each kind."""
    with running_site(request.param, tmp_path) as site:
        yield site


@pytest.fixture(params=["sshd"] if "sshd" in kinds() else ["asyncssh"])
def fast_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The fastest server that there is here, for what depends on the client alone."""
    with running_site(request.param, tmp_path) as site:
        yield site
