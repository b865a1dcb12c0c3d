"""Who may make, change and delete what: one row for each kind of entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import evolve, frozen

from .access import may_read, shared, visible
from .accounts import Accounts, User
from .answers import Document, forbidden
from .conditions import EVERYTHING, NOTHING, Condition
from .filters import Rules, where

Rule: TypeAlias = Callable[[Accounts, User, Document], bool]
"""Whether a user may do something with a document."""


def administrator(accounts: Accounts, user: User, _document: Document) -> bool:
    """Let administrators."""
    return accounts.is_admin(user)


def owner(_accounts: Accounts, user: User, document: Document) -> bool:
    """Let members of the owner group."""
    return document.get("ownerGroup") in user.groups


def anybody(_accounts: Accounts, _user: User, _document: Document) -> bool:
    """Let whoever is signed in."""
    return True


def having(right: str) -> Rule:
    """Let members of the groups that have a right."""

    def rule(accounts: Accounts, user: User, _document: Document) -> bool:
        return accounts.may(user, right)

    return rule


def either(*rules: Rule) -> Rule:
    """Let whom one of the rules lets."""
    return lambda accounts, user, document: any(rule(accounts, user, document) for rule in rules)


def both(*rules: Rule) -> Rule:
    """Let whom all of the rules let."""
    return lambda accounts, user, document: all(rule(accounts, user, document) for rule in rules)


_OWN_GROUP = ""
"""Stands for any group of a user."""


@frozen
class Rights:
    """Who may do what with one kind of entry.

    Parameters
    ----------
    create, change, delete:
        Of those who are signed in.
    listed:
        What a user, None for nobody, sees in lists.
    readable:
        Whether a user may see a document.
    queried:
        What a user, None for nobody, finds with a full query for some fields.
    """

    create: Rule
    change: Rule
    delete: Rule
    listed: Callable[[Accounts, User | None], Condition] = visible
    readable: Callable[[Accounts, User | None, Document], bool] = may_read
    queried: Callable[[Accounts, User | None, Document], Condition] = shared


def check(accounts: Accounts, user: User | None, rule: Rule, document: Document) -> None:
    """Refuse what a rule does not let a user do (403)."""
    if user is None or not rule(accounts, user, document):
        raise forbidden()


def check_asking(accounts: Accounts, user: User | None, rule: Rule) -> None:
    """Refuse those whom a rule would not even let do it with what belongs to a group of theirs (403)."""
    if user is not None:
        user = evolve(user, groups=(*user.groups, _OWN_GROUP))
    check(accounts, user, rule, {"ownerGroup": _OWN_GROUP})


def _all_listed(_accounts: Accounts, _user: User | None) -> Condition:
    return EVERYTHING


def _all_readable(_accounts: Accounts, _user: User | None, _document: Document) -> bool:
    return True


def _proposals(accounts: Accounts, user: User | None) -> Condition:
    if user is not None and accounts.may(user, "create_proposal"):
        return EVERYTHING
    return visible(accounts, user)


def _queried_proposals(accounts: Accounts, user: User | None, fields: Document) -> Condition:
    if user is not None and accounts.may(user, "create_proposal"):
        return EVERYTHING
    return shared(accounts, user, fields)


def _proposal(accounts: Accounts, user: User | None, document: Document) -> bool:
    makes_them = user is not None and accounts.may(user, "create_proposal")
    return makes_them or may_read(accounts, user, document)


def _open_job(_accounts: Accounts, _user: User, document: Document) -> bool:
    return document.get("type") == OPEN_JOB


OPEN_JOB = "all_access"
"""The type of jobs that anybody may make and change."""

_RULES = Rules(columns={"ownerGroup": "d.owner_group"})
OPEN_STATES = ("public", "registered", "amended")
"""The states of published data that all may see."""


def _publications(accounts: Accounts, user: User | None) -> Condition:
    if user is None:
        # Servers list what is registered only, though a public one can be read by its DOI.
        return where({"status": "registered"}, _RULES)
    if accounts.is_admin(user):
        return EVERYTHING
    states = {"status": {"$in": list(OPEN_STATES)}}
    return where({"$or": [states, {"createdBy": user.username}]}, _RULES)


def _publication(accounts: Accounts, user: User | None, document: Document) -> bool:
    if document.get("status") in OPEN_STATES:
        return True
    return user is not None and (accounts.is_admin(user) or document.get("createdBy") == user.username)


def _jobs(accounts: Accounts, user: User | None) -> Condition:
    if user is None:
        return NOTHING
    if accounts.is_admin(user):
        return EVERYTHING
    mine = [{"ownerGroup": {"$in": list(user.groups)}}, {"ownerUser": user.username}]
    return where({"$or": mine}, _RULES)


def _queried_jobs(accounts: Accounts, user: User | None, _fields: Document) -> Condition:
    return _jobs(accounts, user)


def _job(accounts: Accounts, user: User | None, document: Document) -> bool:
    return user is not None and (
        accounts.is_admin(user)
        or document.get("ownerGroup") in user.groups
        or document.get("ownerUser") == user.username
    )


_OWNERS = either(administrator, owner)
_PROPOSERS = either(administrator, having("create_proposal"))
_DELETERS = having("delete")
"""Administrators are not among them: servers leave deleting to a group of its own."""

ATTACHMENTS = Rights(
    create=either(administrator, both(having("create_attachment"), owner)),
    change=_OWNERS,
    delete=either(_OWNERS, _DELETERS),
)
DATASETS = Rights(
    create=either(administrator, both(having("create_dataset"), owner)), change=_OWNERS, delete=_DELETERS
)
LIFECYCLES = either(_OWNERS, having("update_dataset_lifecycle"))
"""Who may change the lifecycle of a dataset."""
BLOCKS = Rights(create=_OWNERS, change=_OWNERS, delete=_DELETERS)
INSTRUMENTS = Rights(
    create=administrator,
    change=administrator,
    delete=_DELETERS,
    listed=_all_listed,
    readable=_all_readable,
)
JOBS = Rights(
    create=anybody,
    change=either(administrator, having("update_job"), _open_job),
    delete=either(administrator, _DELETERS),
    listed=_jobs,
    readable=_job,
    queried=_queried_jobs,
)
PROPOSALS = Rights(
    create=_PROPOSERS,
    change=_PROPOSERS,
    delete=_DELETERS,
    listed=_proposals,
    readable=_proposal,
    queried=_queried_proposals,
)
PUBLISHED_DATA = Rights(
    create=anybody,
    change=anybody,
    delete=either(administrator, _DELETERS),
    listed=_publications,
    readable=_publication,
)
SAMPLES = Rights(
    create=either(administrator, both(having("create_sample"), owner)), change=_OWNERS, delete=_DELETERS
)

DATASET_ATTACHMENTS = Rights(create=_OWNERS, change=_OWNERS, delete=_OWNERS)
PROPOSAL_ATTACHMENTS = Rights(
    create=_PROPOSERS,
    change=either(administrator, both(having("create_proposal"), owner)),
    delete=either(administrator, both(having("create_proposal"), owner), _DELETERS),
)
SAMPLE_ATTACHMENTS = Rights(create=_OWNERS, change=_OWNERS, delete=either(_OWNERS, _DELETERS))
"""These three, of v3, are about the entry that something is attached to."""
