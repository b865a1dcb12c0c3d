"""Samples (v3)."""

from __future__ import annotations

from . import schemas
from .access import check_read, visible
from .answers import Answer, Document, Refusal, not_found
from .calls import Call, new_id
from .filters import Rules
from .lists import v3_query
from .store import AlreadyThere
from .units import add_si

SAMPLES = "samples"


def create(call: Call) -> Answer:
    """``POST /api/v3/samples``."""
    call.check_right("create_sample")
    call.check_write(call.body["ownerGroup"])
    identifier = call.body.get("sampleId") or new_id()
    sample = call.made(
        {
            "_id": identifier,
            "__v": 0,
            "accessGroups": [],
            "isPublished": False,
            **_derived(call.body),
            "sampleId": identifier,
        }
    )
    try:
        call.transaction.insert(SAMPLES, identifier, sample)
    except AlreadyThere:
        # Servers stumble over it (500).
        raise Refusal(409, f"Sample {identifier} already exists") from None
    return Answer(sample, status=201)


def get(call: Call) -> Answer:
    """``GET /api/v3/samples/{id}``."""
    return Answer(check_read(call.site.accounts, call.user, _sample(call)))


def find(call: Call) -> Answer:
    """``GET /api/v3/samples``: what is public for those who are not signed in."""
    name = "OutputSampleDto"
    rules = Rules(
        times=schemas.time_fields(name),
        cast=True,
        columns={"sampleId": "d.id", "_id": "d.id", "ownerGroup": "d.owner_group"},
    )
    query = v3_query(call.text("filter"), rules)
    seen = visible(call.site.accounts, call.user)
    found = call.transaction.find(SAMPLES, query.condition & seen, query.page)
    return Answer([query.shown(sample) for sample in found])


def patch(call: Call) -> Answer:
    """``PATCH /api/v3/samples/{id}``."""
    sample = _sample(call)
    call.check_write(sample.get("ownerGroup"))
    changed = call.changed({**sample, **_derived(call.body)})
    call.transaction.replace(SAMPLES, sample["sampleId"], changed)
    return Answer(changed)


def delete(call: Call) -> Answer:
    """``DELETE /api/v3/samples/{id}``: not for owners."""
    user = call.user
    if user is None or not call.site.accounts.is_admin(user):
        call.check_right("delete")
    sample = _sample(call)
    call.transaction.delete(SAMPLES, sample["sampleId"])
    return Answer(sample)


def _sample(call: Call) -> Document:
    identifier = call.parameters["id"]
    sample = call.transaction.get(SAMPLES, identifier)
    if sample is None:
        raise not_found(f"Sample {identifier} not found")
    return sample


def _derived(body: Document) -> Document:
    if "sampleCharacteristics" not in body:
        return body
    return {**body, "sampleCharacteristics": add_si(body["sampleCharacteristics"])}
