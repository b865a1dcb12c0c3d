"""The command ``scitacean``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments:
        What follows the name of the command; by default what the shell gave.

    Returns
    -------
    :
        Exit status: 0, or 1 where something went wrong, which standard error then says.
    """
    # Loading takes a moment, in which people change their minds, too.
    try:
        from scitacean.cli.run import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        print("scitacean: Interrupted.", file=sys.stderr)  # noqa: T201
        return 1
