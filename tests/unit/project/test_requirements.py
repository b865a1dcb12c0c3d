"""The pins in requirements/ are what pyproject.toml asks for, and say so when they are not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lock

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", lock.PURPOSES)
def test_pins_are_up_to_date(name: str) -> None:
    assert list(lock.check(ROOT, name)) == []


@pytest.mark.parametrize("name", lock.PURPOSES)
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9].*==.*(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+$", text, re.MULTILINE)
    assert len(pins) == sum(map(len, lock.pinned(text.splitlines()).values()))
    assert "://" not in text


def test_the_quickstart_has_the_pins_of_the_development_environment() -> None:
    pins = {
        name: lock.pinned((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines())
        for name in ("quickstart", "dev")
    }
    assert pins["quickstart"].items() <= pins["dev"].items()


def test_the_lowest_versions_are_those_of_pyproject() -> None:
    lines = (ROOT / "requirements" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = lock.pinned(lines)
    for requirement in map(Requirement, lock.declared(ROOT, "lowest")):
        bounds = [bound.version for bound in requirement.specifier if bound.operator == ">="]
        assert len(bounds) == 1, f"{requirement} has no lower bound"
        lowest = pins[requirement.name.lower()]
        assert [str(version).startswith(bounds[0]) for version in lowest] == [True] * len(lowest), requirement


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"attrs>=24.2"', '"attrs>=99"', "does not satisfy attrs>=99"),
        ('"attrs>=24.2"', '"attrs>=24.2", "numpydoc>=1"', "numpydoc is missing"),
        ('"attrs>=24.2",', "", "attrs>=24.2 is not asked for any more"),
    ],
)
def test_stale_pins_are_found(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "pyproject.toml").write_text(text.replace(old, new), encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    pins = (ROOT / "requirements" / "dev.txt").read_bytes()
    (tmp_path / "requirements" / "dev.txt").write_bytes(pins)
    assert any(problem in line for line in lock.check(tmp_path, "dev"))


def test_the_formatter_is_pinned_as_the_generator_records_it() -> None:
    tools = tomllib.loads((ROOT / "openapi" / "lock.toml").read_text(encoding="utf-8"))["tools"]
    assert {f"{name}=={version}" for name, version in tools.items()} <= set(lock.declared(ROOT, "dev"))
