"""Every byte is handed out once, fairly and within bounds, whatever happens on the way."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitacean.transfer.ssh.schedule import PART_SIZE, Part, Schedule, Stopped

MB = 1 << 20
SIZES = st.integers(0, 3 * PART_SIZE) | st.sampled_from([0, 1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1])


@attrs.define(eq=False)
class Piece(Part):
    """A part of one of the files of a test."""

    file: int
    is_first: bool


def schedule_of(sizes: Sequence[int], *, most_bytes: int = 32 * MB) -> Schedule[Piece]:
    def first(*, of_large: bool) -> Iterator[Piece]:
        for file, size in enumerate(sizes):
            if (size >= PART_SIZE) == of_large:
                yield Piece(0, min(size, PART_SIZE), file, is_first=True)

    return Schedule(first(of_large=False), first(of_large=True), most_bytes=most_bytes)


def begin(schedule: Schedule[Piece], part: Piece, sizes: Sequence[int]) -> None:
    """Do what is done when the first part of a large file is begun."""
    if part.is_first and sizes[part.file] >= PART_SIZE:
        size = sizes[part.file]
        rest = (
            Piece(start, min(start + PART_SIZE, size), part.file, is_first=False)
            for start in range(PART_SIZE, size, PART_SIZE)
        )
        schedule.add(part, rest)
        part.is_first = False


def check_complete(sizes: Sequence[int], done: Sequence[tuple[int, int, int]]) -> None:
    """Check that the ranges that were done are the files, without gaps and overlaps."""
    assert {file for file, _, _ in done} == set(range(len(sizes)))
    for file, size in enumerate(sizes):
        position = 0
        for start, end in sorted((start, end) for number, start, end in done if number == file):
            assert start == position
            position = end
        assert position == size


@given(sizes=st.lists(SIZES, max_size=12), most=st.integers(1, 40 * MB), seed=st.integers(0, 1 << 32))
def test_every_byte_is_handed_out_once_within_the_bound(sizes: list[int], most: int, seed: int) -> None:
    chance = random.Random(seed)
    schedule = schedule_of(sizes, most_bytes=most)
    running: list[Piece] = []
    done: list[tuple[int, int, int]] = []
    for _ in range(10_000):
        # To wait where nothing is under way would be for ever, unless all is done.
        part = schedule.take(wait=not running)
        if part is not None:
            assert sum(other.charged for other in running) < most + PART_SIZE
            running.append(part)
            if chance.random() < 0.5:
                continue
        elif not running:
            break
        part = running.pop(chance.randrange(len(running)))
        if chance.random() < 0.5:
            begin(schedule, part, sizes)
        if chance.random() < 0.25:
            # The connection broke, maybe in the middle.
            middle = chance.randint(part.start, part.end)
            if middle > part.start and not part.is_first:
                done.append((part.file, part.start, middle))
                part.start = middle
            schedule.give_back(part)
            continue
        begin(schedule, part, sizes)
        if part.end > part.start or not part.charged:
            done.append((part.file, part.start, part.end))
        schedule.release(part.charged)
        schedule.finish()
    assert schedule.take(wait=True) is None
    check_complete(sizes, done)


@settings(max_examples=20)
@given(sizes=st.lists(SIZES, max_size=40), breaks=st.sets(st.integers(0, 60)), threads=st.integers(2, 5))
def test_threads_share_the_work(sizes: list[int], breaks: set[int], threads: int) -> None:
    schedule = schedule_of(sizes, most_bytes=8 * MB)
    done: list[tuple[int, int, int]] = []
    lock = threading.Lock()
    taken = iter(range(1_000_000))

    def work() -> None:
        while (part := schedule.take(wait=True)) is not None:
            with lock:
                is_broken = next(taken) in breaks
            if is_broken:
                schedule.give_back(part)
                continue
            begin(schedule, part, sizes)
            with lock:
                done.append((part.file, part.start, part.end))
            schedule.release(part.charged)
            schedule.finish()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert not worker.is_alive()
    check_complete(sizes, done)


def drain(schedule: Schedule[Piece], sizes: Sequence[int]) -> Iterator[Piece]:
    while (part := schedule.take(wait=True)) is not None:
        begin(schedule, part, sizes)
        yield part
        schedule.release(part.charged)
        schedule.finish()


def test_small_files_do_not_wait_for_large_ones_nor_these_for_them() -> None:
    sizes = [100 * MB, *[64 * 1024] * 2_000, 100 * MB]
    moved = {True: 0, False: 0}
    for part in drain(schedule_of(sizes), sizes):
        moved[sizes[part.file] > MB] += part.charged
        if min(moved.values()) < 90 * MB and max(moved.values()) > 20 * MB:
            # Small files cost a little more than their bytes.
            assert 0.5 < moved[True] / (moved[False] + 1) < 2.5


def test_two_large_files_are_under_way_at_a_time() -> None:
    sizes = [20 * MB] * 6
    order = [part.file for part in drain(schedule_of(sizes), sizes)]
    open_files: list[int] = []
    for position, file in enumerate(order):
        if file not in open_files:
            open_files.append(file)
        if file not in order[position + 1 :]:
            open_files.remove(file)
        assert len(open_files) <= 3


def test_who_waits_is_told_when_others_stop() -> None:
    schedule = schedule_of([1])
    assert schedule.take(wait=True) is not None
    raised: list[bool] = []

    def wait() -> None:
        with pytest.raises(Stopped):
            schedule.take(wait=True)
        raised.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    schedule.stop()
    waiting.join(30)
    assert raised == [True]
