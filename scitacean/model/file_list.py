"""The files of a dataset: adding or replacing some costs the same for each, however many there are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Self, cast

import attrs

from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath


def _to_list(files: Iterable[File]) -> list[File]:
    return list(files)


@attrs.define
class FileList:
    """Files in the order in which they were added.

    Parameters
    ----------
    files:
        The first files. What a server has may have one path twice; what is added later may not.
    """

    _files: list[File] = attrs.field(factory=list, converter=_to_list)
    _by_path: dict[str, File] | None = attrs.field(default=None, init=False, eq=False, repr=False)
    _view: tuple[File, ...] | None = attrs.field(default=None, init=False, eq=False, repr=False)

    def __iter__(self) -> Iterator[File]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __reduce__(self) -> tuple[type[Self], tuple[list[File]]]:
        # Copies and pickles are made anew of the files: no copy shares its list.
        return type(self), (self._files,)

    def view(self) -> tuple[File, ...]:
        """Return the files; the same object until some are added.

        Examples
        --------
        >>> len(FileList([File.from_remote("a", 1, "2026-03-01T12:00:00Z")]).view())
        1
        """
        if self._view is None:
            self._view = tuple(self._files)
        return self._view

    def add(self, files: Iterable[File]) -> None:
        """Add all files or, where two would have one path on the server, none.

        Parameters
        ----------
        files:
            The files.

        Raises
        ------
        ValueError
            If two files would have one path.
        TypeError
            If something is no :class:`scitacean.File`.

        Examples
        --------
        >>> files = FileList()
        >>> files.add([File.from_remote("a", 1, "2026-03-01T12:00:00Z")])
        >>> len(files)
        1
        """
        if self._by_path is None:
            self._by_path = {_path(file): file for file in self._files}
        new: dict[str, File] = {}
        for file in files:
            path = _path(file)
            other = self._by_path.get(path) or new.get(path)
            if other is not None:
                raise ValueError(
                    f"Two files would be {path!r} on the server: "
                    f"{other.local_path or 'one there'} and {file.local_path or 'one there'}. "
                    "Give one of them another remote path."
                )
            new[path] = file
        self._files.extend(new.values())
        self._by_path.update(new)
        self._view = None

    def replaced(self, files: Iterable[File]) -> Self:
        """Return a list in which files of the same remote path are replaced by the given ones.

        Where a server has one path several times, the first given file of that path replaces the first,
        the second the second, and so on.

        Parameters
        ----------
        files:
            What replaces files of the list.

        Raises
        ------
        ValueError
            If there are fewer files of a remote path than are given to replace them.
        TypeError
            If something is no :class:`scitacean.File`.

        Examples
        --------
        >>> old, new = (File.from_remote("a", size, "2026-03-01T12:00:00Z") for size in (1, 2))
        >>> [file.size for file in FileList([old]).replaced([new])]
        [2]
        """
        given = _Given(files)
        merged = [given.take(_path(file)) or file for file in self._files]
        if (path := given.left()) is not None:
            raise ValueError(f"There is no file {path!r} to replace, or it is given more than once.")
        return type(self)(merged)


class _Given:
    """Files that shall replace others, mostly in the order of those."""

    def __init__(self, files: Iterable[File]) -> None:
        self._coming = iter(files)
        self._waiting: dict[str, File] = {}
        # Apart, because nearly all paths are there once.
        self._more: dict[str, deque[File]] = {}

    def take(self, path: str) -> File | None:
        """Take the first file of a path, None where there is none; those before it wait for their turn."""
        found = self._waiting.pop(path, None)
        if found is not None:
            if more := self._more.get(path):
                self._waiting[path] = more.popleft()
            return found
        for file in self._coming:
            other = _path(file)
            if other == path:
                return file
            if other in self._waiting:
                self._more.setdefault(other, deque()).append(file)
            else:
                self._waiting[other] = file
        return None

    def left(self) -> str | None:
        """Return the path of a file that was not taken, None where all were."""
        return next(iter(self._waiting), None) or next(map(_path, self._coming), None)


def _path(file: File) -> str:
    if not isinstance(file, File):
        raise TypeError(
            f"{file!r} is no File. Make one with File.from_local or File.from_remote, or add files of this "
            "machine with add_local_files."
        )
    # A server may have anything as path; no good path has a NUL in it.
    path = cast("object", file.remote_path)
    return path.posix if isinstance(path, RemotePath) else f"\0{path!r}"
