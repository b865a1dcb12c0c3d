"""Paths on file servers: POSIX paths, whatever system this is."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from functools import total_ordering
from itertools import accumulate
from pathlib import PurePath


@total_ordering
class RemotePath:
    """A path on a file server, with the rules of POSIX on every operating system.

    Repeated slashes and ``.`` are dropped; ``..`` stays until :meth:`resolve`, because on the server it
    may follow a link. A RemotePath compares equal to the string that shows it. Paths are ordered by their
    :attr:`parts`, so that a folder comes before what lies in it, and that before the next folder.

    Parameters
    ----------
    *path_segments:
        Joined with slashes, of which each may have some of its own; an absolute segment starts anew.

    Raises
    ------
    TypeError
        If a segment is a local path, whose separators may differ (use :meth:`from_local`), or no text.

    Examples
    --------
    >>> RemotePath("/data", "run 7", "a.nxs").posix
    '/data/run 7/a.nxs'
    >>> RemotePath("/data") / "a.nxs" == "/data/a.nxs"
    True
    """

    __slots__ = ("_posix",)

    def __init__(self, *path_segments: str | RemotePath) -> None:
        if len(path_segments) == 1:
            self._posix = _normalised(_text(path_segments[0]))
            return
        joined = ""
        for segment in path_segments:
            text = _text(segment)
            joined = text if text.startswith("/") else f"{joined}/{text}" if joined else text
        self._posix = _normalised(joined)

    @classmethod
    def from_local(cls, path: PurePath) -> RemotePath:
        r"""Convert a relative or absolute local path; a drive letter becomes the first part.

        Parameters
        ----------
        path:
            The path on this machine.

        Raises
        ------
        ValueError
            If it is a path of Windows that names a computer, ``\\server\share\a.nxs``, or a device: no file
            server has such.

        Examples
        --------
        >>> from pathlib import PureWindowsPath
        >>> RemotePath.from_local(PureWindowsPath(r"run\a.nxs"))
        RemotePath('run/a.nxs')
        """
        if path.drive.startswith("\\\\"):
            raise ValueError(
                f"{path} names another computer, or a device, on Windows: paths on file servers do not. "
                "Give the path there as a string, or one relative to some folder."
            )
        return cls(path.as_posix())

    @classmethod
    def validate(cls, value: str | RemotePath) -> RemotePath:
        """Return a path as it is and make one of text, as libraries for data models ask.

        Parameters
        ----------
        value:
            A path, or its text.

        Raises
        ------
        TypeError
            If the value is neither.

        Examples
        --------
        >>> RemotePath.validate("/data/a.nxs")
        RemotePath('/data/a.nxs')
        """
        return value if isinstance(value, cls) else cls(value)

    def to_local(self) -> PurePath:
        """Return the path with the separators of this machine.

        Where it leads is not checked: paths of a catalogue can be ``../../x``. Downloads refuse those.

        Examples
        --------
        >>> RemotePath("run/a.nxs").to_local() == PurePath("run", "a.nxs")
        True
        """
        return PurePath(self._posix)

    @property
    def posix(self) -> str:
        """The path as a string.

        Examples
        --------
        >>> RemotePath("/data//run/.").posix
        '/data/run'
        """
        return self._posix

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the path; the root, of an absolute one, comes first as ``/``.

        Examples
        --------
        >>> RemotePath("/data/a.nxs").parts
        ('/', 'data', 'a.nxs')
        """
        posix = self._posix
        if posix.startswith("/"):
            return ("/", *posix[1:].split("/")) if len(posix) > 1 else ("/",)
        return () if posix == "." else tuple(posix.split("/"))

    @property
    def name(self) -> str:
        """The last part; empty for the root and the empty path.

        Examples
        --------
        >>> RemotePath("/data/a.nxs").name
        'a.nxs'
        """
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
        return _of(head or slash or ".")

    @property
    def suffix(self) -> str:
        """What follows the last dot of the name, with the dot; empty where there is none.

        Examples
        --------
        >>> RemotePath("a.tar.gz").suffix, RemotePath(".hidden").suffix
        ('.gz', '')
        """
        return _suffix(self.name)

    def is_absolute(self) -> bool:
        """Whether the path starts at the root.

        Examples
        --------
        >>> RemotePath("/data").is_absolute(), RemotePath("data").is_absolute()
        (True, False)
        """
        return self._posix.startswith("/")

    def is_relative_to(self, other: str | RemotePath) -> bool:
        """Whether the path is ``other`` or surely lies inside it, by its names alone.

        ``..`` takes a name back, so ``/data/../etc`` does not lie inside ``/data``. Relative paths start
        at the same folder, of which nothing else is known: ``a`` lies inside ``.`` and inside ``..``, but
        ``../a`` does not lie inside ``.``. Nothing is known of a relative and an absolute path.

        Parameters
        ----------
        other:
            A folder.

        Raises
        ------
        TypeError
            If ``other`` is neither text nor a path on a file server.

        Examples
        --------
        >>> RemotePath("/data/run").is_relative_to(RemotePath("/data"))
        True
        >>> RemotePath("/data-2").is_relative_to(RemotePath("/data"))
        False
        >>> RemotePath("/data/../etc").is_relative_to(RemotePath("/data"))
        False
        """
        inner, outer = self.resolve().posix, RemotePath.validate(other).resolve().posix
        if outer == "." or outer == ".." or outer.endswith("/.."):
            # The start, or a folder above it: all is inside that does not lead further up.
            return not inner.startswith("/") and _ups(inner) <= _ups(outer)
        return inner == outer or inner.startswith(outer if outer == "/" else f"{outer}/")

    def relative_to(self, other: str | RemotePath) -> RemotePath:
        """Return what follows ``other``: joined to it, it leads where this path leads.

        Parameters
        ----------
        other:
            A folder.

        Raises
        ------
        TypeError
            If ``other`` is neither text nor a path on a file server.
        ValueError
            If the path does not lie inside ``other``, or it is not known how: ``a`` lies inside ``..``, but
            in a folder without a known name.

        Examples
        --------
        >>> RemotePath("/data/run/a.nxs").relative_to("/data")
        RemotePath('run/a.nxs')
        """
        folder = RemotePath.validate(other)
        if not self.is_relative_to(folder):
            raise ValueError(f"{self.posix!r} does not lie inside {folder.posix!r}.")
        parts, start = self.parts, folder.parts
        if parts[: len(start)] == start:
            # Not resolved where that is not needed: on the server, .. may follow a link.
            rest = RemotePath("/".join(parts[len(start) :]))
            if not _ups(rest.resolve().posix):
                return rest
        inner, outer = self.resolve(), folder.resolve()
        if _ups(inner.posix) != _ups(outer.posix):
            raise ValueError(
                f"{self.posix!r} lies inside {folder.posix!r}, but in a folder whose name is not known: "
                "make both absolute."
            )
        return RemotePath("/".join(inner.parts[len(outer.parts) :]))

    def resolve(self) -> RemotePath:
        """Remove ``..`` by names; those at the root are dropped, those that lead above the start stay.

        Examples
        --------
        >>> RemotePath("/data/run/../a").resolve()
        RemotePath('/data/a')
        >>> RemotePath("a/../../b").resolve()
        RemotePath('../b')
        """
        if ".." not in self._posix:
            return self
        kept: list[str] = []
        for part in self.parts:
            if part == ".." and kept and kept[-1] not in ("..", "/"):
                kept.pop()
            elif part != ".." or kept[-1:] != ["/"]:
                kept.append(part)
        return RemotePath(*kept)

    def truncated(self, max_length: int = 255) -> RemotePath:
        """Shorten names that are longer than file systems take.

        A shortened name has the start of the old one, ``~``, 16 hexadecimal digits that tell it from others
        with the same start, and the old suffix, if that leaves room. The same name is always shortened in
        the same way.

        Parameters
        ----------
        max_length:
            Longest name in bytes of UTF-8, at least 17. Most file systems take 255.

        Raises
        ------
        ValueError
            If ``max_length`` is below 17.

        Examples
        --------
        >>> RemotePath("data/" + 300 * "a" + ".nxs").truncated(30).posix
        'data/aaaaaaaaa~56bfedad8f3d5048.nxs'
        """
        if max_length < _LONGEST_MARK:
            raise ValueError(f"max_length is at least {_LONGEST_MARK}, got {max_length}.")
        if len(self._posix) <= max_length // _MOST_BYTES:
            return self
        return RemotePath("/".join([_shortened(name, max_length) for name in self._posix.split("/")]))

    def __truediv__(self, other: str | RemotePath) -> RemotePath:
        if isinstance(other, RemotePath):
            if self._posix not in (".", "/") and other._posix[0] not in "/.":
                # Both are normal, and so is what they make together: for tens of thousands of files.
                return _of(f"{self._posix}/{other._posix}")
        elif not isinstance(other, str):
            return NotImplemented
        return RemotePath(self, other)

    def __rtruediv__(self, other: str) -> RemotePath:
        if not isinstance(other, str):
            return NotImplemented
        return RemotePath(other, self)

    def __str__(self) -> str:
        return self._posix

    def __repr__(self) -> str:
        return f"RemotePath({self._posix!r})"

    def __reduce__(self) -> tuple[type[RemotePath], tuple[str]]:
        return RemotePath, (self._posix,)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RemotePath):
            return self._posix == other._posix
        if isinstance(other, str):
            return self._posix == other
        return NotImplemented

    def __lt__(self, other: RemotePath) -> bool:
        if not isinstance(other, RemotePath):
            return NotImplemented
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(self._posix)


