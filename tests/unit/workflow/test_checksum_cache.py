"""Checksums of files that are kept for the next process."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitacean.workflow import checksum_cache
from scitacean.workflow.checksum_cache import ChecksumCache, Known

TICK = 2_000_000_000


def digest(content: bytes, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, content).hexdigest()


def known(path: Path, algorithm: str = "sha256", *, after: int = TICK + 1) -> Known:
    status = path.stat()
    read = max(status.st_mtime_ns, status.st_ctime_ns) + after
    return Known(path, status, algorithm, digest(path.read_bytes(), algorithm), read)


def write(path: Path, content: bytes) -> None:
    """Write in place, and later than what was written before."""
    before = path.stat().st_ctime_ns if path.exists() else 0
    path.write_bytes(content)
    while path.stat().st_ctime_ns == before:
        path.write_bytes(content)


@pytest.fixture
def cache(tmp_path: Path) -> ChecksumCache:
    return ChecksumCache(tmp_path / "cache" / "checksums.sqlite")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a.nxs"
    path.write_bytes(b"counts")
    return path


def test_what_was_noted_is_found(cache: ChecksumCache, data: Path, tmp_path: Path) -> None:
    assert cache.find({data: data.stat()}, "sha256") == {}
    cache.note([known(data), known(data, "md5")])
    found = ChecksumCache(tmp_path / "cache" / "checksums.sqlite").find({data: data.stat()}, "sha256")
    assert found == {data: digest(b"counts")}
    assert cache.find({data: data.stat()}, "md5") == {data: digest(b"counts", "md5")}
    assert cache.find({data: data.stat()}, "sha512") == {}
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert cache.find({link / data.name: data.stat()}, "md5") == {link / data.name: digest(b"counts", "md5")}


@pytest.mark.parametrize(("after", "noted"), [(0, False), (TICK, False), (TICK + 1, True)])
def test_files_that_changed_just_now_are_not_noted(
    cache: ChecksumCache, data: Path, after: int, noted: bool
) -> None:
    cache.note([known(data, after=after)])
    assert bool(cache.find({data: data.stat()}, "sha256")) is noted


def test_other_content_is_not_found_whatever_its_time(cache: ChecksumCache, data: Path) -> None:
    cache.note([known(data)])
    status = data.stat()
    write(data, b"COUNTS")
    os.utime(data, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert data.stat().st_mtime_ns == status.st_mtime_ns
    assert cache.find({data: data.stat()}, "sha256") == {}


def test_another_file_of_the_same_name_is_not_found(cache: ChecksumCache, data: Path) -> None:
    cache.note([known(data)])
    status = data.stat()
    other = data.with_name("other")
    other.write_bytes(b"COUNTS")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(data)
    assert cache.find({data: data.stat()}, "sha256") == {}


@settings(max_examples=30)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from([b"one", b"two"]), st.booleans(), st.booleans()),
        max_size=6,
    )
)
def test_what_is_found_is_right(steps: list[tuple[str, bytes, bool, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = ChecksumCache(Path(folder, "checksums.sqlite"))
        for name, content, keeps_time, notes in steps:
            path = Path(folder, name)
            before = path.stat() if path.exists() else None
            write(path, content)
            if keeps_time and before is not None:
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            found = cache.find({path: path.stat()}, "sha256")
            assert found.get(path, digest(content)) == digest(content)
            if notes:
                cache.note([known(path)])
                assert cache.find({path: path.stat()}, "sha256") == {path: digest(content)}


@settings(max_examples=50)
@given(position=st.integers(0, 8191), mask=st.integers(1, 255), cut=st.booleans())
def test_a_broken_file_makes_no_wrong_file_pass(position: int, mask: int, cut: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, data = Path(folder, "checksums.sqlite"), Path(folder, "a.nxs")
        data.write_bytes(b"right")
        cache = ChecksumCache(path)
        cache.note([known(data)])
        write(data, b"wrong")
        content = bytearray(path.read_bytes())
        assert len(content) == 8192
        content[position] ^= mask
        path.write_bytes(content[:position] if cut else content)
        assert cache.find({data: data.stat()}, "sha256").get(data) != digest(b"right")
        cache.note([known(data)])
        assert cache.find({data: data.stat()}, "sha256").get(data) != digest(b"right")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_a_file_that_is_none_of_ours_is_replaced(tmp_path: Path, data: Path, content: bytes) -> None:
    path = tmp_path / "checksums.sqlite"
    path.write_bytes(content)
    cache = ChecksumCache(path)
    assert cache.find({data: data.stat()}, "sha256") == {}
    cache.note([known(data)])
    assert cache.find({data: data.stat()}, "sha256") == {data: digest(b"counts")}


def test_a_file_of_another_version_is_made_anew(tmp_path: Path, cache: ChecksumCache, data: Path) -> None:
    cache.note([known(data)])
    with closing(sqlite3.connect(tmp_path / "cache" / "checksums.sqlite")) as connection, connection:
        connection.execute("DROP TABLE checksums")
        connection.execute("CREATE TABLE checksums (another INTEGER)")
        connection.execute("PRAGMA user_version = 99")
    assert cache.find({data: data.stat()}, "sha256") == {}
    cache.note([known(data)])
    assert cache.find({data: data.stat()}, "sha256") == {data: digest(b"counts")}


def test_a_file_that_another_process_holds_is_done_without(
    tmp_path: Path, cache: ChecksumCache, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.note([known(data)])
    monkeypatch.setattr(checksum_cache, "_TIMEOUT", 0.01)
    path = tmp_path / "cache" / "checksums.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cache.find({data: data.stat()}, "sha256") == {}
        cache.note([known(data, "md5")])
        other.execute("ROLLBACK")
    assert cache.find({data: data.stat()}, "sha256") == {data: digest(b"counts")}
    assert cache.find({data: data.stat()}, "md5") == {}


def test_the_oldest_give_way_to_new_ones(
    tmp_path: Path, cache: ChecksumCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksum_cache, "_MOST", 100)
    paths = [tmp_path / str(index) for index in range(110)]
    for path in paths:
        path.touch()
    for seconds, some in ((1, paths[:60]), (2, paths[60:])):
        monkeypatch.setattr("time.time", lambda seconds=seconds: seconds)
        cache.note([known(path) for path in some])
    found = cache.find({path: path.stat() for path in paths}, "sha256")
    assert len(found) == 90
    assert set(paths[60:]) <= set(found)


def test_many_are_found_at_once(tmp_path: Path, cache: ChecksumCache) -> None:
    paths = [tmp_path / str(index) for index in range(1_201)]
    for path in paths:
        path.write_text(path.name)
    cache.note([known(path) for path in paths])
    found = cache.find({path: path.stat() for path in reversed(paths)}, "sha256")
    assert found == {path: digest(path.name.encode()) for path in paths}


NOTING = """
import sys
from pathlib import Path
from scitacean.workflow.checksum_cache import ChecksumCache, Known
cache = ChecksumCache(Path(sys.argv[1]))
for name in sys.argv[2:]:
    status = Path(name).stat()
    cache.note([Known(Path(name), status, "md5", "0" * 32, status.st_ctime_ns + 10**10)])
