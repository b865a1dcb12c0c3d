"""A catalogue of one's own with a dataset for it, and how to do something without the powers of root."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from scitacean import Client, Dataset

CONTENT = {"a.dat": b"counts" * 1000, "sub/b.dat": b"", "sub/deep/c.dat": b"\0\xff" * 70_000}
T = TypeVar("T")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give a folder with files."""
    for name, content in CONTENT.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "source"


@pytest.fixture
def dataset(source: Path) -> Dataset:
    """Give a dataset with these files."""
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(source)
    return dataset


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Give a client of an empty catalogue."""
    with Client.local(tmp_path / "local") as client:
        yield client


@pytest.fixture
def as_anybody() -> Callable[[Callable[[], T]], T]:
    """Give a function that calls another one without the power to read and write what is forbidden."""

    def call(function: Callable[[], T]) -> T:
        # Linux keeps the powers of root for each thread.
        with ThreadPoolExecutor(1, initializer=_drop_powers if os.geteuid() == 0 else None) as pool:
            return pool.submit(function).result()

    return call


def _drop_powers() -> None:
    version_3, of_this_thread = 0x20080522, 0
    header = (ctypes.c_uint32 * 2)(version_3, of_this_thread)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise OSError(ctypes.get_errno(), "The powers of root cannot be dropped")
