"""What processes that tests start need."""

from __future__ import annotations

import os


def not_measured() -> dict[str, str]:
    """Return an environment in which coverage does not measure.

    It loads packages of its own, and holds locks of its own, of which Ctrl-C may leave one held.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
