"""The quickstart's main job, as it is run: the command, a real catalogue, a real SSH server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tour import TourError, compare

ROOT = Path(__file__).resolve().parents[2]


def test_tour(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "tour.py"],
        env={**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.split("\n\n")[-1].splitlines()
    assert [line.split()[0] for line in summary] == ["uploaded", "where", "catalogue", "PID", "verified"]
    assert "over SSH" in summary[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", ["other", "missing", "more"])
def test_differences_are_found(tmp_path: Path, change: str) -> None:
    for folder in ("sent", "received"):
        (tmp_path / folder / "a").mkdir(parents=True)
        (tmp_path / folder / "a" / "b.dat").write_bytes(b"1234")
    assert compare(tmp_path / "sent", tmp_path / "received") == {"a/b.dat": 4}
    match change:
        case "other":
            (tmp_path / "received" / "a" / "b.dat").write_bytes(b"1235")
        case "missing":
            (tmp_path / "received" / "a" / "b.dat").unlink()
        case "more":
            (tmp_path / "received" / "c.dat").touch()
    with pytest.raises(TourError, match=r"c\.dat" if change == "more" else r"a/b\.dat"):
        compare(tmp_path / "sent", tmp_path / "received")
