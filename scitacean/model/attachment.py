"""Attachments: a caption and a picture that belong to a dataset, a sample or a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self, cast

import attrs

from scicat_api.models import Attachment as AttachmentV3
from scicat_api.models import (
    AttachmentRelationshipClass,
    AttachmentRelationshipsV4Dto,
    CreateAttachmentV3Dto,
    CreateAttachmentV4Dto,
    OutputAttachmentV4Dto,
)
from scicat_api.types import UNSET, Unset
from scitacean.model.entry import TrackedEntry
from scitacean.model.pid import PID
from scitacean.model.thumbnail import Thumbnail
from scitacean.model.wire import (
    each_to_send,
    list_to_send,
    promised,
    received,
    received_list,
    required,
    to_send,
)
from scitacean.problem import Problem
from scitacean.validation.attachment import REQUIRED, problems_of_attachment

TargetType = Literal["dataset", "proposal", "published_data", "sample"]
"""What an attachment can belong to."""


def _to_text(value: str | PID) -> str:
    return str(value) if isinstance(value, PID) else value


@attrs.frozen
class AttachmentRelationship:
    """What an attachment belongs to.

    Attributes
    ----------
    target_id:
        Identifier of the dataset, sample, ...
    target_type:
        ``"dataset"``, ``"proposal"``, ``"published_data"`` or ``"sample"``.
    relation_type:
        How they are related, in words.

    Examples
    --------
    >>> AttachmentRelationship("20.500.12269/run7", "dataset").relation_type
    'is attached to'
    """

    target_id: str = attrs.field(converter=_to_text)
    target_type: TargetType
    relation_type: str = "is attached to"


@attrs.define(kw_only=True)
class Attachment(TrackedEntry):
    """A picture with a caption.

    Attributes
    ----------
    caption:
        What the picture shows.
    owner_group:
        Group that owns the attachment; the dataset's where it is None.
    access_groups:
        Groups that may see it; the dataset's where it is None.
    instrument_group:
        Group of the instrument that it comes from.
    is_published:
        Whether everybody may see it.
    thumbnail:
        The picture.
    relationships:
        What it belongs to.
    aid:
        Identifier; the server makes one where it is None.

    Examples
    --------
    >>> drawing = Thumbnail("image/svg+xml", b"<svg></svg>")
    >>> attachment = Attachment(caption="The rod", thumbnail=drawing)
    >>> attachment.validate()
    """

    _noun: ClassVar[str] = "attachment"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)

    caption: str
    owner_group: str | None = None
    access_groups: Sequence[str] | None = None
    instrument_group: str | None = None
    is_published: bool = False
    thumbnail: Thumbnail | None = None
    relationships: Sequence[AttachmentRelationship] | None = None
    aid: str | None = None

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse.

        Parameters
        ----------
        required:
            Whether to look for missing fields: what comes from older servers may lack some.

        Examples
        --------
        >>> [problem.field for problem in Attachment(caption="", is_published="no").find_problems()]
        ['caption', 'is_published']
        """
        return problems_of_attachment(self._values(), required=required)

    def as_new(self) -> Self:
        """Return a copy without what the catalogue made: identifier, dates, what it belongs to.

        Examples
        --------
        >>> Attachment(caption="The rod", aid="7").as_new().aid is None
        True
        """
        kept = dict.fromkeys([field.name for field in self.fields(read_only=True)])
        return self.replace(**kept, aid=None, relationships=None)

    def make_upload_model_with_target(
        self, *, target_id: str | PID, target_type: TargetType
    ) -> CreateAttachmentV4Dto:
        """Make what is sent to create the attachment by itself; old servers let administrators do so only.

        Parameters
        ----------
        target_id:
            Identifier of what it belongs to, added to :attr:`relationships` where it is not among them.
        target_type:
            What that is.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue, or has no owner group.

        Examples
        --------
        >>> attachment = Attachment(caption="The rod", owner_group="beamline1")
        >>> model = attachment.make_upload_model_with_target(target_id="v-1", target_type="sample")
        >>> [(one.target_type, one.target_id) for one in model.relationships]
        [('sample', 'v-1')]
        """
        self.raise_for(self.find_problems())
        target = AttachmentRelationship(target_id, target_type)
        known = list(self.relationships or ())
        if (target.target_id, target.target_type) not in [(one.target_id, one.target_type) for one in known]:
            known.append(target)
        with_target = self.replace(relationships=known)
        with_target.raise_for(with_target.find_problems())
        return CreateAttachmentV4Dto(
            caption=self.caption,
            owner_group=required(self.owner_group, "owner_group"),
            is_published=bool(self.is_published),
            access_groups=list_to_send(self.access_groups),
            instrument_group=to_send(self.instrument_group),
            thumbnail=_picture_to_send(self.thumbnail),
            relationships=each_to_send(known, _relationship_to_send),
            aid=to_send(self.aid),
        )

    def make_upload_model_for_dataset(
        self, *, owner_group: str | None = None, access_groups: Sequence[str] | None = None
    ) -> CreateAttachmentV3Dto:
        """Make what is sent to attach the picture to a dataset, which all servers let members do.

        The server makes the identifier, attaches it to this dataset only, and does not publish it.

        Parameters
        ----------
        owner_group, access_groups:
            Those of the dataset, for an attachment that names none: servers do not pass them on.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue, or neither it nor the dataset has an owner group.

        Examples
        --------
        >>> Attachment(caption="The rod").make_upload_model_for_dataset(owner_group="beamline1").owner_group
        'beamline1'
        """
        groups = access_groups if self.access_groups is None else self.access_groups
        group = owner_group if self.owner_group is None else self.owner_group
        sent = self.replace(owner_group=group, access_groups=groups)
        sent.raise_for(sent.find_problems())
        return CreateAttachmentV3Dto(
            caption=sent.caption,
            owner_group=required(sent.owner_group, "owner_group"),
            access_groups=list_to_send(sent.access_groups),
            instrument_group=to_send(sent.instrument_group),
            thumbnail=_picture_to_send(sent.thumbnail),
        )

    @classmethod
    def from_download_model(cls, model: AttachmentV3 | OutputAttachmentV4Dto) -> Self:
        """Make an attachment of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            What the generated client read.

        Examples
        --------
        >>> answer = {"caption": "The rod", "ownerGroup": "beamline1", "sampleId": "v-1"}
        >>> attachment = Attachment.from_download_model(AttachmentV3.from_dict(answer))
        >>> attachment.caption, attachment.relationships[0].target_type
        ('The rod', 'sample')
        """
        return cls(
            caption=promised(model.caption),
            owner_group=promised(model.owner_group),
            access_groups=received_list(model.access_groups),
            instrument_group=received(model.instrument_group),
            is_published=promised(model.is_published),
            thumbnail=_received_picture(model.thumbnail),
            relationships=_received_relationships(model),
            aid=received(model.aid),
            created_at=promised(model.created_at),
            created_by=received(model.created_by),
            updated_at=promised(model.updated_at),
            updated_by=received(model.updated_by),
        )


