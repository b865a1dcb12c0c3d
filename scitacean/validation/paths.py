"""Rules for paths that come from a catalogue: none may leave the folder it is meant for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import cast

from scitacean.problem import Problem
from scitacean.validation.text import is_unicode

_WINDOWS_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?", re.IGNORECASE
)
_WINDOWS_FORBIDDEN = re.compile(r'[\\:*?"<>|\x00-\x1f]')


def unsafe_path_reason(path: str, *, windows: bool) -> str:
    """Say why a path of a catalogue must not be used below a local folder; empty where it may.

    Parameters
    ----------
    path:
        The path as the catalogue has it; servers keep any text, ``../x`` and absolute ones too.
    windows:
        Whether the local system is Windows.

    Returns
    -------
    :
        A clause that goes on after "but".

    Examples
    --------
    >>> unsafe_path_reason("run/../../x", windows=False)
    'it has .. in it'
    >>> unsafe_path_reason("run/a.nxs", windows=True)
    ''
    """
    if not is_unicode(path):
        return "it is no valid unicode"
    if path.startswith("/"):
        return "it is absolute"
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts:
        return "it names no file"
    if ".." in parts:
        return "it has .. in it"
    if "\0" in path:
        return "it has a NUL character in it"
    return _windows_reason(parts) if windows else ""


def path_problem(value: object, at: str, *, windows: bool = False) -> Iterator[Problem]:
    """Find out whether a value is a path that a file can have below the source folder of a dataset.

    Parameters
    ----------
    value:
        The path as text.
    at:
        How to call it in the problem.
    windows:
        Whether the local system is Windows.

    Examples
    --------
    >>> [problem.expected for problem in path_problem("../run.nxs", "remote_path")]
    ['a path below the source folder, but it has .. in it']
    """
    if not isinstance(value, str):
        yield Problem(at, value, "a path below the source folder")
    elif reason := unsafe_path_reason(value, windows=windows):
        yield Problem(at, value, f"a path below the source folder, but {reason}")


def path_problems(
    paths: Sequence[object], at: str, *, windows: bool, macos: bool = False
) -> Iterator[Problem]:
    """Find out which paths of files cannot stand beside each other, in time linear in their number.

    Problems are unsafe paths, paths that several files have, and files where other files need a folder.

    Parameters
    ----------
    paths:
        The paths of the files as text, relative to the folder of the dataset.
    at:
        How to call the list of files in the problems.
    windows:
        Whether the local system is Windows, which does not tell upper from lower case.
    macos:
        Whether it is macOS, which tells neither these apart nor the ways to write an accented letter: as
        one character, or as a letter and its accent.

    Yields
    ------
    :
        Problems in the order of the paths.

    Examples
    --------
    >>> for problem in path_problems(["run/a.nxs", "../b.nxs", "run"], "files", windows=False):
    ...     print(problem)
    files[1].remote_path is '../b.nxs'; expected a path below the source folder, but it has .. in it
    files[2].remote_path is 'run'; expected a path that is no folder of another file, as of files[0]
    """
    names = [_name(path, windows=windows, macos=macos) if isinstance(path, str) else None for path in paths]
    first: dict[str, int] = {}
    folders: dict[str, int] = {}
    for index, name in enumerate(names):
        if name is not None:
            first.setdefault(name, index)
            _add_folders(name, index, folders)
    for index, (path, name) in enumerate(zip(paths, names, strict=True)):
        # There may be 100,000 paths, so what is plainly good is passed over quickly.
        if (
            name is not None
            and first[name] == index
            and name not in folders
            and not unsafe_path_reason(cast("str", path), windows=windows)
        ):
            continue
        field = f"{at}[{index}].remote_path"
        yield from path_problem(path, field, windows=windows)
        if name is not None and first[name] != index:
            yield Problem(field, path, f"a path that no other file has, as {at}[{first[name]}] does")
        if name is not None and name in folders:
            expected = f"a path that is no folder of another file, as of {at}[{folders[name]}]"
            yield Problem(field, path, expected)


def _name(path: str, *, windows: bool, macos: bool) -> str:
    """Return what is the same for all ways to write a path."""
    if macos:
        # Folding the case of a composed letter may give a decomposed one.
        path = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    if "//" in path or path.startswith("./") or path.endswith(("/", "/.")) or "/./" in path:
        names = "/".join(part for part in path.split("/") if part not in ("", "."))
        path = f"/{names}" if path.startswith("/") else names or "."
    return (path.lower() if windows else path) or "."


def _add_folders(name: str, index: int, folders: dict[str, int]) -> None:
    # A folder that is known has its own folders known, too: each is looked at once.
    folder = name.rpartition("/")[0]
    while folder and folder not in folders:
        folders[folder] = index
        folder = folder.rpartition("/")[0]


def _windows_reason(parts: list[str]) -> str:
    for part in parts:
        if _WINDOWS_FORBIDDEN.search(part):
            return f"{part!r} has a character that Windows does not allow in names"
        if part.endswith((".", " ")):
            return f"{part!r} ends with a dot or blank, which Windows drops"
        if _WINDOWS_RESERVED.fullmatch(part):
            return f"{part!r} is a device on Windows"
    return ""
