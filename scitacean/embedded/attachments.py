"""Attachments: the small pictures of datasets, proposals and samples."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from . import entries, rights
from .answers import Answer, Document, forbidden
from .calls import Call, new_id
from .entries import Kind

_RELATION = "is attached to"


def _targets(attachment: Document) -> list[str]:
    return [relation["targetId"] for relation in attachment.get("relationships") or []]


def _derived(body: Document) -> Document:
    if "relationships" not in body:
        return body
    relationships = [{"relationType": _RELATION, **one} for one in body["relationships"] or []]
    return {**body, "relationships": relationships}


ATTACHMENTS = Kind(
    collection="attachments",
    title="Attachment",
    identifier="aid",
    output="OutputAttachmentV4Dto",
    body="CreateAttachmentV4Dto",
    rights=rights.ATTACHMENTS,
    derived=_derived,
    links=_targets,
    linked=frozenset({"relationships.targetId"}),
)


def create(call: Call) -> Answer:
    """``POST /api/v4/attachments``."""
    rights.check(call.site.accounts, call.user, ATTACHMENTS.rights.create, call.body)
    admin = call.user is not None and call.site.accounts.is_admin(call.user)
    if call.site.variant.only_admins_attach and not admin:
        raise forbidden()
    return Answer(_added(call, call.body), status=HTTPStatus.CREATED)


def add(call: Call, parent: Document, body: Document, target: str, identifier: str) -> Document:
    """Attach a picture to a dataset, proposal or sample (v3)."""
    inherited: Document = {name: parent[name] for name in ("ownerGroup", "accessGroups") if name in parent}
    names = ("ownerGroup", "accessGroups", "instrumentGroup", "thumbnail", "caption")
    sent = {name: body[name] for name in names if name in body}
    relation = {"targetId": parent[identifier], "targetType": target, "relationType": _RELATION}
    return _added(call, {**inherited, **sent, "relationships": [relation]})


def patch(call: Call) -> Answer:
    """``PATCH /api/v4/attachments/{aid}``, as plain JSON or as a merge patch."""
    old = entries.changeable(ATTACHMENTS, call)
    changes = _derived(call.body)
    if call.headers.get("Content-Type") == "application/merge-patch+json":
        changes = {name: value for name, value in changes.items() if value is not None}
    return Answer(entries.replaced(ATTACHMENTS, call, old, {**old, **changes}))


def put(call: Call) -> Answer:
    """``PUT /api/v4/attachments/{aid}``: what is not sent is dropped."""
    old = entries.changeable(ATTACHMENTS, call)
    kept = {name: old[name] for name in ("_id", "__v", "aid", "createdBy", "createdAt")}
    new = {"accessGroups": [], "relationships": [], **_derived(call.body), **kept}
    return Answer(entries.replaced(ATTACHMENTS, call, old, new))


def _added(call: Call, body: Document) -> Document:
    made = {
        "_id": secrets.token_hex(12),
        "__v": 0,
        "accessGroups": [],
        "isPublished": False,
        "relationships": [],
        **_derived(body),
        "aid": body.get("aid") or new_id(),
    }
    return entries.added(ATTACHMENTS, call, call.made(made))
