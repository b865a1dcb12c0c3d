"""The strategies for users' tests: they know every field, and say what they cannot draw."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from scitacean import Dataset, File, Sample
from scitacean.model.entry import Entry
from scitacean.testing import strategies
from scitacean.testing.strategies import attachment, datablock, dataset, entry, file, part, proposal
from scitacean.testing.strategies.recipe import Recipe
from scitacean.validation.addresses import email_problem
from scitacean.validation.identifiers import orcid_problem
from scitacean.validation.json_values import json_problems
from scitacean.validation.paths import unsafe_path_reason
from scitacean.validation.pictures import picture_type
from scitacean.validation.scalars import time_problem
from scitacean.validation.text import text_problem

RECIPES = [
    found
    for module in (attachment, datablock, dataset, entry, file, part, proposal)
    for found in vars(module).values()
    if isinstance(found, Recipe)
]
each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.kind.__name__)
HERE_ONLY = {File: {"local_path"}, Dataset: {"uid"}}


@each_recipe
def test_every_field_of_a_class_is_drawn(recipe: Recipe[Any]) -> None:
    """A field that a class gets has to get values here."""
    drawn = recipe.always.keys() | recipe.sometimes.keys()
    assert drawn - {"local_path"} == _arguments(recipe.kind) - HERE_ONLY.get(recipe.kind, set())


@each_recipe
def test_every_field_that_can_be_set_can_be_wrong(recipe: Recipe[Any]) -> None:
    """A field that a class gets has to get wrong values here; what the server keeps needs none."""
    if not issubclass(recipe.kind, Entry):
        assert recipe.wrong.keys() == recipe.always.keys() | recipe.sometimes.keys() - {"local_path"}
        return
    writable = {field.name for field in recipe.kind.fields(read_only=False)}
    parts = _arguments(recipe.kind) - {field.name for field in recipe.kind.fields()}
    assert writable <= recipe.wrong.keys()
    assert recipe.wrong.keys() - writable <= parts | {"pid", "dataset_id", "is_published"}


def _arguments(kind: type[Any]) -> set[str]:
    return {str(field.alias) for field in attrs.fields(kind) if field.init}


@given(st.data())
def test_given_values_and_strategies_replace_those_of_fields(data: st.DataObject) -> None:
    found = data.draw(strategies.samples(sample_name="a", owner=st.just("b"), description=None))
    assert (found.sample_name, found.owner, found.description) == ("a", "b", None)


@given(st.data())
def test_given_lists_are_not_shared(data: st.DataObject) -> None:
    groups = ["a"]
    first, second = (data.draw(strategies.samples(access_groups=groups)) for _ in range(2))
    cast("list[str]", first.access_groups).append("b")
    assert (second.access_groups, groups) == (["a"], ["a"])


@given(st.data(), st.sampled_from(["owner_email", True]))
def test_given_fields_are_never_the_wrong_ones(data: st.DataObject, invalid: bool | str) -> None:
    found = data.draw(strategies.datasets(invalid=invalid, name="a", files=[]))
    assert (found.name, found.files) == ("a", ())
    problems = found.find_problems()
    assert problems
    assert invalid is True or {problem.field for problem in problems} == {invalid}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nam": "a"}, "Dataset has no field 'nam' that can be drawn so. Is 'name' meant?"),
        (
            {"xyz": "a"},
            "Dataset has no field 'xyz' that can be drawn so. There are: type, name, owner_group,",
        ),
    ],
)
def test_unknown_fields_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        strategies.datasets(**arguments)


def test_fields_without_rules_cannot_be_wrong() -> None:
    with pytest.raises(ValueError, match="'created_at' that can be drawn so"):
        strategies.datasets(invalid="created_at")
    with pytest.raises(ValueError, match="'name' cannot both be given and be drawn"):
        strategies.datasets(invalid="name", name="a")


def test_examples_become_small() -> None:
    smallest: dict[str, Any] = {"owner_group": "0", "sample_name": "0"}
    assert find(strategies.samples(), lambda _: True) == Sample(**smallest)
    assert find(strategies.samples(), lambda found: bool(found.owner)) == Sample(**smallest, owner="0")
    assert find(strategies.files(), lambda found: found.size > 1000).size == 1001


@pytest.mark.parametrize(
    "wanted",
    [
        lambda found: found.attachments is None,
        lambda found: found.access_groups == [],
        lambda found: found.pid is not None and found.pid.pid.count("/") > 1,
        lambda found: ";" in found.contact_email,
        lambda found: found.name != found.name.strip(),
        lambda found: not found.name.isascii(),
        lambda found: any(isinstance(value, dict) and "unit" in value for value in found.meta.values()),
        lambda found: found.creation_time.utcoffset().total_seconds() < 0,
        lambda found: found.start_time is not None and found.start_time == found.end_time,
        lambda found: len({file.checksum_algorithm for file in found.files}) > 1,
    ],
)
def test_what_is_interesting_is_drawn(wanted: Any) -> None:
    assert wanted(
        find(strategies.datasets(), wanted, settings=settings(max_examples=1_000, phases=[Phase.generate]))
    )


@given(st.data())
def test_order_gives_way_to_what_is_given(data: st.DataObject) -> None:
    time = data.draw(strategies.times())
    assert data.draw(strategies.measurement_periods(start=time)).end >= time
    assert data.draw(strategies.measurement_periods(end=time)).start <= time
    both = data.draw(strategies.measurement_periods(start=time, end=time.replace(year=1960)))
    assert both.end < both.start


@given(st.data())
def test_a_block_gets_the_algorithm_of_given_files(data: st.DataObject) -> None:
    files = [data.draw(strategies.files(checksum_algorithm="md5"))]
    assert data.draw(strategies.orig_datablocks(files=files)).checksum_algorithm == "md5"
    assert data.draw(strategies.orig_datablocks(files=[], checksum_algorithm="md5")).files == ()
    assert data.draw(strategies.datablocks(files=[])).checksum_algorithm is None


@given(st.data())
def test_local_files_are_there(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = data.draw(strategies.files(folder=folder))
        assert found.local_path is not None
        assert (found.local_path.parent, found.is_on_remote) == (Path(folder), False)
        assert found.find_problems() == []
        assert found.size == len(found.local_path.read_bytes())
        assert found.uploaded().local_is_up_to_date()
        assert data.draw(strategies.files(folder=folder, invalid=True)).find_problems() != []


@given(strategies.texts(invalid=True))
def test_invalid_texts(text: str) -> None:
    assert list(text_problem(text, "x"))


@given(strategies.times(invalid=True))
def test_invalid_times(time: Any) -> None:
    assert list(time_problem(time, "x"))


@given(strategies.emails(), strategies.emails(invalid=True))
def test_addresses(good: str, bad: str) -> None:
    assert list(email_problem(good, "x")) == []
    assert list(email_problem(bad, "x"))


@given(strategies.orcids(), strategies.orcids(invalid=True))
def test_orcids(good: str, bad: str) -> None:
    assert list(orcid_problem(good, "x")) == []
    assert list(orcid_problem(bad, "x"))


@given(strategies.metadata(), strategies.metadata(invalid=True))
def test_metadata(good: Any, bad: Any) -> None:
    assert list(json_problems(good, "x")) == []
    assert "error" in [problem.severity for problem in json_problems(bad, "x")]


@given(
    strategies.remote_paths(), strategies.remote_paths(invalid=True), strategies.remote_paths(absolute=True)
)
def test_paths(good: Any, bad: Any, folder: Any) -> None:
    assert unsafe_path_reason(good.posix, windows=False) == ""
    assert unsafe_path_reason(bad.posix, windows=False)
    assert folder.is_absolute()


@given(strategies.pids(prefix=st.sampled_from(["a", "b"])))
def test_prefixes_of_pids_can_be_drawn(pid: Any) -> None:
    assert pid.prefix in ("a", "b")


@given(strategies.thumbnails())
def test_thumbnails_are_pictures(thumbnail: Any) -> None:
    assert picture_type(thumbnail.data) == thumbnail.mime
