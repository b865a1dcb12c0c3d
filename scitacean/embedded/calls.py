"""What a handler is given, and how a route says which handler it has."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from .access import check_right, check_write
from .accounts import Accounts, User
from .answers import Answer, Document, Refusal, bad_request
from .store import Transaction
from .times import iso
from .tokens import Tokens
from .variants import NEWEST, Variant


@frozen
class Site:
    """What all requests of one catalogue share."""

    accounts: Accounts
    tokens: Tokens
    clock: Callable[[], datetime]
    variant: Variant = NEWEST


@frozen
class Call:
    """One request: who asks, for what, and the transaction it happens in."""

    site: Site
    transaction: Transaction
    user: User | None
    parameters: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Document

    @property
    def username(self) -> str:
        """The name that changes are recorded under."""
        return self.user.username if self.user else "anonymous"

    @functools.cached_property
    def now(self) -> str:
        """The time that changes are recorded with."""
        return iso(self.site.clock())

    def text(self, name: str) -> str | None:
        """Give a query parameter; of several of the same name the last, as servers do."""
        values = self.query.get(name)
        return values[-1] if values else None

    def made(self, document: Document) -> Document:
        """Say who made a document and when."""
        who, now = self.username, self.now
        return {**document, "createdBy": who, "updatedBy": who, "createdAt": now, "updatedAt": now}

    def changed(self, document: Document) -> Document:
        """Say who changed a document and when."""
        return {**document, "updatedBy": self.username, "updatedAt": self.now}

    def check_write(self, owner_group: object) -> None:
        """Refuse to change what belongs to a group that the user is not in (403)."""
        check_write(self.site.accounts, self.user, owner_group)

    def check_right(self, right: str) -> None:
        """Refuse what a right is needed for (403)."""
        check_right(self.site.accounts, self.user, right)


Handler: TypeAlias = Callable[[Call], Answer]


@frozen
class Route:
    """A handler and what is asked before it is called.

    Parameters
    ----------
    handler:
        Answers the request.
    body:
        Schema of the document that the body must meet. None: the body is not checked.
    anonymous:
        Status for those who are not signed in; None lets them in.
    writes:
        Whether the handler changes anything.
    guard:
        Who may ask at all, whatever it is about: a rule of :mod:`scitacean.embedded.rights`. Servers
        look at it before they look at the body or for the entry.
    """

    handler: Handler
    body: str | None = None
    anonymous: int | None = 403
    writes: bool = False
    guard: Callable[[Accounts, User, Document], bool] | None = None


def new_id() -> str:
    """Make up an id."""
    return str(uuid.uuid4())


def check_signed_in(user: User | None, status: int | None) -> None:
    """Refuse those who are not signed in, with the status that the route has for it."""
    if user is None and status is not None:
        raise Refusal(status, "Unauthorized" if status == 401 else "Forbidden resource")


def check_plain_text(texts: Mapping[str, str]) -> None:
    """Refuse texts that are no Unicode (400); no database can look them up."""
    for text in texts.values():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise bad_request("The address is no UTF-8") from None
