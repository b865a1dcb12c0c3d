"""Running the command: every failure becomes a sentence and exit status 1, none a traceback."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from typer.main import get_command

from scitacean.cli.commands import app
from scitacean.cli.interrupts import ended_like_interrupted
from scitacean.display.table import printable
from scitacean.errors import ScicatError


def run(arguments: Sequence[str]) -> int:
    """Run the command with arguments and return its exit status."""
    command = get_command(app)
    try:
        with ended_like_interrupted(), _warnings_told():
            command.main(list(arguments), prog_name="scitacean")
    except SystemExit as exit_:
        return 1 if exit_.code else 0
    except (ScicatError, OSError, ValueError) as error:
        return _fail(str(error))
    return 0


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Show warnings that are meant for users as sentences, without the line of code that they come from."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        show = warnings.showwarning

        def tell(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, UserWarning):
                _tell(f"warning: {message}")
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = tell
        yield


def _fail(message: str) -> int:
    _tell(message)
    return 1


def _tell(message: str) -> None:
    print(f"scitacean: {printable(message)}", file=sys.stderr)  # noqa: T201
