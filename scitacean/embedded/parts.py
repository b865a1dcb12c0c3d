"""What hangs from a dataset, proposal or sample, under its path (v3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from attrs import frozen

from . import attachments, datasets, entries, files, rights
from .answers import NOTHING, Answer, Document, forbidden, not_found
from .calls import Call
from .entries import Kind
from .filters import Condition, where
from .kinds import PROPOSALS, SAMPLES
from .lists import V3_LIMIT
from .rights import Rights
from .store import Page, linked

_NEWEST = ("d.seq DESC",)
_FEW = 10


@frozen
class Part:
    """A kind of entry that hangs from another one.

    Parameters
    ----------
    kind:
        What hangs.
    parent:
        From what.
    parameters:
        Names in the path for the parent and for the part.
    rights:
        Who may do what with the parts of a parent.
    add:
        Adds a part to a parent.
    shown:
        Gives a part the form of v3.
    order, limit:
        Of lists.
    lenient:
        Whether deleting an unknown part deletes the first one: the server's query misses what is
        no ``aid`` (answers of v3 do not have one) and then takes whichever is the first.
    """

    kind: Kind
    parent: Kind
    parameters: tuple[str, str]
    rights: Rights
    add: Callable[[Call, Document, Document], Document]
    shown: Callable[[Document, str], Document]
    order: tuple[str, ...] = ("d.seq",)
    limit: int = V3_LIMIT
    lenient: bool = False

    def of(self, identifier: str) -> Condition:
        """Select the parts of a parent."""
        return linked([identifier])


def _unchanged(document: Document, _parent: str) -> Document:
    return document


def _v3_attachment(document: Document, parent: str, *, field: str) -> Document:
    shown = {name: document[name] for name in document if name not in ("aid", "relationships")}
    return {**shown, field: parent}


def _attachments(parent: Kind, target: str, parameters: tuple[str, str], allowed: Rights) -> Part:
    return Part(
        rights=allowed,
        kind=attachments.ATTACHMENTS,
        parent=parent,
        parameters=parameters,
        add=partial(attachments.add, target=target, identifier=parent.identifier),
        shown=partial(_v3_attachment, field=f"{target}Id"),
        order=_NEWEST,
        limit=_FEW,
        lenient=True,
    )


def _blocks(kind: Kind, own: str) -> Part:
    return Part(
        kind=kind,
        parent=datasets.KIND,
        parameters=("pid", own),
        rights=kind.rights,
        add=partial(files.add, kind),
        shown=_unchanged,
    )


ORIGDATABLOCKS = _blocks(files.BLOCKS, "oid")
DATABLOCKS = _blocks(files.DATABLOCKS, "did")
OF_DATASET = _attachments(datasets.KIND, "dataset", ("pid", "aid"), rights.DATASET_ATTACHMENTS)
OF_PROPOSAL = _attachments(PROPOSALS, "proposal", ("pid", "aid"), rights.PROPOSAL_ATTACHMENTS)
OF_SAMPLE = _attachments(SAMPLES, "sample", ("id", "fk"), rights.SAMPLE_ATTACHMENTS)


def create(part: Part, call: Call) -> Answer:
    """Add a part."""
    parent = _parent(part, call)
    rights.check(call.site.accounts, call.user, part.rights.create, parent)
    made = part.add(call, parent, call.body)
    return Answer(_shown(part, made, parent), status=HTTPStatus.CREATED)


def find(part: Part, call: Call) -> Answer:
    """List the parts of a parent."""
    parent = _readable(part, call)
    page = Page(limit=part.limit, order=part.order)
    found = call.transaction.find(part.kind.collection, part.of(_id(part, parent)), page)
    return Answer([_shown(part, one, parent) for one in found])


def count(part: Part, call: Call) -> Answer:
    """Count the parts of a parent."""
    parent = _readable(part, call)
    return Answer({"count": call.transaction.count(part.kind.collection, part.of(_id(part, parent)))})


def get(part: Part, call: Call) -> Answer:
    """Give one part."""
    parent = _readable(part, call)
    return Answer(_shown(part, _named(part, call, parent), parent))


def patch(part: Part, call: Call) -> Answer:
    """Change some fields of a part."""
    parent = _changeable(part, call)
    old = _named(part, call, parent)
    changed = entries.replaced(part.kind, call, old, {**old, **part.kind.derived(call.body)})
    return Answer(_shown(part, changed, parent))


def delete(part: Part, call: Call) -> Answer:
    """Delete one part."""
    parent = _deletable(part, call)
    if part.lenient and not call.transaction.count(part.kind.collection, part.of(_id(part, parent))):
        # The server's query deletes nothing, and says nothing about it.
        return NOTHING
    return Answer(entries.removed(part.kind, call, _named(part, call, parent, lenient=part.lenient)))


def delete_all(part: Part, call: Call) -> Answer:
    """Delete all parts of a parent."""
    parent = _deletable(part, call)
    found = call.transaction.find(part.kind.collection, part.of(_id(part, parent)))
    for one in found:
        entries.removed(part.kind, call, one)
    return Answer({"count": len(found)})


def thumbnail(call: Call) -> Answer:
    """``GET /api/v3/datasets/{pid}/thumbnail``: the first picture."""
    dataset = _readable(OF_DATASET, call)
    found = call.transaction.find("attachments", OF_DATASET.of(dataset["pid"]), Page(limit=1))
    return Answer({"thumbnail": found[0].get("thumbnail")} if found else {})


def datasets_of(kind: Kind, field: str, call: Call) -> Answer:
    """List the datasets that name a proposal or sample, as far as the user may see them."""
    entry = entries.readable(kind, call)
    named = datasets.KIND.rules(v3=True)
    condition = where({field: entry[kind.identifier]}, named) & datasets.KIND.listed(call)
    return Answer(call.transaction.find(datasets.DATASETS, condition, Page(limit=V3_LIMIT)))


def find_sample(call: Call) -> Answer:
    """``GET /api/v3/samples/findOne``: with its attachments and datasets."""
    answer = entries.find_one_v3(SAMPLES, call)
    if not isinstance(answer.body, dict):
        return answer
    identifier = answer.body["_id"]
    attached = call.transaction.find("attachments", OF_SAMPLE.of(identifier) & SAMPLES.listed(call))
    rules = datasets.KIND.rules(v3=True)
    condition = where({"sampleIds": identifier}, rules) & datasets.KIND.listed(call)
    return Answer(
        {
            **answer.body,
            "attachments": [OF_SAMPLE.shown(one, identifier) for one in attached],
            "datasets": call.transaction.find(datasets.DATASETS, condition),
        }
    )


def _id(part: Part, parent: Document) -> str:
    return str(parent[part.parent.identifier])


def _shown(part: Part, document: Document, parent: Document) -> Document:
    return part.shown(document, _id(part, parent))


def _parent(part: Part, call: Call) -> Document:
    identifier = call.parameters[part.parameters[0]]
    parent = call.transaction.get(part.parent.collection, identifier)
    if parent is None:
        raise not_found(f"{part.parent.title} {identifier} not found")
    return parent


def _readable(part: Part, call: Call) -> Document:
    parent = _parent(part, call)
    if not part.parent.rights.readable(call.site.accounts, call.user, parent):
        raise forbidden()
    return parent


def _changeable(part: Part, call: Call) -> Document:
    parent = _parent(part, call)
    rights.check(call.site.accounts, call.user, part.rights.change, parent)
    return parent


def _deletable(part: Part, call: Call) -> Document:
    parent = _parent(part, call)
    rights.check(call.site.accounts, call.user, part.rights.delete, parent)
    return parent


def _named(part: Part, call: Call, parent: Document, *, lenient: bool = False) -> Document:
    identifier = call.parameters[part.parameters[1]]
    found = call.transaction.find(part.kind.collection, part.of(_id(part, parent)))
    names = (part.kind.identifier,) if lenient else (part.kind.identifier, "_id")
    named = [one for one in found if identifier in [one[name] for name in names]]
    for one in named or (found if lenient else []):
        return one
    raise not_found(f"{part.kind.title} {identifier} not found")
