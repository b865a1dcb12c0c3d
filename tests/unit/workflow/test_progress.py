"""What observers are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import RemotePath
from scitacean.workflow.progress import Progress, ProgressMeter, observing

A, B = RemotePath("a"), RemotePath("b")


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def moving(sizes: dict[RemotePath, int]) -> tuple[ProgressMeter, Clock, list[Progress]]:
    seen: list[Progress] = []
    clock = Clock()
    meter = ProgressMeter(sizes.items(), seen.append, clock=clock)
    clock.now += 1000
    meter.phase("moving")
    return meter, clock, seen


@given(rate=st.integers(1, 10**9), number=st.integers(1, 50), seconds=st.sampled_from([0.11, 1.0, 60.0]))
def test_a_steady_rate_is_that_from_the_beginning(rate: int, number: int, seconds: float) -> None:
    meter, clock, seen = moving({A: 10**13})
    assert seen[-1].rate == 0
    for _ in range(number):
        clock.now += seconds
        meter.moved(A, round(rate * seconds))
    assert seen[-1].rate == pytest.approx(rate, rel=0.2 if rate < 10 else 1e-2, abs=5)


def test_the_last_seconds_count_most() -> None:
    meter, clock, seen = moving({A: 10**13})
    for rate in (1_000_000, 1_000):
        for _ in range(20):
            clock.now += 1
            meter.moved(A, rate)
        assert seen[-1].rate == pytest.approx(rate, rel=1.5)


def test_many_small_steps_are_as_one_large_step() -> None:
    meter, clock, seen = moving({A: 1_000_000})
    for _ in range(1_000):
        clock.now += 0.001
        meter.moved(A, 1_000)
    assert seen[-1].rate == pytest.approx(1_000_000, rel=0.01)


def test_what_was_there_has_not_moved() -> None:
    meter, clock, seen = moving({A: 100, B: 0})
    meter.resumed(A, 60)
    clock.now += 1
    meter.moved(A, 40)
    assert (seen[-1].bytes_done, seen[-1].files_done, seen[-1].rate) == (100, 2, 40)
    meter.restarted(A, 100)
    assert (seen[-1].bytes_done, seen[-1].files_done) == (0, 1)


def test_what_is_left_out_does_not_count() -> None:
    meter, _, seen = moving({A: 100, B: 0})
    meter.left_out(A)
    meter.left_out(B)
    meter.phase("done")
    assert (seen[-1].files_total, seen[-1].bytes_total, seen[-1].files_done) == (0, 0, 0)


def test_observers_that_can_be_entered_are() -> None:
    class Observer:
        def __init__(self) -> None:
            self.told: list[str] = []

        def __enter__(self) -> None:
            self.told.append("entered")

        def __exit__(self, *_: object) -> None:
            self.told.append("left")

        def __call__(self, progress: Progress, /) -> None:
            self.told.append(progress.phase)

    observer = Observer()
    with observing(observer):
        ProgressMeter([], observer)
    with pytest.raises(ValueError, match="stop"), observing(observer):
        raise ValueError("stop")
    assert observer.told == ["entered", "checking", "left", "entered", "left"]
