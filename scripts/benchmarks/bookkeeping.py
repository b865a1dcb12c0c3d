#!/usr/bin/env python3
"""Measure what uploads and downloads of many small files cost beside the copying.

A catalogue of one's own and a folder of 100,000 files: uploaded, downloaded, and downloaded again when all is
there. What counts is the time that a step takes without that of the file transfer, and of writing to disk:
what is planned, looked up, locked, noted, kept and renamed. The reading that proves what was copied counts as
copying, and what the catalogue does, in the same process, does not count. What the journal notes of a file
while others are copied counts as bookkeeping, but for the writing to disk. The exit status is 1 when that is
more than 10 s for a step. Beside other work on the machine, the time of the processor tells more.

``--profile STEP`` shows instead where the time of one step goes.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx

from scitacean import Client, Dataset
from scitacean.transfer.copy import CopyDownloadConnection, CopyUploadConnection
from scitacean.workflow import placing
from scitacean.workflow.journal import Journal

FILES = 100_000
FILES_PER_FOLDER = 1_000
LARGEST_SECONDS = 10.0
CONTENT = bytes(range(256)) * 4


class Copying:
    """Adds up the time that copying and writing to disk takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.processor = 0.0
        self._is_copying = False
        self._since = (0.0, 0.0)

    def _switch(self, is_copying: bool) -> bool:
        """Note that copying begins or ends; return whether it was going on."""
        now = (time.perf_counter(), time.process_time())
        was_copying = self._is_copying
        if was_copying:
            self.seconds += now[0] - self._since[0]
            self.processor += now[1] - self._since[1]
        self._is_copying, self._since = is_copying, now
        return was_copying

    def measured(self, function: Callable[..., object], *, is_copying: bool) -> Callable[..., object]:
        """Return a function that does the same, whose time counts as copying or not, whoever calls it."""

        def call(*arguments: object, **options: object) -> object:
            before = self._switch(is_copying)
            try:
                return function(*arguments, **options)
            finally:
                self._switch(before)

        return call

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the time of all that moves bytes, for as long as the block runs."""
        places: list[tuple[object, str, bool]] = [
            (CopyUploadConnection, "send_files", True),
            (Journal, "note_sent", False),
            (CopyUploadConnection, "remote_checksums", True),
            (httpx.WSGITransport, "handle_request", True),
            (CopyDownloadConnection, "fetch_files", True),
            (placing, "_file_systems_written", True),
            (os, "fsync", True),
        ]
        before = [getattr(owner, name) for owner, name, _ in places]
        for (owner, name, is_copying), function in zip(places, before, strict=True):
            setattr(owner, name, self.measured(function, is_copying=is_copying))
        try:
            yield
        finally:
            for (owner, name, _), function in zip(places, before, strict=True):
                setattr(owner, name, function)


def make_dataset(folder: Path, number: int) -> Dataset:
    """Make files and a dataset of them."""
    for index in range(number):
        path = folder / f"run-{index // FILES_PER_FOLDER:04d}" / f"frame-{index:06d}.nxs"
        if index % FILES_PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)
        os.utime(path, (1_700_000_000, 1_700_000_000 + index))
    dataset = Dataset(
        type="raw",
        name="Many files",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(folder)
    return dataset


def steps(folder: Path, number: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what is measured, one after the other."""
    dataset = make_dataset(folder / "source", number)
    with Client.local(folder / "local") as client:
        uploaded: list[Dataset] = []
        yield "upload", lambda: uploaded.append(client.upload_new_dataset_now(dataset))
        pid = str(uploaded[0].pid)
        found: list[Dataset] = []
        yield "get the dataset", lambda: found.append(client.get_dataset(pid))
        for name in ("download", "download again, all there", "download once more"):
            yield name, lambda: client.download_files(found[0], target=folder / "target")


class Times(NamedTuple):
    """Seconds that a step takes: all, of which copying, and what else the processor was busy with."""

    whole: float
    copying: float
    processor: float

    @property
    def bookkeeping(self) -> float:
        """Seconds beside the copying."""
        return self.whole - self.copying


def measure(step: Callable[[], object]) -> Times:
    """Measure a step."""
    copying = Copying()
    start, processor = time.perf_counter(), time.process_time()
    with copying.counted():
        step()
    busy = time.process_time() - processor - copying.processor
    return Times(time.perf_counter() - start, copying.seconds, busy)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=FILES, help="how many files")
    parser.add_argument("--profile", metavar="STEP", help="show where the time of a step goes")
    options = parser.parse_args(arguments)
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        for name, step in steps(Path(folder), options.files):
            if name == options.profile:
                profile = cProfile.Profile()
                profile.runcall(step)
                pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
                continue
            times = measure(step)
            slow |= times.bookkeeping > LARGEST_SECONDS
            print(
                f"{name:28} {times.whole:7.2f} s, of which copying {times.copying:7.2f} s, bookkeeping "
                f"{times.bookkeeping:6.2f} s ({times.processor:6.2f} s of the processor)",
                flush=True,
            )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
