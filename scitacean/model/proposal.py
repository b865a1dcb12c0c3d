"""Proposals: why something was measured, by whom and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self

import attrs

from scicat_api.models import (
    CreateMeasurementPeriodDto,
    CreateProposalDto,
    MeasurementPeriodClass,
    ProposalClass,
)
from scitacean.model.entry import TrackedEntry, read_only
from scitacean.model.metadata import plain_object
from scitacean.model.wire import (
    each_to_send,
    list_to_send,
    promised,
    received,
    received_each,
    received_list,
    to_send,
)
from scitacean.problem import Problem
from scitacean.validation.proposal import REQUIRED, problems_of_proposal


@attrs.frozen(kw_only=True)
class MeasurementPeriod:
    """When a proposal was, or will be, measured at an instrument.

    Attributes
    ----------
    instrument:
        Identifier of the instrument.
    start:
        When the period starts, with a time zone.
    end:
        When it ends, with a time zone.
    comment:
        What to know about it.

    Examples
    --------
    >>> from datetime import UTC
    >>> period = MeasurementPeriod(
    ...     instrument="BL1", start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 4, tzinfo=UTC)
    ... )
    >>> (period.end - period.start).days
    3
    """

    instrument: str
    start: datetime
    end: datetime
    comment: str | None = None

    def make_upload_model(self) -> CreateMeasurementPeriodDto:
        """Make what is sent, as a part of a proposal, which is where it is checked.

        Examples
        --------
        >>> from datetime import UTC
        >>> day = datetime(2026, 3, 1, tzinfo=UTC)
        >>> MeasurementPeriod(instrument="BL1", start=day, end=day).make_upload_model().instrument
        'BL1'
        """
        return CreateMeasurementPeriodDto(
            instrument=self.instrument,
            start=self.start,
            end=self.end,
            comment=to_send(self.comment),
        )

    @classmethod
    def from_download_model(cls, model: MeasurementPeriodClass) -> Self:
        """Make a period of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = MeasurementPeriodClass.from_dict({"instrument": "BL1", "start": "2026-03-01T00:00:00Z"})
        >>> MeasurementPeriod.from_download_model(answer).start.year
        2026
        """
        return cls(
            instrument=promised(model.instrument),
            start=promised(model.start),
            end=promised(model.end),
            comment=received(model.comment),
        )


@attrs.define(kw_only=True)
class Proposal(TrackedEntry):
    """A proposal for measurements.

    Attributes
    ----------
    proposal_id:
        Identifier.
    owner_group:
        Group that owns the proposal.
    email:
        E-mail address of the person who proposed it.
    title:
        What it is about, in one line.
    firstname:
        First name of the person who proposed it.
    lastname:
        Last name of the person who proposed it.
    pi_email:
        E-mail address of the principal investigator.
    pi_firstname:
        First name of the principal investigator.
    pi_lastname:
        Last name of the principal investigator.
    abstract:
        What it is about, in more words.
    start_time:
        When its measurements start, with a time zone.
    end_time:
        When its measurements end, with a time zone.
    measurement_periods:
        When it is measured, and where.
    metadata:
        Anything else that JSON can hold.
    parent_proposal_id:
        Identifier of the proposal that it is a part of.
    type:
        Kind of proposal; the facility says which there are.
    instrument_ids:
        Identifiers of the instruments that it is measured at.
    keywords:
        Words to find it by; servers before 5.3 refuse any.
    access_groups:
        Groups that may see it.
    instrument_group:
        Group of the instrument that it is measured at.
    is_published:
        Whether everybody may see it.
    number_of_datasets:
        How many datasets belong to it.

    Examples
    --------
    >>> proposal = Proposal(
    ...     proposal_id="P-2026-1", owner_group="beamline1", email="ada@site.example", title="Vanadium rods"
    ... )
    >>> proposal.validate()
    """

    _noun: ClassVar[str] = "proposal"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)
    _scicat_names: ClassVar[dict[str, str]] = {
        "pi_email": "pi_email",
        "pi_firstname": "pi_firstname",
        "pi_lastname": "pi_lastname",
        "measurement_periods": "MeasurementPeriodList",
    }

    proposal_id: str
    owner_group: str
    email: str
    title: str
    firstname: str | None = None
    lastname: str | None = None
    pi_email: str | None = None
    pi_firstname: str | None = None
    pi_lastname: str | None = None
    abstract: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    measurement_periods: Sequence[MeasurementPeriod] | None = None
    metadata: Mapping[str, object] | None = attrs.field(default=None, eq=plain_object)
    parent_proposal_id: str | None = None
    type: str | None = None
    instrument_ids: Sequence[str] | None = None
    keywords: Sequence[str] | None = None
    access_groups: Sequence[str] | None = None
    instrument_group: str | None = None
    is_published: bool | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    number_of_datasets: int | None = attrs.field(default=None, on_setattr=read_only, repr=False)

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse, and (as warnings) what it may not give back as it was.

        Parameters
        ----------
        required:
            Whether to look for missing fields: proposals of older servers may lack some.

        Returns
        -------
        :
            All problems; none where there are none.

        Examples
        --------
        >>> proposal = Proposal(proposal_id="P-1", owner_group="beamline1", email="ada at site", title="Rods")
        >>> [problem.field for problem in proposal.find_problems()]
        ['email']
        """
        fields = self._values()
        fields["metadata"] = plain_object(self.metadata)
        return problems_of_proposal(fields, required=required)

    def make_upload_model(self) -> CreateProposalDto:
        """Make what is sent to create the proposal.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue.

        Examples
        --------
        >>> proposal = Proposal(
        ...     proposal_id="P-2026-1", owner_group="beamline1", email="ada@site.example", title="Rods"
        ... )
        >>> proposal.make_upload_model().title
        'Rods'
        """
        self.raise_for(self.find_problems())
        return CreateProposalDto(
            proposal_id=self.proposal_id,
            owner_group=self.owner_group,
            email=self.email,
            title=self.title,
            firstname=to_send(self.firstname),
            lastname=to_send(self.lastname),
            pi_email=to_send(self.pi_email),
            pi_firstname=to_send(self.pi_firstname),
            pi_lastname=to_send(self.pi_lastname),
            abstract=to_send(self.abstract),
            start_time=to_send(self.start_time),
            end_time=to_send(self.end_time),
            measurement_period_list=each_to_send(
                self.measurement_periods, MeasurementPeriod.make_upload_model
            ),
            metadata=to_send(plain_object(self.metadata)),
            parent_proposal_id=to_send(self.parent_proposal_id),
            type_=to_send(self.type),
            instrument_ids=list_to_send(self.instrument_ids),
            keywords=list_to_send(self.keywords),
            access_groups=list_to_send(self.access_groups),
            instrument_group=to_send(self.instrument_group),
        )

    @classmethod
    def from_download_model(cls, model: ProposalClass) -> Self:
        """Make a proposal of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = ProposalClass.from_dict({"proposalId": "P-1", "numberOfDatasets": 3})
        >>> Proposal.from_download_model(answer).number_of_datasets
        3
        """
        return cls(
            proposal_id=promised(model.proposal_id),
            owner_group=promised(model.owner_group),
            email=promised(model.email),
            title=promised(model.title),
            firstname=received(model.firstname),
            lastname=received(model.lastname),
            pi_email=received(model.pi_email),
            pi_firstname=received(model.pi_firstname),
            pi_lastname=received(model.pi_lastname),
            abstract=received(model.abstract),
            start_time=received(model.start_time),
            end_time=received(model.end_time),
            measurement_periods=received_each(
                model.measurement_period_list, MeasurementPeriodClass, MeasurementPeriod.from_download_model
            ),
            metadata=received(model.metadata),
            parent_proposal_id=received(model.parent_proposal_id),
            type=received(model.type_),
            instrument_ids=received_list(model.instrument_ids),
            keywords=received_list(model.keywords),
            access_groups=received_list(model.access_groups),
            instrument_group=received(model.instrument_group),
            is_published=received(model.is_published),
            number_of_datasets=received(model.number_of_datasets),
            created_at=received(model.created_at),
            created_by=received(model.created_by),
            updated_at=received(model.updated_at),
            updated_by=received(model.updated_by),
        )
