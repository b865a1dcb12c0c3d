"""Proposals and their measurement periods."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from scicat_api.models import ProposalClass
from scitacean.errors import ValidationError
from scitacean.model.proposal import MeasurementPeriod, Proposal

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ANSWER = {
    "createdBy": "ingestor",
    "updatedBy": "ingestor",
    "ownerGroup": "beamline1",
    "accessGroups": [],
    "isPublished": False,
    "proposalId": "P-2026-1",
    "email": "ada@site.example",
    "firstname": "Ada",
    "lastname": "Example",
    "title": "A proposal",
    "abstract": "Why",
    "startTime": "2026-03-01T12:00:00.000Z",
    "endTime": "2026-04-01T00:00:00.000Z",
    "MeasurementPeriodList": [],
    "metadata": {},
    "parentProposalId": None,
    "type": "Default Proposal",
    "instrumentIds": [],
    "numberOfDatasets": 0,
    "createdAt": "2026-03-01T12:00:00.000Z",
    "updatedAt": "2026-03-01T12:00:00.000Z",
}


def test_the_answer_of_a_server_becomes_a_proposal() -> None:
    proposal = Proposal.from_download_model(ProposalClass.from_dict(ANSWER))
    assert (proposal.proposal_id, proposal.type) == ("P-2026-1", "Default Proposal")
    assert proposal.parent_proposal_id is None
    assert (proposal.number_of_datasets, proposal.is_published) == (0, False)
    assert proposal.measurement_periods == []
    assert proposal.created_at == proposal.start_time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    proposal.validate()


def test_periods_without_an_end_and_odd_ones_stay() -> None:
    answer = ANSWER | {"MeasurementPeriodList": [{"instrument": "BL1", "start": "2026-03-01"}, "May", None]}
    proposal = Proposal.from_download_model(ProposalClass.from_dict(answer))
    periods: Any = proposal.measurement_periods
    assert (periods[0].instrument, periods[0].start, periods[0].end) == ("BL1", DAY, None)
    assert periods[1:] == ["May", None]
    assert [problem.field for problem in proposal.find_problems(required=False)] == [
        "measurement_periods[0].end",
        "measurement_periods[1]",
        "measurement_periods[2]",
    ]


def test_a_period_that_ends_before_it_starts_is_not_sent() -> None:
    period = MeasurementPeriod(instrument="BL1", start=DAY, end=datetime(2026, 2, 1, tzinfo=UTC))
    proposal = Proposal(
        proposal_id="P", owner_group="g", email="ada@site.example", title="t", measurement_periods=[period]
    )
    with pytest.raises(ValidationError, match=r"measurement_periods\[0\]\.end") as caught:
        proposal.make_upload_model()
    assert len(caught.value.problems) == 1


def test_periods_are_values() -> None:
    period = MeasurementPeriod(instrument="BL1", start=DAY, end=DAY, comment="short")
    assert copy.deepcopy(period) == pickle.loads(pickle.dumps(period)) == period
    assert {period, copy.copy(period)} == {period}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        period.comment = "long"  # type: ignore[misc]  # wrong on purpose


def test_metadata_may_be_what_becomes_json() -> None:
    proposal = Proposal(
        proposal_id="P", owner_group="g", email="ada@site.example", title="t", metadata={"call": DAY}
    )
    assert proposal.make_upload_model().to_dict()["metadata"] == {"call": "2026-03-01T00:00:00+00:00"}


def test_keywords_are_not_sent_to_servers_that_do_not_know_them_without_need() -> None:
    proposal = Proposal(proposal_id="P", owner_group="g", email="ada@site.example", title="t")
    assert set(proposal.make_upload_model().to_dict()) == {"proposalId", "ownerGroup", "email", "title"}
