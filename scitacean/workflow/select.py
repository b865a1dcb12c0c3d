"""Which files of a dataset a user means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import cast

from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath

FileSelector = bool | str | RemotePath | Iterable[str | RemotePath] | re.Pattern[str] | Callable[[File], bool]


def select_files(files: Iterable[File], select: FileSelector) -> list[File]:
    r"""Return the files that are meant.

    Parameters
    ----------
    files:
        All files.
    select:
        True or False for all or none, a remote path or several, a pattern that is searched in the remote
        path, or a function.

    Returns
    -------
    :
        Those that are meant, in the order of ``files``.

    Raises
    ------
    ValueError
        If a path is named that none of the files has: it is most likely misspelt.
    TypeError
        If ``select`` is none of these.

    Examples
    --------
    >>> files = [File.from_remote(name, 1, "2026-03-01T12:00:00Z") for name in ("a.nxs", "b.log")]
    >>> [str(file.remote_path) for file in select_files(files, re.compile(r"\.nxs$"))]
    ['a.nxs']
    """
    files = list(files)
    if isinstance(select, bool):
        return files if select else []
    if isinstance(select, re.Pattern) and isinstance(cast("object", select.pattern), str):
        return [file for file in files if select.search(file.remote_path.posix)]
    if isinstance(select, str | RemotePath):
        return _by_name(files, {str(select)})
    if isinstance(select, Iterable):
        return _by_name(files, {_name(one) for one in select})
    if callable(select):
        return [file for file in files if select(file)]
    raise _no_selector(select)


def _by_name(files: list[File], names: set[str]) -> list[File]:
    found = [file for file in files if file.remote_path.posix in names]
    if missing := names - {file.remote_path.posix for file in found}:
        shown = ", ".join(repr(name) for name in sorted(missing)[:5])
        raise ValueError(
            f"The dataset has no file {shown}{' and others' if len(missing) > 5 else ''}. "
            "Names are paths relative to the source folder; list them with dataset.files or "
            "the command scitacean show."
        )
    return found


def _name(one: object) -> str:
    if not isinstance(one, str | RemotePath):
        raise _no_selector(one)
    return str(one)


def _no_selector(value: object) -> TypeError:
    return TypeError(
        f"Cannot select files by {value!r}. Give True or False, a remote path or several, a pattern of "
        "re.compile for text, or a function of a file."
    )
