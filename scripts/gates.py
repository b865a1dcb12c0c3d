"""All checks, one after the other, each with a line that says how it went.

``scripts/test.py`` runs this in ``.venv``. All are run, whether or not an earlier one failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What runs with the oldest dependencies: all but the tests of tools, of texts and of optional packages.
CORE = ["tests/unit", "tests/property", "tests/end_to_end", "--ignore=tests/unit/project"]
CORE += [f"--ignore-glob=*/test_{name}*" for name in ("regenerate", "metadata", "thumbnail")]
#: A test that waits for ever fails after these seconds, with the stacks of all its threads.
PATIENCE = ["--timeout=300", "--instafail", "--durations=15"]
#: Where tests write, if there is room: they put tens of thousands of small files onto the disk, one by one,
#: which takes hours where others use the disk as well.
MEMORY = Path("/dev/shm")
ROOM = 6 << 30
TYPED = ["scitacean", "scripts", "tests", "generated/scicat_api"]


def gates(workers: int) -> Mapping[str, Sequence[str]]:
    """Return the command of each check, by the name of the check."""
    python = sys.executable
    parallel = ["-n", str(workers)] if workers > 1 else []
    return {
        "lint": [python, "-m", "ruff", "check"],
        "format": [python, "-m", "ruff", "format", "--check"],
        "layers": [str(Path(python).parent / "lint-imports")],
        "types": [python, "-m", "mypy", "--explicit-package-bases", *TYPED],
        "generated": [python, "scripts/regenerate.py", "--check"],
        "requirements": [python, "scripts/lock.py", "--check"],
        "tests": [python, "-m", "pytest", "--cov", "--cov-report=term", *PATIENCE, *parallel],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/test.py", description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="checks to run; all by default")
    parser.add_argument("--list", action="store_true", help="list the checks")
    parser.add_argument("--lowest", action="store_true", help="test with the oldest dependencies")
    parser.add_argument("--nightly", action="store_true", help="let properties be tried on more examples")
    parser.add_argument("--workers", type=int, default=_cores(), help="processes that run tests")
    options = parser.parse_args(arguments)
    known = {"tests": [sys.executable, "-m", "pytest", *CORE]} if options.lowest else gates(options.workers)
    if options.nightly:
        known = {**known, "tests": [*known["tests"], "--hypothesis-profile=nightly", "--timeout=0"]}
    if unknown := sorted(set(options.checks) - set(known)):
        parser.error(f"there is no check {', '.join(unknown)}; there are: {', '.join(known)}")
    if options.list:
        print("\n".join(known))
        return 0
    return run(
        {name: command for name, command in known.items() if not options.checks or name in options.checks}
    )


def run(commands: Mapping[str, Sequence[str]]) -> int:
    """Run checks and print how each went.

    Parameters
    ----------
    commands:
        The command of each check, by the name of the check.

    Returns
    -------
    :
        Exit status: 0, or 1 if any of them failed.
    """
    lines = []
    failed = False
    # A short name: some tests have sockets in it, of which the whole path has a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="sci-", dir=_place(), ignore_cleanup_errors=True) as folder:
        for name, command in commands.items():
            print(f"\n=== {name}", flush=True)
            begin = time.monotonic()
            done = subprocess.run(command, cwd=ROOT, env=_environment(Path(folder)), check=False)
            failed |= done.returncode != 0
            outcome = "passed" if done.returncode == 0 else "FAILED"
            lines.append(f"{name:15}{outcome:10}{time.monotonic() - begin:6.0f} s")
    print("\n=== all checks", *lines, sep="\n", flush=True)
    return 1 if failed else 0


def _environment(folder: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "MYPYPATH": "scripts",
        "COVERAGE_FILE": str(folder / "coverage"),
        "TMPDIR": str(folder),
    }


def _place() -> Path | None:
    """Return where temporary files go; None for the usual place."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    # Tests make programs and run them.
    return None if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else MEMORY


def _cores() -> int:
    return min(os.cpu_count() or 1, 4)


if __name__ == "__main__":
    sys.exit(main())
