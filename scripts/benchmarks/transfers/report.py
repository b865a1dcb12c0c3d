"""What was measured, as a table and as a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from transfers.rounds import Case, Measured, Results

_OURS = "ours, size"
_LEGEND = (
    "Medians in seconds; in brackets: how many times as fast ours with verify=size is.",
    "~: measured once on a sample of the files and scaled.",
    "Ours and scitacean count from connecting to the end, without imports; the others as whole commands.",
    "command: ours with verify=size as a whole command. memory: the most that our process has had.",
)


def table(measured: Mapping[Case, Results]) -> Iterator[str]:
    """Return the lines of a table of seconds and ratios."""
    tools = list(next(iter(measured.values())))
    rows = [
        ["", *tools, "command", "memory"],
        *([str(case), *_cells(results, tools)] for case, results in measured.items()),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([row[0].ljust(len(first)), *others])
    yield ""
    yield from _LEGEND


def _cells(results: Results, tools: Sequence[str]) -> list[str]:
    ours = results[_OURS]
    cells = [_cell(results[tool], ours) for tool in tools]
    memory = max(result.memory or 0 for result in results.values())
    return [*cells, f"{ours.command_seconds:.2f}", f"{memory / 1e6:.0f} MB"]


def _cell(result: Measured, ours: Measured) -> str:
    mark = "~" if result.scale > 1 else ""
    if result is ours:
        return f"{result.seconds:.2f}"
    return f"{mark}{result.seconds:.2f} ({result.seconds / ours.seconds:.2f})"


def plot(measured: Mapping[Case, Results], path: Path) -> None:
    """Draw the seconds of all tools, one panel for each link.

    Parameters
    ----------
    measured:
        What was measured.
    path:
        Image to write; its suffix says which format.
    """
    # Imported late because it takes a second, and few ask for it.
    from matplotlib.figure import Figure

    links = list(dict.fromkeys(case.link for case in measured))
    tools = list(next(iter(measured.values())))
    figure = Figure(figsize=(11, 4.2 * len(links)), layout="constrained")
    panels = figure.subplots(len(links), squeeze=False)[:, 0]
    width = 0.85 / len(tools)
    for link, panel in zip(links, panels, strict=True):
        cases = [case for case in measured if case.link == link]
        for number, tool in enumerate(tools):
            results = [measured[case][tool] for case in cases]
            bars = panel.bar(
                [place + width * (number - (len(tools) - 1) / 2) for place in range(len(cases))],
                [result.seconds for result in results],
                width,
                label=tool,
                color=f"C{number}",
            )
            marks = [f"{'~' if result.scale > 1 else ''}{result.seconds:.2g}" for result in results]
            panel.bar_label(bars, marks, fontsize=7, padding=1)
        panel.set_xticks(range(len(cases)), [f"{case.workload}\n{case.direction}" for case in cases])
        panel.set_yscale("log")
        panel.margins(y=0.12)
        panel.set_ylabel("time / s")
        panel.set_title(link)
        panel.spines[["top", "right"]].set_visible(False)
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter("")
    figure.legend(*panels[0].get_legend_handles_labels(), ncols=len(tools), loc="outside lower center")
    figure.suptitle("Transfers over SSH: median times, ~ scaled from a sample; less is better")
    figure.savefig(path, dpi=120)
