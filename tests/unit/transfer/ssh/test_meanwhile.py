"""What is done in the background is waited for, but not by who was stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from scitacean.transfer.ssh import channels
from scitacean.transfer.ssh.channels import meanwhile


class _Work:
    """Takes until somebody says that it may end."""

    def __init__(self, error: Exception | None = None) -> None:
        self.may_end, self.has_ended = threading.Event(), threading.Event()
        self._error = error

    def __call__(self) -> None:
        assert self.may_end.wait(20)
        self.has_ended.set()
        if self._error is not None:
            raise self._error


def test_it_is_waited_for() -> None:
    work = _Work()
    with meanwhile(work, name="work"):
        assert not work.has_ended.is_set()
        work.may_end.set()
    assert work.has_ended.is_set()


def _do(work: _Work, body: Callable[[], object]) -> None:
    with meanwhile(work, name="work"):
        body()


def test_its_error_comes_out_at_the_end() -> None:
    work, is_done = _Work(ValueError("work")), threading.Event()

    def body() -> None:
        work.may_end.set()
        assert work.has_ended.wait(20)
        is_done.set()

    with pytest.raises(ValueError, match="work"):
        _do(work, body)
    assert is_done.is_set()


def test_an_error_of_the_body_comes_first() -> None:
    work = _Work(ValueError("work"))

    def body() -> None:
        threading.Timer(0.05, work.may_end.set).start()
        raise KeyError("body")

    with pytest.raises(KeyError, match="body"):
        _do(work, body)
    assert work.has_ended.is_set()


def test_who_is_stopped_does_not_wait() -> None:
    work = _Work()
    with pytest.raises(KeyboardInterrupt), meanwhile(work, name="work"):
        raise KeyboardInterrupt
    assert not work.has_ended.is_set()
    work.may_end.set()
    assert work.has_ended.wait(20)


def test_without_new_threads_it_is_done_first(monkeypatch: pytest.MonkeyPatch) -> None:
    # While Python ends there are none.
    monkeypatch.setattr(channels, "in_background", lambda *_, **__: None)
    work = _Work()
    work.may_end.set()
    with meanwhile(work, name="work"):
        assert work.has_ended.is_set()
