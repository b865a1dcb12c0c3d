"""Running the command: every failure becomes a sentence and exit status 1, none a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from typer.main import get_command

from scitacean.cli.commands import app
from scitacean.cli.interrupts import ended_like_interrupted
from scitacean.display.table import printable
from scitacean.errors import ScicatError


def run(arguments: Sequence[str]) -> int:
    """Run the command with arguments and return its exit status."""
    command = get_command(app)
    try:
        with ended_like_interrupted():
            command.main(list(arguments), prog_name="scitacean")
    except SystemExit as exit_:
        return 1 if exit_.code else 0
    except (ScicatError, OSError, ValueError) as error:
        return _fail(str(error))
    return 0


def _fail(message: str) -> int:
    print(f"scitacean: {printable(message)}", file=sys.stderr)  # noqa: T201
    return 1
