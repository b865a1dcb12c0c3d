"""Warnings name the user's own line."""

from __future__ import annotations

import linecache
from pathlib import Path

import pytest

from scitacean import Dataset, ValidationWarning
from scitacean.warn import warn_user


def line_of(caught: pytest.WarningsRecorder) -> str:
    assert caught[0].filename == __file__
    return linecache.getline(caught[0].filename, caught[0].lineno).strip()


def test_a_warning_names_the_line_that_led_to_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    dataset = Dataset(type="raw")
    with pytest.warns(UserWarning, match="empty") as caught:
        dataset.add_local_files(tmp_path)
    assert line_of(caught) == "dataset.add_local_files(tmp_path)"


def test_a_warning_of_ones_own_names_its_line() -> None:
    with pytest.warns(ValidationWarning, match="odd") as caught:
        warn_user("odd", ValidationWarning)
    assert line_of(caught) == 'warn_user("odd", ValidationWarning)'
