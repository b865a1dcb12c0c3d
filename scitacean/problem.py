"""One thing that is wrong, and several of them as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

_MAX_SHOWN = 60
_MAX_ROWS = 100


@attrs.frozen
class Problem:
    """One thing that is wrong with what a user or a server wrote.

    Attributes
    ----------
    field:
        Where, in Python names; in the names of the catalogue for what a server sent.
    value:
        What is there.
    expected:
        What should be there.
    severity:
        ``"warning"`` for what the catalogue takes but may not give back as it was, else ``"error"``.

    Examples
    --------
    >>> print(Problem("owner_group", None, "a group that you are a member of"))
    owner_group is None; expected a group that you are a member of
    """

    field: str
    value: object
    expected: str
    severity: Literal["error", "warning"] = "error"

    @property
    def shown_value(self) -> str:
        """The value, shortened where it is long."""
        try:
            shown = repr(self.value)
        except Exception:  # noqa: BLE001  (numbers of thousands of digits, deep nesting, anybody's own repr)
            shown = f"<{type(self.value).__name__}>"
        return shown if len(shown) <= _MAX_SHOWN else shown[: _MAX_SHOWN - 3] + "..."

    def __str__(self) -> str:
        return f"{self.field} is {self.shown_value}; expected {self.expected}"


def problem_table(problems: Sequence[Problem]) -> str:
    """Lay problems out in columns, one line for each of the first hundred.

    Examples
    --------
    >>> print(problem_table([Problem("name", None, "a name"), Problem("run_number", 7, "text")]))
      field       value  expected
      name        None   a name
      run_number  7      text
    """
    if not problems:
        return ""
    first_ones = problems[:_MAX_ROWS]
    rows = [("field", "value", "expected"), *((p.field, p.shown_value, p.expected) for p in first_ones)]
    lines = [[_on_one_line(cell) for cell in row] for row in rows]
    first, second = (max(len(line[column]) for line in lines) for column in (0, 1))
    table = [f"  {field:<{first}}  {value:<{second}}  {expected}" for field, value, expected in lines]
    more = len(problems) - _MAX_ROWS
    return "\n".join([*table, f"  and {more:,} more"] if more > 0 else table)


def _on_one_line(cell: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cell)
