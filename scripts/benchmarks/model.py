#!/usr/bin/env python3
"""Measure what datasets of many files cost: building, selecting, replacing, checking, making upload models.

Each step is timed several times in turns, in time of the processor. The exit status is 1 when

* the median of a step with 100,000 files is over 2 s,
* it is over 12 times that with 10,000, both without Python's garbage collector, which :mod:`timeit` leaves
  out too (it runs when it likes), unless the step takes next to no time, where only caches are measured,
* a dataset takes more than 1 kB of memory per file: one of a server, or one of local files when they are
  added, when their upload models are made (of which none is kept), or when they are uploaded. What is
  remembered outside of the dataset counts.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import re
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median

import attrs

from scicat_api.models import OutputDatasetDto, PartialOutputOrigDatablockDto
from scitacean import PID, Dataset, File
from scitacean.model.checksum import DEFAULT_ALGORITHM
from scitacean.model.file_list import FileList
from scitacean.workflow.select import select_files

FEW, MANY, LOCAL = 10_000, 100_000, 20_000
LARGEST_SECONDS = 2.0
LARGEST_RATIO = 12.0
LARGEST_BYTES = 1000.0
NEXT_TO_NO_SECONDS = 0.05
ROUNDS = 3
FILES_PER_BLOCK = 20_000
DIGITS = 2 * hashlib.new(DEFAULT_ALGORITHM).digest_size
PATTERN = re.compile(r"/frame-\d*7\.nxs$")


def server_answer(files: int) -> str:
    """Return a dataset and its blocks as a server would send them."""
    entries = [
        {
            "path": f"run-{index // 1000:04d}/detector/frame-{index:06d}.nxs",
            "size": 1_000_000 + index,
            "time": f"2026-03-01T12:{index // 60 % 60:02d}:{index % 60:02d}.{index % 1000:03d}Z",
            "chk": f"{index:0{DIGITS}x}",
            "uid": "1004",
            "gid": "200",
            "perm": "0640",
        }
        for index in range(files)
    ]
    dataset = {
        "pid": "site/7",
        "type": "raw",
        "datasetName": "Many files",
        "ownerGroup": "beamline1",
        "owner": "Ada Example",
        "contactEmail": "ada@site.example",
        "creationTime": "2026-03-01T12:00:00.000Z",
        "sourceFolder": "/data/run",
    }
    blocks = [
        {"chkAlg": DEFAULT_ALGORITHM, "dataFileList": entries[start : start + FILES_PER_BLOCK]}
        for start in range(0, files, FILES_PER_BLOCK)
    ]
    return json.dumps({"dataset": dataset, "blocks": blocks})


def build(answer: str) -> Dataset:
    """Make a dataset of what a server has sent."""
    parsed = json.loads(answer)
    return Dataset.from_download_model(
        OutputDatasetDto.from_dict(parsed["dataset"]),
        orig_datablocks=[PartialOutputOrigDatablockDto.from_dict(block) for block in parsed["blocks"]],
    )


def seconds(step: Callable[[], object], *, collector: bool) -> float:
    """Return the processor time that a step takes, with or without the garbage collector."""
    gc.collect()
    if not collector:
        gc.disable()
    start = time.process_time()
    step()
    taken = time.process_time() - start
    gc.enable()
    return taken


def shuffled(files: list[File]) -> list[File]:
    """Return files in another order, the same each time."""
    return random.Random(7).sample(files, len(files))


def steps_of(answer: str) -> dict[str, Callable[[], object]]:
    """Return the steps of one dataset."""
    dataset = build(answer)
    changed = [attrs.evolve(file, remote_uid="7") for file in dataset.files]
    # Among neighbours: in any order at all, the ratio would measure the caches of the processor.
    changed = [
        file for start in range(0, len(changed), 1000) for file in shuffled(changed[start : start + 1000])
    ]
    names = [file.remote_path.posix for file in changed]
    same_path = [File.from_remote("run.nxs", size, "2026-03-01T12:00:00Z") for size in range(len(changed))]
    return {
        "build from a server's answer": lambda: build(answer),
        "select with a pattern": lambda: select_files(dataset.files, PATTERN),
        "select with as many names": lambda: select_files(dataset.files, names),
        "replace all files": lambda: dataset.replace_files(*changed).files,
        "replace files of one path": lambda: FileList(same_path).replaced(reversed(same_path)),
        "find problems": dataset.find_problems,
        "make the upload models": dataset.make_datablock_upload_models,
    }


def time_steps(answer: str, *, datasets: int = 1, collector: bool = False) -> dict[str, float]:
    """Return the time that each step takes for a dataset, if there are so many, worked on in turn."""
    steps = [steps_of(answer) for _ in range(datasets)]
    return {
        name: sum(seconds(one[name], collector=collector) for one in steps) / datasets for name in steps[0]
    }


def memory_per_file(answer: str, files: int) -> float:
    """Return the bytes that a dataset takes for each of its files."""
    build(server_answer(1))  # What is loaded and made once does not count.
    tracemalloc.start()
    dataset = build(answer)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(dataset.files) == files
    return size / files


def memory_of_local_files(files: int) -> dict[str, float]:
    """Return the bytes that a dataset of local files takes for each, step by step."""
    with tempfile.TemporaryDirectory() as folder:
        for index in range(files):
            path = Path(folder) / f"run-{index // 1000:04d}" / "detector" / f"frame-{index:06d}.nxs"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(index))
            os.utime(path, (0, 0))
        # Checksums of files that changed just now are not remembered.
        time.sleep(2.5)
        tracemalloc.start()
        dataset = Dataset(type="raw")
        sizes: dict[str, float] = {}

        def measure(name: str) -> None:
            gc.collect()
            sizes[name] = tracemalloc.get_traced_memory()[0] / files

        dataset.add_local_files(folder)
        measure("local files")
        dataset.make_datablock_upload_models(PID.parse("site/7"))
        measure("after making models")
        dataset = dataset.replace_files(*(file.uploaded() for file in dataset.files))
        measure("after an upload")
        tracemalloc.stop()
    return sizes


def main() -> int:
    """Measure and print; return the exit status."""
    few, many = server_answer(FEW), server_answer(MANY)
    # As many files in all on both sides, so that the few have no better use of the processor's caches.
    rounds = [
        (time_steps(few, datasets=MANY // FEW), time_steps(many), time_steps(many, collector=True))
        for _ in range(ROUNDS)
    ]
    good = True
    print(f"{'step':<30}{f'{FEW:,} files':>15}{f'{MANY:,} files':>15}{'ratio':>8}{'with collector':>18}")
    for step in rounds[0][0]:
        short, long, real = (median(times[column][step] for times in rounds) for column in range(3))
        linear = long / short <= LARGEST_RATIO or real < NEXT_TO_NO_SECONDS
        met = linear and real <= LARGEST_SECONDS
        good = good and met
        print(
            f"{step:<30}{short:>13.3f} s{long:>13.3f} s{long / short:>8.1f}{real:>16.3f} s"
            f"{'' if met else '  missed'}"
        )
    sizes = {"files of a server": memory_per_file(many, MANY)} | memory_of_local_files(LOCAL)
    for name, size in sizes.items():
        good = good and size <= LARGEST_BYTES
        print(f"memory, {name:<22}{size:>5.0f} bytes per file{'  missed' if size > LARGEST_BYTES else ''}")
    print(f"bounds: {LARGEST_SECONDS:g} s, ratio {LARGEST_RATIO:g}, {LARGEST_BYTES:g} bytes per file")
    print(f"times are of the processor, medians of {ROUNDS} runs")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
