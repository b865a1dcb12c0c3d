"""Origdatablocks and datablocks: the lists of a dataset's files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import islice

from attrs import evolve

from . import entries, rights, schemas
from .access import PUBLISHED, visible
from .answers import NOTHING, Answer, Document, bad_request, forbidden, not_found
from .calls import Call, new_id
from .datasets import DATASETS
from .entries import Kind
from .filters import Condition
from .lists import ListQuery, v4_count, v4_query
from .queries import full_condition, json_parameter, page_of
from .rights import DATASETS as DATASET_RIGHTS
from .store import linked

_GROUPS = ("ownerGroup", "accessGroups", "instrumentGroup")


def _keep_size(sizes: tuple[str, str], call: Call, old: Document | None, new: Document | None) -> None:
    """Keep the size and the number of files of a dataset true to its blocks."""
    if call.site.variant.sums_of_blocks:
        _sum_up(call, (old or new or {})["datasetId"], sizes)
        return
    for block, sign in ((old, -1), (new, 1)):
        if block is not None:
            _resize(call, block, sign, sizes)


def _datasets_of(block: Document) -> list[str]:
    return [block["datasetId"]]


def _blocks(collection: str, title: str, schemas: tuple[str, str], sizes: tuple[str, str]) -> Kind:
    output, body = schemas
    return Kind(
        collection=collection,
        title=title,
        identifier="_id",
        output=output,
        body=body,
        rights=rights.BLOCKS,
        links=_datasets_of,
        linked=frozenset({"datasetId"}),
        after=partial(_keep_size, sizes),
    )


BLOCKS = _blocks(
    "orig_datablocks",
    "OrigDatablock",
    ("OutputOrigDatablockDto", "CreateOrigDatablockDto"),
    ("size", "numberOfFiles"),
)
DATABLOCKS = _blocks(
    "datablocks",
    "Datablock",
    ("Datablock", "CreateDatablockDto"),
    ("packedSize", "numberOfFilesArchived"),
)


def create(kind: Kind, call: Call) -> Answer:
    """``POST /api/v4/origdatablocks`` and others, by members of the dataset's owner group."""
    dataset = _dataset(call, call.body["datasetId"])
    return Answer(add(kind, call, dataset, call.body), status=201)


def add(kind: Kind, call: Call, dataset: Document, body: Document) -> Document:
    """Add a block to a dataset; it gets the groups of the dataset, whatever was sent."""
    rights.check(call.site.accounts, call.user, kind.rights.create, dataset)
    groups = {name: dataset[name] for name in _GROUPS if dataset.get(name) is not None}
    block = {"_id": new_id(), "__v": 0, "isPublished": False, **_sent(body), **groups}
    return entries.added(kind, call, call.made({**block, "datasetId": dataset["pid"]}))


def is_valid(call: Call) -> Answer:
    """``POST /api/v4/origdatablocks/isValid``: fields that servers do not know are no problem here.

    The groups are not those of the dataset: who sends no ``ownerGroup`` of their own gets 403.
    """
    rights.check(call.site.accounts, call.user, BLOCKS.rights.create, call.body)
    _check_dataset(call, call.body.get("datasetId"), DATASET_RIGHTS.change)
    known = {name: value for name, value in call.body.items() if name in schemas.fields(BLOCKS.body)}
    reasons = schemas.problems(BLOCKS.body, known, call.site.variant)
    return Answer({"valid": not reasons, "reason": reasons})


