"""Attachments: the small pictures of datasets (v3 by dataset, v4 by themselves)."""

from __future__ import annotations

import secrets

from . import schemas
from .access import PUBLISHED, check_read, visible
from .answers import Answer, Document, Refusal, bad_request, not_found
from .calls import Call, new_id
from .datasets import existing
from .filters import Condition, Rules
from .lists import V3_LIMIT, ListQuery, v4_query
from .store import AlreadyThere, Page, linked

ATTACHMENTS = "attachments"
_RELATION = "is attached to"
_NEWEST = ("d.seq DESC",)


def create(call: Call) -> Answer:
    """``POST /api/v4/attachments``."""
    call.check_right("create_attachment")
    call.check_write(call.body["ownerGroup"])
    return Answer(_added(call, call.body), status=201)


def is_valid(call: Call) -> Answer:
    """``POST /api/v4/attachments/isValid``."""
    reasons = schemas.problems("CreateAttachmentV4Dto", call.body)
    return Answer({"valid": not reasons, "reason": reasons})


def get(call: Call) -> Answer:
    """``GET /api/v4/attachments/{aid}``."""
    aid = call.parameters["aid"]
    attachment = call.transaction.get(ATTACHMENTS, aid)
    if attachment is None:
        raise not_found(f"Attachment {aid} not found")
    return Answer(check_read(call.site.accounts, call.user, attachment))


def find(call: Call) -> Answer:
    """``GET /api/v4/attachments``."""
    return _found(call, visible(call.site.accounts, call.user))


def find_public(call: Call) -> Answer:
    """``GET /api/v4/attachments/public``."""
    return _found(call, PUBLISHED)


def create_for_dataset(call: Call) -> Answer:
    """``POST /api/v3/datasets/{pid}/attachments``."""
    dataset = existing(call)
    call.check_write(dataset.get("ownerGroup"))
    names = ("ownerGroup", "accessGroups", "instrumentGroup", "thumbnail", "caption")
    body: Document = {name: call.body[name] for name in names if name in call.body}
    body["relationships"] = [{"targetId": dataset["pid"], "targetType": "dataset", "relationType": _RELATION}]
    return Answer(_v3(_added(call, body), dataset["pid"]), status=201)


def of_dataset(call: Call) -> Answer:
    """``GET /api/v3/datasets/{pid}/attachments``, the newest first."""
    dataset = check_read(call.site.accounts, call.user, existing(call))
    found = call.transaction.find(ATTACHMENTS, linked([dataset["pid"]]), Page(limit=V3_LIMIT, order=_NEWEST))
    return Answer([_v3(attachment, dataset["pid"]) for attachment in found])


def thumbnail(call: Call) -> Answer:
    """``GET /api/v3/datasets/{pid}/thumbnail``: the first picture."""
    dataset = check_read(call.site.accounts, call.user, existing(call))
    found = call.transaction.find(ATTACHMENTS, linked([dataset["pid"]]), Page(limit=1))
    return Answer({"thumbnail": found[0].get("thumbnail")} if found else {})


def delete_of_dataset(call: Call) -> Answer:
    """``DELETE /api/v3/datasets/{pid}/attachments/{aid}``.

    The server's query misses what is no ``aid`` (answers of v3 do not have one) and then takes the
    dataset's first attachment, whichever that is.
    """
    dataset = existing(call)
    call.check_write(dataset.get("ownerGroup"))
    found = call.transaction.find(ATTACHMENTS, linked([dataset["pid"]]))
    named = [one for one in found if one["aid"] == call.parameters["aid"]]
    for attachment in (named or found)[:1]:
        call.transaction.delete(ATTACHMENTS, attachment["aid"])
        return Answer(attachment)
    raise not_found(f"Attachment {call.parameters['aid']} not found")


def _added(call: Call, body: Document) -> Document:
    aid = body.get("aid") or new_id()
    relationships = body.get("relationships") or []
    attachment = call.made(
        {
            "_id": secrets.token_hex(12),
            "__v": 0,
            "accessGroups": [],
            "isPublished": False,
            **body,
            "aid": aid,
            "relationships": [{"relationType": _RELATION, **one} for one in relationships],
        }
    )
    try:
        targets = [relation["targetId"] for relation in relationships]
        call.transaction.insert(ATTACHMENTS, aid, attachment, targets)
    except AlreadyThere:
        raise Refusal(409, f"Attachment {aid} already exists") from None
    return attachment


def _v3(attachment: Document, pid: str) -> Document:
    shown = {name: attachment[name] for name in attachment if name not in ("aid", "relationships")}
    return {**shown, "datasetId": pid}


def _found(call: Call, seen: Condition) -> Answer:
    query = _query(call)
    if query.include:
        raise bad_request("include is not for attachments here")
    found = call.transaction.find(ATTACHMENTS, query.condition & seen, query.page)
    return Answer([query.shown(attachment) for attachment in found])


def _query(call: Call) -> ListQuery:
    name = "OutputAttachmentV4Dto"
    rules = Rules(
        known=schemas.names(name),
        times=schemas.time_fields(name),
        columns={"aid": "d.id", "ownerGroup": "d.owner_group"},
        links=frozenset({"relationships.targetId"}),
    )
    return v4_query(call.text("filter"), rules)
