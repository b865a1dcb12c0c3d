"""Checksums of local files: once per content, several at a time, interruptible."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scitacean.model import checksum
from scitacean.model.checksum import (
    checksum_of_file,
    checksums_of_files,
    is_known_algorithm,
    known_or_none,
    read_files,
)


def old(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    long_ago = time.time() - 1000
    os.utime(path, (long_ago, long_ago))
    return path


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("checksum")]


def test_known_algorithms() -> None:
    assert is_known_algorithm("sha256")
    assert known_or_none("md5") == "md5"
    for odd in ("shake_128", "crc-7", None, 5, ["md5"], "\ud800"):
        assert not is_known_algorithm(odd)  # type: ignore[arg-type]
        assert known_or_none(odd) is None  # type: ignore[arg-type]


def test_the_checksum_of_old_content_is_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "a", b"counts")
    (tmp_path / "other name").hardlink_to(path)
    monkeypatch.setattr(checksum, "_CLOCK_TICK_NS", 0)
    first = checksum_of_file(path, algorithm="sha256")
    checksum_of_file(path, algorithm="md5")
    monkeypatch.setattr(Path, "open", None)
    assert checksum_of_file(path, algorithm="sha256") == first == hashlib.sha256(b"counts").hexdigest()
    assert checksum_of_file(tmp_path / "other name", algorithm="sha256") == first
    assert checksum_of_file(path, algorithm="md5") == hashlib.md5(b"counts").hexdigest()


@pytest.mark.parametrize("change", ["write", "replace", "link"])
def test_other_content_of_the_same_size_and_time_has_its_own_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path, other = old(tmp_path / "run-1", b"counts"), old(tmp_path / "run-2", b"COUNTS")
    modified = path.stat().st_mtime_ns
    os.utime(other, ns=(modified, modified))
    current = tmp_path / "current"
    current.symlink_to(path)
    monkeypatch.setattr(checksum, "_CLOCK_TICK_NS", 0)
    assert checksum_of_file(current, algorithm="md5") == hashlib.md5(b"counts").hexdigest()
    # The clock of the file system goes on in ticks of some milliseconds.
    time.sleep(0.02)
    if change == "write":
        path.write_bytes(b"COUNTS")
        os.utime(path, ns=(modified, modified))
    elif change == "replace":
        other.replace(path)
    else:
        current.unlink()
        current.symlink_to(other)
    assert checksum_of_file(current, algorithm="md5") == hashlib.md5(b"COUNTS").hexdigest()


def test_the_checksum_of_fresh_content_is_computed_each_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"counts")
    now = path.stat()
    first = checksum_of_file(path, algorithm="sha256")
    path.write_bytes(b"COUNTS")
    os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns))
    assert checksum_of_file(path, algorithm="sha256") != first


def test_what_changes_while_it_is_read_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "a", b"counts")
    monkeypatch.setattr(checksum, "_CLOCK_TICK_NS", 0)
    fstat, seen = os.fstat, list[os.stat_result]()

    def changing(descriptor: int) -> os.stat_result:
        if seen:
            os.utime(path, (1, 1))
        seen.append(fstat(descriptor))
        return seen[-1]

    monkeypatch.setattr(os, "fstat", changing)
    monkeypatch.setattr(checksum, "_remembered", {})
    (reading,) = read_files([path], algorithm="sha256")
    assert not reading.steady
    assert len(seen) == 2
    assert checksum._remembered == {}


def test_only_so_many_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_remembered", {})
    monkeypatch.setattr(checksum, "_MOST_REMEMBERED", 2)
    monkeypatch.setattr(checksum, "_CLOCK_TICK_NS", 0)
    for name in "abc":
        checksum_of_file(old(tmp_path / name, name.encode()), algorithm="md5")
    assert list(checksum._remembered.values()) == [hashlib.md5(b).hexdigest() for b in (b"b", b"c")]


@pytest.mark.parametrize("algorithm", ["crc-7", "shake_128"])
def test_other_algorithms_are_refused(tmp_path: Path, algorithm: str) -> None:
    path = old(tmp_path / "a", b"")
    with pytest.raises(ValueError, match=algorithm):
        checksum_of_file(path, algorithm=algorithm)
    with pytest.raises(ValueError, match=algorithm):
        checksums_of_files([path], algorithm=algorithm)


def test_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="neither a file nor a folder"):
        checksum_of_file(tmp_path / "pipe", algorithm="md5")
    with pytest.raises(IsADirectoryError):
        checksum_of_file(tmp_path, algorithm="md5")


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_many_come_in_order(tmp_path: Path, workers: int | None) -> None:
    contents = [bytes([index]) * index * 70_000 for index in range(30)]
    paths = [old(tmp_path / str(index), content) for index, content in enumerate(contents)]
    found = checksums_of_files((path for path in paths), algorithm="sha1", workers=workers)
    assert found == [hashlib.sha1(content).hexdigest() for content in contents]
    assert checksums_of_files([], algorithm="sha1", workers=workers) == []
    assert threads() == []


def test_the_first_error_stops_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would take for ever is given up when another cannot be read."""

    class Endless:
        def update(self, data: object) -> None:
            reading.set()

        def hexdigest(self) -> str:
            return ""

        digest_size = 1

    reading = threading.Event()
    big = old(tmp_path / "big", b"12345")
    monkeypatch.setattr(hashlib, "new", lambda *_, **__: Endless())
    real_open = Path.open

    class Reader:
        def __init__(self, path: Path) -> None:
            self.file = real_open(path, "rb", buffering=0)

        def __enter__(self) -> Reader:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def fileno(self) -> int:
            return self.file.fileno()

        def readinto(self, buffer: memoryview) -> int:
            return len(buffer)

    def opened(path: Path, *_: object, **__: object) -> Reader:
        if path.name == "bad":
            assert reading.wait(30)
            raise PermissionError(13, "Permission denied", str(path))
        return Reader(path)

    monkeypatch.setattr(Path, "open", opened)
    bad = tmp_path / "bad"
    bad.touch()
    with pytest.raises(PermissionError):
        checksums_of_files([big, bad, *[big] * 5], algorithm="md5", workers=2)
    assert threads() == []


PROGRAM = """
import sys, threading
from scitacean.model.checksum import checksums_of_files
print("ready", flush=True)
try:
    checksums_of_files([sys.argv[1]] * 4, algorithm="sha512", workers=2)
except KeyboardInterrupt:
    print("interrupted", threading.active_count(), flush=True)
"""


def test_an_interrupt_stops_the_reading_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse: it would take an hour to read
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=50)[0] == "interrupted 1\n"
