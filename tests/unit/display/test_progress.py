"""Progress bars are for people who look at a terminal or a notebook."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from scitacean import Client, Dataset, File, FileNotAccessibleError
from scitacean.display.progress import progress_bar
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.workflow.download import download_files

STATE = SimpleNamespace(
    phase="moving", files_done=1, files_total=2, bytes_done=500, bytes_total=1000, rate=2_000_000.0
)


def terminal(screen: io.StringIO) -> Console:
    return Console(file=screen, force_terminal=True, width=120)


def test_terminals_show_how_far_it_is() -> None:
    screen = io.StringIO()
    with progress_bar(terminal(screen)) as bar:
        bar(STATE)
    assert "moving" in screen.getvalue()
    assert "1/2 files" in screen.getvalue()
    assert "2.0 MB/s" in screen.getvalue()


def test_nothing_is_written_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()
    for bar in (progress_bar(Console(file=log)), progress_bar()):
        with bar:
            bar(STATE)
    assert log.getvalue() == ""
    assert capsys.readouterr() == ("", "")


def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_bytes(b"123")
    file = File.from_remote("a", 3, "2026-03-01T12:00:00Z")
    return Dataset(type="raw", source_folder=(tmp_path / "data").as_posix(), files=[file])


def wait_for_threads(others: set[threading.Thread]) -> None:
    """Wait for the thread that draws: it notes at its next turn that it is over."""
    for thread in set(threading.enumerate()) - others:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize("entered", [False, True])
def test_downloads_begin_and_end_it(tmp_path: Path, entered: bool) -> None:
    screen, threads = io.StringIO(), set(threading.enumerate())
    bar = progress_bar(terminal(screen))
    source = dataset(tmp_path)
    for target in ("one", "two"):
        if entered:
            with bar:
                download_files(source, target=tmp_path / target, transfer=CopyFileTransfer(), on_progress=bar)
        else:
            download_files(source, target=tmp_path / target, transfer=CopyFileTransfer(), on_progress=bar)
        wait_for_threads(threads)
    assert "done" in screen.getvalue()
    assert "1/1 files" in screen.getvalue()
    (tmp_path / "data" / "a").unlink()
    with pytest.raises(FileNotAccessibleError):
        download_files(source, target=tmp_path / "three", transfer=CopyFileTransfer(), on_progress=bar)
    wait_for_threads(threads)


def test_scripts_print_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Client.local(tmp_path / "local") as client:
        Client(client=client.scicat, file_transfer=CopyFileTransfer()).download_files(
            dataset(tmp_path), target=tmp_path / "target"
        )
    assert capsys.readouterr().out == ""
