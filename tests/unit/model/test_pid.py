"""What identifiers of datasets refuse."""

from __future__ import annotations

import pytest

from scitacean import PID


@pytest.mark.parametrize("text", ["", "/a", "a/", "/"])
def test_empty_parts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        PID.parse(text)


@pytest.mark.parametrize("prefix", ["", "a/b"])
def test_prefixes_end_at_the_first_slash(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        PID(pid="a", prefix=prefix)


def test_a_slash_needs_a_prefix() -> None:
    with pytest.raises(ValueError, match=r"PID\.parse"):
        PID(pid="a/b")


@pytest.mark.parametrize("value", [None, 5, b"a/b"])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="string"):
        PID.parse(value)  # type: ignore[arg-type]  # what users do
    with pytest.raises(TypeError, match="string"):
        PID(pid=value)  # type: ignore[arg-type]  # what users do


def test_prefix_can_be_dropped() -> None:
    assert PID.parse("site/a").without_prefix == PID(pid="a")
    with pytest.raises(ValueError, match="slash"):
        _ = PID.parse("site/a/b").without_prefix


def test_other_things_are_not_equal() -> None:
    assert PID.parse("site/a") != 3
    assert repr(PID.parse("site/a")) == "PID(pid='a', prefix='site')"
