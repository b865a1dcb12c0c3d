"""The environment of the project: ``.venv`` with what ``requirements/`` pins, made where it is stale.

Only the standard library: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: In each environment of ours: what is installed in it. Without it, it is somebody else's.
STAMP = "scitacean-environment.json"
LOG = "pip.log"
#: Settings of the user's Python that would lead out of the environment. Those of pip's index stay.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON")
#: What pip writes when it does not get to its index, or the index does not have what it should.
UNREACHABLE = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "NameResolutionError",
    "ConnectionResetError",
    "SSLError",
    "Could not fetch URL",
    "No matching distribution found",
)


class SetupError(Exception):
    """The environment cannot be made; the message says in plain words what is missing."""


def prepared(name: str, root: Path = ROOT) -> Path:
    """Return the Python of an environment, which is made where it is missing or stale.

    Parameters
    ----------
    name:
        Which of the files in ``requirements/``: ``quickstart``, ``dev`` or ``lowest``.
    root:
        Folder of the project.

    Raises
    ------
    SetupError
        If Python lacks what that needs, or pip fails.
    """
    folder = root / (".venv-lowest" if name == "lowest" else ".venv")
    wanted = digest(root, name)
    state = installed(folder)
    if state.get(name) == wanted:
        return python_of(folder)
    if name == "quickstart" and state.get("dev") == digest(root, "dev"):
        return python_of(folder)
    print(f"Setting up {folder.name} (the first time this takes a minute) ...", flush=True)
    if name != "dev" or state != {"quickstart": digest(root, "quickstart")}:
        state = {}
        _make(folder)
    pip = _pip_for(folder)
    _install(folder, pip, ["--require-hashes", "-r", str(root / "requirements" / f"{name}.txt")])
    _install(folder, pip, ["--no-deps", "--no-build-isolation", "--editable", str(root)])
    _write_stamp(folder, {**state, name: wanted})
    return python_of(folder)


def digest(root: Path, name: str) -> str:
    """Return what changes whenever an environment has to be made anew."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packaging = [project["build-system"], project["project"], project["tool"]["hatch"]]
    content = json.dumps([sys.version, str(root), packaging], sort_keys=True).encode()
    return hashlib.sha256(content + (root / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


def installed(folder: Path) -> Mapping[str, str]:
    """Return what is installed in an environment: digests by name; nothing where it is no use."""
    try:
        state: dict[str, str] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        subprocess.run([python_of(folder), "-I", "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return state


def python_of(folder: Path) -> Path:
    """Return the path of an environment's Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def clean_environment() -> dict[str, str]:
    """Return the environment variables without those that lead out of ``.venv``."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def call(command: Sequence[str | Path]) -> int:
    """Run a command in the project and return its exit status; it says itself what is wrong."""
    variables = {**clean_environment(), "PYTHONNOUSERSITE": "1"}
    try:
        return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
    except KeyboardInterrupt:
        return 130


def _make(folder: Path) -> None:
    if folder.exists():
        if not (folder / STAMP).exists():
            raise SetupError(
                f"The folder {folder} was not made by this script: rename or remove it, then try again."
            )
        if Path(sys.prefix).resolve() == folder.resolve():
            raise SetupError(f"{folder} is stale: run this with the Python outside of it, to renew it.")
        shutil.rmtree(folder)
    if importlib.util.find_spec("venv") is None:
        raise SetupError(
            "This Python has no module venv: install it (Debian and Ubuntu: apt install python3-venv)."
        )
    own_pip = importlib.util.find_spec("ensurepip") is not None
    if not own_pip and importlib.util.find_spec("pip") is None:
        raise SetupError(
            "This Python has no pip: install it (Debian and Ubuntu: apt install python3-pip python3-venv)."
        )
    folder.mkdir()
    _write_stamp(folder, {})
    command = [sys.executable, "-I", "-m", "venv", *([] if own_pip else ["--without-pip"]), str(folder)]
    made = subprocess.run(command, env=clean_environment(), check=False, capture_output=True, text=True)
    if made.returncode != 0:
        raise SetupError(f"Python could not make {folder}: {_last_line(made.stdout + made.stderr)}")


def _pip_for(folder: Path) -> list[str]:
    """Return the command of the environment's own pip, or of one outside that installs into it."""
    python = str(python_of(folder))
    own = subprocess.run([python, "-I", "-m", "pip", "--version"], check=False, capture_output=True)
    if own.returncode == 0:
        return [python, "-I", "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", python]


def _install(folder: Path, pip: Sequence[str], arguments: Sequence[str]) -> None:
    command = [*pip, "install", "--no-input", "--log", str(folder / LOG), *arguments]
    done = subprocess.run(command, env=clean_environment(), check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return
    said = done.stdout + done.stderr
    if "DO NOT MATCH THE HASHES" in said:
        reason = "a package has other bytes than requirements/*.txt expect"
    elif any(sign in said for sign in UNREACHABLE):
        reason = "it cannot get packages from its index; check the network and `python3 -m pip config list`"
    else:
        reason = _last_line(said)
    raise SetupError(f"pip could not install what is needed: {reason}. Details: {folder / LOG}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[-1].strip()


def _write_stamp(folder: Path, state: Mapping[str, str]) -> None:
    (folder / STAMP).write_text(json.dumps(state), encoding="utf-8")
