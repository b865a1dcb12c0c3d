"""Where the files of new datasets go, and what partial files are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import PID, ConfigurationError, Dataset
from scitacean.transfer.partial import partial_name
from scitacean.transfer.source_folder import escape, source_folder_for

DATASET = Dataset(type="raw", name="Run 7/b", owner_group="beamline1", pid=PID.parse("site/12"))


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("/data/{owner_group}/{name}", "/data/beamline1/Run_7_b"),
        ("/data/{pid.pid}", "/data/12"),
        ("/data/plain", "/data/plain"),
        ("/data/{type}-{number_of_files:03}", "/data/raw-000"),
    ],
)
def test_patterns_are_filled_in(pattern: str, folder: str) -> None:
    assert source_folder_for(DATASET, pattern).posix == folder


def test_the_uid_is_that_of_the_dataset() -> None:
    assert source_folder_for(DATASET, "/data/{uid}") == f"/data/{DATASET.uid}"


def test_without_pattern_the_dataset_decides() -> None:
    assert source_folder_for(Dataset(type="raw", source_folder="/own"), None) == "/own"
    with pytest.raises(ConfigurationError, match="not known where"):
        source_folder_for(Dataset(type="raw"), None)


@pytest.mark.parametrize("pattern", ["{no_such}", "{}", "{name", "{name.no_such}", "{0}"])
def test_bad_patterns_are_explained(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be filled in"):
        source_folder_for(DATASET, pattern)


@pytest.mark.parametrize("pattern", ["/data/{run_number}", "/data/{start_time}"])
def test_missing_fields_are_explained(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="does not have"):
        source_folder_for(DATASET, pattern)


@given(st.text())
def test_a_copy_gets_the_folder_of_the_original(name: str) -> None:
    dataset = Dataset(type="raw", name=name)
    assert source_folder_for(dataset, "/d/{uid}") == source_folder_for(dataset.replace(name="x"), "/d/{uid}")


@given(st.text(min_size=1))
def test_names_cannot_leave_the_folder(text: str) -> None:
    assert "/" not in escape(text)
    assert escape(text) not in (".", "..")


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), st.integers())
def test_partial_names_fit_and_are_hidden(name: str, size: int) -> None:
    partial = partial_name(name, "/data", size)
    assert partial == partial_name(name, "/data", size) != name
    assert partial.startswith(".")
    assert len(partial.encode()) <= 255
