"""Signing requests: with a token, or with user name and password and a token that is renewed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator

import httpx

from scitacean.credentials import StrStorage
from scitacean.errors import ConfigurationError

SESSION_EXPIRED = "SESSION_EXPIRED"


class TokenAuth(httpx.Auth):
    """Sends a token with each request.

    Parameters
    ----------
    token:
        Asked for the token each time.
    """

    def __init__(self, token: StrStorage) -> None:
        self._token = token

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["Authorization"] = _bearer(self._token)
        yield request


class SignInAuth(httpx.Auth):
    """Signs in when the first request is sent, and again when the server says that the token expired.

    Parameters
    ----------
    sign_in:
        Sends the credentials through the same HTTP client and returns a token.
    """

    def __init__(self, sign_in: Callable[[], StrStorage]) -> None:
        self._sign_in = sign_in
        self._token: StrStorage | None = None
        self._lock = threading.Lock()
        self._here = threading.local()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; renew it once where it has expired."""
        if getattr(self._here, "signing_in", False):
            # The request that signs in goes without token: an expired one would be refused here too.
            yield request
            return
        token = self.renew(None)
        request.headers["Authorization"] = _bearer(token)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            response.read()
            if SESSION_EXPIRED in response.text:
                token = self.renew(token)
                request.headers["Authorization"] = _bearer(token)
                yield request

    def renew(self, expired: StrStorage | None) -> StrStorage:
        """Return a token other than the given one; threads that come together sign in once."""
        with self._lock:
            if self._token is None or self._token is expired:
                self._here.signing_in = True
                try:
                    self._token = self._sign_in()
                finally:
                    self._here.signing_in = False
            return self._token


def _bearer(token: StrStorage) -> str:
    # Files end with a newline. What httpx says of a bad header would show the token.
    text = token.get_str().strip()
    if not (text and text.isascii() and text.isprintable()) or " " in text:
        raise ConfigurationError(
            "The token is empty or has characters that no token has; nothing was sent.",
            hint="Copy it once more, whole and without anything else.",
        )
    return f"Bearer {text}"
