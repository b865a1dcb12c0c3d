"""Doing something without the powers of root, so that permissions count whoever runs the tests."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_VERSION_3, _OF_THIS_THREAD = 0x20080522, 0


def permissions_count() -> bool:
    """Whether permissions can be made to count here."""
    return os.name == "posix" and (os.geteuid() != 0 or sys.platform == "linux")


def as_anybody(function: Callable[[], T]) -> T:
    """Call a function that may not read and write what is forbidden."""
    return _in_thread(function, _drop_all)


def starting_anybody(function: Callable[[], T]) -> T:
    """Call a function whose child processes may not read and write what is forbidden, root's among them."""
    return _in_thread(function, _drop_for_children)


def _in_thread(function: Callable[[], T], drop: Callable[[], None]) -> T:
    # Linux keeps the powers of root for each thread.
    is_root = sys.platform == "linux" and os.geteuid() == 0
    with ThreadPoolExecutor(1, initializer=drop if is_root else None) as pool:
        return pool.submit(function).result()


def _drop_all() -> None:
    header = (ctypes.c_uint32 * 2)(_VERSION_3, _OF_THIS_THREAD)
    nothing = (ctypes.c_uint32 * 6)()
    _check(ctypes.CDLL(None, use_errno=True).capset(header, nothing))


def _drop_for_children() -> None:
    for power in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        _check(ctypes.CDLL(None, use_errno=True).prctl(_PR_CAPBSET_DROP, power, 0, 0, 0))


def _check(refused: int) -> None:
    if refused:
        raise OSError(ctypes.get_errno(), "The powers of root cannot be dropped")
