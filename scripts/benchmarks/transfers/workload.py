"""Workloads: files of random bytes to transfer, and the comparison with what has arrived."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from attrs import frozen

from scitacean.model.checksum import DEFAULT_ALGORITHM

_BLOCK = 1 << 20


@frozen
class Workload:
    """So many files of one size.

    Attributes
    ----------
    name:
        As bounds and options call it.
    files:
        How many files.
    size:
        Bytes of each.
    """

    name: str
    files: int
    size: int

    def __str__(self) -> str:
        return f"{self.name} ({self.files:,} x {_with_unit(self.size)})"

    def first(self, files: int) -> Workload:
        """Return the same with fewer files."""
        return Workload(f"{self.name}-{files}", files, self.size)

    def make(self, parent: Path) -> Path:
        """Write the files into a folder of their own and their digests beside it; return the folder."""
        folder = parent / self.name
        folder.mkdir(parents=True)
        digests = {}
        for index in range(self.files):
            digest = hashlib.new(DEFAULT_ALGORITHM)
            with (folder / f"frame-{index:05}.bin").open("wb") as file:
                for start in range(0, self.size, _BLOCK):
                    block = os.urandom(min(_BLOCK, self.size - start))
                    digest.update(block)
                    file.write(block)
            digests[f"frame-{index:05}.bin"] = digest.hexdigest()
        digests_of(folder).write_text(json.dumps(digests))
        return folder


WORKLOADS = (Workload("W1", 1, 1 << 30), Workload("W2", 2_000, 64 << 10), Workload("W3", 10_000, 1 << 10))
QUICK = (Workload("W1", 1, 8 << 20), Workload("W2", 6, 64 << 10), Workload("W3", 12, 1 << 10))


def digests_of(folder: Path) -> Path:
    """Return where the digests of the files in a folder of a workload are, as JSON by name."""
    return folder.with_name(f"{folder.name}.digests.json")


def differences(expected: Path, found: Path) -> list[str]:
    """Return what is not the same in two folders, byte by byte; nothing where all is.

    Parameters
    ----------
    expected, found:
        Folders of files.
    """
    names, others = _names(expected), _names(found)
    problems = [f"{name} is missing" for name in sorted(names - others)]
    problems += [f"{name} should not be there" for name in sorted(others - names)]
    return problems + [
        f"{name} has other content"
        for name in sorted(names & others)
        if not _same(expected / name, found / name)
    ]


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    # filecmp would remember its answer by size and time, which tools that keep times make alike.
    with one.open("rb") as left, other.open("rb") as right:
        while block := left.read(_BLOCK):
            if block != right.read(_BLOCK):
                return False
    return True


def _with_unit(size: int) -> str:
    for unit, bytes_ in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= bytes_ and size % bytes_ == 0:
            return f"{size // bytes_} {unit}"
    return f"{size} bytes"
