"""Between the model and the generated classes: tolerant when reading, exact when writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scicat_api import UNSET
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
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    OutputSampleDto,
    PartialOutputOrigDatablockDto,
    TechniqueClass,
)
from scitacean.catalogue.fields import (
    each_to_send,
    is_usable_file,
    list_to_send,
    received,
    received_each,
    received_lifecycle,
    received_list,
    received_pid,
    received_relationship,
    received_technique,
    received_thumbnail,
    relationship_to_send,
    required,
    technique_to_send,
    text_or_none,
    time_or_none,
    to_send,
)
from scitacean.model.attachment import Attachment
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath
from scitacean.model.sample import Sample


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
        techniques=each_to_send(dataset.techniques, technique_to_send),
        shared_with=list_to_send(dataset.shared_with),
        relationships=each_to_send(dataset.relationships, relationship_to_send),
        scientific_metadata=to_send(dataset.meta or None),
        scientific_metadata_schema=to_send(dataset.scientific_metadata_schema),
        scientific_metadata_valid=to_send(dataset.scientific_metadata_valid),
        comment=to_send(dataset.comment),
        data_quality_metrics=to_send(dataset.data_quality_metrics),
        principal_investigators=list_to_send(dataset.principal_investigators),
        start_time=to_send(dataset.start_time),
        end_time=to_send(dataset.end_time),
        creation_location=to_send(dataset.creation_location),
        data_format=to_send(dataset.data_format),
        proposal_ids=list_to_send(dataset.proposal_ids),
        sample_ids=list_to_send(dataset.sample_ids),
        instrument_ids=list_to_send(dataset.instrument_ids),
        input_datasets=list_to_send(dataset.input_datasets),
        used_software=list_to_send(dataset.used_software),
        job_parameters=to_send(dataset.job_parameters),
        job_log_data=to_send(dataset.job_log_data),
        run_number=to_send(dataset.run_number),
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
        type=received(model.type_) or "",
        name=received(model.dataset_name),
        owner_group=received(model.owner_group),
        owner=received(model.owner),
        contact_email=received(model.contact_email),
        creation_time=received(model.creation_time),
        source_folder=text_or_none(model.source_folder),
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
        techniques=received_each(model.techniques, TechniqueClass, received_technique),
        relationships=received_each(model.relationships, CreateRelationshipDto, received_relationship),
        used_software=received_list(model.used_software),
        job_parameters=received(model.job_parameters),
        job_log_data=received(model.job_log_data),
        meta=received(model.scientific_metadata) or {},
        scientific_metadata_schema=received(model.scientific_metadata_schema),
        scientific_metadata_valid=received(model.scientific_metadata_valid),
        validation_status=received(model.validation_status),
        data_quality_metrics=received(model.data_quality_metrics),
        pid=received_pid(received(model.pid)),
        lifecycle=received_lifecycle(received(model.datasetlifecycle)),
        created_at=received(model.created_at),
        created_by=received(model.created_by),
        updated_at=received(model.updated_at),
        updated_by=received(model.updated_by),
        api_version=received(model.version),
        attachments=None if attachments is None else [attachment_from_model(one) for one in attachments],
        files=[file for block in orig_datablocks for file in files_from_model(block)],
    )


def files_to_upload_model(
    pid: PID, files: Sequence[File], *, checksum_algorithm: str | None, is_published: bool | None = None
) -> CreateOrigDatablockDto:
    """Make what is sent to register files of the file server that have one checksum algorithm.

    What is registered is what was sent there, not what the local files may have become since.
    """
    return CreateOrigDatablockDto(
        size=sum(file.remote_size or 0 for file in files),
        data_file_list=[
            DataFile(
                path=file.remote_path.posix,
                size=file.remote_size or 0,
                time=file.remote_creation_time or file.creation_time,
                chk=to_send(file.remote_checksum),
                uid=to_send(file.remote_uid),
                gid=to_send(file.remote_gid),
                perm=to_send(file.remote_perm),
            )
            for file in files
        ],
        dataset_id=str(pid),
        chk_alg=to_send(checksum_algorithm),
        is_published=to_send(is_published),
    )


def files_from_model(block: PartialOutputOrigDatablockDto | OutputOrigDatablockDto) -> list[File]:
    """Make files of a block; what has no usable path or size is left out (it was reported)."""
    entries = received(block.data_file_list)
    algorithm = text_or_none(block.chk_alg)
    return [
        File(
            remote_path=RemotePath(entry.path),
            checksum_algorithm=algorithm,
            remote_uid=text_or_none(entry.uid),
            remote_gid=text_or_none(entry.gid),
            remote_perm=text_or_none(entry.perm),
            remote_size=entry.size,
            remote_creation_time=time_or_none(entry.time),
            remote_checksum=text_or_none(entry.chk) or None,
        )
        for entry in (entries if isinstance(entries, list) else ())
        if is_usable_file(entry)
    ]


def attachment_to_upload_model(attachment: Attachment, *, dataset: Dataset) -> CreateAttachmentV3Dto:
    """Make what is sent to attach a picture to a dataset.

    Parameters
    ----------
    attachment:
        The attachment.
    dataset:
        Its groups are those of an attachment that names none: servers do not pass them on.
    """
    groups = attachment.access_groups

    return CreateAttachmentV3Dto(
        caption=attachment.caption,
        owner_group=required(attachment.owner_group or dataset.owner_group, "owner_group"),
        access_groups=list_to_send(dataset.access_groups if groups is None else groups),
        thumbnail=UNSET if attachment.thumbnail is None else attachment.thumbnail.serialize(),
    )


def attachment_from_model(model: AttachmentV3 | OutputAttachmentV4Dto) -> Attachment:
    """Make an attachment of what the catalogue answered."""
    thumbnail = received(model.thumbnail)
    return Attachment(
        caption=received(model.caption) or "",
        owner_group=received(model.owner_group),
        access_groups=received(model.access_groups),
        thumbnail=received_thumbnail(thumbnail) if isinstance(thumbnail, str) else None,
        aid=received(model.aid),
        created_at=received(model.created_at),
        created_by=received(model.created_by),
        updated_at=received(model.updated_at),
        updated_by=received(model.updated_by),
    )


def sample_to_upload_model(sample: Sample) -> CreateSampleDto:
    """Make what is sent to create a sample; the server makes its id."""
    characteristics = sample.sample_characteristics
    return CreateSampleDto(
        owner_group=sample.owner_group,
        sample_name=required(sample.sample_name, "sample_name"),
        access_groups=list_to_send(sample.access_groups),
        instrument_group=to_send(sample.instrument_group),
        owner=to_send(sample.owner),
        description=to_send(sample.description),
        type_=to_send(sample.type),
        proposal_id=to_send(sample.proposal_id),
        parent_sample_id=to_send(sample.parent_sample_id),
        sample_characteristics=UNSET if characteristics is None else dict(characteristics),
        is_published=to_send(sample.is_published),
    )


def sample_from_model(model: OutputSampleDto) -> Sample:
    """Make a sample of what the catalogue answered."""
    return Sample(
        owner_group=model.owner_group,
        sample_name=received(model.sample_name),
        sample_id=received(model.sample_id),
        owner=received(model.owner),
        description=received(model.description),
        sample_characteristics=received(model.sample_characteristics),
        access_groups=received(model.access_groups),
        instrument_group=received(model.instrument_group),
        type=received(model.type_),
        proposal_id=received(model.proposal_id),
        parent_sample_id=received(model.parent_sample_id),
        is_published=received(model.is_published),
        created_at=received(model.created_at),
        created_by=received(model.created_by),
        updated_at=received(model.updated_at),
        updated_by=received(model.updated_by),
    )
