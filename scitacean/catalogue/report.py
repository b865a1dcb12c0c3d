"""Telling what is odd in the catalogue's answers: as an error or in the log, all of it at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

import attrs

import scicat_api
from scitacean.errors import ValidationError
from scitacean.model.entry import Entry, camel_case
from scitacean.problem import Problem, problem_table

_PROBLEMS_LOGGED = 20
_EXPECTED = {
    "missing": "a value: the server promises one",
    "null": "a value, not null",
    "unknown": "no such field: the interface does not have it",
}
_FILE_NAMES = {
    "remote_path": "path",
    "remote_size": "size",
    "remote_creation_time": "time",
    "remote_checksum": "chk",
    "remote_uid": "uid",
    "remote_gid": "gid",
    "remote_perm": "perm",
    "file_type": "type",
}
_KINDS: dict[str, type] = {"remote_size": int, "remote_creation_time": datetime, "metadata": dict}
_FREE = {
    *("meta", "metadata", "custom_metadata", "sample_characteristics", "job_parameters", "job_params"),
    *("archive_return_message", "retrieve_return_message"),
}
"""Fields in which the keys are the user's own."""
_STEP = re.compile(r"([A-Za-z_]\w*)((?:\[\d+\])*(?:\.|$))")
_OLDER_RELATIONSHIP = re.compile(r"(.*\.)?relationships\[\d+\]\.pid")
_collector: ContextVar[list[Problem] | None] = ContextVar("scitacean_reported", default=None)
_logger = logging.getLogger("scitacean")


@contextmanager
def reported(what: str, url: str, *, strict: bool) -> Iterator[list[Problem]]:
    """Collect the problems of all answers that come inside, then report them at the end.

    An inner collection leaves its problems to the outer one, so that what takes several requests is
    reported as one.

    Parameters
    ----------
    what:
        What is tried, as it shall stand after "Cannot".
    url:
        Root of the server.
    strict:
        Whether problems are an error; otherwise they are logged.

    Raises
    ------
    ValidationError
        If there are problems, with ``strict``.
    """
    outer = _collector.get()
    problems: list[Problem] = [] if outer is None else outer
    token = _collector.set(problems)
    try:
        yield problems
    finally:
        _collector.reset(token)
    if outer is not None or not problems:
        return
    if strict:
        raise ValidationError(
            f"Cannot {what}: the answer of {url} is not as its interface says.",
            problems=problems,
            hint="Use strict_validation=False to get it all the same.",
        )
    more = len(problems) - _PROBLEMS_LOGGED
    _logger.warning(
        "The answer of %s has odd fields (to %s):\n%s%s",
        url,
        what,
        problem_table(problems[:_PROBLEMS_LOGGED]),
        f"\n  and {more} more" if more > 0 else "",
    )


def problems_of_answer(found: Iterable[scicat_api.Problem]) -> list[Problem]:
    """Make problems of what reading an answer has found; their fields have the catalogue's names.

    Servers before 5.0 send relationships in a form of their own, which is no problem.

    Examples
    --------
    >>> found = [scicat_api.Problem("size", "3", "must be an integer", "type")]
    >>> print(problems_of_answer(found)[0])
    size is '3'; expected an integer
    """
    listed = list(found)
    older = {one.path.removesuffix(".pid") for one in listed if _OLDER_RELATIONSHIP.fullmatch(one.path)}
    expected = {f"{place}.{name}" for place in older for name in ("pid", "identifier")}
    return [_problem(one) for one in listed if one.path not in expected]


def _problem(found: scicat_api.Problem) -> Problem:
    expected = _EXPECTED.get(found.kind, found.reason.removeprefix("must be "))
    return Problem(found.path or "the answer", found.value, expected)


def problems_of_entry(entry: Entry, known: Iterable[Problem]) -> list[Problem]:
    """Find what breaks the catalogue's rules in an entry that came from it, in the catalogue's names.

    Parameters
    ----------
    entry:
        The entry.
    known:
        What reading the answer has found: it is not reported twice.

    Examples
    --------
    >>> from scitacean import Sample
    >>> [problem.field for problem in problems_of_entry(Sample(owner_group=7, sample_name="a"), [])]
    ['ownerGroup']
    """
    places = {problem.field for problem in known}
    names = {field.name: field.scicat_name for field in type(entry).fields()}
    # What a server may mangle is of interest before it is sent, not after.
    found = [one for one in entry.find_problems(required=False) if one.severity == "error"]
    renamed = [
        attrs.evolve(one, field=_scicat_place(one.field, names)) for one in found if not _was_read_as_odd(one)
    ]
    return [one for one in renamed if one.field not in places]


def _was_read_as_odd(problem: Problem) -> bool:
    """Whether reading has reported a value of a part for its type; its place is another one there."""
    if not problem.field.startswith(("files[", "attachments[")):
        return False
    kind = _KINDS.get(problem.field.rpartition(".")[2], str)
    return not isinstance(problem.value, kind) or isinstance(problem.value, bool)


def _scicat_place(field: str, names: Mapping[str, str]) -> str:
    place = ""
    while step := _STEP.match(field):
        name, rest = step.groups()
        translated = camel_case(name) if place else names.get(name, name)
        place += _FILE_NAMES.get(name, translated) + rest
        field = field[step.end() :]
        if name in _FREE:
            break
    return place + field
