"""``scitacean find``, as people and scripts use it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client, Dataset
from scitacean.cli import main


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SCITACEAN_")]:
        monkeypatch.delenv(name)


def new_dataset(day: int, **fields: Any) -> Dataset:
    given: dict[str, Any] = {
        "type": "raw",
        "name": f"Run {day}",
        "owner_group": "me",
        "owner": "Ada Example",
        "contact_email": "ada@site.example",
        "creation_time": datetime(2026, 3, day, 12, 30, tzinfo=UTC),
        "source_folder": "/data",
    }
    return Dataset(**(given | fields))


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (tmp_path / "a.dat").write_bytes(b"x" * 12_345)
    with Client.local(folder) as client:
        first = new_dataset(1, keywords=["Powder"], source_folder=None)
        first.add_local_files(tmp_path / "a.dat")
        for dataset in (
            first,
            new_dataset(2, type="derived", description="A (very) long powder scan"),
            new_dataset(3, name="Größe\x1b[2J [red]x"),
        ):
            client.upload_new_dataset_now(dataset)
    return folder


def find(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["find", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def names(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    status, out, _ = find(capsys, "--json", *arguments)
    assert status == 0
    return [one["name"] for one in json.loads(out)]


def test_a_table(capsys: pytest.CaptureFixture[str], local: Path) -> None:
    status, out, err = find(capsys, "--local", local)
    assert (status, err) == (0, "")
    head, *rows = out.splitlines()
    assert head.split() == ["PID", "name", "taken", "(UTC)", "bytes"]
    # The latest first; nothing of a name is obeyed.
    assert "Größe\N{REPLACEMENT CHARACTER}[2J [red]x" in rows[0]
    assert "Run 2" in rows[1]
    assert rows[2].split()[1:] == ["Run", "1", "2026-03-01", "12:30", "12,345"]
    assert all(row.strip().startswith("local/") for row in rows)


def test_json_for_scripts(capsys: pytest.CaptureFixture[str], local: Path) -> None:
    status, out, _ = find(capsys, "--local", local, "--name", "run 1", "--json")
    [found] = json.loads(out)
    assert status == 0
    assert found.pop("pid").startswith("local/")
    assert found == {
        "name": "Run 1",
        "type": "raw",
        "owner_group": "me",
        "creation_time": "2026-03-01T12:30:00+00:00",
        "size": 12_345,
        "number_of_files": 1,
    }


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["POWDER"], ["Run 2", "Run 1"]),
        (["(very)"], ["Run 2"]),
        (["run"], ["Run 2", "Run 1"]),
        (["powder", "--type", "raw"], ["Run 1"]),
        (["--name", "N 1"], ["Run 1"]),
        (["--name", "."], []),
        (["--owner-group", "me", "--limit", "1"], ["Größe\x1b[2J [red]x"]),
        (["--owner-group", "m"], []),
        (["ada", "--type", "derived"], ["Run 2"]),
    ],
)
def test_conditions(
    capsys: pytest.CaptureFixture[str], local: Path, arguments: list[str], found: list[str]
) -> None:
    assert names(capsys, "--local", local, *arguments) == found


def test_nothing_is_found(capsys: pytest.CaptureFixture[str], local: Path) -> None:
    status, out, err = find(capsys, "no such thing", "--local", local)
    assert (status, out) == (0, "")
    assert "No dataset" in err
    assert names(capsys, "no such thing", "--local", local) == []


def test_mistakes_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert find(capsys, "--local", tmp_path / "none")[0] == 1
    status, _, err = find(capsys)
    assert (status, "which catalogue" in err) == (1, True)
    assert find(capsys, "--local", tmp_path, "--limit", "0")[0] == 1


def test_what_the_catalogue_does_not_say_stays_empty(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from scitacean.display.table import datasets_table

    Console(width=80).print(datasets_table([("x/1", "", None, None)]))
    assert capsys.readouterr().out.splitlines()[1].strip() == "x/1"
