"""Calls for samples, proposals and instruments."""

from __future__ import annotations

import json

from scicat_api.api.instruments import find_all as find_all_instruments
from scicat_api.api.instruments import find_by_id as find_instrument
from scicat_api.api.proposals import create as create_proposal
from scicat_api.api.proposals import find_by_id as find_proposal
from scicat_api.api.samples import create as create_sample
from scicat_api.api.samples import find_by_id as find_sample
from scicat_api.models import CreateProposalDto, CreateSampleDto, Instrument, OutputSampleDto, ProposalClass
from scitacean.catalogue.connected import Connected

_MANY = 1_000
"""No facility has more instruments, and by default servers answer with a hundred."""


class OtherCalls(Connected):
    """Reads and creates samples and proposals, and reads instruments."""

    def get_sample_model(self, sample_id: str, *, strict_validation: bool = False) -> OutputSampleDto:
        """Get a sample.

        Parameters
        ----------
        sample_id:
            Identifier of the sample.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        NotFoundError
            If there is no such sample.

        Examples
        --------
        >>> from scitacean import Client, Sample
        >>> sample = Sample(owner_group="me", sample_name="Rod")
        >>> with Client.local("my-catalogue") as client:
        ...     created = client.scicat.create_sample_model(sample.make_upload_model())
        ...     client.scicat.get_sample_model(created.sample_id).sample_name
        'Rod'
        """
        return self._calls.get(
            f"get the sample {sample_id}",
            lambda: find_sample.sync_detailed(sample_id, client=self._calls.api),
            OutputSampleDto,
            strict=strict_validation,
        )

    def create_sample_model(self, sample: CreateSampleDto) -> OutputSampleDto:
        """Create a sample.

        Parameters
        ----------
        sample:
            What :meth:`scitacean.Sample.make_upload_model` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client, Sample
        >>> sample = Sample(owner_group="me", sample_name="Rod")
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_sample_model(sample.make_upload_model()).sample_name
        'Rod'
        """
        return self._calls.get(
            "create the sample",
            lambda: create_sample.sync_detailed(client=self._calls.api, body=sample),
            OutputSampleDto,
        )

    def get_proposal_model(self, proposal_id: str, *, strict_validation: bool = False) -> ProposalClass:
        """Get a proposal.

        Parameters
        ----------
        proposal_id:
            Identifier of the proposal.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        NotFoundError
            If there is no such proposal.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_proposal_model("no such proposal")
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        return self._calls.get(
            f"get the proposal {proposal_id}",
            lambda: find_proposal.sync_detailed(proposal_id, client=self._calls.api),
            ProposalClass,
            strict=strict_validation,
        )

    def create_proposal_model(self, proposal: CreateProposalDto) -> ProposalClass:
        """Create a proposal; servers let only the group for that do so.

        Parameters
        ----------
        proposal:
            What :meth:`scitacean.Proposal.make_upload_model` made.

        Raises
        ------
        ConflictError
            If there is one with that identifier.
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client, Proposal
        >>> proposal = Proposal(
        ...     proposal_id="2026-042", owner_group="me", email="ada@site.example", title="Rods"
        ... )
        >>> with Client.local("my-catalogue") as client:
        ...     created = client.scicat.create_proposal_model(proposal.make_upload_model())
        ...     client.scicat.get_proposal_model(created.proposal_id).title
        'Rods'
        """
        return self._calls.get(
            "create the proposal",
            lambda: create_proposal.sync_detailed(client=self._calls.api, body=proposal),
            ProposalClass,
        )

    def get_instrument_model(self, instrument_id: str, *, strict_validation: bool = False) -> Instrument:
        """Get an instrument.

        Parameters
        ----------
        instrument_id:
            Identifier of the instrument, its ``pid``.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        NotFoundError
            If there is no such instrument.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_instrument_model("no such instrument")
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        return self._calls.get(
            f"get the instrument {instrument_id}",
            lambda: find_instrument.sync_detailed(instrument_id, client=self._calls.api),
            Instrument,
            strict=strict_validation,
        )

    def get_all_instrument_models(self, *, strict_validation: bool = False) -> list[Instrument]:
        """Get all instruments.

        Parameters
        ----------
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_all_instrument_models()
        []
        """
        query = json.dumps({"limits": {"limit": _MANY, "skip": 0}})
        return self._calls.get_list(
            "get the instruments",
            lambda: find_all_instruments.sync_detailed(client=self._calls.api, filter_=query),
            Instrument,
            strict=strict_validation,
        )
