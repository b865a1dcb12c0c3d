"""Identifiers of datasets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import PID


@given(st.text(min_size=1).filter(lambda text: not text.startswith("/") and not text.endswith("/")))
def test_text_is_kept(text: str) -> None:
    pid = PID.parse(text)
    assert str(pid) == text
    assert pid == text
    assert hash(pid) == hash(text)
    assert PID.parse(pid) is pid
    assert PID(pid=pid.pid, prefix=pid.prefix) == pid


@pytest.mark.parametrize("text", ["", "/a", "a/"])
def test_empty_parts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        PID.parse(text)


def test_a_slash_needs_a_prefix() -> None:
    with pytest.raises(ValueError, match=r"PID\.parse"):
        PID(pid="a/b")


def test_prefix_can_be_dropped() -> None:
    assert PID.parse("site/a").without_prefix == PID(pid="a")
    assert PID.parse("site/a") != 3
    assert repr(PID.parse("site/a")) == "PID(pid='a', prefix='site')"


def test_generated_ones_differ() -> None:
    assert PID.generate(prefix="x").prefix == "x"
    assert PID.generate() != PID.generate()
