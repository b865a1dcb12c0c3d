"""Signing requests with a token, and getting a new one where that is possible."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta

import httpx

from scitacean.credentials import CallbackSecret, SecretStr, StrStorage, expiry_of, text_of
from scitacean.errors import ConfigurationError

_AHEAD = timedelta(minutes=1)
"""How long before its end a token is renewed, so that no request loses the race."""

_NONE = SecretStr("")


class Session(httpx.Auth):
    """Signs requests with a token; a new one is got ahead of its end, and when the server refuses it.

    Parameters
    ----------
    token:
        The first token, asked for its text each time; None to get one when the first request is sent.
    renew:
        Gets a new token; it may send requests through the same HTTP client, which go unsigned. None where
        nobody can: then only a storage that has another text by now helps.
    """

    def __init__(
        self, token: StrStorage | None = None, *, renew: Callable[[], StrStorage] | None = None
    ) -> None:
        self._token = token
        self._get_new = renew
        self._renew_at: datetime | None = None
        self._looked_at: StrStorage | None = None
        self._lock = threading.Lock()
        self._here = threading.local()
        self.renewals = 0

    @property
    def can_renew(self) -> bool:
        """Whether the session can outlast its token."""
        return self._get_new is not None or isinstance(self._token, CallbackSecret)

    def ends_at(self) -> datetime | None:
        """Return when the token ends; None where that is not known."""
        return None if self._token is None else expiry_of(self._token)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; where the server refuses it, renew it once and repeat the request."""
        if getattr(self._here, "renewing", False):
            # The request that signs in goes without token: an expired one would be refused here too.
            yield request
            return
        token = self._good_token()
        _sign(request, token)
        response = yield request
        # Whatever was asked: who is refused for the token has changed nothing.
        if response.status_code == httpx.codes.UNAUTHORIZED and _sign(request, self._other_than(token)):
            yield request

    def renew(self, refused: StrStorage | None) -> StrStorage:
        """Return a token other than the given one; threads that come together get one once.

        Parameters
        ----------
        refused:
            The token that is no longer good; None if there was none.

        Raises
        ------
        LoginError
            If there is none.
        """
        with self._lock:
            if self._get_new is not None and (self._token is None or self._token is refused):
                self._here.renewing = True
                try:
                    self._token = self._get_new()
                finally:
                    self._here.renewing = False
                self.renewals += 1
                self._look_at(self._token)
                if self._is_about_to_end():
                    # It is short-lived, or the clock here is wrong: then the server says when it has ended.
                    self._renew_at = None
            return self._token or _NONE

    def _good_token(self) -> StrStorage:
        token = self._token
        if token is None:
            return self.renew(None)
        if self._get_new is None:
            return token
        if self._looked_at is not token:
            self._look_at(token)
        return self.renew(token) if self._is_about_to_end() else token

    def _is_about_to_end(self) -> bool:
        return self._renew_at is not None and datetime.now(tz=UTC) >= self._renew_at

    def _other_than(self, refused: StrStorage) -> StrStorage:
        return refused if self._get_new is None else self.renew(refused)

    def _look_at(self, token: StrStorage) -> None:
        ends = expiry_of(token)
        self._renew_at = None if ends is None else ends - _AHEAD
        self._looked_at = token


def _sign(request: httpx.Request, token: StrStorage) -> bool:
    """Put a token on a request; say whether it is another one than before."""
    before = _digest(request)
    if not _put(request, token):
        # What httpx would say of a bad header shows the token.
        raise ConfigurationError(
            "The token is empty or has characters that no token has; nothing was sent.",
            hint="Copy it once more, whole and without anything else.",
        )
    return _digest(request) != before


def _digest(request: httpx.Request) -> int:
    return hash(request.headers.get("Authorization"))


def _put(request: httpx.Request, token: StrStorage) -> bool:
    # Files end with a newline.
    text = text_of(token).strip()
    if not (text and text.isascii() and text.isprintable()) or " " in text:
        return False
    request.headers["Authorization"] = f"Bearer {text}"
    return True
