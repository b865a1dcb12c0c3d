"""Rules of the catalogue."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Technique
from scitacean.validation.dataset import problems_of_new_dataset
from scitacean.validation.paths import unsafe_path_reason
from scitacean.validation.problem import Problem
from scitacean.validation.sample import problems_of_new_sample
from scitacean.validation.values import json_problems

GOOD: dict[str, object] = {
    "type": "raw",
    "name": "Run 7",
    "owner_group": "beamline1",
    "owner": "Ada Example",
    "contact_email": "ada@site.example; bob@site.example",
    "owner_email": "ada@site.example",
    "creation_time": datetime(2026, 3, 1, tzinfo=UTC),
    "source_folder": "/data/run-7",
    "meta": {"temperature": {"value": 3, "unit": "K"}, "list": [1, None, True, 1.5, ("a",)]},
}


def test_a_good_dataset_has_no_problems() -> None:
    assert problems_of_new_dataset(GOOD) == []


@pytest.mark.parametrize("name", ["type", "name", "owner_group", "owner", "contact_email", "source_folder"])
@pytest.mark.parametrize("empty", [None, ""])
def test_required_fields(name: str, empty: object) -> None:
    assert name in [problem.field for problem in problems_of_new_dataset(GOOD | {name: empty})]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contact_email", "nobody"),
        ("contact_email", "ada@site.example;"),
        ("contact_email", "ada @site.example"),
        ("owner_email", "ada@site.example;bob@site.example"),
        ("owner_email", "ada@site"),
        ("creation_time", datetime(2026, 3, 1)),  # noqa: DTZ001  (what users do)
        ("start_time", "yesterday"),
        ("source_folder", "relative/folder"),
        ("name", 5),
        ("name", "\ud800"),
        ("comment", object()),
        ("keywords", 5),
        ("keywords", "neutron"),
        ("is_published", "yes"),
        ("data_quality_metrics", float("nan")),
        ("data_quality_metrics", True),
        ("meta", [1]),
        ("techniques", "diffraction"),
        ("relationships", 5),
    ],
)
def test_values_that_servers_refuse(name: str, value: object) -> None:
    assert [problem.field for problem in problems_of_new_dataset(GOOD | {name: value})] == [name]


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("keywords", ["a", 5], "keywords[1]"),
        ("proposal_ids", [None, "\ud800"], "proposal_ids[1]"),
        ("techniques", [Technique("p", None)], "techniques[0].name"),  # type: ignore[arg-type]  # a mistake
        ("relationships", [{}], "relationships[0].identifier"),
        ("meta", {"\ud800": 1}, "meta"),
    ],
)
def test_bad_parts_are_named(name: str, value: object, field: str) -> None:
    assert field in [problem.field for problem in problems_of_new_dataset(GOOD | {name: value})]


def test_samples() -> None:
    good: dict[str, object] = {"owner_group": "g", "sample_name": "s", "sample_characteristics": {"a": 1}}
    assert problems_of_new_sample(good) == []
    bad: dict[str, object] = {"owner_group": "", "sample_characteristics": {"a": float("nan")}, "owner": 3}
    fields = [problem.field for problem in problems_of_new_sample(bad)]
    assert fields == ["owner_group", "sample_name", "owner", "sample_characteristics.a"]


def test_all_problems_are_found_at_once() -> None:
    fields = {problem.field for problem in problems_of_new_dataset({"meta": {"a": float("inf")}})}
    assert fields >= {"type", "name", "owner", "owner_group", "meta.a"}


unicode = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | unicode,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(unicode, inner, max_size=3),
)


@given(json_values)
def test_what_json_can_hold_has_no_problems(value: object) -> None:
    assert list(json_problems(value, "meta")) == []
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize("value", [float("nan"), object(), {1: 2}, {1, 2}])
def test_what_json_cannot_hold_is_found(value: object) -> None:
    assert [problem.field for problem in json_problems({"a": [value]}, "meta")] == ["meta.a[0]"]


def test_long_values_are_cut() -> None:
    assert len(str(Problem("a", "x" * 1000, "less"))) < 100


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "..", "a/../../b", "", ".", "a\0b", "//a", "./../a", "\ud800"]
)
def test_paths_that_lead_out_are_unsafe_everywhere(path: str) -> None:
    assert unsafe_path_reason(path, windows=False)
    assert unsafe_path_reason(path, windows=True)


@pytest.mark.parametrize(
    "path", ["c:/a", "a\\..\\b", "con", "sub/NUL.txt", "a.", "a ", "LPT1.dat", "a?", "a\nb", "com¹"]
)
def test_paths_that_windows_twists_are_unsafe_there(path: str) -> None:
    assert unsafe_path_reason(path, windows=True)
    assert not unsafe_path_reason(path, windows=False)


@pytest.mark.parametrize("path", ["a", "a/b.nxs", "console/a", "ü/a b", "...a"])
def test_ordinary_paths_are_safe(path: str) -> None:
    assert not unsafe_path_reason(path, windows=True)
