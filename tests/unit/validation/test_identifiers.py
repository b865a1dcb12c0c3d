"""Rules for identifiers of people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.validation.values import orcid_problem

# From https://support.orcid.org: iDs of example records.
GOOD = ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"]
digits = st.text(st.sampled_from("0123456789"), min_size=15, max_size=15)


def with_check(text: str, check: str) -> str:
    return "-".join((text + check)[start : start + 4] for start in range(0, 16, 4))


def is_good(value: object) -> bool:
    return not list(orcid_problem(value, "orcid"))


@pytest.mark.parametrize("orcid", GOOD)
@pytest.mark.parametrize(
    "prefix",
    ["", "https://orcid.org/", "http://orcid.org/", "orcid.org/", "HTTPS://ORCID.ORG/", "https://www.orcid.org/",
     "www.orcid.org/", " https://orcid.org/"],
)  # fmt: skip
def test_known_ones(orcid: str, prefix: str) -> None:
    for after in ("", "/", "\n", " "):
        assert is_good(prefix + orcid + after)
        assert is_good(prefix + orcid.lower() + after)


def test_empty_text_is_left_to_the_rule_of_what_is_required() -> None:
    assert is_good("")


@pytest.mark.parametrize(
    "value",
    ["0000000218250097", "0000 0002 1825 0097", "0000\u20110002\u20111825\u20110097", "0000-00021825-0097"],
)
def test_missing_hyphens_are_said_to_be_missing(value: str) -> None:
    (problem,) = orcid_problem(value, "orcid")
    assert problem.expected.endswith("it has hyphens between four groups, like 0000-0002-1825-0097")


@given(digits)
def test_one_check_character_is_right_and_named(text: str) -> None:
    good = [check for check in "0123456789X" if is_good(with_check(text, check))]
    assert len(good) == 1
    for check in "0123456789X":
        for problem in orcid_problem(with_check(text, check), "orcid"):
            assert f"should be {good[0]}," in problem.expected


@given(st.sampled_from(GOOD), st.integers(0, 18), st.sampled_from("0123456789"))
def test_each_wrong_digit_is_found(orcid: str, index: int, digit: str) -> None:
    changed = orcid[:index] + digit + orcid[index + 1 :]
    assert is_good(changed) == (changed == orcid)


@given(st.sampled_from(GOOD), st.integers(0, 17))
def test_swapped_neighbours_are_found(orcid: str, index: int) -> None:
    swapped = orcid[:index] + orcid[index + 1] + orcid[index] + orcid[index + 2 :]
    assert is_good(swapped) == (swapped == orcid)


@pytest.mark.parametrize(
    "value",
    [" ", "0000-0002-1825-009", "0000-000X-1825-0097", "Ada", "https://example.org/0000-0002-1825-0097",
     "0000-0002-1825-0097//", "ftp://orcid.org/0000-0002-1825-0097", "000000021825009X7",
     "\u0660\u0660\u0660\u0660-0002-1825-0097", "\u0660\u0660\u0660\u0660000218250097"],
)  # fmt: skip
def test_what_has_another_shape(value: str) -> None:
    (problem,) = orcid_problem(value, "orcid")
    assert "four groups" in problem.expected


def test_what_is_no_text() -> None:
    (problem,) = orcid_problem(218250097, "orcid")
    assert problem.expected == "an ORCID iD, as text"
