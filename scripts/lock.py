#!/usr/bin/env python3
"""Pin what the project needs: from ``pyproject.toml`` to ``requirements/*.txt``, with hashes.

Each file holds for every operating system and every Python that the project supports. ``--check`` says,
without the network, whether the files are what ``pyproject.toml`` asks for. Run it with the Python of
``.venv``, which ``scripts/test.py`` makes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
#: Another version may write the same pins in another way.
UV = "uv==0.13.9"
#: hatchling asks for it when it installs the project in place.
EDITABLES = "editables>=0.6"
DECLARED = "#   "
HEADER = """\
# {purpose}
# Made by scripts/lock.py; never edited. Asked for in pyproject.toml:
"""
PURPOSES = {
    "dev": "Everything to work on the project and to run all its tests.",
    "quickstart": "What the quickstart needs, in the same versions as dev.txt.",
    "lowest": "The oldest versions that pyproject.toml allows, to test that they do.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    task = parser.add_mutually_exclusive_group()
    task.add_argument("--check", action="store_true", help="only say whether the files are stale")
    task.add_argument("--upgrade", action="store_true", help="take the newest versions, not those pinned")
    options = parser.parse_args(arguments)
    if options.check:
        problems = [problem for name in PURPOSES for problem in check(ROOT, name)]
        print("\n".join(problems) if problems else "requirements/*.txt are up to date")
        return 1 if problems else 0
    lock(ROOT, upgrade=options.upgrade)
    return 0


def declared(root: Path, name: str) -> list[str]:
    """Return the requirements that one of the files is made for.

    Parameters
    ----------
    root:
        Folder with ``pyproject.toml``.
    name:
        Name of the file, without its ending.
    """
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    extras: Mapping[str, Sequence[str]] = project["optional-dependencies"]
    building = [*document["build-system"]["requires"], EDITABLES]
    development = extras["dev"] if name == "dev" else []
    return sorted({*project["dependencies"], *extras["testing"], *building, *development}, key=str.lower)


def check(root: Path, name: str) -> Iterator[str]:
    """Say what is stale in one of the files.

    Parameters
    ----------
    root:
        Folder with ``pyproject.toml`` and ``requirements/``.
    name:
        Name of the file, without its ending.
    """
    lines = (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pins = pinned(lines)
    wanted = declared(root, name)
    for text in wanted:
        requirement = Requirement(text)
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions:
            yield f"requirements/{name}.txt: {requirement.name} is missing"
        for version in versions:
            if not requirement.specifier.contains(version, prereleases=True):
                yield f"requirements/{name}.txt: {requirement.name} {version} does not satisfy {text}"
    for line in lines:
        if line.startswith(DECLARED) and line.removeprefix(DECLARED) not in wanted:
            yield f"requirements/{name}.txt: {line.removeprefix(DECLARED)} is not asked for any more"


def pinned(lines: Sequence[str]) -> dict[str, list[Version]]:
    """Return the pinned versions by name; there are several where they depend on the system."""
    pins: dict[str, list[Version]] = {}
    for line in lines:
        if "==" in line and not line.startswith((" ", "#")):
            name, _, rest = line.partition("==")
            pins.setdefault(canonicalize_name(name), []).append(Version(rest.split()[0]))
    return pins


def lock(root: Path, *, upgrade: bool) -> None:
    """Write all files.

    Parameters
    ----------
    root:
        Folder with ``pyproject.toml``; the files go into ``requirements/``.
    upgrade:
        Whether to take the newest versions rather than those that are pinned already.
    """
    with tempfile.TemporaryDirectory(prefix="scitacean-lock-") as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([programs / "python", "-I", "-m", "pip", "install", "--quiet", UV], check=True)
        newest = ["--upgrade"] if upgrade else []
        same = ["--constraints", str(root / "requirements" / "dev.txt")]
        _compile(programs / "uv", root, "dev", newest)
        _compile(programs / "uv", root, "quickstart", same)
        _compile(programs / "uv", root, "lowest", ["--resolution", "lowest-direct", *newest])


def _compile(uv: Path, root: Path, name: str, options: Sequence[str]) -> None:
    output = root / "requirements" / f"{name}.txt"
    wanted = declared(root, name)
    print(f"resolving {output.relative_to(root)} ...", flush=True)
    subprocess.run(
        [
            *(uv, "--no-config", "--quiet", "pip", "compile", "-", "--output-file", output),
            *("--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--no-annotate"),
            *options,
        ],
        input="\n".join(wanted),
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    header = HEADER.format(purpose=PURPOSES[name]) + "".join(f"{DECLARED}{text}\n" for text in wanted)
    output.write_text(header + output.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
