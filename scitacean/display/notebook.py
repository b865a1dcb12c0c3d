"""Whether somebody looks on in a notebook."""

from __future__ import annotations

import sys


def in_notebook() -> bool:
    """Whether this runs in a notebook, which can show progress bars.

    Examples
    --------
    >>> in_notebook()
    False
    """
    # Scripts do not load what it takes to look closer.
    if "ipykernel" not in sys.modules:
        return False
    from rich.console import Console

    return Console().is_jupyter
