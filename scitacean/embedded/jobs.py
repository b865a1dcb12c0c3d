"""Jobs (v4): asking for datasets to be archived, retrieved or published."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from . import entries, rights
from .access import visible
from .answers import Answer, Document, Refusal, bad_request, forbidden
from .calls import Call, new_id
from .datasets import DATASETS, merged
from .entries import Kind
from .lists import ListQuery, v4_query
from .relations import BELONGING, with_ids, with_relations
from .store import linked


def _in_lifecycle(field: str) -> Callable[[Document], bool]:
    return lambda dataset: (dataset.get("datasetlifecycle") or {}).get(field) is True


_WANTED: dict[str, Callable[[Document], bool]] = {
    "archive": _in_lifecycle("archivable"),
    "retrieve": _in_lifecycle("retrievable"),
    "public": lambda dataset: dataset.get("isPublished") is True,
    rights.OPEN_JOB: lambda _: True,
}
"""The types of jobs, and what their datasets must be."""

_OWNERS_ONLY = frozenset({"archive", "retrieve"})
"""Types of jobs for datasets of one's own group alone."""


def _complete(call: Call) -> Document:
    user = call.user
    return {
        "accessGroups": [],
        "isPublished": False,
        "ownerUser": user.username if user else None,
        "contactEmail": user.email if user else None,
        **call.body,
        "statusCode": "jobSubmitted",
        "statusMessage": "Job submitted.",
        "configVersion": "recommended-local",
        "jobResultObject": {},
    }


def _unknown(_message: str) -> Refusal:
    return _refused("Invalid job id.")


def _refused(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message, short=True)


JOBS = Kind(
    collection="jobs",
    title="Job",
    identifier="id",
    output="PartialOutputJobDto",
    body="CreateJobDto",
    rights=rights.JOBS,
    missing=_unknown,
)


def create(call: Call) -> Answer:
    """``POST /api/v4/jobs``."""
    kind = call.body["type"]
    if kind not in _WANTED:
        raise _refused(f"Invalid job type: {kind}.")
    wanted = _datasets(call.body["jobParams"], needed=kind != rights.OPEN_JOB)
    datasets = [_dataset(call, entry) for entry in wanted]
    _check_files(call, wanted)
    _check_owner(call, kind, datasets)
    if unfit := [dataset["pid"] for dataset in datasets if not _WANTED[kind](dataset)]:
        raise _refused(f"The following datasets are not fit for a job of type {kind}: {unfit}")
    identifier = new_id()
    document = call.made({"__v": 0, "_id": identifier, **_complete(call), "id": identifier})
    return Answer(entries.added(JOBS, call, document), status=HTTPStatus.CREATED)


def _check_owner(call: Call, kind: str, datasets: list[Document]) -> None:
    user, group = call.user, call.body.get("ownerGroup")
    if user is None or call.site.accounts.is_admin(user):
        return
    if not group:
        raise forbidden("Invalid new job. Owner group should be specified.")
    if (call.body.get("ownerUser") or user.username) != user.username:
        raise forbidden("Invalid new job. User owning the job should match user logged in.")
    if group not in user.groups:
        raise forbidden("Invalid new job. User needs to belong to job owner group.")
    if kind in _OWNERS_ONLY and any(dataset.get("ownerGroup") not in user.groups for dataset in datasets):
        raise forbidden("User does not have access to all datasets, cannot create job.")


def find(call: Call) -> Answer:
    """``GET /api/v4/jobs``; datasets can be included."""
    return Answer(_found(call, _query(call)))


def get(call: Call) -> Answer:
    """``GET /api/v4/jobs/{id}``."""
    job = entries.readable(JOBS, call)
    query = _query(call)
    return Answer({**query.shown(job), **_included(call, job, query)})


def full_query(call: Call) -> Answer:
    """``GET /api/v4/jobs/fullquery``: by ``fields`` and ``limits``, or by a ``filter``."""
    if call.text("filter"):
        return find(call)
    return entries.full_query(JOBS, call)


def dataset_details(call: Call) -> Answer:
    """``GET /api/v4/jobs/datasetDetails``: jobs with all that their datasets have."""
    jobs = _found(call, _query(call))
    return Answer([{**job, "datasetDetails": _datasets_of(call, job, tuple(BELONGING))} for job in jobs])


def patch(call: Call) -> Answer:
    """``PATCH /api/v4/jobs/{id}``, by those who run jobs."""
    old = entries.changeable(JOBS, call)
    merge = call.headers.get("Content-Type") == "application/merge-patch+json"
    changes = merged(old, call.body) if merge else {**old, **call.body}
    if not isinstance(changes, dict):
        raise TypeError("a job is no object")
    return Answer(entries.replaced(JOBS, call, old, changes))


def _datasets(parameters: object, *, needed: bool) -> list[Document]:
    wanted = parameters.get("datasetList") if isinstance(parameters, dict) else None
    if wanted is None and not needed:
        return []
    if not isinstance(wanted, list) or not wanted:
        raise _unprocessable("jobParams.datasetList should be a list with something in it")
    if not all(_names_dataset(one) for one in wanted):
        raise _unprocessable(
            "Invalid dataset list.", "each entry should be {pid, files}, files a list of paths"
        )
    return wanted


def _names_dataset(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.keys() != {"pid", "files"}:
        return False
    files = entry["files"]
    return (
        isinstance(entry["pid"], str)
        and isinstance(files, list)
        and all(isinstance(one, str) for one in files)
    )


def _check_files(call: Call, wanted: list[Document]) -> None:
    """Refuse files that are in no block of their dataset (422)."""
    missing = []
    for entry in wanted:
        if not entry["files"]:
            continue
        there: set[object] = set()
        for block in call.transaction.each("orig_datablocks", linked([entry["pid"]])):
            there.update(file.get("path") for file in block.get("dataFileList") or ())
        if absent := [path for path in entry["files"] if path not in there]:
            missing.append({"pid": entry["pid"], "nonExistFiles": absent})
    if missing:
        raise _unprocessable("At least one requested file could not be found.", json.dumps(missing))


def _dataset(call: Call, entry: Document) -> Document:
    dataset = call.transaction.get(DATASETS, entry["pid"])
    if dataset is None:
        raise _unprocessable(f"Datasets with pid {entry['pid']} do not exist.")
    return dataset


def _unprocessable(message: str, detail: str | None = None) -> Refusal:
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, message, detail=detail)


def _query(call: Call) -> ListQuery:
    query = v4_query(call.text("filter"), JOBS.rules(v3=False))
    if unknown := set(query.include) - {"datasets"}:
        raise bad_request(f"Provided include field {sorted(unknown)[0]!r} is not part of a job")
    return query


def _found(call: Call, query: ListQuery) -> list[Document]:
    jobs = call.transaction.find(JOBS.collection, query.condition & JOBS.listed(call), query.page)
    return [{**query.shown(job), **_included(call, job, query)} for job in jobs]


def _included(call: Call, job: Document, query: ListQuery) -> Document:
    return {"datasets": _datasets_of(call, job)} if query.include else {}


def _datasets_of(call: Call, job: Document, include: tuple[str, ...] = ()) -> list[Document]:
    parameters = job.get("jobParams")
    wanted = parameters.get("datasetList") if isinstance(parameters, dict) else None
    pids = [entry["pid"] for entry in wanted or ()]
    seen = visible(call.site.accounts, call.user)
    datasets = call.transaction.find(DATASETS, with_ids(pids) & seen)
    return [with_relations(call, dataset, include) for dataset in datasets]
