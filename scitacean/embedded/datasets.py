"""Datasets: making, finding, changing and deleting them (v4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from attrs import evolve

from . import entries, rights, schemas, times
from .access import PUBLISHED, visible
from .answers import NOTHING, Answer, Document, Refusal, bad_request, listed
from .calls import Call, new_id
from .conditions import Condition
from .entries import Kind
from .indexes import COLUMNS, TERMS
from .kinds import count_datasets
from .lists import ListQuery, v4_count, v4_query
from .relations import checked, with_relations
from .units import add_si

DATASETS = "datasets"
_EMPTY_LISTS = (
    "accessGroups", "keywords", "techniques", "sharedWith", "relationships",
    "principalInvestigators", "proposalIds", "sampleIds", "instrumentIds", "inputDatasets",
    "usedSoftware",
)  # fmt: skip
_SIZES = ("size", "packedSize", "numberOfFiles")
_CLASSIFICATION = "IN=medium,AV=low,CO=low"
_RELATIONSHIP = {
    "identifierType": "Other", "relationship": "IsReferencedBy", "entityType": "Other"
}  # fmt: skip


KIND = Kind(
    collection=DATASETS,
    title="Dataset",
    identifier="pid",
    output="OutputDatasetDto",
    body="CreateDatasetDto",
    rights=rights.DATASETS,
    metadata="scientificMetadata",
    after=count_datasets,
    columns=COLUMNS,
    terms=TERMS,
)


def create(call: Call) -> Answer:
    """``POST /api/v4/datasets``."""
    return Answer(made(call, call.body, "4"), status=201)


def made(call: Call, body: Document, version: str) -> Document:
    """Make a dataset of the body of a request, sent through the API of a version."""
    rights.check(call.site.accounts, call.user, KIND.rights.create, body)
    if body.get("pid"):
        call.check_right("create_dataset_with_pid")
    pid = body.get("pid") or f"{call.site.accounts.pid_prefix}/{new_id()}"
    dataset = call.made(
        {
            **complete(body, call.site.clock()),
            "_id": pid,
            "__v": 0,
            "pid": pid,
            "version": version,
            # Servers work it out themselves, whatever is sent.
            "classification": _CLASSIFICATION,
        }
    )
    return entries.added(KIND, call, dataset)


def is_valid(call: Call) -> Answer:
    """``POST /api/v4/datasets/isValid``: tells whether, not why not."""
    return validity(call, "CreateDatasetDto")


def validity(call: Call, name: str) -> Answer:
    """Tell whether the body is a dataset of a schema."""
    rights.check(call.site.accounts, call.user, KIND.rights.create, call.body)
    known = {key: value for key, value in call.body.items() if key in schemas.fields(name)}
    # Servers do not miss the owner here, only when the dataset is made.
    problems = schemas.problems(name, {"owner": "somebody", **known}, call.site.variant)
    return Answer({"valid": not problems})


def get(call: Call) -> Answer:
    """``GET /api/v4/datasets/{pid}``."""
    include = checked(call.query.get("include", ()))
    dataset = entries.readable(KIND, call)
    return Answer(with_relations(call, dataset, include))


def get_public(call: Call) -> Answer:
    """``GET /api/v4/datasets/public/{pid}``: nothing where there is no published one."""
    include = checked(call.query.get("include", ()))
    dataset = call.transaction.get(DATASETS, call.parameters["pid"])
    if dataset is None or dataset.get("isPublished") is not True:
        return NOTHING
    return Answer(with_relations(call, dataset, include, public=True))


def find(call: Call) -> Answer:
    """``GET /api/v4/datasets``."""
    return _list(call, public=False)


def find_public(call: Call) -> Answer:
    """``GET /api/v4/datasets/public``."""
    return _list(call, public=True)


def find_one(call: Call) -> Answer:
    """``GET /api/v4/datasets/findOne``: null where there is none."""
    return Answer(next(_found(call, _query(call), public=False), None))


def find_one_public(call: Call) -> Answer:
    """``GET /api/v4/datasets/public/findOne``: null where there is none."""
    return Answer(next(_found(call, _query(call), public=True), None))


def count(call: Call) -> Answer:
    """``GET /api/v4/datasets/count``: the one list of v4 that reads texts as times."""
    seen = visible(call.site.accounts, call.user)
    condition = _counted(call) & seen
    return Answer({"count": call.transaction.count(DATASETS, condition)})


def count_public(call: Call) -> Answer:
    """``GET /api/v4/datasets/public/count``."""
    condition = _counted(call) & PUBLISHED
    return Answer({"count": call.transaction.count(DATASETS, condition)})


def patch(call: Call) -> Answer:
    """``PATCH /api/v4/datasets/{pid}``, as plain JSON or as a merge patch."""
    dataset = entries.changeable(KIND, call)
    _check_unmodified(call, dataset)
    check_quantities(dataset.get("scientificMetadata"), call.body.get("scientificMetadata"))
    # Compared exactly, as servers do: with a charset behind it, it counts as plain JSON.
    if call.headers.get("Content-Type") == "application/merge-patch+json":
        changes = {name: value for name, value in call.body.items() if value is not None}
        for name in ("scientificMetadata", "datasetlifecycle", "jobParameters"):
            if name in changes:
                changes[name] = merged(dataset.get(name), changes[name])
    else:
        changes = call.body
    zeros = dict.fromkeys(_SIZES, 0) if call.site.variant.patch_zeroes_sizes else {}
    return Answer(entries.replaced(KIND, call, dataset, {**dataset, **zeros, **derived(changes)}))


def put(call: Call) -> Answer:
    """``PUT /api/v4/datasets/{pid}``: what is not sent is dropped, type and version as well."""
    return Answer(put_down(call, call.body))


def put_down(call: Call, body: Document) -> Document:
    """Replace the dataset that the path names by the body of a request."""
    dataset = entries.changeable(KIND, call)
    kept = {name: dataset[name] for name in ("_id", "__v", "pid", "createdBy", "createdAt")}
    return entries.replaced(KIND, call, dataset, {**complete(body, call.site.clock()), **kept})


def delete(call: Call) -> Answer:
    """``DELETE /api/v4/datasets/{pid}``: blocks and attachments stay behind."""
    return entries.delete(KIND, call)


def get_lifecycle(call: Call) -> Answer:
    """``GET /api/v4/datasets/{pid}/datasetlifecycle``."""
    dataset = entries.readable(KIND, call)
    return Answer(dataset.get("datasetlifecycle"))


def patch_lifecycle(call: Call) -> Answer:
    """``PATCH /api/v4/datasets/{pid}/datasetlifecycle``, by owners and archivers."""
    dataset = entries.existing(KIND, call)
    rights.check(call.site.accounts, call.user, rights.LIFECYCLES, dataset)
    lifecycle = merged(dataset.get("datasetlifecycle"), call.body)
    entries.replaced(KIND, call, dataset, {**dataset, "datasetlifecycle": lifecycle})
    return Answer(lifecycle)


def merged(old: object, changes: object) -> object:
    """Apply a merge patch (RFC 7396)."""
    if not isinstance(changes, dict):
        return changes
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def check_quantities(old: object, changes: object, path: str = "scientificMetadata") -> None:
    """Refuse a new value of a quantity without its unit, or a unit without its value (400)."""
    if not isinstance(old, dict) or not isinstance(changes, dict):
        return
    if {"value", "unit"} <= old.keys() and len({"value", "unit"} & changes.keys()) == 1:
        raise bad_request(f"value and unit of {path} should be sent together")
    for name, change in changes.items():
        check_quantities(old.get(name), change, f"{path}.{name}")


def _check_unmodified(call: Call, dataset: Document) -> None:
    header = call.headers.get("If-Unmodified-Since")
    if header is None:
        return
    try:
        since = _http_or_iso(header)
    except ValueError:
        return
    if times.parse(dataset["updatedAt"]) > since:
        raise Refusal(412, "Resource has been modified on server")


def _http_or_iso(text: str) -> datetime:
    try:
        return times.parse(text)
    except ValueError:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=times.UTC)


def _query(call: Call) -> ListQuery:
    return v4_query(call.text("filter"), KIND.rules(v3=False))


def _counted(call: Call) -> Condition:
    return v4_count(call.text("filter"), evolve(KIND.rules(v3=False), cast=True))


def _list(call: Call, *, public: bool) -> Answer:
    query = _query(call)
    if query.fields or query.include:
        return listed(_found(call, query, public=public))
    return listed(call.transaction.texts(DATASETS, query.condition & _seen(call, public=public), query.page))


def _seen(call: Call, *, public: bool) -> Condition:
    return PUBLISHED if public else visible(call.site.accounts, call.user)


def _found(call: Call, query: ListQuery, *, public: bool) -> Iterator[Document]:
    include = checked(query.include)
    condition = query.condition & _seen(call, public=public)
    for dataset in call.transaction.each(DATASETS, condition, query.page):
        related = with_relations(call, dataset, include, public=public)
        yield {**query.shown(dataset), **_only(related, include)}


def _only(document: Document, names: tuple[str, ...]) -> Document:
    return {name: document[name] for name in names}


def complete(body: Document, now: datetime) -> Document:
    """Add what a new dataset has where nothing was sent."""
    sizes = dict.fromkeys((*_SIZES, "numberOfFilesArchived"), 0)
    return derived(
        {
            **sizes,
            **{name: [] for name in _EMPTY_LISTS},
            "isPublished": False,
            "classification": _CLASSIFICATION,
            "scientificMetadata": {},
            **body,
            "datasetlifecycle": {**_lifecycle(now), **body.get("datasetlifecycle", {})},
        }
    )


def derived(changes: Document) -> Document:
    """Add what servers work out from a field to the fields of a request."""
    result = dict(changes)
    if "scientificMetadata" in result:
        result["scientificMetadata"] = add_si(result["scientificMetadata"])
    if isinstance(result.get("relationships"), list):
        result["relationships"] = [
            # Those of old servers have a PID instead.
            one if "pid" in one else {**_RELATIONSHIP, **one}
            for one in result["relationships"]
        ]
    return result


def _lifecycle(now: datetime) -> Document:
    return {
        "archivable": True,
        "retrievable": False,
        "publishable": False,
        "dateOfDiskPurging": times.iso(now),
        "archiveRetentionTime": times.iso(now + timedelta(days=10 * 365)),
        "dateOfPublishing": times.iso(now + timedelta(days=3 * 365)),
        "publishedOn": times.iso(now),
        "isOnCentralDisk": True,
        "archiveStatusMessage": "datasetCreated",
        "retrieveStatusMessage": "",
        "retrieveIntegrityCheck": False,
    }
