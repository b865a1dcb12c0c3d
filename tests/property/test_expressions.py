"""Expressions find what Python's re finds, and are no more than the catalogue takes."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scitacean.embedded.answers import Refusal
from scitacean.embedded.expressions import beginning, compiled

PARTS = st.sampled_from(
    [
        *("a", "b", "B", "é", "1", " ", "\n", "#", ".", "^", "$", "\\d", "\\w", "\\b", "\\s", "\\.", "\\\\"),
        *("[ab]", "[^a]", "[a-c1]", "[{e}]", "[]a]", "{", "}", "{e}", "{e<=1}", "{}", "{i<1,2i+1d<3}", "\\{"),
        *("*", "+", "?", "*?", "{2}", "{1,}", "{,2}", "{1,2}", "{1,2}?", "|"),
        *("(", "(?:", "(?i)", "(?=", "(?!", "(?<!", ")", "\\1", "&&", "--", "\\N{BULLET}"),
    ]
)
PATTERNS = st.lists(PARTS, max_size=8).map("".join)
TEXTS = st.text("abB1 é{}e\n.#-", max_size=8)
OPTIONS = st.sets(st.sampled_from("imsx")).map(lambda letters: "".join(sorted(letters)))


@given(pattern=PATTERNS, options=OPTIONS, text=TEXTS)
@example(pattern="a{e}", options="", text="b")
@example(pattern="(?:a{e<=1})", options="", text="")
@example(pattern="[{e}]a", options="", text="ea")
def test_an_expression_finds_what_re_finds(pattern: str, options: str, text: str) -> None:
    flags = {"i": re.I, "m": re.M, "s": re.S, "x": re.X}
    wanted = re.NOFLAG
    for letter in options:
        wanted |= flags[letter]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            expected = re.search(pattern, text, wanted) is not None
    except (re.error, FutureWarning):
        with pytest.raises(Refusal, match="is no regular expression"):
            compiled(pattern, options)
    else:
        assert compiled(pattern, options)(text, 5.0) == expected


@given(pattern=st.lists(PARTS, max_size=4).map(lambda parts: "^a" + "".join(parts)), text=TEXTS)
def test_what_matches_lies_in_the_span_of_the_beginning(pattern: str, text: str) -> None:
    span = beginning(pattern)
    if span is None:
        return
    try:
        found = re.search(pattern, text)
    except (re.error, FutureWarning):
        return
    assert found is None or span[0] <= text < span[1]
