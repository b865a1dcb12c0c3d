"""Samples, proposals and instruments (v3): what they are made of."""

from __future__ import annotations

from collections.abc import Callable

from . import rights, schemas
from .answers import NOTHING, Answer, Document, Refusal
from .calls import Call, new_id
from .entries import Kind
from .filters import Rules, where
from .units import add_si


def _with_si(field: str) -> Callable[[Document], Document]:
    def derived(body: Document) -> Document:
        return {**body, field: add_si(body[field])} if field in body else body

    return derived


def new_sample(call: Call) -> Document:
    """Complete the body of a request for a sample."""
    identifier = call.body.get("sampleId") or new_id()
    return {
        "_id": identifier,
        "accessGroups": [],
        "isPublished": False,
        **call.body,
        "sampleId": identifier,
    }


def new_proposal(call: Call) -> Document:
    """Complete the body of a request for a proposal."""
    return {
        "_id": call.body["proposalId"],
        "accessGroups": [],
        "isPublished": False,
        "MeasurementPeriodList": [],
        "metadata": {},
        "parentProposalId": None,
        "type": "Default Proposal",
        "instrumentIds": [],
        "numberOfDatasets": 0,
        **call.body,
    }


def new_instrument(call: Call) -> Document:
    """Complete the body of a request for an instrument."""
    pid = call.body.get("pid") or new_id()
    return {"_id": pid, "customMetadata": {}, **call.body, "pid": pid}


def _check_unique_name(call: Call, old: Document | None, new: Document | None) -> None:
    if new is None or old is not None:
        # Servers let nobody change the unique name.
        return
    same = where({"uniqueName": new["uniqueName"]}, Rules())
    if call.transaction.count(INSTRUMENTS.collection, same) > 1:
        raise Refusal(409, "Instrument with the same unique name already exists")


SAMPLES = Kind(
    collection="samples",
    title="Sample",
    identifier="sampleId",
    output="OutputSampleDto",
    body="CreateSampleDto",
    rights=rights.SAMPLES,
    derived=_with_si("sampleCharacteristics"),
    metadata="sampleCharacteristics",
)
PROPOSALS = Kind(
    collection="proposals",
    title="Proposal",
    identifier="proposalId",
    output="ProposalClass",
    body="CreateProposalDto",
    rights=rights.PROPOSALS,
    derived=_with_si("metadata"),
)
INSTRUMENTS = Kind(
    collection="instruments",
    title="Instrument",
    identifier="pid",
    output="Instrument",
    body="CreateInstrumentDto",
    rights=rights.INSTRUMENTS,
    derived=_with_si("customMetadata"),
    metadata="customMetadata",
    after=_check_unique_name,
)


def get_instrument(call: Call) -> Answer:
    """``GET /api/v3/instruments/{id}``: nothing where there is none."""
    instrument = call.transaction.get(INSTRUMENTS.collection, call.parameters["id"])
    return NOTHING if instrument is None else Answer(instrument)


def proposal_is_valid(call: Call) -> Answer:
    """``POST /api/v3/proposals/isValid``: tells whether, not why not; servers miss nothing here."""
    problems = schemas.problems(PROPOSALS.body, call.body, call.site.variant)
    return Answer({"valid": all(schemas.is_missing(problem) for problem in problems)})


def proposal_authorization(call: Call) -> Answer:
    """``GET /api/v3/proposals/{pid}/authorization``: nobody may see a proposal that is not there."""
    found = call.transaction.get(PROPOSALS.collection, call.parameters["pid"])
    seen = found is not None and PROPOSALS.rights.readable(call.site.accounts, call.user, found)
    return Answer({"canAccess": seen})


def count_datasets(call: Call, old: Document | None, new: Document | None) -> None:
    """Keep the number of datasets of proposals, as datasets come, change and go."""
    before, after = (set((one or {}).get("proposalIds") or ()) for one in (old, new))
    for names, sign in ((after - before, 1), (before - after, -1)):
        for name in names:
            proposal = call.transaction.get(PROPOSALS.collection, str(name))
            if proposal is not None:
                number = (proposal.get("numberOfDatasets") or 0) + sign
                changed = {**proposal, "numberOfDatasets": max(number, 0)}
                call.transaction.replace(PROPOSALS.collection, proposal["proposalId"], changed)
