"""Rounds in which every tool does the same transfer once, so that whatever drifts hits all of them."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import Factory, define, frozen

from transfers.place import Place
from transfers.tools import Run, Task, Tool, ToolError
from transfers.workload import Workload, differences


@frozen
class Case:
    """What is transferred, which way.

    Attributes
    ----------
    workload:
        The files.
    direction:
        ``down`` or ``up``.
    link:
        Name of the link.
    """

    workload: Workload
    direction: str
    link: str

    def __str__(self) -> str:
        return f"{self.workload.name} {self.direction} {self.link}"


@define
class Measured:
    """The runs of one tool in one case.

    Attributes
    ----------
    runs:
        All of them; one where the tool is slow.
    scale:
        How many times more files the case has than the run had.
    """

    runs: list[Run] = Factory(list)
    scale: float = 1.0

    @property
    def seconds(self) -> float:
        """Median of what counts, for all files of the case."""
        return self.scale * statistics.median(run.seconds for run in self.runs)

    @property
    def command_seconds(self) -> float:
        """Median for the whole command."""
        return self.scale * statistics.median(run.command_seconds for run in self.runs)

    @property
    def memory(self) -> int | None:
        """Most memory of all runs in bytes; None where it was not measured."""
        return max((run.memory for run in self.runs if run.memory is not None), default=None)


Results = Mapping[str, Measured]
"""What was measured in one case, by the name of the tool."""


@frozen
class Plan:
    """How often to measure what.

    Attributes
    ----------
    rounds:
        How many.
    patience:
        Seconds; tools that would take longer than this run once, on a sample.
    sample:
        How many files are in a sample.
    say:
        Called with a line for each run.
    """

    rounds: int
    patience: float
    sample: int
    say: Callable[[str], None]


def measure(case: Case, tools: Sequence[Tool], place: Place, plan: Plan) -> Results:
    """Let all tools do one case in turns.

    Raises
    ------
    ToolError
        If one of them fails, or what has arrived is not what was sent.
    """
    source = _made(case.workload, place)
    results = {tool.name: Measured() for tool in tools}
    if case.workload.files > plan.sample:
        results = {tool.name: _sampled(case, tool, place, plan) for tool in tools}
    fast = [tool for tool in tools if not results[tool.name].runs]
    for number in range(plan.rounds):
        # Nobody is always the one who comes after the same other one.
        turn = number % len(fast)
        for tool in fast[turn:] + fast[:turn]:
            results[tool.name].runs.append(_checked(case, tool, place, source, plan))
    return results


def _sampled(case: Case, tool: Tool, place: Place, plan: Plan) -> Measured:
    """Try a tool on a sample; without a run where it is fast enough to do everything."""
    sample = case.workload.first(plan.sample)
    scale = case.workload.files / sample.files
    run = _checked(case, tool, place, _made(sample, place), plan)
    return Measured([run], scale) if run.seconds * scale > plan.patience else Measured()


def _checked(case: Case, tool: Tool, place: Place, source: Path, plan: Plan) -> Run:
    arrived = place.folder / "arrived"
    arrived.mkdir()
    try:
        target = arrived / source.name
        run = tool.run(Task(place, case.link, case.direction, source, target))
        if problems := differences(source, target):
            raise ToolError(f"{tool.name}, {case}: {len(problems)} files are wrong; {problems[0]}")
    finally:
        shutil.rmtree(arrived)
    plan.say(f"{case} {tool.name}: {run.seconds:.3f} s ({source.name})")
    return run


def _made(workload: Workload, place: Place) -> Path:
    folder = place.folder / workload.name
    return folder if folder.is_dir() else workload.make(place.folder)
