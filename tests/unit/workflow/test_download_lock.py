"""Downloads into one folder wait for each other."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scitacean.workflow.download_lock import only_download_into

HOLDER = """
import sys
from pathlib import Path
from scitacean.workflow.download_lock import only_download_into
with only_download_into(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scitacean" / "downloads"


@pytest.fixture
def waits(caplog: pytest.LogCaptureFixture) -> threading.Event:
    """Tell when a download says that it waits."""
    waits = threading.Event()

    def tell(record: logging.LogRecord) -> bool:
        if "waiting for it" in record.getMessage():
            waits.set()
        return True

    caplog.handler.addFilter(tell)
    return waits


def holder(target: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture(params=["end", "kill"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a process that downloads into a folder, and say how it will end."""
    with holder(tmp_path / "target" / "run") as process:
        yield process, request.param
        process.kill()


def let_end(process: subprocess.Popen[str], way: str) -> None:
    if way == "kill":
        process.send_signal(signal.SIGKILL)
    else:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


@pytest.mark.parametrize("inside", ["run", "run/sub", "", "link/run"])
def test_a_download_waits_for_one_of_another_process_however_that_ends(
    other: tuple[subprocess.Popen[str], str],
    tmp_path: Path,
    waits: threading.Event,
    registry: Path,
    inside: str,
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "link").symlink_to(tmp_path / "target")
    entered = threading.Event()

    def download() -> None:
        with only_download_into(tmp_path / "target" / inside):
            entered.set()

    thread = threading.Thread(target=download)
    thread.start()
    try:
        assert waits.wait(30)
        assert not entered.is_set()
    finally:
        let_end(*other)
        thread.join(30)
    assert entered.is_set()
    other[0].wait(30)
    assert [path.name for path in registry.iterdir()] == ["changing.lock"]


def test_downloads_into_other_folders_do_not_wait(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, registry: Path
) -> None:
    folders = [tmp_path / name for name in ("run", "run-2", "other/run", os.fsdecode(b"r\xe9n"))]
    with only_download_into(folders[0]), only_download_into(folders[1]), only_download_into(folders[2]):
        with only_download_into(folders[3]):
            assert len(list(registry.glob("*.target"))) == 4
        assert len(list(registry.glob("*.target"))) == 3
    assert [path.name for path in registry.iterdir()] == ["changing.lock"]
    assert caplog.text == ""


def test_an_error_or_an_interrupt_lets_the_next_one_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), only_download_into(tmp_path):
            raise error
    with only_download_into(tmp_path):
        pass
    assert caplog.text == ""


def test_threads_of_one_process_wait_too(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def download() -> None:
        with only_download_into(tmp_path):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.01)
            inside[0] -= 1

    threads = [threading.Thread(target=download) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (inside, most) == ([0], [1])


def test_without_a_folder_for_locks_downloads_go_on_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with only_download_into(tmp_path / "target"):
        pass
    assert "are not kept away: " in caplog.text
