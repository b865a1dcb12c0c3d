"""Small disks that can be full: file systems in memory, where they can be mounted."""

from __future__ import annotations

import errno
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 2 << 20
FILLER = "filler"


@functools.cache
def can_mount() -> bool:
    """Whether this user may mount a file system on this machine."""
    if sys.platform != "linux" or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if _mount(Path(folder)):
            return False
        subprocess.run(["umount", folder], check=True)
    return True


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system in memory on a folder."""
    if _mount(folder):
        raise OSError(errno.EPERM, "Mounting is not allowed here", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Write until the disk is full."""
    with (folder / FILLER).open("ab", buffering=0) as file:
        for size in (1 << 16, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def make_room(folder: Path) -> None:
    """Remove what filled the disk."""
    (folder / FILLER).unlink(missing_ok=True)


def _mount(folder: Path) -> int:
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode
