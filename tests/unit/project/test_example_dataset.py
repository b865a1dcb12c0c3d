"""The dataset in examples/: what the script makes, in the formats that it says."""

from __future__ import annotations

import csv
import struct
import zlib
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no annotations

import make_examples
from scitacean.cli.metadata import make_dataset

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SCAN = EXAMPLES / "powder-scan"


def test_the_script_makes_the_same_dataset(tmp_path: Path) -> None:
    make_examples.write(tmp_path)
    names = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {path.relative_to(SCAN) for path in SCAN.rglob("*") if path.is_file()}
    for name in names:
        # What HDF5 and zlib write depends on their version.
        if name.suffix not in {".nxs", ".png"}:
            assert (tmp_path / name).read_bytes() == (SCAN / name).read_bytes()


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 300_000


def test_the_nexus_file_leads_to_its_data() -> None:
    with h5py.File(SCAN / "raw" / "scan-0042.nxs") as file:
        entry = file[file.attrs["default"]]
        data = entry[entry.attrs["default"]]
        assert (entry.attrs["NX_class"], data.attrs["NX_class"]) == ("NXentry", "NXdata")
        assert entry["title"].asstr()[()] == make_dataset(EXAMPLES / "powder-scan.toml", {}).name
        signal, axis = data[data.attrs["signal"]], data[data.attrs["axes"]]
        assert signal.shape == axis.shape == (1201,)
        assert axis.attrs["units"] == "deg"


def test_the_table_has_what_was_measured() -> None:
    with (SCAN / "reduced" / "pattern.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with h5py.File(SCAN / "raw" / "scan-0042.nxs") as file:
        assert [int(row["counts"]) for row in rows] == list(file["entry/data/counts"])


def test_the_picture_is_a_picture() -> None:
    content = (SCAN / "reduced" / "pattern.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    begin = content.index(b"IDAT") + 4
    size = int.from_bytes(content[begin - 8 : begin - 4], "big")
    assert len(zlib.decompress(content[begin : begin + size])) == height * (width + 1)


def test_the_metadata_file_makes_a_dataset() -> None:
    dataset = make_dataset(EXAMPLES / "powder-scan.toml", {})
    assert dataset.type == "raw"
    assert dataset.meta["run"] == 42
    assert dataset.creation_time is not None
