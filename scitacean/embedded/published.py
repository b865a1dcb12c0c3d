"""Published data (v4): from a private draft to a registered DOI."""

from __future__ import annotations

from http import HTTPStatus

from attrs import evolve

from . import access, entries, rights
from .answers import Answer, Document, Refusal
from .calls import Call, new_id
from .datasets import DATASETS
from .datasets import KIND as DATASET_KIND
from .entries import Kind
from .kinds import PROPOSALS
from .lists import ListQuery, v3_query
from .queries import json_parameter, page_of
from .store import Page, linked


def new(call: Call) -> Document:
    """Complete the body of a request for published data."""
    doi = f"{call.site.accounts.pid_prefix}/{new_id()}"
    return {"_id": doi, "metadata": {}, "status": "private", **call.body, "doi": doi, "pid": doi}


PUBLISHED_DATA = Kind(
    collection="published_data",
    title="Published data",
    identifier="doi",
    output="PublishedData",
    body="CreatePublishedDataV4Dto",
    rights=rights.PUBLISHED_DATA,
)
CONFIG: Document = {
    "metadataSchema": {
        "type": "object",
        "required": ["creators", "publisher", "publicationYear", "resourceType"],
        "properties": {
            "creators": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            "publisher": {"type": "object"},
            "publicationYear": {"type": "integer"},
            "resourceType": {"type": "string"},
        },
    },
    "uiSchema": {},
}
"""What published data needs among its metadata before it may be published."""


def find(call: Call) -> Answer:
    """``GET /api/v4/publisheddata``; those who are not signed in get what is registered."""
    query = _query(call)
    condition = query.condition & PUBLISHED_DATA.listed(call)
    found = call.transaction.find(PUBLISHED_DATA.collection, condition, query.page)
    return Answer([query.shown(one) for one in found])


def count(call: Call) -> Answer:
    """``GET /api/v4/publisheddata/count``."""
    condition = _query(call).condition & PUBLISHED_DATA.listed(call)
    return Answer({"count": call.transaction.count(PUBLISHED_DATA.collection, condition)})


def get(call: Call) -> Answer:
    """``GET /api/v4/publisheddata/{id}``."""
    return Answer(_visible(call))


def config(_call: Call) -> Answer:
    """``GET /api/v4/publisheddata/config``."""
    return Answer(CONFIG)


def form_populate(call: Call) -> Answer:
    """``GET /api/v4/publisheddata/formpopulate``: what is known from the dataset ``pid``."""
    pid = call.text("pid") or ""
    form: Document = {}
    dataset = call.transaction.get(DATASETS, pid)
    if dataset is not None and access.may_read(call.site.accounts, call.user, dataset):
        form = {"resourceType": dataset.get("type"), "description": dataset.get("description")}
        for name in (dataset.get("proposalIds") or [])[:1]:
            proposal = call.transaction.get(PROPOSALS.collection, str(name))
            if proposal is not None:
                form |= {"title": proposal["title"], "abstract": proposal.get("abstract")}
        for attachment in call.transaction.find("attachments", linked([pid]), Page(limit=1)):
            form["thumbnail"] = attachment.get("thumbnail")
    return Answer({name: value for name, value in form.items() if value is not None})


def patch(call: Call) -> Answer:
    """``PATCH /api/v4/publisheddata/{id}``."""
    old = _visible(call)
    _check_state(call, old, "updated")
    return Answer(entries.replaced(PUBLISHED_DATA, call, old, {**old, **call.body}))


def publish(call: Call) -> Answer:
    """``POST /api/v4/publisheddata/{id}/publish``: makes its datasets public."""
    old = _visible(call)
    if old["status"] != "private":
        raise _refused("Published data can only be published if it is in private state.")
    return _opened(call, old, {"status": "public"})


