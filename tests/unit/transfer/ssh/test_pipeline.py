"""Jobs go on while others wait, and all are ended when one fails."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.pipeline import Pipeline, answers
from scitacean.transfer.ssh.sftp_packets import Kind, SftpRefusedError, Status, string
from scitacean.transfer.ssh.sftp_session import SftpSession
from tests.unit.transfer.ssh.scripted import session, status


def echo(kind: int, number: bytes, body: bytes) -> bytes:
    """Answer what was asked for; refuse to remove anything."""
    if kind == Kind.REMOVE:
        return status(number, Status.FAILURE, body[4:])
    return bytes([Kind.HANDLE]) + number + string(body[4 : 4 + int.from_bytes(body[:4])])


class Work:
    """Parts with a number of steps each, of which at most some run at a time."""

    def __init__(self, steps: list[int], *, most: int = 1_000) -> None:
        self.left = list(enumerate(steps))
        self.most = most
        self.running: set[int] = set()
        self.most_running = 0
        self.done: list[int] = []
        self.ended: list[int] = []
        self.given_back: list[int] = []
        self.at_step: Callable[[int, int], None] = lambda part, step: None

    def take(self, is_idle: bool) -> tuple[int, int] | None:
        assert is_idle == (not self.running)
        return self.left.pop(0) if self.left and len(self.running) < self.most else None

    async def job(self, sftp: SftpSession, part: tuple[int, int]) -> None:
        number, steps = part
        self.running.add(number)
        self.most_running = max(self.most_running, len(self.running))
        try:
            for step in range(steps):
                self.at_step(number, step)
                name = b"%d-%d" % (number, step)
                first, second = sftp.open(name, 1), sftp.open(name + b"'", 1)  # type: ignore[arg-type]  # as a flag
                # Waited for in the other order.
                assert (await second, await first) == (string(name + b"'"), string(name))
                with pytest.raises(SftpRefusedError, match=name.decode()):
                    await sftp.remove(name)
            self.done.append(number)
        finally:
            self.running.discard(number)
            self.ended.append(number)

    def run(self, sftp: SftpSession) -> None:
        Pipeline(
            sftp,
            self.take,
            lambda part: self.job(sftp, part),
            lambda part: self.given_back.append(part[0]),
        ).run()


@given(
    steps=st.lists(st.integers(0, 4), max_size=20),
    most=st.integers(1, 30),
    order=st.randoms(use_true_random=False),
)
def test_all_jobs_get_their_own_answers(steps: list[int], most: int, order: random.Random) -> None:
    work = Work(steps, most=most)
    sftp = session(echo, shuffle=order)
    work.run(sftp)
    assert sorted(work.done) == list(range(len(steps)))
    assert work.most_running <= most
    assert work.given_back == []
    assert sftp.is_usable


def test_jobs_run_at_the_same_time() -> None:
    work = Work([3] * 50)
    work.run(session(echo))
    assert work.most_running == 50


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("at", [0, 1])
def test_an_error_of_a_job_ends_all(error: type[BaseException], at: int) -> None:
    work = Work([2] * 10)

    def fail(part: int, step: int) -> None:
        if (part, step) == (5, at):
            raise error

    work.at_step = fail
    sftp = session(echo)
    with pytest.raises(error):
        work.run(sftp)
    assert work.running == set()
    assert sorted(work.ended) == list(range(6 if at == 0 else 10))
    assert work.given_back == []
    # What the others have left open stays open there.
    assert not sftp.is_usable


@pytest.mark.parametrize("number_of_answers", [0, 1, 2, 15, 32])
def test_a_broken_connection_gives_back_what_was_not_done(number_of_answers: int) -> None:
    left = iter(range(number_of_answers))

    def breaking(kind: int, number: bytes, body: bytes) -> bytes:
        if kind != Kind.INIT and next(left, None) is None:
            raise EOFError
        return echo(kind, number, body)

    work = Work([1, 2, 1, 1, 1, 1, 1, 1, 1, 1], most=4)
    sftp = session(breaking)
    with pytest.raises(HostNotReachableError):
        work.run(sftp)
    untouched = [number for number, _ in work.left]
    assert sorted(work.done + work.given_back + untouched) == list(range(10))
    assert work.running == set()
    assert not sftp.is_usable


def test_answers_come_in_order_with_the_refusals() -> None:
    def odd_only(kind: int, number: bytes, body: bytes) -> bytes:
        is_odd = body[-1] % 2 == 1
        return status(number, Status.OK) if is_odd else status(number, Status.FAILURE, body[4:])

    sftp = session(odd_only, shuffle=random.Random(3))
    names = [b"%d" % number for number in range(2_500)]

    def told(pairs: Iterator[tuple[bytes, Any]]) -> list[tuple[bytes, str | None]]:
        return [
            (name, answer.text if isinstance(answer, SftpRefusedError) else None) for name, answer in pairs
        ]

    assert told(answers(sftp.remove, names)) == [
        (name, None if int(name) % 2 else name.decode()) for name in names
    ]
