"""Of many problems of one kind in one list, the first, and how many more there are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import attrs

from scitacean.problem import Problem


@attrs.define
class Repeated:
    """The problems of one list: passes on the first of each kind and counts the others.

    A list of a million NaN has one mistake in it, not a million.

    Parameters
    ----------
    at:
        How to call the list in the problem that counts.

    Examples
    --------
    >>> repeated = Repeated("keywords")
    >>> problems = [Problem(f"keywords[{index}]", index, "text") for index in range(1000)]
    >>> found = [one for problem in problems for one in repeated.first(problem)]
    >>> [str(problem) for problem in [*found, *repeated.others()]]
    ['keywords[0] is 0; expected text', "keywords is '999 more like the first'; expected text"]
    """

    at: str
    _counts: dict[Hashable, int] = attrs.field(factory=dict, init=False)
    _second: dict[Hashable, Problem] = attrs.field(factory=dict, init=False)

    def first(self, problem: Problem, kind: Hashable = None) -> Iterator[Problem]:
        """Pass on a problem where it is the first of its kind.

        Parameters
        ----------
        problem:
            The problem of an item.
        kind:
            What the problem has in common with others, besides what is expected and how severe it is.

        Returns
        -------
        :
            The problem, or nothing.

        Examples
        --------
        >>> list(Repeated("keywords").first(Problem("keywords[0]", 7, "text")))
        [Problem(field='keywords[0]', value=7, expected='text', severity='error')]
        """
        key = (problem.severity, problem.expected, kind)
        if self.is_counted(key):
            return
        if key in self._counts:
            self._second[key] = problem
        else:
            yield problem
        self._counts[key] = self._counts.get(key, 0) + 1

    def is_counted(self, key: tuple[str, str, Hashable]) -> bool:
        """Count a problem of which there were two before, so that it need not be made.

        Parameters
        ----------
        key:
            Its severity, what is expected, and the kind.

        Returns
        -------
        :
            Whether it is counted; otherwise it is to be given to :meth:`first`.

        Examples
        --------
        >>> Repeated("keywords").is_counted(("error", "text", None))
        False
        """
        if self._counts.get(key, 0) < 2:
            return False
        self._counts[key] += 1
        return True

    def others(self) -> Iterator[Problem]:
        """Pass on one problem for the others of each kind: itself where it is one, else how many they are.

        Examples
        --------
        >>> list(Repeated("keywords").others())
        []
        """
        for key, second in self._second.items():
            count = self._counts[key] - 1
            if count == 1:
                yield second
            else:
                yield attrs.evolve(second, field=self.at, value=f"{count:,} more like the first")
