"""Tokens: JSON Web Tokens signed with the catalogue's own key."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime, timedelta

import jwt
from attrs import field, frozen

from .accounts import Accounts, User


class ExpiredToken(Exception):  # noqa: N818 - a state of a token, told to the client as an answer
    """The token was good once."""


@frozen
class Tokens:
    """Makes and reads tokens.

    Parameters
    ----------
    key:
        The signing key.
    accounts:
        Whom to accept: the token of somebody who is no longer there is no token.
    lifetime:
        How long a token is good; servers say an hour unless told otherwise.
    clock:
        Gives the present time.
    """

    key: str = field(repr=False)
    accounts: Accounts
    lifetime: timedelta
    clock: Callable[[], datetime]

    def make(self, user: User) -> str:
        """Sign a token for a user."""
        now = self.clock()
        claims = {
            "_id": user.user_id,
            "sub": user.username,
            "iat": now.timestamp(),
            "exp": (now + self.lifetime).timestamp(),
        }
        return jwt.encode(claims, self.key, algorithm="HS256")

    def user(self, header: str | None) -> User | None:
        """Find who an ``Authorization`` header stands for.

        As on real servers a bad token counts as no token.

        Raises
        ------
        ExpiredToken
            If the token is one of ours and its time is over.
        """
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = _claims(token.strip(), self.key)
        if claims is None:
            return None
        expires, username = claims
        if expires <= self.clock().timestamp():
            raise ExpiredToken
        return self.accounts.users.get(username)


# A client sends the same token with each request, and its signature stays what it is.
@functools.lru_cache(maxsize=256)
def _claims(token: str, key: str) -> tuple[float, str] | None:
    """Find when a token expires and whose it is; None if it is none of ours."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            # Checked against the catalogue's clock, which tests may set.
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
        )
        return float(claims["exp"]), claims["sub"]
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return None
