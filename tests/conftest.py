"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["scitacean.testing.fixtures", "tests.end_to_end.faults.table"]

# The same examples each time, so that a red run can be repeated; the nightly profile looks further. Machines
# of a busy CI are too uneven for limits of time per example.
settings.register_profile("seeded", deadline=None, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=1_000)
settings.load_profile("seeded")


@pytest.fixture(autouse=True)
def state_of_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the journals of a test out of the folder of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_of_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is remembered of one's downloads out of the folder of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
