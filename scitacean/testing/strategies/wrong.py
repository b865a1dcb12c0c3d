"""Values that break rules of the catalogue, each for one kind of field."""

from __future__ import annotations

import copy
from datetime import date, datetime
from typing import cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

BROKEN_TEXTS: SearchStrategy[str] = st.builds("{}\ud800{}".format, st.text(max_size=3), st.text(max_size=3))
NAIVE_TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2096, 1, 1))  # noqa: DTZ001  (that is what is wrong)
# Nothing at all is no address, but no wrong one either.
ADDRESSES: SearchStrategy[str] = st.text(max_size=8).filter(
    lambda text: "@" not in text and text.strip().strip(";").strip() != ""
) | st.sampled_from(
    ["ada@", "@site.eu", "ada example@site.eu", "a@b@site.eu", "ada@site..eu", "ada@site,eu", "ada.@site.eu"]
)
UNSAFE_PATHS = st.sampled_from(
    ["", ".", "/", "..", "../a", "a/..", "a/../b", "/a", "//a", "a\0b", "a/\ud800", "./..", "a/../../b"]
)

TEXT: SearchStrategy[object] = st.integers() | BROKEN_TEXTS
GIVEN_TEXT: SearchStrategy[object] = st.none() | TEXT
FILLED_TEXT: SearchStrategy[object] = st.just("") | GIVEN_TEXT
TEXTS: SearchStrategy[object] = st.text(max_size=5) | st.lists(GIVEN_TEXT, min_size=1, max_size=2)
FLAG: SearchStrategy[object] = st.sampled_from(["yes", "", 0, 1, "false"])
TIME: SearchStrategy[object] = NAIVE_TIMES | st.sampled_from(
    ["2026-03-01T12:00:00Z", "", 0, date(2026, 3, 1)]
)
NUMBER: SearchStrategy[object] = st.sampled_from([float("nan"), float("inf"), float("-inf"), "7", True])
SIZE: SearchStrategy[object] = (
    st.integers(max_value=-1) | st.integers(min_value=2**53) | st.sampled_from(["12", 1.5, True])
)
EMAIL: SearchStrategy[object] = ADDRESSES | st.integers() | st.just("ada@site.eu; eve@site.eu")
EMAILS: SearchStrategy[object] = (
    ADDRESSES | st.integers() | st.sampled_from(["ada@site.eu;;", "ada@site.eu;, eve"])
)
_DICTS: list[dict[str, object]] = [
    {"a": float("nan")},
    {"a": {"b": [1, float("-inf")]}},
    cast("dict[str, object]", {1: "a"}),
    {"a": "\ud800"},
    {"\ud800": 1},
    {"a": {1, 2}},
    {"nul\0": 1},
    {"large": 10**400},
]
DICTS = st.sampled_from(_DICTS).map(copy.deepcopy)
JSON_OBJECT: SearchStrategy[object] = st.sampled_from([[], "text", 7]) | DICTS
NEEDED_OBJECT: SearchStrategy[object] = st.none() | JSON_OBJECT
FOLDER: SearchStrategy[object] = GIVEN_TEXT | st.sampled_from(["relative/folder", "", ".", "..", "~/data"])
"""A source folder."""


def items(part: SearchStrategy[object]) -> SearchStrategy[object]:
    """Return what is wrong for a list, of which ``part`` draws items that are wrong.

    Parameters
    ----------
    part:
        Draws wrong items.
    """
    return st.sampled_from(["text", 7]) | st.lists(part, min_size=1, max_size=2)
