"""Rules for persistent identifiers of datasets, as text."""

from __future__ import annotations

from collections.abc import Iterator

from scitacean.problem import Problem
from scitacean.validation.repeated import Repeated
from scitacean.validation.text import text_problem, texts_problem


def pid_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is the text of a PID; None is no problem.

    Parameters
    ----------
    value:
        What should be one, ``"20.500.12345/6f1c"`` for example.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [str(problem) for problem in pid_problem("site/", "pid")]
    ["pid is 'site/'; expected an identifier, with or without a prefix and a slash before it"]
    """
    yield from text_problem(value, at)
    if isinstance(value, str):
        prefix, slash, identifier = value.partition("/")
        if not prefix.strip() or (slash and not identifier.strip()):
            yield Problem(at, value, "an identifier, with or without a prefix and a slash before it")


def pids_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a list of texts of PIDs; None is no problem.

    Parameters
    ----------
    value:
        What should be one.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [problem.field for problem in pids_problem(["site/1", ""], "input_datasets")]
    ['input_datasets[1]']
    """
    if not isinstance(value, list | tuple):
        yield from texts_problem(value, at)
        return
    repeated = Repeated(at)
    for index, pid in enumerate(value):
        where = f"{at}[{index}]"
        for problem in [Problem(where, None, "text")] if pid is None else pid_problem(pid, where):
            yield from repeated.first(problem)
    yield from repeated.others()
