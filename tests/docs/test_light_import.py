"""``import scitacean`` costs little: what it does not need is not loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import not_measured

HEAVY = {
    "fabric",
    "paramiko",
    "typer",
    "sqlite3",
    "werkzeug",
    "hypothesis",
    "pydantic",
    "jsonschema",
    "pytest",
}
LIGHT = {"scitacean", "attr", "attrs", "httpx_retries"}


def loaded_by(statement: str) -> set[str]:
    """Return the packages that a fresh Python has loaded after a statement."""
    program = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=not_measured()
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import scitacean", "from scitacean import Client, Dataset, File, PID"]
)
def test_nothing_heavy_is_loaded(statement: str) -> None:
    assert loaded_by(statement) & HEAVY == set()


def test_the_package_loads_no_more_than_httpx_does() -> None:
    new = loaded_by("import scitacean") - loaded_by("import httpx")
    assert new - set(sys.stdlib_module_names) <= LIGHT


def test_what_is_heavy_would_be_seen() -> None:
    assert {"sqlite3", "werkzeug"} <= loaded_by("import scitacean.embedded")