def get(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/{id}``: for those who may see the dataset as well, while it is there."""
    block = entries.readable(BLOCKS, call)
    dataset = _dataset(call, block["datasetId"])
    if not DATASET_RIGHTS.readable(call.site.accounts, call.user, dataset):
        raise forbidden()
    return Answer(block)


def patch(call: Call) -> Answer:
    """``PATCH /api/v4/origdatablocks/{id}``: for those who may change the dataset as well."""
    block = entries.changeable(BLOCKS, call)
    _check_dataset(call, block["datasetId"], DATASET_RIGHTS.change)
    return entries.patch(BLOCKS, call)


def _check_dataset(call: Call, pid: object, rule: rights.Rule) -> None:
    rights.check(call.site.accounts, call.user, rule, _dataset(call, pid))


def _dataset(call: Call, pid: object) -> Document:
    dataset = call.transaction.get(DATASETS, pid) if isinstance(pid, str) else None
    if dataset is None:
        raise not_found(f"Dataset: {pid} not found for attaching an origdatablock")
    return dataset


def is_valid_v3(schema: str, call: Call) -> Answer:
    """``POST /api/v3/origdatablocks/isValid``, and ``isValid`` below a dataset."""
    reasons = schemas.problems(schema, call.body, call.site.variant)
    return Answer({"valid": not reasons, "errors": reasons})


def query_files(call: Call) -> Answer:
    """``GET /api/v3/origdatablocks/fullquery/files``: each file in a copy of its block."""
    fields = json_parameter(call, "fields")
    condition = full_condition(fields, BLOCKS.output, BLOCKS.rules(v3=True)) & BLOCKS.queried(call, fields)
    page = page_of(json_parameter(call, "limits"))
    blocks = call.transaction.each(BLOCKS.collection, condition, evolve(page, skip=0, limit=-1))
    return Answer(list(islice(_unwound(call, blocks), page.skip, page.skip + page.limit)))


def get_public(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/public/{id}``: nothing where there is no published one."""
    block = call.transaction.get(BLOCKS.collection, call.parameters["id"])
    return Answer(block) if block and block.get("isPublished") is True else NOTHING


def files(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/files``: each file in a copy of its block."""
    return Answer(_files(call, visible(call.site.accounts, call.user)))


def files_public(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/public/files``."""
    return Answer(_files(call, PUBLISHED))


def count_files(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/files/count``."""
    return _file_count(call, visible(call.site.accounts, call.user))


def count_files_public(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/public/files/count``."""
    return _file_count(call, PUBLISHED)


def _sent(body: Document) -> Document:
    # Null is as good as nothing: the dataset's groups come through.
    return {name: value for name, value in body.items() if value is not None}


def _resize(call: Call, block: Document, sign: int, sizes: tuple[str, str]) -> None:
    """Add a block to the size of its dataset, or take it away.

    Raises
    ------
    Refusal
        400, if the size is more than a number can hold.
    """
    dataset = call.transaction.get(DATASETS, block["datasetId"])
    if dataset is None:
        # It was deleted, which leaves its blocks behind.
        return
    size, number = sizes
    total = _sum(dataset.get(size) or 0, sign * (block.get(size) or 0))
    count = (dataset.get(number) or 0) + sign * len(block.get("dataFileList") or ())
    _store_size(call, dataset, {size: total, number: count})


def _sum_up(call: Call, pid: str, sizes: tuple[str, str]) -> None:
    size, number = sizes
    kind = BLOCKS if size == "size" else DATABLOCKS
    dataset = call.transaction.get(DATASETS, pid)
    if dataset is None:
        return
    total: float = 0
    count = 0
    for block in call.transaction.each(kind.collection, linked([pid])):
        total = _sum(total, block.get(size) or 0)
        count += len(block.get("dataFileList") or ())
    _store_size(call, dataset, {size: total, number: count})


def _store_size(call: Call, dataset: Document, sizes: Document) -> None:
    if any(dataset.get(name) != value for name, value in sizes.items()):
        call.transaction.replace(DATASETS, dataset["pid"], {**dataset, **sizes})


def _sum(one: float, other: float) -> float:
    try:
        total = one + other
        if math.isfinite(total):
            return total
    except OverflowError:
        # A whole number of Python that is too large for a float.
        pass
    raise bad_request("size is too large")


def _query(call: Call) -> ListQuery:
    return v4_query(call.text("filter"), BLOCKS.rules(v3=False), newest_first=False)


def _files(call: Call, seen: Condition) -> list[Document]:
    query = _query(call)
    start, limit = query.page.skip, query.page.limit
    blocks = call.transaction.each(
        BLOCKS.collection, query.condition & seen, evolve(query.page, skip=0, limit=-1)
    )
    return [query.shown(one) for one in islice(_unwound(call, blocks), start, start + limit)]


def _unwound(call: Call, blocks: Iterator[Document]) -> Iterator[Document]:
    for block in blocks:
        there = call.transaction.get(DATASETS, block["datasetId"]) is not None
        for entry in block["dataFileList"]:
            yield {**block, "dataFileList": entry, "datasetExist": there}


def _file_count(call: Call, seen: Condition) -> Answer:
    condition = v4_count(call.text("filter"), BLOCKS.rules(v3=False)) & seen
    return Answer({"count": call.transaction.count_elements(BLOCKS.collection, condition, "dataFileList")})
