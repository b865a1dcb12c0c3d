#!/usr/bin/env python3
"""Measure transfers over SSH beside OpenSSH's sftp and scp, rsync and scitacean 26.10, in turns.

The server is OpenSSH's own, on the loopback interface, with data in memory where there is room. The
clients reach it as it is, and through a relay that makes the round trip 20 ms. Needs Linux. What has
arrived is compared byte by byte.

The exit status is 1 when a bound is missed or a transfer went wrong, 2 when something is not installed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scitacean.errors import ConfigurationError
from transfers import bounds, report
from transfers.link import measure as measure_relay
from transfers.place import folder_for_data, place
from transfers.rounds import Case, Plan, measure
from transfers.tools import Earlier, Ours, Rsync, Scp, Sftp, Tool, ToolError, missing_programs
from transfers.workload import QUICK, WORKLOADS

PEERS = ("sftp", "scp", "rsync", "scitacean")
DIRECTIONS = ("down", "up")
DISTRIBUTION = "scitacean[sftp]==26.10.*"
RELAY_BYTES, QUICK_RELAY_BYTES = 1 << 30, 1 << 24


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    options = parsed(arguments)
    programs = ["ssh", *(peer for peer in PEERS if peer not in ("scitacean", *options.without))]
    if missing := missing_programs(programs):
        print(f"Not installed: {', '.join(missing)}. Install them or leave them out: --without.")
        return 2
    parent = options.folder or folder_for_data()
    with tempfile.TemporaryDirectory(prefix="scitacean-benchmark-", dir=parent) as folder:
        try:
            return measured(options, Path(folder))
        except ConfigurationError as problem:
            print(problem)
            return 2
        except ToolError as problem:
            print(problem)
            return 1


def measured(options: argparse.Namespace, folder: Path) -> int:
    """Measure in a folder and print; return the exit status."""
    print(f"data in {folder}", flush=True)
    tools: list[Tool] = [Ours("size"), Ours("checksum")]
    tools += [tool for tool in (Sftp(), Scp(), Rsync()) if tool.name not in options.without]
    if "scitacean" not in options.without:
        tools.append(Earlier(options.scitacean_python or installed(folder / "scitacean-26.10")))
    plan = Plan(options.rounds, options.patience, options.sample, lambda line: print(line, flush=True))
    cases = chosen(options)
    with place(folder, bounds.DELAYS) as where:
        results = {case: measure(case, tools, where, plan) for case in cases}
    print("", *report.table(results), "", sep="\n")
    if options.plot is not None:
        report.plot(results, options.plot)
    verdicts = list(bounds.of_results(results))
    if any(case.link == bounds.FAR for case in cases):
        size = QUICK_RELAY_BYTES if options.quick else RELAY_BYTES
        verdicts += bounds.of_relay(measure_relay(bounds.DELAYS[bounds.FAR], size))
    if options.quick:
        print("So few files measure the start of processes; the bounds are not those of these workloads.")
    print(*verdicts, sep="\n")
    return 0 if options.quick or all(verdict.met for verdict in verdicts) else 1


def chosen(options: argparse.Namespace) -> list[Case]:
    """Return the cases that were asked for."""
    workloads = QUICK if options.quick else WORKLOADS
    return [
        Case(workload, direction, link)
        for link, workload, direction in itertools.product(bounds.DELAYS, workloads, DIRECTIONS)
        if all(
            not (wanted := options.only & set(names)) or name in wanted
            for name, names in (
                (link, bounds.DELAYS),
                (workload.name, [each.name for each in WORKLOADS]),
                (direction, DIRECTIONS),
            )
        )
    ]


def installed(folder: Path) -> str:
    """Make an environment with scitacean 26.10; return its Python.

    Raises
    ------
    ToolError
        If it cannot be installed.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    python = str(folder / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", DISTRIBUTION],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(
                f"{DISTRIBUTION} cannot be installed; leave it out with --without scitacean.\n{done.stderr}"
            )
    return python


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line says."""
    names = {*bounds.DELAYS, *DIRECTIONS, *(workload.name for workload in WORKLOADS)}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only",
        type=lambda text: names_of(text, names),
        default=set(),
        metavar="NAME,...",
        help=f"workloads, directions and links, such as W2,down; of {', '.join(sorted(names))}",
    )
    parser.add_argument(
        "--without",
        type=lambda text: names_of(text, set(PEERS)),
        default=set(),
        metavar="NAME,...",
        help=f"peers to leave out, of {', '.join(PEERS)}",
    )
    parser.add_argument("--rounds", type=int, help="how often each tool runs; 5, with --quick 1")
    parser.add_argument("--quick", action="store_true", help="few small files; bounds do not count")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the times")
    parser.add_argument("--folder", type=Path, help="where to put the data; needs 3 GiB")
    parser.add_argument(
        "--patience", type=float, default=60.0, help="seconds; slower tools run once on a sample"
    )
    parser.add_argument("--sample", type=int, default=200, help="how many files are in a sample")
    parser.add_argument(
        "--scitacean-python", metavar="PYTHON", help="of an environment that has scitacean 26.10"
    )
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def names_of(text: str, known: set[str]) -> set[str]:
    """Return the names in a list with commas.

    Raises
    ------
    argparse.ArgumentTypeError
        If one of them is not known.
    """
    names = set(text.split(","))
    if unknown := sorted(names - known):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(sorted(known))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
