"""Small pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Thumbnail


@given(st.sampled_from([None, "image/png", "image/jpeg"]), st.binary())
def test_text_and_back_is_the_identity(mime: str | None, data: bytes) -> None:
    assert Thumbnail.parse(Thumbnail(mime, data).serialize()) == Thumbnail(mime, data)


def test_no_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        Thumbnail.parse("data:image/png;base64,!")


def test_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    (tmp_path / "a.txt").write_bytes(b"text")
    assert Thumbnail.load_file(tmp_path / "a.png") == Thumbnail("image/png", b"png")
    with pytest.raises(ValueError, match="no picture"):
        Thumbnail.load_file(tmp_path / "a.txt")
