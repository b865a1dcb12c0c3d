"""Between the model and the generated classes: tolerant when reading, exact when writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeGuard, TypeVar, cast

from scicat_api import UNSET, Unset
from scicat_api.models import (
    Attachment as AttachmentV3,
)
from scicat_api.models import (
    CreateAttachmentV3Dto,
    CreateDatasetDto,
    CreateOrigDatablockDto,
    CreateRelationshipDto,
    CreateSampleDto,
    DataFile,
    LifecycleClass,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    OutputSampleDto,
    PartialOutputOrigDatablockDto,
    TechniqueClass,
)

from scitacean.errors import ValidationError
from scitacean.model.attachment import Attachment
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath
from scitacean.model.sample import Sample
from scitacean.model.thumbnail import Thumbnail

T = TypeVar("T")
U = TypeVar("U")


def dataset_to_upload_model(dataset: Dataset) -> CreateDatasetDto:
    """Make what is sent to create a dataset.

    Size and number of files are left to the server, which derives them from the blocks: newer servers
    add to what the dataset was created with.

    Raises
    ------
    ValidationError
        If a required field is missing.
    """
    return CreateDatasetDto(
        owner_group=_needed(dataset.owner_group, "owner_group"),
        contact_email=_needed(dataset.contact_email, "contact_email"),
        source_folder=_needed(dataset.source_folder, "source_folder").posix,
        creation_time=_needed(dataset.creation_time, "creation_time"),
        dataset_name=_needed(dataset.name, "name"),
        type_=dataset.type,
        access_groups=_sent_list(dataset.access_groups),
        instrument_group=_sent(dataset.instrument_group),
        owner=_sent(dataset.owner),
        owner_email=_sent(dataset.owner_email),
        orcid_of_owner=_sent(dataset.orcid_of_owner),
        source_folder_host=_sent(dataset.source_folder_host),
        validation_status=_sent(dataset.validation_status),
        keywords=_sent_list(dataset.keywords),
        description=_sent(dataset.description),
        classification=_sent(dataset.classification),
        license_=_sent(dataset.license),
        is_published=_sent(dataset.is_published),
        techniques=_sent_each(dataset.techniques, _technique_sent),
        shared_with=_sent_list(dataset.shared_with),
        relationships=_sent_each(dataset.relationships, _relationship_sent),
        scientific_metadata=_sent(dataset.meta or None),
        scientific_metadata_schema=_sent(dataset.scientific_metadata_schema),
        scientific_metadata_valid=_sent(dataset.scientific_metadata_valid),
        comment=_sent(dataset.comment),
        data_quality_metrics=_sent(dataset.data_quality_metrics),
        principal_investigators=_sent_list(dataset.principal_investigators),
        start_time=_sent(dataset.start_time),
        end_time=_sent(dataset.end_time),
        creation_location=_sent(dataset.creation_location),
        data_format=_sent(dataset.data_format),
        proposal_ids=_sent_list(dataset.proposal_ids),
        sample_ids=_sent_list(dataset.sample_ids),
        instrument_ids=_sent_list(dataset.instrument_ids),
        input_datasets=_sent_list(dataset.input_datasets),
        used_software=_sent_list(dataset.used_software),
        job_parameters=_sent(dataset.job_parameters),
        job_log_data=_sent(dataset.job_log_data),
        run_number=_sent(dataset.run_number),
        pid=UNSET if dataset.pid is None else str(dataset.pid),
    )


def dataset_from_model(
    model: OutputDatasetDto,
    *,
    orig_datablocks: Iterable[PartialOutputOrigDatablockDto | OutputOrigDatablockDto] = (),
    attachments: Iterable[OutputAttachmentV4Dto] | None = None,
) -> Dataset:
    """Make a dataset of what the catalogue answered; a field with an odd value keeps it."""
    return Dataset(
        type=_read(model.type_) or "",
        name=_read(model.dataset_name),
        owner_group=_read(model.owner_group),
        owner=_read(model.owner),
        contact_email=_read(model.contact_email),
        creation_time=_read(model.creation_time),
        source_folder=_read(model.source_folder),
        source_folder_host=_read(model.source_folder_host),
        owner_email=_read(model.owner_email),
        orcid_of_owner=_read(model.orcid_of_owner),
        access_groups=_read_list(model.access_groups),
        shared_with=_read_list(model.shared_with),
        instrument_group=_read(model.instrument_group),
        principal_investigators=_read_list(model.principal_investigators),
        proposal_ids=_read_list(model.proposal_ids),
        sample_ids=_read_list(model.sample_ids),
        instrument_ids=_read_list(model.instrument_ids),
        input_datasets=_read_list(model.input_datasets),
        description=_read(model.description),
        comment=_read(model.comment),
        keywords=_read_list(model.keywords),
        classification=_read(model.classification),
        license=_read(model.license_),
        is_published=_read(model.is_published),
        start_time=_read(model.start_time),
        end_time=_read(model.end_time),
        run_number=_read(model.run_number),
        creation_location=_read(model.creation_location),
        data_format=_read(model.data_format),
        techniques=_read_each(model.techniques, TechniqueClass, _technique_read),
        relationships=_read_each(model.relationships, CreateRelationshipDto, _relationship_read),
        used_software=_read_list(model.used_software),
        job_parameters=_read(model.job_parameters),
        job_log_data=_read(model.job_log_data),
        meta=_read(model.scientific_metadata) or {},
        scientific_metadata_schema=_read(model.scientific_metadata_schema),
        scientific_metadata_valid=_read(model.scientific_metadata_valid),
        validation_status=_read(model.validation_status),
        data_quality_metrics=_read(model.data_quality_metrics),
        pid=_pid_read(_read(model.pid)),
        lifecycle=_lifecycle_read(_read(model.datasetlifecycle)),
        created_at=_read(model.created_at),
        created_by=_read(model.created_by),
        updated_at=_read(model.updated_at),
        updated_by=_read(model.updated_by),
        api_version=_read(model.version),
        attachments=None if attachments is None else [attachment_from_model(one) for one in attachments],
        files=[file for block in orig_datablocks for file in files_from_model(block)],
    )


def files_to_upload_model(
    pid: PID, files: Sequence[File], *, checksum_algorithm: str | None
) -> CreateOrigDatablockDto:
    """Make what is sent to register files that have one checksum algorithm."""
    return CreateOrigDatablockDto(
        size=sum(file.size for file in files),
        data_file_list=[
            DataFile(
                path=file.remote_path.posix,
                size=file.size,
                time=file.creation_time,
                chk=_sent(file.checksum()),
                uid=_sent(file.remote_uid),
                gid=_sent(file.remote_gid),
                perm=_sent(file.remote_perm),
            )
            for file in files
        ],
        dataset_id=str(pid),
        chk_alg=_sent(checksum_algorithm),
    )


def files_from_model(block: PartialOutputOrigDatablockDto | OutputOrigDatablockDto) -> list[File]:
    """Make files of a block; what has no usable path or size is left out (it was reported)."""
    entries = _read(block.data_file_list)
    algorithm = _read(block.chk_alg)
    return [
        File(
            remote_path=RemotePath(entry.path),
            checksum_algorithm=algorithm,
            remote_uid=_read(entry.uid),
            remote_gid=_read(entry.gid),
            remote_perm=_read(entry.perm),
            remote_size=entry.size,
            remote_creation_time=_read(entry.time),
            remote_checksum=_read(entry.chk),
        )
        for entry in (entries if isinstance(entries, list) else ())
        if _is_usable(entry)
    ]


def attachment_to_upload_model(attachment: Attachment, *, owner_group: str | None) -> CreateAttachmentV3Dto:
    """Make what is sent to attach a picture to a dataset.

    Parameters
    ----------
    attachment:
        The attachment.
    owner_group:
        Group of the dataset, for an attachment that has none.
    """
    return CreateAttachmentV3Dto(
        caption=attachment.caption,
        owner_group=_needed(attachment.owner_group or owner_group, "owner_group"),
        access_groups=_sent_list(attachment.access_groups),
        thumbnail=UNSET if attachment.thumbnail is None else attachment.thumbnail.serialize(),
    )


def attachment_from_model(model: AttachmentV3 | OutputAttachmentV4Dto) -> Attachment:
    """Make an attachment of what the catalogue answered."""
    thumbnail = _read(model.thumbnail)
    return Attachment(
        caption=model.caption,
        owner_group=_read(model.owner_group),
        access_groups=_read(model.access_groups),
        thumbnail=_thumbnail_read(thumbnail) if isinstance(thumbnail, str) else None,
        aid=_read(model.aid),
        created_at=_read(model.created_at),
        created_by=_read(model.created_by),
        updated_at=_read(model.updated_at),
        updated_by=_read(model.updated_by),
    )


def sample_to_upload_model(sample: Sample) -> CreateSampleDto:
    """Make what is sent to create a sample; the server makes its id."""
    characteristics = sample.sample_characteristics
    return CreateSampleDto(
        owner_group=sample.owner_group,
        sample_name=_needed(sample.sample_name, "sample_name"),
        access_groups=_sent_list(sample.access_groups),
        instrument_group=_sent(sample.instrument_group),
        owner=_sent(sample.owner),
        description=_sent(sample.description),
        type_=_sent(sample.type),
        proposal_id=_sent(sample.proposal_id),
        parent_sample_id=_sent(sample.parent_sample_id),
        sample_characteristics=UNSET if characteristics is None else dict(characteristics),
        is_published=_sent(sample.is_published),
    )


def sample_from_model(model: OutputSampleDto) -> Sample:
    """Make a sample of what the catalogue answered."""
    return Sample(
        owner_group=model.owner_group,
        sample_name=_read(model.sample_name),
        sample_id=_read(model.sample_id),
        owner=_read(model.owner),
        description=_read(model.description),
        sample_characteristics=_read(model.sample_characteristics),
        access_groups=_read(model.access_groups),
        instrument_group=_read(model.instrument_group),
        type=_read(model.type_),
        proposal_id=_read(model.proposal_id),
        parent_sample_id=_read(model.parent_sample_id),
        is_published=_read(model.is_published),
        created_at=_read(model.created_at),
        created_by=_read(model.created_by),
        updated_at=_read(model.updated_at),
        updated_by=_read(model.updated_by),
    )


def _is_usable(entry: object) -> TypeGuard[DataFile]:
    return (
        isinstance(entry, DataFile)
        and isinstance(cast("object", entry.path), str)
        and isinstance(cast("object", entry.size), int)
    )


def _needed(value: T | None, name: str) -> T:
    if value is None:
        raise ValidationError(f"{name} is missing, and the catalogue requires it.")
    return value


def _sent(value: T | None) -> T | Unset:
    return UNSET if value is None else value


def _sent_list(values: Sequence[T] | None) -> list[T] | Unset:
    return UNSET if values is None else list(values)


def _sent_each(values: Sequence[T] | None, convert: Callable[[T], U]) -> list[U] | Unset:
    return UNSET if values is None else [convert(value) for value in values]


def _read(value: T | Unset) -> T | None:
    return None if isinstance(value, Unset) else value


def _read_list(values: Sequence[T | None] | Unset | None) -> list[T] | None:
    # Datasets made through v3 have [null] in the lists of v4.
    if not isinstance(values, list):
        return cast("None", _read(values))
    return [value for value in values if value is not None]


def _read_each(values: list[T] | Unset | None, kind: type[T], convert: Callable[[T], U]) -> list[U] | None:
    if not isinstance(values, list):
        return cast("None", _read(values))
    return [convert(value) if isinstance(value, kind) else cast("U", value) for value in values]


def _pid_read(pid: str | None) -> PID | None:
    try:
        return PID.parse(pid) if isinstance(pid, str) else None
    except ValueError:
        return None


def _technique_sent(technique: Technique) -> TechniqueClass:
    return TechniqueClass(pid=technique.pid, name=technique.name)


def _technique_read(technique: TechniqueClass) -> Technique:
    return Technique(pid=technique.pid, name=technique.name)


def _relationship_sent(relationship: Relationship) -> CreateRelationshipDto:
    return CreateRelationshipDto(
        identifier=relationship.identifier,
        relationship=relationship.relationship,
        identifier_type=_sent(relationship.identifier_type),
        entity_type=_sent(relationship.entity_type),
        external_id=_sent(relationship.external_id),
    )


def _relationship_read(relationship: CreateRelationshipDto) -> Relationship:
    return Relationship(
        identifier=relationship.identifier,
        relationship=_read(relationship.relationship) or "",
        identifier_type=_read(relationship.identifier_type),
        entity_type=_read(relationship.entity_type),
        external_id=_read(relationship.external_id),
    )


def _lifecycle_read(lifecycle: LifecycleClass | None) -> Lifecycle | None:
    if not isinstance(lifecycle, LifecycleClass):
        return None
    return Lifecycle(
        archivable=_read(lifecycle.archivable),
        retrievable=_read(lifecycle.retrievable),
        publishable=_read(lifecycle.publishable),
        archive_status_message=_read(lifecycle.archive_status_message),
        retrieve_status_message=_read(lifecycle.retrieve_status_message),
        date_of_disk_purging=_read(lifecycle.date_of_disk_purging),
        archive_retention_time=_read(lifecycle.archive_retention_time),
        date_of_publishing=_read(lifecycle.date_of_publishing),
        published_on=_read(lifecycle.published_on),
        is_on_central_disk=_read(lifecycle.is_on_central_disk),
    )


def _thumbnail_read(encoded: str) -> Thumbnail | None:
    try:
        return Thumbnail.parse(encoded)
    except ValueError:
        return None
