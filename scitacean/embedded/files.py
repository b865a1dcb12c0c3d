"""Origdatablocks: the lists of a dataset's files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

from attrs import evolve

from . import schemas
from .access import PUBLISHED, check_read, visible
from .answers import NOTHING, Answer, Document, bad_request, not_found
from .calls import Call, new_id
from .datasets import DATASETS, existing
from .filters import Condition, Rules
from .lists import V3_LIMIT, ListQuery, v4_query
from .store import Page, linked

BLOCKS = "orig_datablocks"


def create(call: Call) -> Answer:
    """``POST /api/v4/origdatablocks``, by members of the dataset's owner group."""
    pid = call.body["datasetId"]
    dataset = call.transaction.get(DATASETS, pid)
    if dataset is None:
        raise not_found(f"Dataset: {pid} not found")
    call.check_write(dataset.get("ownerGroup"))
    inherited = {name: dataset.get(name) for name in ("ownerGroup", "accessGroups")}
    block = call.made({"_id": new_id(), "__v": 0, **inherited, "isPublished": False, **_sent(call.body)})
    call.transaction.insert(BLOCKS, block["_id"], block, [pid])
    _resize(call, pid, block, 1)
    return Answer(block, status=201)


def is_valid(call: Call) -> Answer:
    """``POST /api/v4/origdatablocks/isValid``."""
    reasons = schemas.problems("CreateOrigDatablockDto", call.body)
    return Answer({"valid": not reasons, "reason": reasons})


def get(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/{id}``."""
    return Answer(check_read(call.site.accounts, call.user, _block(call)))


def get_public(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/public/{id}``: nothing where there is no published one."""
    block = call.transaction.get(BLOCKS, call.parameters["id"])
    return Answer(block) if block and block.get("isPublished") is True else NOTHING


def find(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks``."""
    return Answer(_found(call, visible(call.site.accounts, call.user)))


def find_public(call: Call) -> Answer:
    """``GET /api/v4/origdatablocks/public``."""
    return Answer(_found(call, PUBLISHED))


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


def of_dataset(call: Call) -> Answer:
    """``GET /api/v3/datasets/{pid}/origdatablocks``."""
    dataset = check_read(call.site.accounts, call.user, existing(call))
    page = Page(limit=V3_LIMIT)
    return Answer(call.transaction.find(BLOCKS, linked([dataset["pid"]]), page))


def patch(call: Call) -> Answer:
    """``PATCH /api/v4/origdatablocks/{id}``."""
    block = _block(call)
    call.check_write(block.get("ownerGroup"))
    changed = call.changed({**block, **call.body})
    call.transaction.replace(BLOCKS, block["_id"], changed, [block["datasetId"]])
    _resize(call, block["datasetId"], block, -1)
    _resize(call, block["datasetId"], changed, 1)
    return Answer(changed)


def delete(call: Call) -> Answer:
    """``DELETE /api/v4/origdatablocks/{id}``."""
    call.check_right("delete")
    block = _block(call)
    call.transaction.delete(BLOCKS, block["_id"])
    _resize(call, block["datasetId"], block, -1)
    return Answer(block)


def _sent(body: Document) -> Document:
    # Null is as good as nothing: the dataset's groups come through.
    return {name: value for name, value in body.items() if value is not None}


def _block(call: Call) -> Document:
    identifier = call.parameters["id"]
    block = call.transaction.get(BLOCKS, identifier)
    if block is None:
        raise not_found(f"OrigDatablock: {identifier} not found")
    return block


def _resize(call: Call, pid: str, block: Document, sign: int) -> None:
    """Add a block to the size of its dataset, or take it away.

    Servers after 5.2.1 do it so; earlier ones took the sum of all blocks.

    Raises
    ------
    Refusal
        400, if the size is more than a number can hold.
    """
    dataset = call.transaction.get(DATASETS, pid)
    if dataset is None:
        # It was deleted, which leaves its blocks behind.
        return
    size = _sum(dataset.get("size") or 0, sign * (block.get("size") or 0))
    number = (dataset.get("numberOfFiles") or 0) + sign * len(block.get("dataFileList") or ())
    if (size, number) != (dataset.get("size"), dataset.get("numberOfFiles")):
        call.transaction.replace(DATASETS, pid, {**dataset, "size": size, "numberOfFiles": number})


def _sum(one: float, other: float) -> float:
    try:
        total = one + other
        if math.isfinite(total):
            return total
    except OverflowError:
        # A whole number of Python that is too large for a float.
        pass
    raise bad_request("size is too large")


def _query(call: Call, *, newest_first: bool = True) -> ListQuery:
    name = "OutputOrigDatablockDto"
    rules = Rules(
        known=schemas.names(name),
        times=schemas.time_fields(name),
        columns={"_id": "d.id", "ownerGroup": "d.owner_group"},
        links=frozenset({"datasetId"}),
    )
    return v4_query(call.text("filter"), rules, newest_first=newest_first)


def _found(call: Call, seen: Condition) -> list[Document]:
    query = _query(call)
    if query.include:
        raise bad_request("include is not for origdatablocks here")
    blocks = call.transaction.find(BLOCKS, query.condition & seen, query.page)
    return [query.shown(block) for block in blocks]


def _files(call: Call, seen: Condition) -> list[Document]:
    query = _query(call, newest_first=False)
    start, limit = query.page.skip, query.page.limit
    blocks = call.transaction.each(BLOCKS, query.condition & seen, evolve(query.page, skip=0, limit=-1))
    return [query.shown(one) for one in islice(_unwound(call, blocks), start, start + limit)]


def _unwound(call: Call, blocks: Iterator[Document]) -> Iterator[Document]:
    for block in blocks:
        there = call.transaction.get(DATASETS, block["datasetId"]) is not None
        for entry in block["dataFileList"]:
            yield {**block, "dataFileList": entry, "datasetExist": there}


def _file_count(call: Call, seen: Condition) -> Answer:
    condition = _query(call).condition & seen
    return Answer({"count": call.transaction.count_elements(BLOCKS, condition, "dataFileList")})
