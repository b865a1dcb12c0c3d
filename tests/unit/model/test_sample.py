"""Samples."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

import pytest

from scicat_api import reading
from scicat_api.models import OutputSampleDto
from scitacean.errors import ValidationError
from scitacean.model.sample import Sample

ANSWER = {
    "ownerGroup": "beamline1",
    "accessGroups": [],
    "owner": "Ada",
    "sampleName": "A sample",
    "description": "a sample",
    "sampleCharacteristics": {"mass": {"value": 3, "unit": "mg", "valueSI": 3e-06, "unitSI": "kg"}},
    "isPublished": False,
    "sampleId": "S-1",
    "createdBy": "alice",
    "updatedBy": "alice",
    "createdAt": "2026-03-01T12:00:00.000Z",
    "updatedAt": "2026-03-01T12:00:00.000Z",
}


def test_the_answer_of_a_server_becomes_a_sample() -> None:
    sample = Sample.from_download_model(OutputSampleDto.from_dict(ANSWER))
    assert (sample.sample_id, sample.sample_name, sample.owner_group) == ("S-1", "A sample", "beamline1")
    assert sample.sample_characteristics == ANSWER["sampleCharacteristics"]
    assert sample.updated_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    sample.validate()


def test_samples_of_older_servers_have_no_name() -> None:
    answer = {name: value for name, value in ANSWER.items() if name != "sampleName"}
    sample = Sample.from_download_model(OutputSampleDto.from_dict(answer))
    assert sample.find_problems(required=False) == []
    with pytest.raises(ValidationError, match="sample_name"):
        sample.make_upload_model()


def test_odd_values_stay_and_are_found() -> None:
    odd = {"owner": 7, "accessGroups": "g", "sampleCharacteristics": [1], "isPublished": "no"}
    with reading() as reported:
        sample = Sample.from_download_model(OutputSampleDto.from_dict(ANSWER | odd))
    fields = ["owner", "access_groups", "sample_characteristics", "is_published"]
    assert [getattr(sample, name) for name in fields] == list(odd.values())
    assert {problem.field for problem in sample.find_problems(required=False)} == set(fields)
    assert len(reported) == 4


def test_characteristics_may_be_what_becomes_json() -> None:
    class Colour(Enum):
        RED = "red"

    sample = Sample(
        owner_group="g",
        sample_name="s",
        sample_characteristics={"colour": Colour.RED, "made": datetime(2026, 3, 1, tzinfo=UTC)},
    )
    assert sample.make_upload_model().sample_characteristics == {
        "colour": "red",
        "made": "2026-03-01T00:00:00+00:00",
    }