def _picture_to_send(thumbnail: Thumbnail | None) -> str | Unset:
    return UNSET if thumbnail is None else thumbnail.serialize()


def _relationship_to_send(one: AttachmentRelationship) -> AttachmentRelationshipsV4Dto:
    return AttachmentRelationshipsV4Dto(
        target_id=one.target_id, target_type=one.target_type, relation_type=to_send(one.relation_type)
    )


def _received_picture(text: str | Unset) -> Thumbnail | None:
    """Return the picture of a text that came; what is none stays as it is, to be seen."""
    try:
        return Thumbnail.parse(text) if isinstance(text, str) else received(text)
    except ValueError:
        return cast("None", text)


def _received_relationships(
    model: AttachmentV3 | OutputAttachmentV4Dto,
) -> list[AttachmentRelationship] | None:
    """Return what an attachment belongs to: servers say it in a list, through v3 by an identifier each."""
    listed = received_list(cast("list[object] | Unset", model.relationships))
    found = [_received_relationship(one) for one in listed] if isinstance(listed, list) else listed
    if isinstance(model, OutputAttachmentV4Dto) or not isinstance(found, list | None):
        return cast("list[AttachmentRelationship] | None", found)
    targets: list[tuple[object, TargetType]] = [
        (model.dataset_id, "dataset"),
        (model.proposal_id, "proposal"),
        (model.sample_id, "sample"),
    ]
    named = [AttachmentRelationship(cast("str", key), kind) for key, kind in targets if received(key)]
    known = [
        (one.target_id, one.target_type) for one in found or () if isinstance(one, AttachmentRelationship)
    ]
    new = [one for one in named if (one.target_id, one.target_type) not in known]
    return cast("list[AttachmentRelationship] | None", [*(found or ()), *new] if new else found)


def _received_relationship(one: object) -> object:
    if not isinstance(one, AttachmentRelationshipClass | AttachmentRelationshipsV4Dto):
        return one
    relation = received(one.relation_type)
    target = AttachmentRelationship(promised(one.target_id), promised(one.target_type))
    return target if relation is None else attrs.evolve(target, relation_type=relation)
