"""Being stopped from outside: undo what was begun, and say what is where."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from scitacean.errors import ScicatError


class InterruptedByUserError(ScicatError):
    """Somebody stopped the command."""


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """Let a closed terminal or a batch system that ends the command undo as much as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with handling("SIGTERM", "SIGHUP", handler=_interrupt):
        yield


@contextmanager
def handling(*names: str, handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle signals, those of them that this system has, for as long as the block runs."""
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def interrupts_explained(what: str, outcome: str) -> Iterator[None]:
    """Turn an interrupt into an error that says what is where.

    Parameters
    ----------
    what:
        What is interrupted.
    outcome:
        What is where then, unless the interrupt has notes that say it.

    Raises
    ------
    InterruptedByUserError
        Instead of ``KeyboardInterrupt``.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        notes = " ".join(getattr(interrupt, "__notes__", ()))
        raise InterruptedByUserError(f"The {what} was interrupted.", hint=notes or outcome) from None


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
