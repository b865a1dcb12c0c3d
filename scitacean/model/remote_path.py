"""Paths on file servers: POSIX paths, whatever system this is."""

from __future__ import annotations

import os
from pathlib import PurePath


class RemotePath:
    """A path on a file server, with the rules of POSIX on every operating system.

    Repeated slashes and ``.`` are dropped; ``..`` stays until :meth:`resolve`, because on the server it
    may follow a link. A RemotePath compares equal to the string that shows it.

    Parameters
    ----------
    *path_segments:
        Joined with slashes; an absolute segment starts anew.

    Raises
    ------
    TypeError
        If a segment is a local path. Its separators may differ: use :meth:`from_local`.

    Examples
    --------
    >>> RemotePath("/data", "run 7", "a.nxs").posix
    '/data/run 7/a.nxs'
    >>> RemotePath("/data") / "a.nxs" == "/data/a.nxs"
    True
    """

    __slots__ = ("_posix",)

    def __init__(self, *path_segments: str | RemotePath) -> None:
        joined = ""
        for segment in path_segments:
            if isinstance(segment, os.PathLike):
                raise TypeError(f"{segment!r} is a local path. Use RemotePath.from_local or give a string.")
            text = str(segment)
            joined = text if text.startswith("/") else f"{joined}/{text}" if joined else text
        self._posix = _normalised(joined)

    @classmethod
    def from_local(cls, path: PurePath) -> RemotePath:
        r"""Convert a relative or absolute local path; a drive letter becomes the first part.

        Examples
        --------
        >>> from pathlib import PureWindowsPath
        >>> RemotePath.from_local(PureWindowsPath(r"run\a.nxs"))
        RemotePath('run/a.nxs')
        """
        return cls(path.as_posix())

    @property
    def posix(self) -> str:
        """The path as a string."""
        return self._posix

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the path; the root, of an absolute one, comes first as ``/``."""
        names = tuple(name for name in self._posix.split("/") if name not in ("", "."))
        return ("/", *names) if self.is_absolute() else names

    @property
    def name(self) -> str:
        """The last part; empty for the root and the empty path."""
        name = self._posix.rpartition("/")[2]
        return "" if name == "." else name

    @property
    def parent(self) -> RemotePath:
        """The path without its last part; the root is its own parent.

        Examples
        --------
        >>> RemotePath("/data/a.nxs").parent
        RemotePath('/data')
        """
        head, slash, _ = self._posix.rpartition("/")
        return RemotePath(head or slash)

    @property
    def suffix(self) -> str:
        """What follows the last dot of the name, with the dot; empty where there is none.

        Examples
        --------
        >>> RemotePath("a.tar.gz").suffix, RemotePath(".hidden").suffix
        ('.gz', '')
        """
        stem, dot, end = self.name.rpartition(".")
        return dot + end if stem.strip(".") and end else ""

    def is_absolute(self) -> bool:
        """Whether the path starts at the root."""
        return self._posix.startswith("/")

    def is_relative_to(self, other: RemotePath) -> bool:
        """Whether the path is ``other`` or lies inside it, by its names alone.

        ``..`` is taken as a name; :meth:`resolve` first where that matters.

        Examples
        --------
        >>> RemotePath("/data/run").is_relative_to(RemotePath("/data"))
        True
        >>> RemotePath("/data-2").is_relative_to(RemotePath("/data"))
        False
        """
        return self.parts[: len(other.parts)] == other.parts

    def relative_to(self, other: RemotePath) -> RemotePath:
        """What follows ``other``.

        Raises
        ------
        ValueError
            If the path does not lie inside ``other``.
        """
        if not self.is_relative_to(other):
            raise ValueError(f"{self.posix!r} does not lie inside {other.posix!r}.")
        return RemotePath(*self.parts[len(other.parts) :])

    def resolve(self) -> RemotePath:
        """Remove ``..`` by names; those that lead above an absolute root or a relative start stay or drop.

        Examples
        --------
        >>> RemotePath("/data/run/../a").resolve()
        RemotePath('/data/a')
        >>> RemotePath("a/../../b").resolve()
        RemotePath('../b')
        """
        kept: list[str] = []
        for part in self.parts:
            if part == ".." and kept and kept[-1] not in ("..", "/"):
                kept.pop()
            elif part != ".." or kept[-1:] != ["/"]:
                kept.append(part)
        return RemotePath(*kept)

    def __truediv__(self, other: str | RemotePath) -> RemotePath:
        if not isinstance(other, str | RemotePath):
            return NotImplemented
        return RemotePath(self, other)

    def __rtruediv__(self, other: str) -> RemotePath:
        return RemotePath(other, self)

    def __str__(self) -> str:
        return self._posix

    def __repr__(self) -> str:
        return f"RemotePath({self._posix!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RemotePath):
            return self._posix == other._posix
        if isinstance(other, str):
            return self._posix == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._posix)


def _normalised(path: str) -> str:
    names = "/".join([name for name in path.split("/") if name not in ("", ".")])
    return f"/{names}" if path.startswith("/") else names or "."
