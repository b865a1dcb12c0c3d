"""Persistent identifiers of datasets."""

from __future__ import annotations

import uuid
from typing import Self


class PID:
    """A persistent identifier: an optional prefix, a slash, and the identifier itself.

    The prefix belongs to the facility and ends at the first slash; the identifier may contain more
    slashes, blanks and any other character. A PID compares equal to the string that shows it.

    Parameters
    ----------
    pid:
        The identifier without its prefix.
    prefix:
        The prefix, without the slash; None where there is none.

    Raises
    ------
    TypeError
        If ``pid`` is no text.
    ValueError
        If ``pid`` or ``prefix`` is empty, if ``prefix`` has a slash, or ``pid`` has one without a prefix.

    Examples
    --------
    >>> pid = PID.parse("20.500.12345/6f1c-aa")
    >>> pid.prefix, pid.pid
    ('20.500.12345', '6f1c-aa')
    >>> str(pid)
    '20.500.12345/6f1c-aa'
    """

    __slots__ = ("_pid", "_prefix")

    def __init__(self, *, pid: str, prefix: str | None = None) -> None:
        if not isinstance(pid, str):
            raise TypeError(f"A PID is made of a string, got {pid!r}.")
        if not pid:
            raise ValueError("A PID needs an identifier; it is empty.")
        if prefix is not None and (not prefix or "/" in prefix):
            raise ValueError(f"The prefix of a PID is not empty and has no slash, got {prefix!r}.")
        if prefix is None and "/" in pid:
            raise ValueError(f"{pid!r} has a slash, so it has a prefix: use PID.parse.")
        self._pid = pid
        self._prefix = prefix

    @classmethod
    def parse(cls, x: str | PID) -> PID:
        """Make a PID from its text, splitting at the first slash.

        Parameters
        ----------
        x:
            ``"prefix/identifier"`` or ``"identifier"``; a PID is returned as it is.

        Raises
        ------
        ValueError
            If the identifier or the prefix is empty.
        TypeError
            If it is neither text nor a PID.

        Examples
        --------
        >>> PID.parse("site/a/b").pid
        'a/b'
        """
        if isinstance(x, PID):
            return x
        if not isinstance(x, str):
            raise TypeError(f"A PID is made of a string, got {x!r}.")
        prefix, slash, pid = x.partition("/")
        return cls(pid=pid, prefix=prefix) if slash else cls(pid=prefix)

    @classmethod
    def validate(cls, value: str | PID) -> PID:
        """Return what :meth:`parse` does, under the name that libraries for data models ask for.

        Parameters
        ----------
        value:
            Text, or a PID.

        Raises
        ------
        ValueError
            If the identifier or the prefix is empty.
        TypeError
            If it is neither text nor a PID.

        Examples
        --------
        >>> PID.validate("site/a")
        PID(pid='a', prefix='site')
        """
        return cls.parse(value)

    @classmethod
    def generate(cls, *, prefix: str | None = None) -> Self:
        """Make a new, unique PID.

        Parameters
        ----------
        prefix:
            The prefix of the facility; servers put their own before a PID without one.

        Raises
        ------
        ValueError
            If the prefix is empty or has a slash.

        Examples
        --------
        >>> PID.generate(prefix="site") == PID.generate(prefix="site")
        False
        """
        return cls(pid=str(uuid.uuid4()), prefix=prefix)

    @property
    def pid(self) -> str:
        """The identifier without prefix.

        Examples
        --------
        >>> PID.parse("site/7").pid
        '7'
        """
        return self._pid

    @property
    def prefix(self) -> str | None:
        """The prefix, None where there is none.

        Examples
        --------
        >>> PID.parse("site/7").prefix
        'site'
        """
        return self._prefix

    @property
    def without_prefix(self) -> PID:
        """The same identifier without its prefix.

        Raises
        ------
        ValueError
            If the identifier has a slash itself: without the prefix it would read as another PID.

        Examples
        --------
        >>> PID.parse("site/7").without_prefix
        PID(pid='7', prefix=None)
        """
        return PID(pid=self._pid)

    def __str__(self) -> str:
        return self._pid if self._prefix is None else f"{self._prefix}/{self._pid}"

    def __repr__(self) -> str:
        return f"PID(pid={self._pid!r}, prefix={self._prefix!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PID | str):
            return str(self) == str(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))
