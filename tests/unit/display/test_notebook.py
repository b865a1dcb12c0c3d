"""Where progress is shown without being asked for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from scitacean import Client, Dataset
from scitacean.display.notebook import in_notebook


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "a.dat").write_bytes(b"1234")
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(tmp_path / "a.dat")
    return dataset


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    class ZMQInteractiveShell:
        """What notebooks call their shell; terminals of IPython have another."""

    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setattr("builtins.get_ipython", ZMQInteractiveShell, raising=False)


def test_scripts_print_nothing(dataset: Dataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Client.local(tmp_path / "local") as client:
        uploaded = client.upload_new_dataset_now(dataset)
        client.download_files(uploaded, target=tmp_path / "target")
    assert capfd.readouterr() == ("", "")
    assert not in_notebook()


@pytest.mark.usefixtures("notebook")
def test_notebooks_show_bars_unless_told_not_to(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_notebook()
    shown = []

    class Bar:
        def __call__(self, state: object) -> None:
            shown.append(state)

    monkeypatch.setattr("scitacean.display.progress.progress_bar", Bar)
    with Client.local(tmp_path / "local") as client:
        uploaded = client.upload_new_dataset_now(dataset)
        assert shown
        shown.clear()
        client.download_files(uploaded, target=tmp_path / "target", progress=False)
        client.upload_new_datasets_now([dataset.as_new().replace(name="Run 8")])
        assert not shown
        client.download_files(uploaded, target=tmp_path / "other")
        assert shown
