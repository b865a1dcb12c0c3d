"""What a server answers, or that it does not: turned into errors of ours, here only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from scitacean.catalogue.auth import SESSION_EXPIRED
from scitacean.errors import (
    BadAnswerError,
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    LoginError,
    NotFoundError,
    ScicatCommError,
    ScicatError,
    ServerUnreachableError,
    SessionExpiredError,
)

_BY_STATUS: dict[int, tuple[type[ScicatCommError], str]] = {
    400: (ScicatCommError, "Mend what the catalogue complains about and try again."),
    401: (LoginError, "Sign in with a valid user name and password, or a new token."),
    403: (ForbiddenError, "Ask the owner for access; without login, only public data can be read."),
    404: (NotFoundError, "Check it for typing mistakes; a PID includes its prefix."),
    409: (ConflictError, "Choose another identifier, or look at what is there."),
    413: (ScicatCommError, "It is too large for the server: use fewer or smaller attachments."),
    422: (ScicatCommError, "Mend what the catalogue complains about and try again."),
    429: (ScicatCommError, "The server has too much to do: try again in some minutes."),
    412: (ConflictError, "It was changed meanwhile: get it again and repeat your change."),
}
_WRONG_PLACE = "Check that the URL is that of the catalogue's server, not of its web pages."
_LONGEST_SHOWN = 500


@contextmanager
def explained(what: str, url: str) -> Iterator[None]:
    """Turn failures of HTTP into errors of ours.

    Parameters
    ----------
    what:
        What is tried, as it shall stand after "Cannot".
    url:
        Root of the server.
    """
    try:
        yield
    except ScicatError:
        raise
    except json.JSONDecodeError:
        raise BadAnswerError(
            f"Cannot {what}: {url} answered with something that is no JSON.",
            hint="Check that the URL is that of the catalogue's server, not of its web pages.",
            request=url,
        ) from None
    except (httpx.LocalProtocolError, UnicodeError):
        # Their texts show what was to be sent, secrets included.
        raise ConfigurationError(
            f"Cannot {what}: a name, password or other text has characters that cannot be sent.",
            hint="Use text that is valid unicode, without control characters.",
        ) from None
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        unreachable = ServerUnreachableError(
            f"Cannot {what}: no connection to {url} ({_reason(error)}).",
            hint="Check the URL, your network, VPN and proxy, and whether the server runs.",
            request=url,
        )
        unreachable.nothing_sent = True
        raise unreachable from None
    except httpx.TimeoutException as error:
        raise ServerUnreachableError(
            f"Cannot {what}: {url} did not answer in time ({_reason(error)}).",
            hint="Try again later, or give the client a longer timeout.",
            request=url,
        ) from None
    except httpx.HTTPError as error:
        raise ServerUnreachableError(
            f"Cannot {what}: the connection to {url} broke ({_reason(error)}).",
            hint="Check your network, VPN and proxy, and try again.",
            request=url,
        ) from None


def error_of_answer(what: str, *, status: int, content: bytes, request: str) -> ScicatCommError:
    """Make the error for an answer that is no success.

    Parameters
    ----------
    what:
        What was tried, as it shall stand after "Cannot".
    status:
        HTTP status.
    content:
        Body of the answer: servers send objects, lists, strings, plain text or nothing.
    request:
        URL of the server.
    """
    body = _parsed(content)
    messages = tuple(_messages(body))
    details = "; ".join(messages)[:_LONGEST_SHOWN] or "it gives no reason"
    if status == httpx.codes.UNAUTHORIZED and any(SESSION_EXPIRED in text for text in messages):
        return SessionExpiredError(
            f"Cannot {what}: the session at {request} has expired.",
            hint="Sign in again to get a new token.",
            status=status,
            code=SESSION_EXPIRED,
            request=request,
            server_messages=messages,
        )
    kind, hint = _BY_STATUS.get(status, (ScicatCommError, _WRONG_PLACE))
    if status >= 500:
        hint = "The server has a problem: try again later, and tell its administrator if it stays."
    return kind(
        f"Cannot {what}: {request} answered {status}: {details}.",
        hint=hint,
        status=status,
        code=_code(body),
        request=request,
        server_messages=messages,
    )


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def _messages(body: object) -> Iterator[str]:
    match body:
        case str() if body.strip():
            yield body.strip()
        case list():
            for item in body:
                yield from _messages(item)
        case {"message": message, **others}:
            yield from _messages(message)
            yield from _messages(others.get("code"))
        case dict() if body:
            yield json.dumps(body)


def _code(body: object) -> str | None:
    match body:
        case {"error": str(code)}:
            return code
    return None
