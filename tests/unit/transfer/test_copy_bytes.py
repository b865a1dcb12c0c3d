"""Copying bytes between open files, whatever the file system says it can do."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.transfer import copy_bytes as module
from scitacean.transfer.copy_bytes import copy_bytes

BLOCK = 64 * 1024
GIB = 1 << 30

extents = st.lists(st.tuples(st.booleans(), st.integers(1, 3 * BLOCK)), max_size=6)


def write_extents(path: Path, parts: list[tuple[bool, int]]) -> None:
    with path.open("wb") as file:
        for index, (is_hole, length) in enumerate(parts):
            if is_hole:
                file.seek(length, os.SEEK_CUR)
            else:
                file.write(bytes([index + 1]) * length)
        file.truncate(file.tell())


def copy(
    source: Path,
    target: Path,
    *,
    offset: int = 0,
    length: int | None = None,
    digest: hashlib._Hash | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> int:
    with source.open("rb", buffering=0) as reading, target.open("r+b" if offset else "w+b") as writing:
        return copy_bytes(reading, writing, offset=offset, length=length, digest=digest, on_bytes=on_bytes)


@given(
    parts=extents,
    offset=st.integers(0, 2 * BLOCK),
    length=st.none() | st.integers(0, 8 * BLOCK),
    with_digest=st.booleans(),
)
def test_any_range_arrives(
    parts: list[tuple[bool, int]], offset: int, length: int | None, with_digest: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "a"), Path(folder, "b")
        write_extents(source, parts)
        content = source.read_bytes()
        offset = min(offset, len(content))
        target.write_bytes(content[:offset])
        moved: list[int] = []
        digest = hashlib.sha256() if with_digest else None
        count = copy(source, target, offset=offset, length=length, digest=digest, on_bytes=moved.append)
        expected = content[offset:] if length is None else content[offset : offset + length]
        assert target.read_bytes() == content[:offset] + expected
        assert (count, sum(moved)) == (len(expected), len(expected))
        if digest is not None:
            assert digest.digest() == hashlib.sha256(expected).digest()


@pytest.mark.parametrize("with_data", [True, False])
def test_holes_stay_holes(tmp_path: Path, with_data: bool) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    with source.open("wb") as file:
        if with_data:
            file.write(b"first")
            file.seek(2 * GIB)
            file.write(b"middle")
        file.truncate(3 * GIB)
    moved: list[int] = []
    assert copy(source, target, on_bytes=moved.append) == sum(moved) == 3 * GIB
    status = target.stat()
    assert status.st_size == 3 * GIB
    assert status.st_blocks * 512 < 1 << 20
    if with_data:
        with target.open("rb") as file:
            assert file.read(6) == b"first\0"
            file.seek(2 * GIB)
            assert file.read(7) == b"middle\0"


def test_files_that_are_longer_than_they_say_come_whole(tmp_path: Path) -> None:
    source = Path("/proc/cpuinfo") if Path("/proc/cpuinfo").exists() else Path(__file__)
    copy(source, tmp_path / "b")
    assert (tmp_path / "b").stat().st_size > 100


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a"
    path.write_bytes(os.urandom(5 * BLOCK + 17))
    return path


@pytest.mark.parametrize(
    "code", [errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EIO]
)
@pytest.mark.parametrize("after", [0, BLOCK])
def test_what_the_kernel_cannot_do_is_done_here(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, after: int
) -> None:
    real = os.copy_file_range
    asked: list[int] = []

    def fails(reading: int, writing: int, count: int) -> int:
        asked.append(count)
        if len(asked) > 1 or not after:
            raise OSError(code, os.strerror(code))
        return real(reading, writing, after)

    monkeypatch.setattr(os, "copy_file_range", fails)
    assert copy(source, tmp_path / "b") == source.stat().st_size
    assert (tmp_path / "b").read_bytes() == source.read_bytes()
    assert len(asked) == (2 if after else 1)


@pytest.mark.parametrize("most", [0, 1000, BLOCK])
def test_short_counts_are_believed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    real = os.copy_file_range
    monkeypatch.setattr(
        os, "copy_file_range", lambda a, b, count: real(a, b, min(count, most)) if most else 0
    )
    copy(source, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("with_digest", [True, False])
def test_content_is_shared_where_that_is_possible(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_digest: bool
) -> None:
    import fcntl

    def clone(writing: int, request: int, reading: int) -> int:
        assert request == getattr(fcntl, "FICLONE", request)
        # What somebody appends meanwhile is cloned, too.
        content = os.pread(reading, 10 * BLOCK, 0) + b"more"
        assert os.pwrite(writing, content, 0) == len(content)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", clone)
    monkeypatch.delattr(os, "copy_file_range")
    moved: list[int] = []
    digest = hashlib.md5() if with_digest else None
    copy(source, tmp_path / "b", digest=digest, on_bytes=moved.append)
    assert (tmp_path / "b").read_bytes() == source.read_bytes()
    assert sum(moved) == source.stat().st_size
    if digest is not None:
        assert digest.digest() == hashlib.md5(source.read_bytes()).digest()


def test_other_systems_have_none_of_this(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "copy_file_range")
    copy(source, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == source.read_bytes()


def test_file_systems_that_know_no_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_extents(tmp_path / "a", [(True, 4 * BLOCK), (False, 10), (True, 4 * BLOCK)])
    real = os.lseek

    def lseek(file: int, position: int, how: int) -> int:
        if how in (os.SEEK_DATA, os.SEEK_HOLE):
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(file, position, how)

    monkeypatch.setattr(os, "lseek", lseek)
    copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("length", [BLOCK, 2 * module._CHUNK])
def test_a_file_that_is_cut_off_meanwhile_ends_there(tmp_path: Path, length: int) -> None:
    write_extents(tmp_path / "a", [(False, length), (True, 40 * BLOCK), (False, BLOCK)])
    end = min(length, module._CHUNK)

    def cut(_count: int) -> None:
        os.truncate(tmp_path / "a", end)

    assert copy(tmp_path / "a", tmp_path / "b", digest=hashlib.md5(), on_bytes=cut) == end
    assert (tmp_path / "b").read_bytes() == b"\x01" * end


class StopError(Exception):
    """Stops a copy."""


@pytest.mark.parametrize("with_digest", [True, False])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_what_a_stopped_copy_leaves_is_a_beginning(tmp_path: Path, with_digest: bool, after: int) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    write_extents(source, [(False, 3 * BLOCK), (True, 50 * BLOCK), (False, module._CHUNK), (True, BLOCK)])
    told: list[int] = []

    def stop(count: int) -> None:
        told.append(count)
        if len(told) == after:
            raise StopError

    with pytest.raises(StopError):
        copy(source, target, digest=hashlib.md5() if with_digest else None, on_bytes=stop)
    left = target.stat().st_size
    assert target.read_bytes() == source.read_bytes()[:left]
    copy(source, target, offset=left)
    assert target.read_bytes() == source.read_bytes()
