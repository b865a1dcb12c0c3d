"""One thing that is wrong."""

from __future__ import annotations

import attrs

_MAX_SHOWN = 60


@attrs.frozen
class Problem:
    """One thing that is wrong with what a user or a server wrote.

    Attributes
    ----------
    field:
        Where, in Python names.
    value:
        What is there.
    expected:
        What should be there.

    Examples
    --------
    >>> print(Problem("owner_group", None, "a group that you are a member of"))
    owner_group is None; expected a group that you are a member of
    """

    field: str
    value: object
    expected: str

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > _MAX_SHOWN:
            shown = shown[: _MAX_SHOWN - 3] + "..."
        return f"{self.field} is {shown}; expected {self.expected}"
