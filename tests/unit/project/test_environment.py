"""Setting up .venv: when it is made anew, and what is said where something is missing."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import environment

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the files that an environment is made from."""
    (tmp_path / "requirements").mkdir()
    for name in ("dev", "quickstart", "lowest"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


def make_installed(project: Path, folder: str, *names: str) -> None:
    """Make an environment that runs and says that sets of packages are installed in it."""
    python = environment.python_of(project / folder)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    state = {name: environment.digest(project, name) for name in names}
    (project / folder / environment.STAMP).write_text(json.dumps(state))


@pytest.mark.parametrize(
    ("installed", "wanted"),
    [
        (["dev"], "dev"),
        (["quickstart"], "quickstart"),
        (["dev"], "quickstart"),
        (["quickstart", "dev"], "dev"),
    ],
)
def test_an_environment_is_used_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, installed: list[str], wanted: str
) -> None:
    monkeypatch.setattr(environment, "_make", _never)
    monkeypatch.setattr(environment, "_install", _never)
    make_installed(project, ".venv", *installed)
    assert environment.prepared(wanted, project) == environment.python_of(project / ".venv")


@pytest.mark.parametrize(
    ("installed", "change", "steps"),
    [
        ([], "", ["make", "install", "install"]),
        (["quickstart"], "", ["install", "install"]),
        (["dev"], "dev", ["make", "install", "install"]),
        (["quickstart"], "quickstart", ["make", "install", "install"]),
        (["quickstart", "dev"], "dev", ["make", "install", "install"]),
    ],
)
def test_an_environment_is_made_or_extended(
    project: Path, monkeypatch: pytest.MonkeyPatch, installed: list[str], change: str, steps: list[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(environment, "_make", lambda _folder: done.append("make"))
    monkeypatch.setattr(environment, "_install", lambda *_: done.append("install"))
    make_installed(project, ".venv", *installed)
    if change:
        (project / "requirements" / f"{change}.txt").write_text("# changed\n")
    python = environment.prepared("dev", project)
    assert done == steps
    assert environment.prepared("dev", project) == python
    assert done == steps


def test_the_oldest_versions_have_an_environment_of_their_own(project: Path) -> None:
    make_installed(project, ".venv-lowest", "lowest")
    assert environment.prepared("lowest", project).is_relative_to(project / ".venv-lowest")


def test_an_environment_that_does_not_run_is_none(project: Path) -> None:
    make_installed(project, ".venv", "dev")
    environment.python_of(project / ".venv").unlink()
    assert environment.installed(project / ".venv") == {}


def test_somebody_elses_folder_is_not_touched(project: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / "mine").touch()
    with pytest.raises(environment.SetupError, match="was not made by this script"):
        environment.prepared("dev", project)
    assert (project / ".venv" / "mine").exists()


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [({"venv"}, "has no module venv"), ({"ensurepip", "pip"}, "This Python has no pip")],
)
def test_what_python_lacks_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, missing: set[str], sentence: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else found(name))
    with pytest.raises(environment.SetupError, match=sentence):
        environment.prepared("dev", project)
    assert not (project / ".venv").exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("WARNING: NewConnectionError(...)", "cannot get packages from its index"),
        ("ERROR: No matching distribution found for a==1", "cannot get packages from its index"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "other bytes"),
        ("a\nERROR: No space left", "ERROR: No space left"),
        ("", "no reason"),
    ],
)
def test_why_pip_failed_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, said: str, sentence: str
) -> None:
    monkeypatch.setattr(environment, "_make", lambda _folder: None)
    failing = [sys.executable, "-c", "import sys; print(sys.argv.pop()); sys.exit(1)"]
    real = subprocess.run
    monkeypatch.setattr(environment, "_pip_for", lambda _folder: failing)
    monkeypatch.setattr(subprocess, "run", lambda command, **how: real([*command, said], **how))
    with pytest.raises(environment.SetupError, match=sentence):
        environment.prepared("dev", project)


def test_settings_that_lead_out_of_the_environment_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.site.example")
    variables = environment.clean_environment()
    assert "/elsewhere" not in variables.values()
    assert variables["PIP_INDEX_URL"] == "https://packages.site.example"


@pytest.mark.parametrize("script", ["quickstart", "test"])
def test_old_pythons_get_as_far_as_the_check_of_their_version(script: str) -> None:
    text = (ROOT / "scripts" / f"{script}.py").read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 6))
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert "needs Python >= 3.11" in text


def _never(*_: object) -> None:
    raise AssertionError
