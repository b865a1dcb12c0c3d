"""Datasets between the model and the generated classes: tolerant when reading, exact when writing."""

from __future__ import annotations

from typing import TypeVar, cast

from scicat_api import UNSET
from scicat_api.models import (
    CreateDatasetDto,
    CreateRelationshipDto,
    LifecycleClass,
    OutputDatasetDto,
    TechniqueClass,
)
from scitacean.model.dataset_fields import DatasetFields
from scitacean.model.metadata import plain, plain_object
from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.model.wire import (
    each_to_send,
    list_to_send,
    promised,
    received,
    received_each,
    received_list,
    required,
    to_send,
)

D = TypeVar("D", bound=DatasetFields)


def dataset_to_send(dataset: DatasetFields) -> CreateDatasetDto:
    """Make what is sent to create a dataset that has passed validation.

    Size and number of files are left to the server, which derives them from the blocks: newer servers
    add to what the dataset was created with.
    """
    return CreateDatasetDto(
        owner_group=required(dataset.owner_group, "owner_group"),
        contact_email=required(dataset.contact_email, "contact_email"),
        source_folder=required(dataset.source_folder, "source_folder").posix,
        creation_time=required(dataset.creation_time, "creation_time"),
        dataset_name=required(dataset.name, "name"),
        type_=dataset.type,
        access_groups=list_to_send(dataset.access_groups),
        instrument_group=to_send(dataset.instrument_group),
        owner=to_send(dataset.owner),
        owner_email=to_send(dataset.owner_email),
        orcid_of_owner=to_send(dataset.orcid_of_owner),
        source_folder_host=to_send(dataset.source_folder_host),
        validation_status=to_send(dataset.validation_status),
        keywords=list_to_send(dataset.keywords),
        description=to_send(dataset.description),
        classification=to_send(dataset.classification),
        license_=to_send(dataset.license),
        is_published=to_send(dataset.is_published),
        techniques=each_to_send(dataset.techniques, Technique.make_upload_model),
        shared_with=list_to_send(dataset.shared_with),
        relationships=each_to_send(dataset.relationships, Relationship.make_upload_model),
        datasetlifecycle=UNSET if dataset.lifecycle is None else dataset.lifecycle.make_upload_model(),
        scientific_metadata=to_send(plain_object(dataset.meta) or None),
        scientific_metadata_schema=to_send(dataset.scientific_metadata_schema),
        scientific_metadata_valid=to_send(dataset.scientific_metadata_valid),
        comment=to_send(dataset.comment),
        data_quality_metrics=to_send(cast("float | None", plain(dataset.data_quality_metrics))),
        principal_investigators=list_to_send(dataset.principal_investigators),
        start_time=to_send(dataset.start_time),
        end_time=to_send(dataset.end_time),
        creation_location=to_send(dataset.creation_location),
        data_format=to_send(dataset.data_format),
        proposal_ids=list_to_send(dataset.proposal_ids),
        sample_ids=list_to_send(dataset.sample_ids),
        instrument_ids=list_to_send(dataset.instrument_ids),
        input_datasets=each_to_send(dataset.input_datasets, str),
        used_software=list_to_send(dataset.used_software),
        job_parameters=to_send(plain_object(dataset.job_parameters)),
        job_log_data=to_send(dataset.job_log_data),
        run_number=to_send(dataset.run_number),
        pid=UNSET if dataset.pid is None else str(dataset.pid),
    )


def received_dataset(kind: type[D], model: OutputDatasetDto) -> D:
    """Make a dataset of what the catalogue answered; a field with an odd value keeps it."""
    return kind(
        type=cast("str", received(model.type_)),
        name=promised(model.dataset_name),
        owner_group=promised(model.owner_group),
        owner=received(model.owner),
        contact_email=promised(model.contact_email),
        creation_time=promised(model.creation_time),
        source_folder=promised(model.source_folder),
        source_folder_host=received(model.source_folder_host),
        owner_email=received(model.owner_email),
        orcid_of_owner=received(model.orcid_of_owner),
        access_groups=received_list(model.access_groups),
        shared_with=received_list(model.shared_with),
        instrument_group=received(model.instrument_group),
        principal_investigators=received_list(model.principal_investigators),
        proposal_ids=received_list(model.proposal_ids),
        sample_ids=received_list(model.sample_ids),
        instrument_ids=received_list(model.instrument_ids),
        input_datasets=received_list(model.input_datasets),
        description=received(model.description),
        comment=received(model.comment),
        keywords=received_list(model.keywords),
        classification=received(model.classification),
        license=received(model.license_),
        is_published=received(model.is_published),
        start_time=received(model.start_time),
        end_time=received(model.end_time),
        run_number=received(model.run_number),
        creation_location=received(model.creation_location),
        data_format=received(model.data_format),
        techniques=received_each(model.techniques, TechniqueClass, Technique.from_download_model),
        relationships=received_each(
            model.relationships, CreateRelationshipDto, Relationship.from_download_model
        ),
        used_software=received_list(model.used_software),
        job_parameters=received(model.job_parameters),
        job_log_data=received(model.job_log_data),
        meta=_metadata(received(model.scientific_metadata)),
        scientific_metadata_schema=received(model.scientific_metadata_schema),
        scientific_metadata_valid=received(model.scientific_metadata_valid),
        validation_status=received(model.validation_status),
        data_quality_metrics=received(model.data_quality_metrics),
        lifecycle=_lifecycle(received(model.datasetlifecycle)),
        pid=promised(model.pid),
        api_version=received(model.version),
        created_at=promised(model.created_at),
        created_by=promised(model.created_by),
        updated_at=promised(model.updated_at),
        updated_by=promised(model.updated_by),
    )


def _lifecycle(model: LifecycleClass | None) -> Lifecycle | None:
    return Lifecycle.from_download_model(model) if isinstance(model, LifecycleClass) else model


def _metadata(value: dict[str, object] | None) -> dict[str, object]:
    return {} if value is None else value
