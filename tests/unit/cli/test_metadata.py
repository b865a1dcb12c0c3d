"""Metadata files of the command."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scitacean.cli.metadata import make_dataset
from scitacean.cli.run import run
from scitacean.errors import ConfigurationError
from scitacean.model.dataset import Dataset
from scitacean.model.parts import Lifecycle, Relationship, Technique

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str, name: str = "a.toml", **overrides: object) -> Dataset:
    Path(name).write_text(text, encoding="utf-8")
    return make_dataset(Path(name), overrides)


def read_json(fields: object) -> Dataset:
    return read(json.dumps(fields), "a.json")


def problems(dataset: Dataset) -> set[str]:
    return {problem.field for problem in dataset.find_problems(required=False)}


def test_without_a_file_it_is_a_raw_dataset_of_now() -> None:
    before = datetime.now(UTC)
    dataset = make_dataset(None, {"name": "Run 7", "owner": None})
    assert (dataset.type, dataset.name, dataset.owner) == ("raw", "Run 7", None)
    assert dataset.creation_time is not None
    assert before <= dataset.creation_time <= datetime.now(UTC)


def test_options_count_more_than_the_file() -> None:
    dataset = read('name = "a"\nowner = "Ada"\ntype = "derived"', name="x.toml")
    assert (dataset.name, dataset.owner, dataset.type) == ("a", "Ada", "derived")
    assert make_dataset(Path("x.toml"), {"name": "b", "type": "raw", "owner": None}).name == "b"


def test_times_and_parts_are_read_from_json_as_from_toml() -> None:
    fields = {
        "creation_time": "2026-03-01T12:00:00Z",
        "techniques": ["SAXS", {"pid": "t", "name": "diffraction"}],
        "relationships": [{"identifier": "x", "relationship": "IsPartOf", "identifier_type": "DOI"}],
        "lifecycle": {
            "archivable": True,
            "date_of_disk_purging": "2026-03-01T12:00:00Z",
            "archive_retention_time": "2026-03-01T13:00:00+01:00",
            "date_of_publishing": "2026-03-01T12:00:00Z",
            "published_on": "2026-03-01T12:00:00Z",
        },
    }
    dataset = read_json(fields)
    assert dataset.creation_time == NOON
    assert dataset.techniques == [Technique.find("SAXS"), Technique("t", "diffraction")]
    assert dataset.relationships == [
        Relationship(identifier="x", relationship="IsPartOf", identifier_type="DOI")
    ]
    assert dataset.lifecycle == Lifecycle(
        archivable=True,
        date_of_disk_purging=NOON,
        archive_retention_time=NOON,
        date_of_publishing=NOON,
        published_on=NOON,
    )
    assert problems(dataset) == set()
    toml = (
        'creation_time = 2026-03-01T12:00:00Z\ntechniques = ["SAXS", {pid = "t", name = "diffraction"}]\n'
        'relationships = [{identifier = "x", relationship = "IsPartOf", identifier_type = "DOI"}]\n'
        "[lifecycle]\narchivable = true\ndate_of_disk_purging = 2026-03-01T12:00:00Z\n"
        'archive_retention_time = 2026-03-01T12:00:00Z\ndate_of_publishing = "2026-03-01T12:00:00Z"\n'
        "published_on = 2026-03-01T12:00:00Z"
    )
    assert read(toml) == dataset.replace(uid=read(toml).uid)


@pytest.mark.parametrize("odd", [None, ["raw"], 7])
def test_odd_types_stay_for_validation(odd: object) -> None:
    dataset = read_json({"type": odd})
    assert dataset.type == odd
    assert "type" in {problem.field for problem in dataset.find_problems()}


@pytest.mark.parametrize("name", ["a.JSON", "a.Json", "a.json"])
def test_the_ending_may_be_in_capitals(name: str) -> None:
    assert read('{"name": "Run 7"}', name).name == "Run 7"


@pytest.mark.parametrize(
    "text", ["[]", "[1]", '[["name", "x"]]', "null", '"name"', "7", "", "{", '{"name": "\xe4'], ids=repr
)
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Cannot read the metadata file a\.json.*TOML, or JSON"):
        read(text, "a.json")


def test_files_that_are_not_there_or_no_text_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Cannot read the metadata file none\.toml"):
        make_dataset(Path("none.toml"), {})
    Path("b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"Cannot read the metadata file b\.toml"):
        make_dataset(Path("b.toml"), {})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"meta": ' + '{"a": ' * 100_000 + "1" + "}" * 100_001),
        ("a.toml", "meta = " + "[" * 100_000 + "]" * 100_000),
    ],
)
def test_what_is_nested_too_deeply_is_refused(
    capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        read(text, name)
    assert run(["upload", ".", "--metadata", name, "--local", "local"]) == 1
    assert "nested too deeply" in capsys.readouterr().err


def test_what_python_reads_and_no_catalogue_keeps_is_a_problem_not_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a.json").write_text('{"meta": ' + '{"a": ' * 400 + "1" + "}" * 401)
    assert run(["upload", "a.json", "--metadata", "a.json", "--local", "local"]) == 1
    told = capsys.readouterr().err
    assert "at most 99" in told
    assert "name " in told


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"no_such": 1, "another": 2}, r"datasets do not have: another, no_such\. Scientific .* \[meta\]"),
        ({"created_by": "me"}, "datasets do not have: created_by"),
        ({"start_time": "noon"}, "start_time is 'noon', which is no time in ISO 8601"),
        ({"lifecycle": {"published_on": "May"}}, r"lifecycle\.published_on is 'May', which is no time"),
        ({"lifecycle": {"gone": 1}}, "lifecycle has fields that a Lifecycle does not have: gone"),
        ({"relationships": [{"pid": "x"}]}, r"relationships\[0\] has .* a Relationship does not have: pid"),
        ({"techniques": [{"label": "x"}]}, r"techniques\[0\] has .* a Technique does not have: label"),
        ({"techniques": ["small angel scattering"]}, "no technique 'small angel scattering'.*Did you mean"),
    ],
)
def test_what_datasets_do_not_have_is_told(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"The metadata file a\.json cannot be used: .*{message}"):
        read_json(fields)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (
            {"relationships": ["x", {"identifier": "y"}]},
            {"relationships[0]", "relationships[1].relationship"},
        ),
        ({"relationships": "x"}, {"relationships"}),
        ({"techniques": [7, {"pid": "t"}, {}]}, {"techniques[0]", "techniques[1].name"}),
        ({"lifecycle": "archived"}, {"lifecycle"}),
        ({"lifecycle": {"published_on": 7}}, {"lifecycle.published_on"}),
        ({"start_time": 7}, {"start_time"}),
    ],
)
def test_what_is_no_part_is_left_to_validation(fields: dict[str, Any], found: set[str]) -> None:
    assert found <= problems(read_json(fields))
