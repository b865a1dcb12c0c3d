"""Who may see and change what: owner groups, access groups, publication, administrators."""

from __future__ import annotations

import functools

from .accounts import Accounts, User
from .answers import Document, forbidden
from .conditions import EVERYTHING, Condition, any_of
from .filters import Rules, where
from .indexes import SHARING, found_by

_RULES = Rules(columns={"ownerGroup": "d.owner_group"}, terms=SHARING)
PUBLISHED = found_by("d.published", "= 1")
"""What everybody may see."""


def visible(accounts: Accounts, user: User | None) -> Condition:
    """Select the documents of a list that a user may see."""
    if user is None:
        return PUBLISHED
    if accounts.is_admin(user):
        return EVERYTHING
    return _shared(tuple(user.groups), user.email)


# The same for all requests of a user.
@functools.lru_cache(maxsize=256)
def _shared(groups: tuple[str, ...], email: str) -> Condition:
    sharing: list[Document] = [
        {"ownerGroup": {"$in": list(groups)}},
        {"accessGroups": {"$in": list(groups)}},
        {"sharedWith": email},
    ]
    return any_of([*(where(one, _RULES) for one in sharing), PUBLISHED])


def shared(accounts: Accounts, user: User | None, fields: Document) -> Condition:
    """Select what a full query of a user is about.

    Unlike lists, servers give people only what belongs to their groups or is shared with these, not
    what others have published; unless they ask for that with ``isPublished`` among the fields.
    """
    if user is not None and accounts.is_admin(user):
        return EVERYTHING
    if user is None or fields.get("isPublished"):
        return PUBLISHED
    groups = {"$in": list(user.groups)}
    return any_of([where({"ownerGroup": groups}, _RULES), where({"accessGroups": groups}, _RULES)])


def may_read(accounts: Accounts, user: User | None, document: Document) -> bool:
    """Tell whether a user may see a document."""
    if document.get("isPublished") is True:
        return True
    if user is None:
        return False
    shared = document.get("sharedWith") or []
    groups = {document.get("ownerGroup"), *(document.get("accessGroups") or [])}
    return accounts.is_admin(user) or not groups.isdisjoint(user.groups) or user.email in shared


def may_write(accounts: Accounts, user: User | None, owner_group: object) -> bool:
    """Tell whether a user may change what belongs to a group."""
    return user is not None and (accounts.is_admin(user) or owner_group in user.groups)


def check_write(accounts: Accounts, user: User | None, owner_group: object) -> None:
    """Refuse to change what belongs to a group that the user is not in (403)."""
    if not may_write(accounts, user, owner_group):
        raise forbidden()


def check_right(accounts: Accounts, user: User | None, right: str) -> None:
    """Refuse what a right is needed for to those who have it not and are no administrators (403)."""
    if user is None or not (accounts.may(user, right) or accounts.is_admin(user)):
        raise forbidden()
