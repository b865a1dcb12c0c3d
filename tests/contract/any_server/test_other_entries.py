"""Samples, proposals and instruments."""

from __future__ import annotations

import json

import pytest

from scicat_api.api.instruments import create as create_instrument
from scicat_api.api.instruments import find_all as find_instruments
from scicat_api.api.instruments import find_by_id as get_instrument
from scicat_api.api.proposals import create as create_proposal
from scicat_api.api.proposals import find_all as find_proposals
from scicat_api.api.proposals import find_by_id as get_proposal
from scicat_api.api.samples import find_all as find_samples
from scicat_api.api.samples import remove as remove_sample
from scicat_api.api.samples import update as update_sample
from scicat_api.models import (
    CreateInstrumentDto,
    CreateProposalDto,
    CreateSampleDto,
    PartialUpdateSampleDto,
)
from scitacean.embedded import User
from scitacean.errors import ForbiddenError, LoginError, NotFoundError
from tests.contract.any_server.site import Site, parsed, unique


def new_sample(site: Site, user: User | None, name: str = "Salt") -> str:
    body = CreateSampleDto(owner_group=site.group, sample_name=name, description="white")
    return str(site.client(user).create_sample_model(body).sample_id)


def proposal(site: Site, identifier: str) -> CreateProposalDto:
    return CreateProposalDto(
        proposal_id=identifier, owner_group=site.group, email="ada@site.example", title="A proposal"
    )


def test_samples_come_back_change_and_go(site: Site) -> None:
    name = unique("Salt")
    identifier = new_sample(site, site.member, name)
    assert site.client(site.member).get_sample_model(identifier).sample_name == name
    change = PartialUpdateSampleDto(description="changed")
    api = site.api(site.member)
    assert update_sample.sync_detailed(identifier, client=api, body=change).status_code == 200
    query = json.dumps({"where": {"sampleName": name}})
    (found,) = parsed(find_samples.sync_detailed(client=api, filter_=query))
    assert (found.sample_id, found.description) == (identifier, "changed")
    assert remove_sample.sync_detailed(identifier, client=api).status_code == 403
    assert remove_sample.sync_detailed(identifier, client=site.api(site.deleter)).status_code == 200
    with pytest.raises(NotFoundError):
        site.client(site.member).get_sample_model(identifier)


def test_samples_are_for_their_groups(site: Site) -> None:
    identifier = new_sample(site, site.member)
    for user in (site.stranger, None):
        with pytest.raises(ForbiddenError):
            site.client(user).get_sample_model(identifier)
    with pytest.raises(ForbiddenError):
        new_sample(site, site.stranger)
    with pytest.raises(LoginError):
        new_sample(site, None)
    change = PartialUpdateSampleDto(description="mine")
    for user, status in ((site.stranger, 403), (None, 401)):
        answer = update_sample.sync_detailed(identifier, client=site.api(user), body=change)
        assert answer.status_code == status


def test_proposals_are_made_by_few_and_read_by_their_group(site: Site) -> None:
    identifier = unique("P")
    body = proposal(site, identifier)
    assert create_proposal.sync_detailed(client=site.api(site.member), body=body).status_code == 403
    assert create_proposal.sync_detailed(client=site.api(site.proposer), body=body).status_code == 201
    assert create_proposal.sync_detailed(client=site.api(site.proposer), body=body).status_code == 409
    assert parsed(get_proposal.sync_detailed(identifier, client=site.api(site.member))).title == "A proposal"
    assert get_proposal.sync_detailed(identifier, client=site.api(site.stranger)).status_code == 403
    assert get_proposal.sync_detailed(unique("none"), client=site.api(site.member)).status_code == 404
    query = json.dumps({"where": {"proposalId": identifier}})
    (found,) = parsed(find_proposals.sync_detailed(client=site.api(site.member), filters=query))
    assert found.proposal_id == identifier
    assert parsed(find_proposals.sync_detailed(client=site.api(site.stranger), filters=query)) == []


def test_instruments_are_made_by_administrators_and_read_by_all(site: Site) -> None:
    name = unique("BL")
    body = CreateInstrumentDto.from_dict({"uniqueName": name, "name": name})
    assert create_instrument.sync_detailed(client=site.api(site.member), body=body).status_code == 403
    created = parsed(create_instrument.sync_detailed(client=site.api(site.administrator), body=body))
    assert create_instrument.sync_detailed(client=site.api(site.administrator), body=body).status_code == 409
    assert parsed(get_instrument.sync_detailed(created.pid, client=site.api(site.member))).name == name
    query = json.dumps({"where": {"name": name}})
    (found,) = parsed(find_instruments.sync_detailed(client=site.api(site.member), filter_=query))
    assert found.pid == created.pid
    # Nothing, with status 200.
    none = get_instrument.sync_detailed(unique("none"), client=site.api(site.member))
    assert (none.status_code, none.parsed) == (200, None)
