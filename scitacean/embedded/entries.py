"""Routes that several kinds of entry have in common: making, finding, changing, deleting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from attrs import field, frozen

from . import rights, schemas
from .answers import Answer, Document, Refusal, bad_request, forbidden, listed, not_found
from .calls import Call
from .filters import Condition, Rules, where
from .lists import ListQuery, v3_query, v4_query
from .queries import facet_parameters, facets_of, full_condition, json_parameter, metadata_keys, page_of
from .rights import Rights
from .store import AlreadyThere


def _as_it_is(document: Document) -> Document:
    return document


def _nothing_more(_call: Call, _old: Document | None, _new: Document | None) -> None:
    pass


@frozen
class Kind:
    """What is special about a kind of entry.

    Parameters
    ----------
    collection:
        Where its documents are.
    title:
        What messages call it.
    identifier:
        The field with its id.
    schemas:
        Schemas of what servers give out, and of the body that makes one.
    rights:
        Who may do what.
    derived:
        Adds to the fields of a request what the server works out from them.
    links:
        Ids of what a document belongs to.
    linked:
        Fields whose values are among the links.
    metadata:
        The field that holds values with units.
    after:
        Called with the old and new document of a change; None where there is none.
    missing:
        Makes the refusal for an id that is not there.
    columns, terms:
        Fields that have an index.
    """

    collection: str
    title: str
    identifier: str
    output: str
    body: str
    rights: Rights
    derived: Callable[[Document], Document] = _as_it_is
    links: Callable[[Document], list[str]] = field(default=lambda _: [])
    linked: frozenset[str] = frozenset()
    metadata: str = "metadata"
    after: Callable[[Call, Document | None, Document | None], None] = _nothing_more
    missing: Callable[[str], Refusal] = not_found
    columns: Mapping[str, str] = field(factory=dict)
    terms: frozenset[str] = frozenset()

    def rules(self, *, v3: bool) -> Rules:
        """Say what filters of lists may be about."""
        return Rules(
            known=None if v3 else schemas.names(self.output),
            times=schemas.time_fields(self.output),
            cast=v3,
            columns={self.identifier: "d.id", "ownerGroup": "d.owner_group", **self.columns},
            terms=self.terms,
            links=self.linked,
        )

    def listed(self, call: Call) -> Condition:
        """Select what the user sees in lists."""
        return self.rights.listed(call.site.accounts, call.user)

    def queried(self, call: Call, fields: Document) -> Condition:
        """Select what the user finds with full queries, of those that have these fields."""
        return self.rights.queried(call.site.accounts, call.user, fields)


def existing(kind: Kind, call: Call) -> Document:
    """Find the entry that the path names.

    Raises
    ------
    Refusal
        404, if there is none.
    """
    identifier = next(iter(call.parameters.values()))
    document = call.transaction.get(kind.collection, identifier)
    if document is None:
        raise kind.missing(f"{kind.title} {identifier} not found")
    return document


def readable(kind: Kind, call: Call) -> Document:
    """Find the entry that the path names, if the user may see it (else 403)."""
    document = existing(kind, call)
    if not kind.rights.readable(call.site.accounts, call.user, document):
        raise forbidden()
    return document


def changeable(kind: Kind, call: Call) -> Document:
    """Find the entry that the path names, if the user may change it (else 403)."""
    document = existing(kind, call)
    rights.check(call.site.accounts, call.user, kind.rights.change, document)
    return document


def create(kind: Kind, complete: Callable[[Call], Document], call: Call) -> Answer:
    """Make an entry; ``complete`` adds what is missing to the body of the request, its id for one."""
    document = call.made({"__v": 0, **kind.derived(complete(call))})
    rights.check(call.site.accounts, call.user, kind.rights.create, document)
    return Answer(added(kind, call, document), status=HTTPStatus.CREATED)


def added(kind: Kind, call: Call, document: Document) -> Document:
    """Store a new document.

    Raises
    ------
    Refusal
        409, if its id is taken.
    """
    identifier = document[kind.identifier]
    try:
        call.transaction.insert(kind.collection, identifier, document, kind.links(document))
    except AlreadyThere:
        raise Refusal(HTTPStatus.CONFLICT, f"{kind.title} {identifier} already exists") from None
    kind.after(call, None, document)
    return document


def is_valid(kind: Kind, call: Call) -> Answer:
    """Tell whether a body would do, and why not, if the user may make what it describes (else 403)."""
    rights.check(call.site.accounts, call.user, kind.rights.create, call.body)
    reasons = schemas.problems(kind.body, call.body, call.site.variant)
    return Answer({"valid": not reasons, "reason": reasons})


def get(kind: Kind, call: Call) -> Answer:
    """Give the entry that the path names."""
    return Answer(readable(kind, call))


def find_v3(kind: Kind, call: Call, *, parameter: str = "filter") -> Answer:
    """List entries, with a filter of v3."""
    query = v3_query(call.text(parameter), kind.rules(v3=True))
    return _list(kind, call, query, kind.listed(call))


def find_one_v3(kind: Kind, call: Call) -> Answer:
    """Give the first entry of a list; null where there is none."""
    query = v3_query(call.text("filter"), kind.rules(v3=True))
    return Answer(next(_found(kind, call, query, kind.listed(call)), None))


def find_v4(kind: Kind, call: Call, *, seen: Condition | None = None) -> Answer:
    """List entries, with a filter of v4."""
    query = v4_query(call.text("filter"), kind.rules(v3=False))
    if query.include:
        raise bad_request(f"include is not for {kind.collection} here")
    return _list(kind, call, query, kind.listed(call) if seen is None else seen)


def count(kind: Kind, call: Call) -> Answer:
    """Count entries, with the ``where`` of a filter."""
    query = v3_query(call.text("filter"), kind.rules(v3=True))
    return Answer({"count": call.transaction.count(kind.collection, query.condition & kind.listed(call))})


def count_fields(kind: Kind, call: Call) -> Answer:
    """Count entries, with the ``fields`` of a full query and the ``where`` of ``filter``."""
    fields = json_parameter(call, "fields")
    condition = full_condition(fields, kind.output, kind.rules(v3=True), kind.metadata)
    condition = condition & where(json_parameter(call, "filter"), kind.rules(v3=True))
    seen = kind.queried(call, fields)
    return Answer({"count": call.transaction.count(kind.collection, condition & seen)})


def full_query(kind: Kind, call: Call) -> Answer:
    """Find entries by their fields, words or metadata."""
    fields = json_parameter(call, "fields")
    condition = full_condition(fields, kind.output, kind.rules(v3=True), kind.metadata)
    page = page_of(json_parameter(call, "limits"))
    return listed(call.transaction.texts(kind.collection, condition & kind.queried(call, fields), page))


def full_facet(kind: Kind, call: Call, *, seen: Condition | None = None) -> Answer:
    """Count the values of fields."""
    fields, facets = facet_parameters(call)
    condition = full_condition(fields, kind.output, kind.rules(v3=True), kind.metadata)
    condition = condition & (kind.queried(call, fields) if seen is None else seen)
    return Answer(facets_of(call, kind.collection, condition, facets, kind.output))


def metadata(kind: Kind, call: Call, *, seen: Condition | None = None) -> Answer:
    """List the keys of the metadata of entries."""
    fields = json_parameter(call, "fields")
    wanted = fields.pop("metadataKey", None)
    condition = full_condition(fields, kind.output, kind.rules(v3=True), kind.metadata)
    condition = condition & (kind.listed(call) if seen is None else seen)
    limits = json_parameter(call, "limits")
    return Answer(metadata_keys(call, kind.collection, condition, kind.metadata, limits, wanted))


def authorization(kind: Kind, call: Call) -> Answer:
    """Tell whether the user may see the entry that the path names."""
    document = existing(kind, call)
    return Answer({"canAccess": kind.rights.readable(call.site.accounts, call.user, document)})


def patch(kind: Kind, call: Call) -> Answer:
    """Change some fields of an entry."""
    old = changeable(kind, call)
    return Answer(replaced(kind, call, old, {**old, **kind.derived(call.body)}))


def replaced(kind: Kind, call: Call, old: Document, new: Document) -> Document:
    """Store a changed document."""
    changed = call.changed(new)
    call.transaction.replace(kind.collection, old[kind.identifier], changed, kind.links(changed))
    kind.after(call, old, changed)
    return changed


def delete(kind: Kind, call: Call) -> Answer:
    """Delete an entry, and give what it was."""
    old = existing(kind, call)
    rights.check(call.site.accounts, call.user, kind.rights.delete, old)
    return Answer(removed(kind, call, old))


def removed(kind: Kind, call: Call, old: Document) -> Document:
    """Delete a stored document."""
    call.transaction.delete(kind.collection, old[kind.identifier])
    kind.after(call, old, None)
    return old


def _list(kind: Kind, call: Call, query: ListQuery, seen: Condition) -> Answer:
    if query.fields:
        return listed(_found(kind, call, query, seen))
    return listed(call.transaction.texts(kind.collection, query.condition & seen, query.page))


def _found(kind: Kind, call: Call, query: ListQuery, seen: Condition) -> Iterator[Document]:
    return map(query.shown, call.transaction.each(kind.collection, query.condition & seen, query.page))