_LONGEST_MARK = 17
_MOST_BYTES = 4
"""Of a character in UTF-8."""


def _of(posix: str) -> RemotePath:
    """Make a path of text that is normal already."""
    path = RemotePath.__new__(RemotePath)
    path._posix = posix  # noqa: SLF001
    return path


def _text(segment: object) -> str:
    if isinstance(segment, str):
        return segment if type(segment) is str else str.__str__(segment)
    if isinstance(segment, RemotePath):
        return segment.posix
    if isinstance(segment, os.PathLike):
        raise TypeError(f"{segment!r} is a local path. Use RemotePath.from_local or give a string.")
    raise TypeError(f"A path on a file server is made of strings, got {segment!r}.")


def _normalised(path: str) -> str:
    # Most paths are normal; to find that out is faster than to take them apart.
    if path and path[-1] != "/" and path[0] != "." and "//" not in path and "/." not in path:
        return path
    names = "/".join([name for name in path.split("/") if name not in ("", ".")])
    return f"/{names}" if path.startswith("/") else names or "."


def _ups(resolved: str) -> int:
    """Count the ``..`` that a resolved path starts with."""
    return resolved.split("/").count("..")


def _suffix(name: str) -> str:
    stem, dot, end = name.rpartition(".")
    return dot + end if stem.strip(".") and end else ""


def _shortened(name: str, max_length: int) -> str:
    # Names of the file server that are no text have lone surrogates.
    encoded = name.encode("utf-8", "surrogatepass")
    if len(encoded) <= max_length:
        return name
    mark = f"~{hashlib.sha256(encoded).hexdigest()[: _LONGEST_MARK - 1]}"
    suffix = _suffix(name)
    room = max_length - _LONGEST_MARK - len(suffix.encode("utf-8", "surrogatepass"))
    if room < 0:
        suffix, room = "", max_length - _LONGEST_MARK
    stem = name[: len(name) - len(suffix)]
    return _start(stem, room) + mark + suffix


def _start(text: str, room: int) -> str:
    """Return as many whole characters as fit into a number of bytes."""
    ends = list(accumulate(len(character.encode("utf-8", "surrogatepass")) for character in text))
    return text[: bisect_right(ends, room)]
