"""Finding the files of this machine that a user names."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from scitacean.errors import FileNotAccessibleError, LocalFileNotFoundError
from scitacean.model.local_status import status_of, unreadable
from scitacean.model.remote_path import RemotePath
from scitacean.warn import warn_user

_MOST_NAMED = 10

_MOST_WAYS = 1000
"""How many ways may lead to a folder. Links in folders that links lead to multiply: two in each of thirty
folders would give more files than anybody has."""

_WITH_JUNCTIONS = os.name == "nt"
"""Whether a folder that is no link may be somewhere else all the same."""


def find_local_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    base_path: str | os.PathLike[str] | None = None,
    hidden: bool = True,
) -> list[tuple[Path, RemotePath]]:
    """Find files, those of whole trees for folders, with their paths in a dataset.

    Links are followed where they are named by the user. Inside a folder, links to files and folders of
    that folder are followed, and links that lead out of it are refused, so that nothing gets into the
    catalogue that the user did not name. What a link leads to is in the dataset once for each way to it.

    Parameters
    ----------
    paths:
        Files and folders. ``~`` stands for one's home folder.
    base_path:
        Paths in the dataset are relative to it; see :meth:`scitacean.Dataset.add_local_files`.
    hidden:
        Whether to look at hidden files and folders inside the folders that are named.

    Returns
    -------
    :
        Absolute paths on this machine, and those in the dataset; those of a folder ordered by their names.

    Raises
    ------
    LocalFileNotFoundError
        If a path, or what a link points to, is not there.
    FileNotAccessibleError
        If something cannot be looked at, or a folder cannot be read.
    ValueError
        If a path lies outside ``base_path``, is neither file nor folder, or is a link that leads out of
        its folder or back to one that it lies in, or if links lead to a folder on more than 1,000 ways.

    Warns
    -----
    UserWarning
        If there are folders with nothing in them, or nothing but hidden files that are left out: the
        catalogue keeps files only.

    Examples
    --------
    >>> Path("run/raw").mkdir(parents=True)
    >>> _ = Path("run/raw/a.csv").write_text("1,2")
    >>> [(local.name, remote) for local, remote in find_local_files(["run"])]
    [('a.csv', RemotePath('raw/a.csv'))]
    """
    found: list[tuple[Path, RemotePath]] = []
    empty: list[str] = []
    base = None if base_path is None else _Base(_expanded(base_path))
    for path in paths:
        start = _expanded(path)
        mode = status_of(start).st_mode
        if stat.S_ISDIR(mode):
            prefix = RemotePath("") if base is None else base.relative(start)
            found += _Tree(start, prefix, hidden=hidden, empty=empty).files()
        elif stat.S_ISREG(mode):
            folder = RemotePath("") if base is None else base.relative_folder(start.parent)
            found.append((start, folder / start.name))
        else:
            raise _no_file(str(start))
    if empty:
        others = len(empty) - _MOST_NAMED
        warn_user(
            f"These folders are empty, and will not be in the dataset, which has files only: "
            f"{', '.join(empty[:_MOST_NAMED])}{f' and {others} others' if others > 0 else ''}."
        )
    return found


def _expanded(path: str | os.PathLike[str]) -> Path:
    # Other than pathlib's, this leaves names like "~$run.docx" alone.
    return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111


@attrs.frozen
class _Folder:
    """A folder that is being searched.

    Attributes
    ----------
    path:
        How the user would call it.
    prefix:
        What its files' paths in the dataset start with.
    real:
        Where it really is.
    entries:
        What has not been looked at yet.
    """

    path: str
    prefix: str
    real: str
    entries: Iterator[os.DirEntry[str]]


class _Tree:
    """A folder that is searched with all that lies in it."""

    def __init__(self, top: Path, remote: RemotePath, *, hidden: bool, empty: list[str]) -> None:
        self._root = os.path.realpath(top)
        self._hidden = hidden
        self._empty = empty
        """Folders that have no files."""
        self._ways: Counter[str] = Counter()
        """How often each folder was found, by where it really is."""
        self._targets: dict[str, str] = {}
        """What links point to, by where they really are."""
        self._inside = [self._opened(str(top), f"{remote}/", self._root)]

    def files(self) -> Iterator[tuple[Path, RemotePath]]:
        """Yield the files."""
        # No recursion: trees may be deeper than Python's stack.
        while self._inside:
            folder = self._inside[-1]
            entry = next(folder.entries, None)
            if entry is None:
                self._inside.pop()
                continue
            try:
                real = self._real_path(entry, folder)
                if entry.is_file():
                    yield Path(entry.path), RemotePath(folder.prefix + entry.name)
                elif entry.is_dir():
                    self._inside.append(self._opened(entry.path, f"{folder.prefix}{entry.name}/", real))
                else:
                    raise _no_file(entry.path)
            except FileNotAccessibleError:
                raise
            except OSError as error:
                raise unreadable(entry.path, error) from error

    def _opened(self, path: str, prefix: str, real: str) -> _Folder:
        self._ways[real] += 1
        if self._ways[real] > _MOST_WAYS:
            raise ValueError(
                f"Links lead to {real} on more than {_MOST_WAYS:,} ways, so that its files would be in the "
                f"dataset as often; {path} is one way. Remove links, or name the folders one by one."
            )
        try:
            with os.scandir(path) as scan:
                entries = [entry for entry in scan if self._hidden or not _is_hidden(entry)]
        except OSError as error:
            raise unreadable(path, error) from error
        if not entries:
            self._empty.append(path)
        entries.sort(key=lambda entry: entry.name)
        return _Folder(path, prefix, real, iter(entries))

    def _real_path(self, entry: os.DirEntry[str], folder: _Folder) -> str:
        """Return where an entry really is, if it may be used."""
        place = os.path.join(folder.real, entry.name)  # noqa: PTH118  (each entry of each folder comes here)
        if not entry.is_symlink() and not (_WITH_JUNCTIONS and entry.is_dir()):
            return place
        real = self._targets.get(place)
        if real is None:
            real = self._targets[place] = _target(entry.path, self._root)
        if any(_is_inside(other.real, real) for other in self._inside):
            raise _loop(entry.path)
        return real


def _target(link: str, root: str) -> str:
    """Return what a link points to, if that is there and inside the folder that is searched."""
    real = os.path.realpath(link)
    if not _is_inside(real, root):
        raise ValueError(
            f"{link} is a link to {real}, outside {root}. "
            "Name what it points to as a path of its own, or remove the link."
        )
    try:
        os.path.realpath(link, strict=True)
    except FileNotFoundError:
        raise LocalFileNotFoundError(
            f"{link} is a link to {real}, which is not there.", hint="Remove the link, or mend it."
        ) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _loop(link) from None
        raise
    return real


def _is_inside(path: str, folder: str) -> bool:
    """Whether a real path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0) if _WITH_JUNCTIONS else 0
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


