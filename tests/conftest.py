"""What all tests share."""

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
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the journals of a test out of the user's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