def register(call: Call) -> Answer:
    """``POST /api/v4/publisheddata/{id}/register``: the DOI is one of the catalogue's own."""
    return _opened(call, _visible(call), {"status": "registered", "registeredTime": call.now})


def amend(call: Call) -> Answer:
    """``POST /api/v4/publisheddata/{id}/amend``, by administrators."""
    if not _is_admin(call):
        raise _refused("Only admin users can amend published data.", HTTPStatus.FORBIDDEN)
    old = entries.existing(PUBLISHED_DATA, call)
    if old["status"] != "registered":
        raise _refused("Published data can only be amended if it is in registered state.")
    changed = entries.replaced(PUBLISHED_DATA, call, old, {**old, "status": "amended"})
    return Answer(changed, status=HTTPStatus.CREATED)


def resync(call: Call) -> Answer:
    """``POST /api/v4/publisheddata/{id}/resync``: change it once more and tell the registry."""
    old = _visible(call)
    if old["status"] == "amended" and _is_admin(call):
        entries.replaced(PUBLISHED_DATA, call, old, {**old, **call.body, "status": "registered"})
        return Answer({"doi": old["doi"]}, status=HTTPStatus.CREATED)
    _check_state(call, old, "resynced")
    entries.replaced(PUBLISHED_DATA, call, old, {**old, **call.body})
    return Answer(None, status=HTTPStatus.CREATED, empty=True)


def delete(call: Call) -> Answer:
    """``DELETE /api/v4/publisheddata/{id}``."""
    old = entries.existing(PUBLISHED_DATA, call)
    rights.check(call.site.accounts, call.user, PUBLISHED_DATA.rights.delete, old)
    _check_state(call, old, "removed")
    return Answer(entries.removed(PUBLISHED_DATA, call, old))


def _is_admin(call: Call) -> bool:
    return call.user is not None and call.site.accounts.is_admin(call.user)


def _visible(call: Call) -> Document:
    """Find what the path names; what the user may not see is not there (404)."""
    found = entries.existing(PUBLISHED_DATA, call)
    if not PUBLISHED_DATA.rights.readable(call.site.accounts, call.user, found):
        raise PUBLISHED_DATA.missing(f"Published data with doi {found['doi']} not found.")
    return found


def _check_state(call: Call, document: Document, done: str) -> None:
    """Refuse to touch what is public; for administrators, what is registered (400)."""
    free = ("private", "public") if _is_admin(call) else ("private",)
    if document["status"] not in free:
        raise _refused(f"Published data cannot be {done} in {document['status']} state.")


def _refused(message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Refusal:
    # Unlike other routes, these do not name the status.
    return Refusal(status, message, named=False)


def _opened(call: Call, old: Document, changes: Document) -> Answer:
    metadata = old.get("metadata") or {}
    if missing := [name for name in CONFIG["metadataSchema"]["required"] if name not in metadata]:
        reasons = [f'instance requires property "{name}"' for name in missing]
        raise Refusal(HTTPStatus.BAD_REQUEST, reasons, bare=True)
    for pid in old["datasetPids"]:
        dataset = call.transaction.get(DATASETS, pid)
        if dataset is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"Dataset #{pid} not found")
        call.check_write(dataset.get("ownerGroup"))
        opened = {**dataset, "isPublished": True}
        if "registeredTime" in changes:
            lifecycle = dataset.get("datasetlifecycle") or {}
            opened["datasetlifecycle"] = {**lifecycle, "publishedOn": call.now}
        entries.replaced(DATASET_KIND, call, dataset, opened)
    changed = entries.replaced(PUBLISHED_DATA, call, old, {**old, **changes})
    return Answer(changed, status=HTTPStatus.CREATED)


def _query(call: Call) -> ListQuery:
    # Limits stand in the filter or beside it.
    query = v3_query(call.text("filter"), PUBLISHED_DATA.rules(v3=True))
    limits = json_parameter(call, "limits")
    return evolve(query, page=page_of(limits)) if limits else query
