"""Laws between the model and the generated classes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scicat_api.models import (
    Attachment as AttachmentV3,
)
from scicat_api.models import (
    CreateDatasetDto,
    CreateOrigDatablockDto,
    CreateSampleDto,
    OutputDatasetDto,
    OutputSampleDto,
    PartialOutputOrigDatablockDto,
)
from scitacean import (
    PID,
    Attachment,
    Dataset,
    File,
    Lifecycle,
    Relationship,
    Sample,
    Technique,
    Thumbnail,
    ValidationError,
)
from scitacean.catalogue import convert

text = st.text(max_size=10)
texts = st.lists(text, max_size=3)
times = st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
metadata = st.dictionaries(text, json_values, max_size=3)
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


relationships = st.builds(
    Relationship,
    identifier=text,
    relationship=text,
    identifier_type=st.none() | text,
    entity_type=st.none() | text,
    external_id=st.none() | text,
)
datasets = st.builds(
    Dataset,
    type=st.sampled_from(["raw", "derived", "custom"]),
    name=text,
    owner_group=text,
    owner=text,
    contact_email=text,
    creation_time=times,
    source_folder=names.map(lambda name: f"/{name}"),
    pid=names.map(PID.parse),
    meta=metadata,
    techniques=optional(st.lists(st.builds(Technique, text, text), max_size=2)),
    relationships=optional(st.lists(relationships, max_size=2)),
    job_parameters=optional(metadata),
    is_published=optional(st.booleans()),
    scientific_metadata_valid=optional(st.booleans()),
    data_quality_metrics=optional(st.floats(allow_nan=False, allow_infinity=False)),
    start_time=optional(times),
    end_time=optional(times),
    **{
        name: optional(texts)
        for name in (
            "access_groups",
            "shared_with",
            "principal_investigators",
            "proposal_ids",
            "sample_ids",
            "instrument_ids",
            "input_datasets",
            "keywords",
            "used_software",
        )
    },
    **{
        name: optional(text)
        for name in (
            "source_folder_host",
            "owner_email",
            "orcid_of_owner",
            "instrument_group",
            "description",
            "comment",
            "classification",
            "license",
            "run_number",
            "creation_location",
            "data_format",
            "job_log_data",
            "scientific_metadata_schema",
            "validation_status",
        )
    },
)
samples = st.builds(
    Sample,
    owner_group=text,
    sample_name=text,
    sample_characteristics=optional(metadata),
    access_groups=optional(texts),
    is_published=optional(st.booleans()),
    **{
        name: optional(text)
        for name in ("owner", "description", "instrument_group", "type", "proposal_id", "parent_sample_id")
    },
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(datasets)
def test_datasets_keep_what_they_are(dataset: Dataset) -> None:
    """Model to wire to model is the identity, through the generated classes and through JSON."""
    wire = json.loads(json.dumps(convert.dataset_to_upload_model(dataset).to_dict()))
    assert CreateDatasetDto.from_dict(wire).additional_properties == {}
    assert convert.dataset_from_model(OutputDatasetDto.from_dict(wire)) == dataset.replace(attachments=None)


@given(samples)
def test_samples_keep_what_they_are(sample: Sample) -> None:
    wire = json.loads(json.dumps(convert.sample_to_upload_model(sample).to_dict()))
    assert CreateSampleDto.from_dict(wire).additional_properties == {}
    assert convert.sample_from_model(OutputSampleDto.from_dict(wire)) == sample


remote_files = st.builds(
    File.from_remote,
    remote_path=names,
    size=st.integers(0, 2**53),
    creation_time=times,
    checksum=st.none() | st.text(min_size=1, max_size=9),
    remote_uid=st.none() | text,
    remote_gid=st.none() | text,
    remote_perm=st.none() | text,
)


@given(st.lists(remote_files, max_size=4), st.sampled_from([None, "md5", "sha256"]))
def test_files_keep_what_they_are(files: list[File], algorithm: str | None) -> None:
    files = [attrs.evolve(file, checksum_algorithm=algorithm) for file in files]
    block = convert.files_to_upload_model(PID.parse("a/b"), files, checksum_algorithm=algorithm)
    wire = json.loads(json.dumps(block.to_dict()))
    assert CreateOrigDatablockDto.from_dict(wire).size == sum(file.size for file in files)
    assert convert.files_from_model(PartialOutputOrigDatablockDto.from_dict(wire)) == files


@given(text, st.none() | st.builds(Thumbnail, st.just("image/png"), st.binary(max_size=9)), optional(texts))
def test_attachments_keep_what_they_are(
    caption: str, thumbnail: Thumbnail | None, groups: list[str] | None
) -> None:
    attachment = Attachment(caption=caption, owner_group="g", thumbnail=thumbnail, access_groups=groups or [])
    dataset = Dataset(type="raw", owner_group="other", access_groups=["others"])
    wire = convert.attachment_to_upload_model(attachment, dataset=dataset).to_dict()
    again = convert.attachment_from_model(AttachmentV3.from_dict(json.loads(json.dumps(wire))))
    assert again == attachment


damaged = st.recursive(
    json_values, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2)
)
FIELDS = sorted(CreateDatasetDto._table())


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*FIELDS, "pid", "createdAt", "version"]), damaged, max_size=8))
def test_damaged_datasets_still_become_datasets(wire: dict[str, object]) -> None:
    dataset = convert.dataset_from_model(OutputDatasetDto.from_dict(wire))
    if isinstance(wire.get("datasetName"), str):
        assert dataset.name == wire["datasetName"]


@given(damaged)
def test_damaged_files_are_left_out(value: object) -> None:
    good = {"path": "a", "size": 1, "time": "2026-03-01T12:00:00Z"}
    block = PartialOutputOrigDatablockDto.from_dict({"dataFileList": [good, value]})
    assert convert.files_from_model(block)[0].remote_path == "a"
    convert.files_from_model(PartialOutputOrigDatablockDto.from_dict({"dataFileList": value}))


def test_odd_lifecycles_and_thumbnails_are_dropped() -> None:
    odd = OutputDatasetDto.from_dict({"datasetlifecycle": 3, "proposalIds": [None, "p"], "techniques": [7]})
    assert convert.dataset_from_model(odd).lifecycle is None
    assert convert.dataset_from_model(odd).proposal_ids == ["p"]
    assert convert.attachment_from_model(AttachmentV3.from_dict({"thumbnail": "!"})).thumbnail is None
    good = OutputDatasetDto.from_dict({"datasetlifecycle": {"archivable": True}})
    assert convert.dataset_from_model(good).lifecycle == Lifecycle(archivable=True)


def test_missing_fields_are_not_sent(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="owner_group is missing"):
        convert.dataset_to_upload_model(Dataset(type="raw"))
