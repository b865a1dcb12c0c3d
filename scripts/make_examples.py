#!/usr/bin/env python3
"""Make the dataset in ``examples/``: a powder diffraction scan in formats that facilities use.

The same bytes come out each time, with one version of h5py. Run it with the Python of ``.venv``.
"""

from __future__ import annotations

import math
import random
import struct
import sys
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no annotations

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NAME = "powder-scan"
BEGIN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
SECONDS = 1200
#: Reflections of silicon at 1.54 angstrom: two theta in degrees, counts at the top.
PEAKS = ((28.44, 5200.0), (47.30, 3100.0), (56.12, 1750.0), (69.13, 420.0), (76.38, 630.0))
WIDTH = 0.18
TEMPERATURE = 295.0


def main() -> int:
    """Write the files; return the exit status."""
    write(EXAMPLES / NAME)
    return 0


def write(folder: Path) -> None:
    """Write the files of the dataset.

    Parameters
    ----------
    folder:
        Where to; made with its parents.
    """
    for part in ("raw", "reduced"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    two_theta = [20.0 + 0.05 * step for step in range(1201)]
    counts = _counts(two_theta)
    _write_nexus(folder / "raw" / "scan-0042.nxs", two_theta, counts)
    (folder / "raw" / "scan-0042.log").write_bytes(_log().encode())
    (folder / "reduced" / "pattern.csv").write_bytes(_table(two_theta, counts).encode())
    (folder / "reduced" / "pattern.png").write_bytes(_picture(counts))


def _counts(two_theta: Sequence[float]) -> list[int]:
    noise = random.Random(42)
    expected = [
        40.0 + sum(top * math.exp(-(((angle - peak) / WIDTH) ** 2) / 2) for peak, top in PEAKS)
        for angle in two_theta
    ]
    return [max(0, round(noise.gauss(value, math.sqrt(value)))) for value in expected]


def _write_nexus(path: Path, two_theta: Sequence[float], counts: Sequence[int]) -> None:
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs["default"] = "entry"
        entry = _group(file, "entry", "NXentry")
        entry.attrs["default"] = "data"
        entry["title"] = "Silicon powder, 20 to 80 degrees"
        entry["start_time"] = BEGIN.isoformat()
        entry["end_time"] = (BEGIN + timedelta(seconds=SECONDS)).isoformat()
        sample = _group(entry, "sample", "NXsample")
        sample["name"] = "silicon powder"
        sample["temperature"] = TEMPERATURE
        sample["temperature"].attrs["units"] = "K"
        instrument = _group(entry, "instrument", "NXinstrument")
        instrument["name"] = "Example diffractometer"
        data = _group(entry, "data", "NXdata")
        data.attrs["signal"] = "counts"
        data.attrs["axes"] = "two_theta"
        data.create_dataset("two_theta", data=two_theta, dtype="f8").attrs["units"] = "deg"
        data.create_dataset("counts", data=counts, dtype="i4").attrs["units"] = "counts"


def _group(parent: h5py.Group, name: str, nexus_class: str) -> h5py.Group:
    group = parent.create_group(name, track_order=True)
    group.attrs["NX_class"] = nexus_class
    return group


def _log() -> str:
    drift = random.Random(7)
    lines = [f"{BEGIN.isoformat()} INFO scan 42 started by beamline control"]
    for minute in range(SECONDS // 60):
        time = BEGIN + timedelta(minutes=minute)
        lines.append(f"{time.isoformat()} INFO temperature {TEMPERATURE + drift.gauss(0, 0.05):.2f} K")
    lines.append(f"{(BEGIN + timedelta(seconds=SECONDS)).isoformat()} INFO scan 42 finished")
    return "\n".join(lines) + "\n"


def _table(two_theta: Sequence[float], counts: Sequence[int]) -> str:
    rows = (
        f"{angle:.2f},{count},{math.sqrt(count):.3f}" for angle, count in zip(two_theta, counts, strict=True)
    )
    return "\n".join(["two_theta_deg,counts,uncertainty", *rows]) + "\n"


def _picture(counts: Sequence[int], height: int = 240) -> bytes:
    """Draw the pattern as a grey PNG: a column for every second point."""
    columns = [max(counts[at : at + 2]) / max(counts) for at in range(0, len(counts), 2)]
    rows = (
        # The filter byte of PNG comes before each row.
        b"\0" + bytes(30 if level >= 1 - row / height else 245 for level in columns)
        for row in range(height)
    )
    header = struct.pack(">IIBBBBB", len(columns), height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    sys.exit(main())