class _Base:
    """What paths in the dataset are relative to."""

    def __init__(self, path: Path) -> None:
        self._path = _without_dots(path)
        self._real = Path(os.path.realpath(self._path))
        self._folders: dict[Path, RemotePath] = {}

    def relative_folder(self, path: Path) -> RemotePath:
        """Return what :meth:`relative` does, for a folder that many files lie in."""
        if path not in self._folders:
            self._folders[path] = self.relative(path)
        return self._folders[path]

    def relative(self, path: Path) -> RemotePath:
        """Return a relative path: as the user names both or, else, where they really are."""
        path = _without_dots(path)
        linked, real = Path(os.path.realpath(path.parent), path.name), Path(os.path.realpath(path))
        for one, other in ((path, self._path), (linked, self._real), (real, self._real)):
            if one.is_relative_to(other):
                return RemotePath.from_local(one.relative_to(other))
        raise ValueError(f"{path} does not lie inside the base path {self._path}.")


def _without_dots(path: Path) -> Path:
    """Remove ``..``, by names where that leads to the same place."""
    normal, real = os.path.normpath(path), os.path.realpath(path)
    return Path(normal if os.path.realpath(normal) == real else real)


def _loop(path: str) -> ValueError:
    return ValueError(f"{path} is a link to itself or to a folder that it lies in: a loop. Remove the link.")


def _no_file(path: str) -> ValueError:
    return ValueError(f"{path} is neither a file nor a folder. Leave it out or move it away.")