"""


def test_processes_may_note_at_the_same_time(tmp_path: Path, cache: ChecksumCache) -> None:
    paths = [tmp_path / str(index) for index in range(40)]
    for path in paths:
        path.touch()
    command = [sys.executable, "-c", NOTING, str(tmp_path / "cache" / "checksums.sqlite")]
    processes = [subprocess.Popen([*command, *map(str, paths[start::4])]) for start in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert len(cache.find({path: path.stat() for path in paths}, "md5")) == 40


def test_nothing_is_kept_where_there_is_no_place(tmp_path: Path, data: Path) -> None:
    for cache in (ChecksumCache(None), ChecksumCache(data / "below" / "checksums.sqlite")):
        cache.note([known(data)])
        assert cache.find({data: data.stat()}, "sha256") == {}
    assert list(tmp_path.iterdir()) == [data]


def test_the_one_of_the_user_can_be_switched_off(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("SCITACEAN_CHECKSUM_CACHE", "off")
    ChecksumCache.of_user().note([known(data)])
    assert list(tmp_path.iterdir()) == [data]
    monkeypatch.delenv("SCITACEAN_CHECKSUM_CACHE")
    ChecksumCache.of_user().note([known(data)])
    assert (tmp_path / "scitacean" / "checksums.sqlite").is_file()
