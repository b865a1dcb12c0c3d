"""Signing in, who one is, and the health of the server."""

from __future__ import annotations

from .accounts import User
from .answers import NOTHING, Answer, Document, Refusal
from .calls import Call


def login(call: Call) -> Answer:
    """``POST /api/v3/auth/login``, and ``auth/ldap`` with the same accounts."""
    username, password = call.body.get("username"), call.body.get("password")
    user = None
    if isinstance(username, str) and isinstance(password, str):
        user = call.site.accounts.check_password(username, password)
    if user is None:
        raise Refusal(401, "Unauthorized", named=False)
    token = call.site.tokens.make(user)
    seconds = int(call.site.tokens.lifetime.total_seconds())
    return Answer(
        {
            "access_token": token,
            "id": token,
            "expires_in": seconds,
            "ttl": seconds,
            "created": call.now,
            "userId": user.user_id,
            "user": _shown(user),
        },
        status=201,
    )


def logout(_call: Call) -> Answer:
    """``POST /api/v3/auth/logout``; the token stays good, as on real servers."""
    return Answer({"logout": "successful"})


def whoami(call: Call) -> Answer:
    """``GET /api/v3/auth/whoami``: nothing for those who are not signed in."""
    user = call.user
    return Answer({**_shown(user), "currentGroups": list(user.groups)}) if user else NOTHING


def my_self(call: Call) -> Answer:
    """``GET /api/v3/users/my/self``."""
    return Answer(_shown(_signed_in(call)))


def my_identity(call: Call) -> Answer:
    """``GET /api/v3/users/my/identity``."""
    user = _signed_in(call)
    profile = {
        "displayName": user.username,
        "email": user.email,
        "username": user.username,
        "thumbnailPhoto": "error: no photo found",
        "emails": [{"value": user.email}],
        "accessGroups": list(user.groups),
    }
    return Answer(
        {
            "authStrategy": "local",
            "externalId": "",
            "profile": profile,
            "provider": "local",
            "userId": user.user_id,
            "created": call.now,
            "modified": call.now,
        }
    )


def my_settings(call: Call) -> Answer:
    """``GET /api/v3/users/my/settings``: those of somebody who has not changed any."""
    identifier = _signed_in(call).user_id
    settings = {"datasetCount": 25, "jobCount": 25, "externalSettings": {}}
    return Answer({"_id": identifier, "userId": identifier, **settings})


def health(_call: Call) -> Answer:
    """``GET /api/v3/health``; the database goes by the name of the real one."""
    up = {"mongodb": {"status": "up"}}
    return Answer({"status": "ok", "info": up, "error": {}, "details": up})


def _signed_in(call: Call) -> User:
    if call.user is None:
        raise Refusal(401, "Unauthorized")
    return call.user


def _shown(user: User) -> Document:
    return {
        "id": user.user_id,
        "username": user.username,
        "email": user.email,
        "authStrategy": "local",
    }
