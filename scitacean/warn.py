"""Warning users where their own code is, however deep in the package something is noticed."""

from __future__ import annotations

import sys
import warnings


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, naming the line outside of this package that led here.

    Parameters
    ----------
    message:
        What may go wrong.
    category:
        Kind of the warning.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_user("The folder is empty.")
    >>> str(caught[0].message)
    'The folder is empty.'
    """
    level = 2
    frame = sys._getframe(1)  # noqa: SLF001  (documented in spite of its name)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "scitacean":
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
