"""The classes of the model with the generated classes that they stand for, and where they differ."""

from __future__ import annotations

from scicat_api import models
from scitacean import (
    Attachment,
    AttachmentRelationship,
    Datablock,
    Dataset,
    File,
    Instrument,
    Job,
    Lifecycle,
    MeasurementPeriod,
    OrigDatablock,
    Proposal,
    PublishedData,
    Relationship,
    Sample,
    Technique,
)
from tests.contract.field_comparison import Case, Elsewhere, Pinned

COMPUTED = "computed from the files"
ARCHIVED = "computed from the datablocks"
PART = "a part of the dataset"
OWN = "an entry of its own"
FILES = Elsewhere("list[DataFile]", "the files", required=True)
RELATED = Elsewhere("str", "said by the relationships")
PID_TEXT = Pinned("str", "PID")

CASES = [
    Case(
        Dataset,
        (models.CreateDatasetDto,),
        (models.OutputDatasetDto,),
        elsewhere={
            "size": Elsewhere("int", COMPUTED),
            "numberOfFiles": Elsewhere("int", COMPUTED),
            "packedSize": Elsewhere("int", ARCHIVED),
            "numberOfFilesArchived": Elsewhere("int", ARCHIVED),
            "origdatablocks": Elsewhere("list[OutputOrigDatablockDto]", "the files"),
            "attachments": Elsewhere("list[OutputAttachmentV4Dto]", PART),
            "datablocks": Elsewhere("list[Datablock]", PART),
            "instruments": Elsewhere("list[Instrument]", OWN),
            "proposals": Elsewhere("list[ProposalClass]", OWN),
            "samples": Elsewhere("list[OutputSampleDto]", OWN),
        },
        types={
            "pid": PID_TEXT,
            "inputDatasets": Pinned("list[str]", "Sequence[PID]"),
            "sourceFolder": Pinned("str", "RemotePath"),
        },
        kept=frozenset({"pid"}),  # few may choose one, and changing it would make it another dataset
        required={"owner": "servers answer 500 without it, although the document asks for none"},
    ),
    Case(
        OrigDatablock,
        (models.CreateOrigDatablockDto,),
        (models.OutputOrigDatablockDto, models.PartialOutputOrigDatablockDto),
        elsewhere={
            "size": Elsewhere("int", COMPUTED, required=True),
            "dataFileList": FILES,
            "version": Elsewhere("str", "never comes"),
        },
        types={"datasetId": PID_TEXT},
        kept=frozenset({"datasetId"}),  # given when it is sent
        required={"datasetId": "given when it is sent"},
    ),
    Case(
        Datablock,
        (models.CreateDatablockDto, models.CreateDatasetDatablockDto),
        (models.Datablock,),
        elsewhere={"dataFileList": FILES},
        types={"datasetId": PID_TEXT},
        kept=frozenset({"datasetId"}),  # given when it is sent
        lacking={"CreateDatasetDatablockDto": frozenset({"accessGroups", "instrumentGroup", "ownerGroup"})},
        required={"datasetId": "given when it is sent"},
    ),
    Case(
        Attachment,
        (models.CreateAttachmentV4Dto, models.CreateAttachmentV3Dto),
        (models.OutputAttachmentV4Dto, models.Attachment),
        elsewhere={"datasetId": RELATED, "proposalId": RELATED, "sampleId": RELATED},
        types={"thumbnail": Pinned("str", "Thumbnail")},
        lacking={"CreateAttachmentV3Dto": frozenset({"aid", "isPublished", "relationships"})},
        required={"ownerGroup": "the dataset's where it is None", "isPublished": "has a default"},
    ),
    Case(
        Sample,
        (models.CreateSampleDto,),
        (models.OutputSampleDto,),
        elsewhere={"version": Elsewhere("str", "that of the interface")},
    ),
    Case(Proposal, (models.CreateProposalDto,), (models.ProposalClass,)),
    Case(MeasurementPeriod, (models.CreateMeasurementPeriodDto,), (models.MeasurementPeriodClass,)),
    Case(Instrument, (models.CreateInstrumentDto,), (models.Instrument,)),
    Case(Job, (models.CreateJobDto,), (models.JobClass,)),
    Case(
        PublishedData,
        (models.CreatePublishedDataV4Dto,),
        (models.PublishedData,),
        elsewhere={"pid": Elsewhere("str", "the doi again")},
        types={"datasetPids": Pinned("list[str]", "Sequence[PID]")},
    ),
    Case(
        File,
        (models.DataFile,),
        (models.DataFile,),
        types={"path": Pinned("str", "RemotePath")},
        required=dict.fromkeys(("size", "time"), "those of the local file, where there is one"),
        names={
            "remote_path": "path",
            "remote_size": "size",
            "remote_creation_time": "time",
            "remote_checksum": "chk",
            "remote_uid": "uid",
            "remote_gid": "gid",
            "remote_perm": "perm",
            "file_type": "type",
            "metadata": "metadata",
        },
    ),
    Case(Technique, (models.TechniqueClass,), (models.TechniqueClass,)),
    Case(
        Relationship,
        (models.CreateRelationshipDto,),
        (models.CreateRelationshipDto,),
        required={"relationship": "without it nothing is said"},
    ),
    Case(Lifecycle, (models.LifecycleClass,), (models.LifecycleClass,)),
    Case(
        AttachmentRelationship,
        (models.AttachmentRelationshipsV4Dto,),
        (models.AttachmentRelationshipClass,),
    ),
]
