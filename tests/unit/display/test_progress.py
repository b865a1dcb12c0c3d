"""Progress bars are for terminals."""

from __future__ import annotations

import io
from types import SimpleNamespace

from rich.console import Console

from scitacean.display.progress import progress_bar

STATE = SimpleNamespace(phase="moving", files_done=1, files_total=2, bytes_done=500, bytes_total=1000)


def test_terminals_show_how_far_it_is() -> None:
    screen = io.StringIO()
    with progress_bar(Console(file=screen, force_terminal=True, width=120)) as bar:
        assert bar is not None
        bar(STATE)
    assert "moving" in screen.getvalue()
    assert "1/2 files" in screen.getvalue()


def test_nothing_is_written_where_nobody_looks() -> None:
    log = io.StringIO()
    with progress_bar(Console(file=log)) as bar:
        assert bar is None
    assert log.getvalue() == ""
