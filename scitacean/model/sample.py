"""Samples: what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import attrs

from scicat_api.models import CreateSampleDto, OutputSampleDto
from scitacean.model.entry import TrackedEntry
from scitacean.model.metadata import plain_object
from scitacean.model.wire import list_to_send, promised, received, received_list, required, to_send
from scitacean.problem import Problem
from scitacean.validation.sample import REQUIRED, problems_of_sample


@attrs.define(kw_only=True)
class Sample(TrackedEntry):
    """A sample.

    Attributes
    ----------
    owner_group:
        Group that owns the sample.
    sample_name:
        Its name: servers since 5.2 need one, those before have none and refuse it.
    sample_id:
        Identifier; the server makes one where it is None.
    owner:
        Name of the person who owns it.
    description:
        What it is, in plain words.
    sample_characteristics:
        Anything else that JSON can hold.
    access_groups:
        Groups that may see it.
    instrument_group:
        Group of the instrument that it was measured at.
    type:
        Kind of sample.
    proposal_id:
        Identifier of the proposal that it belongs to.
    parent_sample_id:
        Identifier of the sample that it is a part of.
    is_published:
        Whether everybody may see it.

    Examples
    --------
    >>> sample = Sample(owner_group="beamline1", sample_name="Vanadium rod")
    >>> sample.validate()
    """

    _noun: ClassVar[str] = "sample"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)

    owner_group: str
    sample_name: str | None = None
    sample_id: str | None = None
    owner: str | None = None
    description: str | None = None
    sample_characteristics: Mapping[str, object] | None = attrs.field(default=None, eq=plain_object)
    access_groups: Sequence[str] | None = None
    instrument_group: str | None = None
    type: str | None = None
    proposal_id: str | None = None
    parent_sample_id: str | None = None
    is_published: bool | None = None

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse, and (as warnings) what it may not give back as it was.

        Parameters
        ----------
        required:
            Whether to look for missing fields: samples of older servers may lack some.

        Returns
        -------
        :
            All problems; none where there are none.

        Examples
        --------
        >>> sample = Sample(owner_group="beamline1")
        >>> [problem.field for problem in sample.find_problems()]
        ['sample_name']
        """
        fields = self._values()
        fields["sample_characteristics"] = plain_object(self.sample_characteristics)
        return problems_of_sample(fields, required=required)

    def make_upload_model(self) -> CreateSampleDto:
        """Make what is sent to create the sample on a server since 5.2; older ones refuse its name.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue.

        Examples
        --------
        >>> Sample(owner_group="beamline1", sample_name="Vanadium rod").make_upload_model().sample_name
        'Vanadium rod'
        """
        self.raise_for(self.find_problems())
        return CreateSampleDto(
            owner_group=self.owner_group,
            sample_name=required(self.sample_name, "sample_name"),
            sample_id=to_send(self.sample_id),
            access_groups=list_to_send(self.access_groups),
            instrument_group=to_send(self.instrument_group),
            owner=to_send(self.owner),
            description=to_send(self.description),
            type_=to_send(self.type),
            proposal_id=to_send(self.proposal_id),
            parent_sample_id=to_send(self.parent_sample_id),
            sample_characteristics=to_send(plain_object(self.sample_characteristics)),
            is_published=to_send(self.is_published),
        )

    @classmethod
    def from_download_model(cls, model: OutputSampleDto) -> Self:
        """Make a sample of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = OutputSampleDto.from_dict({"ownerGroup": "beamline1", "sampleId": "v-1"})
        >>> Sample.from_download_model(answer).sample_id
        'v-1'
        """
        return cls(
            owner_group=promised(model.owner_group),
            sample_name=received(model.sample_name),
            sample_id=received(model.sample_id),
            owner=received(model.owner),
            description=received(model.description),
            sample_characteristics=received(model.sample_characteristics),
            access_groups=received_list(model.access_groups),
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
