"""The classes of entries, how they are drawn, and the generated classes that they become and come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scicat_api import models
from scicat_api.types import Model
from scitacean import (
    Attachment,
    Datablock,
    Dataset,
    Instrument,
    Job,
    OrigDatablock,
    Proposal,
    PublishedData,
    Sample,
)
from scitacean.testing import strategies
from scitacean.testing.strategies.attachment import ATTACHMENTS
from scitacean.testing.strategies.datablock import DATABLOCKS, ORIG_DATABLOCKS
from scitacean.testing.strategies.dataset import DATASETS
from scitacean.testing.strategies.entry import INSTRUMENTS, JOBS, PUBLISHED_DATA, SAMPLES
from scitacean.testing.strategies.proposal import PROPOSALS
from scitacean.testing.strategies.recipe import Recipe


@attrs.frozen(repr=False)
class Case:
    """A class of entries: how valid and invalid ones are drawn, sent and read.

    ``given`` is what they need to be sent, ``elsewhere`` names what is sent by calls of its own; ``sent`` and
    ``answer`` are the generated classes of what goes to the server and of what it answers.
    """

    kind: type[Any]
    draw: Callable[..., SearchStrategy[Any]]
    recipe: Recipe[Any]
    upload: Callable[[Any], Model]
    sent: type[Model]
    answer: type[Model]
    given: dict[str, Any] = attrs.field(factory=dict)
    elsewhere: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<{self.kind.__name__}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Be shown by hypothesis in as few words."""
        printer.text(repr(self))


def _with_first_target(attachment: Attachment) -> Model:
    target = (attachment.relationships or [])[0]
    return attachment.make_upload_model_with_target(
        target_id=target.target_id, target_type=target.target_type
    )


_OF_DATASET = {"dataset_id": strategies.pids()}
_OF_SOMETHING = {"relationships": st.lists(strategies.attachment_relationships(), min_size=1, max_size=2)}

CASES = {
    "dataset": Case(
        Dataset,
        strategies.datasets,
        DATASETS,
        Dataset.make_upload_model,
        models.CreateDatasetDto,
        models.OutputDatasetDto,
        elsewhere=frozenset({"files", "attachments"}),
    ),
    "block": Case(
        OrigDatablock,
        strategies.orig_datablocks,
        ORIG_DATABLOCKS,
        lambda block: block.make_upload_model(block.dataset_id),
        models.CreateOrigDatablockDto,
        models.OutputOrigDatablockDto,
        _OF_DATASET,
    ),
    "partial block": Case(
        OrigDatablock,
        strategies.orig_datablocks,
        ORIG_DATABLOCKS,
        lambda block: block.make_upload_model(block.dataset_id),
        models.CreateOrigDatablockDto,
        models.PartialOutputOrigDatablockDto,
        _OF_DATASET,
    ),
    "copy in the archive": Case(
        Datablock,
        strategies.datablocks,
        DATABLOCKS,
        lambda block: block.make_upload_model(block.dataset_id),
        models.CreateDatablockDto,
        models.Datablock,
        _OF_DATASET,
    ),
    "attachment of a dataset": Case(
        Attachment,
        strategies.attachments,
        ATTACHMENTS,
        Attachment.make_upload_model_for_dataset,
        models.CreateAttachmentV3Dto,
        models.Attachment,
    ),
    "attachment": Case(
        Attachment,
        strategies.attachments,
        ATTACHMENTS,
        _with_first_target,
        models.CreateAttachmentV4Dto,
        models.OutputAttachmentV4Dto,
        _OF_SOMETHING,
    ),
    "sample": Case(
        Sample,
        strategies.samples,
        SAMPLES,
        Sample.make_upload_model,
        models.CreateSampleDto,
        models.OutputSampleDto,
    ),
    "proposal": Case(
        Proposal,
        strategies.proposals,
        PROPOSALS,
        Proposal.make_upload_model,
        models.CreateProposalDto,
        models.ProposalClass,
    ),
    "instrument": Case(
        Instrument,
        strategies.instruments,
        INSTRUMENTS,
        Instrument.make_upload_model,
        models.CreateInstrumentDto,
        models.Instrument,
    ),
    "job": Case(Job, strategies.jobs, JOBS, Job.make_upload_model, models.CreateJobDto, models.JobClass),
    "published data": Case(
        PublishedData,
        strategies.published_data,
        PUBLISHED_DATA,
        PublishedData.make_upload_model,
        models.CreatePublishedDataV4Dto,
        models.PublishedData,
    ),
}

some_examples = settings(max_examples=settings().max_examples // 4)
"""For laws of each class: what all of them have in common is tried often enough."""

each_case = pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
each_class = pytest.mark.parametrize(
    "case", list({case.kind: case for case in CASES.values()}.values()), ids=lambda case: case.kind.__name__
)
