"""Rules for files that go into the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import attrs

from scitacean.problem import Problem
from scitacean.validation.paths import path_problem, path_problems
from scitacean.validation.rules import Rule, missing
from scitacean.validation.values import object_problem, size_problem, text_problem, time_problem

REQUIRED = {
    "remote_size": "a size in bytes",
    "remote_creation_time": "a time with a time zone",
}
"""What the catalogue requires of a file; one that is here, and not there yet, has it from the disk."""


class HasValues(Protocol):
    """What knows the values of its fields by their Python names."""

    @property
    def remote_path(self) -> object:
        """Its path on the file server: text, or something with a ``posix`` of text."""

    @property
    def checksum_algorithm(self) -> object:
        """The algorithm of its checksum."""

    def values(self) -> Mapping[str, object]:
        """Return the values; the remote path as text."""


_TEXTS = ("remote_checksum", "checksum_algorithm", "remote_uid", "remote_gid", "remote_perm", "file_type")
_RULES: dict[str, Rule] = {
    "remote_size": size_problem,
    "remote_creation_time": time_problem,
    "metadata": object_problem,
}


def problems_of_file(fields: Mapping[str, object], at: str = "", *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a file, what cannot be sent, and what nobody could download.

    Parameters
    ----------
    fields:
        The file's fields by their Python names; the remote path as text.
    at:
        How to call the file in the problems, ``files[3]`` for example.
    required:
        Whether to look for missing fields.

    Returns
    -------
    :
        The problems, none of which has to do with other files.

    Examples
    --------
    >>> [problem.field for problem in problems_of_file({"remote_path": "a", "remote_size": "12"}, "files[0]")]
    ['files[0].remote_creation_time', 'files[0].remote_size']
    """
    found = [
        *_missing(fields, required=required),
        *path_problem(fields.get("remote_path"), "remote_path"),
        *_value_problems(fields),
    ]
    return [_moved(problem, at) for problem in found] if at else found


def problems_of_files(
    files: Iterable[HasValues], at: str = "files", *, required: bool = True
) -> Iterator[Problem]:
    """Find the problems of all files of a dataset, and of paths that cannot stand beside each other.

    Two files cannot have one path, and a file no path that is a folder of another file: they could not be
    downloaded.

    Parameters
    ----------
    files:
        The files; what is none is a problem.
    at:
        How to call the list of files in the problems.
    required:
        Whether to look for missing fields.

    Yields
    ------
    :
        Problems in the order of the files.

    Examples
    --------
    >>> from scitacean import File
    >>> files = [File.from_remote(path, 1, "2026-03-01T12:00:00Z") for path in ("run", "run/a.nxs")]
    >>> for problem in problems_of_files(files):
    ...     print(problem)
    files[0].remote_path is 'run'; expected a path that is no folder of another file, as of files[1]
    """
    files = list(files)
    paths = [_path(file) if _is_file(file) else None for file in files]
    of_paths: dict[str, list[Problem]] = {}
    for problem in path_problems(paths, at, windows=False):
        of_paths.setdefault(problem.field, []).append(problem)
    for index, (file, path) in enumerate(zip(files, paths, strict=True)):
        if path is None and not _is_file(file):
            yield Problem(f"{at}[{index}]", file, "a file, made by File.from_local or File.from_remote")
            continue
        if of_paths:
            yield from of_paths.get(f"{at}[{index}].remote_path", ())
        values = file.values()
        # There may be 100,000 files, so what is plainly good is passed over quickly.
        if found := [*_missing(values, required=required), *_value_problems(values)]:
            yield from (_moved(problem, f"{at}[{index}]") for problem in found)


def _is_file(value: object) -> bool:
    return hasattr(value, "remote_path") and hasattr(value, "values")


def _path(file: HasValues) -> object:
    path = file.remote_path
    return getattr(path, "posix", path)


def _missing(fields: Mapping[str, object], *, required: bool) -> Iterable[Problem]:
    if required and fields.get("local_path") is None and None in map(fields.get, REQUIRED):
        return missing(fields, REQUIRED)
    return ()


def _value_problems(fields: Mapping[str, object]) -> list[Problem]:
    found: list[Problem] = []
    for name, rule in _RULES.items():
        value = fields.get(name)
        if value is not None:
            found.extend(rule(value, name))
    for name in _TEXTS:
        value = fields.get(name)
        if value is not None and not (isinstance(value, str) and value.isascii()):
            found.extend(text_problem(value, name))
    return found


def _moved(problem: Problem, at: str) -> Problem:
    return attrs.evolve(problem, field=f"{at}.{problem.field}")
