"""Streams of tar: what is written can be read by anybody, and what others write can be read here."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.transfer.ssh.archive import BLOCK, END, NotAnArchiveError, Stream, header, padding

NAMES = st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name and name.strip(b"/"))
FILES = st.lists(st.tuples(NAMES.map(lambda name: b"/" + name), st.binary(max_size=1_500)), max_size=6)


def in_blocks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def read(stream: Stream) -> list[tuple[bytes, bytes]]:
    return [(entry.name, stream.exactly(entry.size)) for entry in stream.entries() if entry.is_file]


def written(files: list[tuple[bytes, bytes]]) -> bytes:
    return (
        b"".join(
            header(name, size=len(content), mode=0o640, mtime=1_700_000_000) + content + padding(len(content))
            for name, content in files
        )
        + END
    )


@given(files=FILES, size=st.integers(1, 2_000))
def test_what_is_written_can_be_read(files: list[tuple[bytes, bytes]], size: int) -> None:
    assert read(Stream(in_blocks(written(files), size))) == files
    with tarfile.open(
        fileobj=io.BytesIO(written(files)), errors="surrogateescape", encoding="utf-8"
    ) as other:
        found = [
            (member.name.encode("utf-8", "surrogateescape").rstrip(b"/"), member.mode, member.mtime)
            for member in other
        ]
    assert found == [(name.rstrip(b"/"), 0o640, 1_700_000_000) for name, _ in files]


@given(files=FILES, size=st.integers(1, 2_000))
def test_what_others_write_can_be_read(files: list[tuple[bytes, bytes]], size: int) -> None:
    output = io.BytesIO()
    with tarfile.open(
        fileobj=output, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert read(Stream(in_blocks(output.getvalue(), size))) == files


def test_sizes_beyond_octal_numbers_are_read() -> None:
    info = tarfile.TarInfo("large")
    info.size = 1 << 40
    stream = Stream(iter([info.tobuf(tarfile.GNU_FORMAT)]))
    assert next(stream.entries()).size == 1 << 40


@given(
    files=FILES.filter(bool),
    cut=st.floats(0, 0.99),
    damage=st.sampled_from([b"", b"\xff" * BLOCK, b"bash: tar: command not found\n"]),
)
def test_what_is_cut_off_or_damaged_is_found_out(
    files: list[tuple[bytes, bytes]], cut: float, damage: bytes
) -> None:
    whole = written(files)[: -len(END)]
    with pytest.raises(NotAnArchiveError):
        read(Stream(in_blocks(whole[: int(cut * len(whole))] + damage, 700)))


def test_a_long_name_without_a_file_is_no_archive() -> None:
    long = header(b"/" + b"x" * 200, size=0, mode=0o640, mtime=0)
    with pytest.raises(NotAnArchiveError):
        read(Stream(iter([long[:-BLOCK] + END])))
