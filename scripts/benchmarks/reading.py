#!/usr/bin/env python3
"""Compare reading with our templates and with the generator's own: 100,000 files of a dataset.

Both packages are made from the same document and timed in turns in the same process.  The exit
status is 1 when our reading takes more than twice the time.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = 100_000
LIMIT = 2.0
ROUNDS = 5


def make_stock_package(folder: Path) -> Path:
    """Generate a client with the generator's own templates from the shipped document."""
    options = folder / "options.yaml"
    options.write_text("post_hooks: []\n")
    package = folder / "stock_api"
    document = ROOT / "generated" / "scicat_api" / "openapi.json"
    subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta=none"),
            *(f"--path={document}", f"--output-path={package}", f"--config={options}"),
        ],
        check=True,
        capture_output=True,
    )
    return package


def time_reading(from_dict: Callable[[dict[str, Any]], object], data: list[dict[str, Any]]) -> float:
    """Return the seconds that reading takes."""
    start = time.perf_counter()
    result = [from_dict(item) for item in data]
    seconds = time.perf_counter() - start
    assert len(result) == len(data)
    return seconds


def main() -> int:
    """Measure and print; return the exit status."""
    data = [
        {"path": f"run/f{i:06d}.dat", "size": i, "time": "2026-01-01T00:00:00.000Z", "chk": "d41d8"}
        for i in range(FILES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        make_stock_package(Path(folder))
        sys.path[:0] = [folder, str(ROOT / "generated")]
        ours = importlib.import_module("scicat_api.models.data_file").DataFile.from_dict
        stock = importlib.import_module("stock_api.models.data_file").DataFile.from_dict
        times = [(time_reading(ours, data), time_reading(stock, data)) for _ in range(ROUNDS)]
    best_ours, best_stock = min(t[0] for t in times), min(t[1] for t in times)
    ratio = best_ours / best_stock
    print(f"{FILES} files: ours {best_ours:.2f} s, stock {best_stock:.2f} s, ratio {ratio:.2f}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
