"""The table of the matrix at the end of a run: a plugin of pytest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

PROPERTY = "fault case"
LETTERS: Mapping[str, str] = {"done": "D", "kept": "K", "undone": "U", "failed": "!"}
LEGEND = (
    "D done although the fault came, U undone and done anew, K kept and gone on with, ! failed; "
    "the second letter is for a fault that comes again each time."
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the cases that have run."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    lines = table(
        value
        for report in reports
        for name, value in report.user_properties
        if name == PROPERTY and isinstance(value, list | tuple)
    )
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.line(line)


def table(results: Iterable[Iterable[object]]) -> list[str]:
    """Return the lines of the table.

    Parameters
    ----------
    results:
        Work, step, fault, whether it lasts, and outcome of each case.
    """
    cells: dict[tuple[str, str], dict[tuple[str, bool], str]] = {}
    for work, step, fault, lasting, outcome in results:
        row = cells.setdefault((str(work), str(step)), {})
        row[str(fault), bool(lasting)] = LETTERS[str(outcome)]
    if not cells:
        return []
    faults = sorted({fault for row in cells.values() for fault, _ in row})
    lines = [f"{number:>4}  {fault}" for number, fault in enumerate(faults, 1)]
    lines.append(" " * 26 + "".join(f"{number:>4}" for number in range(1, len(faults) + 1)))
    for (work, step), row in cells.items():
        marks = "".join(
            f"{row.get((fault, False), ' ') + row.get((fault, True), ' '):>4}" for fault in faults
        )
        lines.append(f"{work + ': ' + step:26}{marks}".rstrip())
    number = sum(len(row) for row in cells.values())
    return [*lines, f"{number} cases. {LEGEND}"]
