"""The fields of datasets: those of the server's classes, under Python names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, cast

import attrs

from scitacean.model.entry import TrackedEntry, read_only
from scitacean.model.metadata import plain, plain_object
from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath
from scitacean.problem import Problem
from scitacean.validation.dataset import REQUIRED, problems_of_dataset


def _optional_path(path: str | RemotePath | None) -> RemotePath | None:
    return RemotePath(path) if isinstance(path, str) else path


def _optional_pid(pid: str | PID | None) -> PID | None:
    try:
        return PID.parse(pid) if isinstance(pid, str) else pid
    except ValueError:
        # What is no identifier stays as it is, for validation to report: a server may send it.
        return cast("PID", pid)


def _optional_pids(pids: Sequence[str | PID] | None) -> Sequence[PID] | None:
    # What is no list stays as it is, for validation to report.
    if isinstance(pids, str) or not isinstance(pids, Sequence):
        return cast("None", pids)
    return [cast("PID", _optional_pid(pid)) for pid in pids]


@attrs.define(kw_only=True)
class DatasetFields(TrackedEntry):
    """What the catalogue keeps of a dataset, besides its files and attachments.

    Attributes
    ----------
    type:
        What it is: ``"raw"`` for what was measured, ``"derived"`` for what was computed, or a facility's own.
    name:
        Name that people know it by.
    owner_group:
        Group that owns it; one has to be a member of the group to upload.
    owner:
        Names of the people who own it, separated by semicolons.
    contact_email:
        Addresses to write to, separated by semicolons.
    creation_time:
        When the data was made, with a time zone.
    source_folder:
        Folder on the file server that holds the files.
    source_folder_host:
        Address of the file server.
    owner_email:
        Address of the owner.
    orcid_of_owner:
        ORCID iD of the owner.
    access_groups:
        Groups that may see it.
    shared_with:
        People that it is shared with.
    instrument_group:
        Group of the instrument.
    principal_investigators:
        Names of the principal investigators.
    proposal_ids:
        Identifiers of the proposals that it was measured for.
    sample_ids:
        Identifiers of the samples that were measured.
    instrument_ids:
        Identifiers of the instruments that it was measured with.
    input_datasets:
        PIDs of the datasets that it was computed from.
    description:
        What it is, in plain words.
    comment:
        Anything else to say about it.
    keywords:
        Words to find it by.
    classification:
        How sensitive it is; the server sets what it needs for archiving.
    license:
        Under which terms it may be used.
    is_published:
        Whether everybody may see it.
    start_time:
        When the measurement began, with a time zone.
    end_time:
        When the measurement ended, with a time zone.
    run_number:
        Number of the run, as text.
    creation_location:
        Where it was made, ``"ESS:DREAM"`` for example.
    data_format:
        Format of the files.
    techniques:
        How it was measured.
    relationships:
        What it is related to.
    used_software:
        Software that computed it.
    job_parameters:
        Parameters of the computation.
    job_log_data:
        What the computation logged.
    meta:
        Scientific metadata: anything that JSON can hold, quantities, arrays, times and enums.
    scientific_metadata_schema:
        Address of the schema of the scientific metadata.
    scientific_metadata_valid:
        Whether the scientific metadata follows that schema.
    validation_status:
        How far the data has been validated.
    data_quality_metrics:
        How good the data is, as a number.
    lifecycle:
        Where it is between disk and archive.
    pid:
        Identifier; the server makes one where it is None, and few groups may choose one.
    api_version:
        Version of the interface that it was made through.
    """

    _noun: ClassVar[str] = "dataset"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)
    _scicat_names: ClassVar[dict[str, str]] = {
        "name": "datasetName",
        "meta": "scientificMetadata",
        "lifecycle": "datasetlifecycle",
        "api_version": "version",
    }

    type: str
    name: str | None = None
    owner_group: str | None = None
    owner: str | None = None
    contact_email: str | None = None
    creation_time: datetime | None = None
    source_folder: RemotePath | None = attrs.field(
        default=None, converter=_optional_path, on_setattr=attrs.setters.convert
    )
    source_folder_host: str | None = None
    owner_email: str | None = None
    orcid_of_owner: str | None = None
    access_groups: Sequence[str] | None = None
    shared_with: Sequence[str] | None = None
    instrument_group: str | None = None
    principal_investigators: Sequence[str] | None = None
    proposal_ids: Sequence[str] | None = None
    sample_ids: Sequence[str] | None = None
    instrument_ids: Sequence[str] | None = None
    input_datasets: Sequence[PID] | None = attrs.field(
        default=None, converter=_optional_pids, on_setattr=attrs.setters.convert
    )
    description: str | None = None
    comment: str | None = None
    keywords: Sequence[str] | None = None
    classification: str | None = None
    license: str | None = None
    is_published: bool | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    run_number: str | None = None
    creation_location: str | None = None
    data_format: str | None = None
    techniques: Sequence[Technique] | None = None
    relationships: Sequence[Relationship] | None = None
    used_software: Sequence[str] | None = None
    # Arrays and quantities do not compare as a whole; what is sent of them does.
    job_parameters: dict[str, object] | None = attrs.field(default=None, eq=plain_object)
    job_log_data: str | None = None
    meta: dict[str, object] = attrs.field(factory=dict, eq=plain_object)
    scientific_metadata_schema: str | None = None
    scientific_metadata_valid: bool | None = None
    validation_status: str | None = None
    data_quality_metrics: float | None = None
    lifecycle: Lifecycle | None = None
    pid: PID | None = attrs.field(default=None, converter=_optional_pid, on_setattr=read_only)
    api_version: str | None = attrs.field(default=None, on_setattr=read_only)

    def _field_problems(self, *, required: bool) -> list[Problem]:
        """Find problems of the fields, files and attachments aside."""
        values = self._values() | {
            "meta": plain_object(self.meta),
            "job_parameters": plain_object(self.job_parameters),
            "pid": _text(self.pid),
            "source_folder": _text(self.source_folder),
            "data_quality_metrics": plain(self.data_quality_metrics),
        }
        if isinstance(self.input_datasets, list):
            values["input_datasets"] = [_text(pid) for pid in self.input_datasets]
        return problems_of_dataset(values, required=required)


def _text(value: object) -> object:
    return str(value) if isinstance(value, PID | RemotePath) else value
