"""What a server answers, or that it does not: turned into errors of ours, here only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import httpx

from scicat_api import Response
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

SESSION_EXPIRED = "SESSION_EXPIRED"
"""What servers answer to an expired token, whatever was asked."""

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
_DEEPEST = 9


@attrs.frozen
class Asked:
    """What was asked of which server, for messages.

    Attributes
    ----------
    what:
        What was tried, as it shall stand after "Cannot".
    url:
        Root of the server.
    request:
        Method and path; empty where it did not come to that.
    """

    what: str
    url: str
    request: str = ""


def error_of_failure(asked: Asked, error: Exception) -> ScicatError | None:
    """Make the error for a request that got no proper answer; None where the fault is not one of HTTP.

    Parameters
    ----------
    asked:
        What was asked.
    error:
        What HTTP, the network or the reader of the answer raised.
    """
    what, url = asked.what, asked.url
    match error:
        case json.JSONDecodeError():
            return BadAnswerError(
                f"Cannot {what}: {url} answered with something that is no JSON.",
                hint="Check that the URL is that of the catalogue's server, not of its web pages.",
                request=asked.request,
                url=url,
            )
        case httpx.LocalProtocolError() | UnicodeError() | httpx.InvalidURL():
            # Their texts show what was to be sent, secrets included.
            return ConfigurationError(
                f"Cannot {what}: a name, password or other text has characters that cannot be sent.",
                hint="Use text that is valid unicode, without control characters.",
            )
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
            return _unreachable(
                asked,
                f"no connection to {url} ({_reason(error)})",
                hint="Check the URL, your network, VPN and proxy, and whether the server runs.",
                nothing_sent=True,
            )
        case httpx.TimeoutException():
            return _unreachable(
                asked,
                f"{url} did not answer in time ({_reason(error)})",
                hint="Try again later, or give the client a longer timeout.",
            )
        case httpx.HTTPError() | OSError():
            return _unreachable(
                asked,
                f"the connection to {url} broke ({_reason(error)})",
                hint="Check your network, VPN and proxy, and try again.",
            )
        case ValueError() | TypeError() | RecursionError():
            return ConfigurationError(
                f"Cannot {what}: it has something that cannot be sent ({_reason(error)}).",
                hint="Identifiers must not be empty, numbers have to be finite, and times need a time zone.",
            )
    return None


def _unreachable(asked: Asked, happened: str, *, hint: str, nothing_sent: bool = False) -> ScicatError:
    error = ServerUnreachableError(
        f"Cannot {asked.what}: {happened}.", hint=hint, request=asked.request, url=asked.url
    )
    error.nothing_sent = nothing_sent
    return error


def error_of_answer(asked: Asked, response: Response[Any]) -> ScicatCommError:
    """Make the error for an answer that is no success.

    Parameters
    ----------
    asked:
        What was asked.
    response:
        The answer; servers send objects, lists, strings, plain text or nothing.
    """
    what, url, status = asked.what, asked.url, response.status_code
    body = _parsed(response.content)
    messages = tuple(_messages(body))
    details = "; ".join(messages)[:_LONGEST_SHOWN] or "it gives no reason"
    if status == httpx.codes.UNAUTHORIZED and any(SESSION_EXPIRED in text for text in messages):
        return SessionExpiredError(
            f"Cannot {what}: the session at {url} has expired.",
            hint="Sign in again to get a new token.",
            status=status,
            code=SESSION_EXPIRED,
            request=asked.request,
            url=url,
            server_messages=messages,
        )
    kind, hint = _BY_STATUS.get(status, (ScicatCommError, _WRONG_PLACE))
    if status >= 500:
        hint = "The server has a problem: try again later, and tell its administrator if it stays."
    if status in (429, 503) and (wait := response.headers.get("Retry-After")):
        hint = (
            f"It asks to wait ({_wait(wait)}), longer than the client may: try again then, or give "
            "the client a longer retry_for."
        )
    return kind(
        f"Cannot {what}: {url} answered {status}: {details}.",
        hint=hint,
        status=status,
        code=_code(body),
        request=asked.request,
        url=url,
        server_messages=messages,
    )


def _wait(retry_after: str) -> str:
    return f"{retry_after} seconds" if retry_after.isdigit() else f"until {retry_after}"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")


def _messages(body: object, depth: int = 0) -> Iterator[str]:
    match body:
        case str() if body.strip():
            yield body.strip()
        case _ if depth > _DEEPEST:
            return
        case list():
            for item in body:
                yield from _messages(item, depth + 1)
        case {"message": message, **others}:
            yield from _messages(message, depth + 1)
            yield from _messages(others.get("code"), depth + 1)
        case dict() if body:
            yield json.dumps(
                {key: "..." if isinstance(one, dict | list) else one for key, one in body.items()}
            )


def _code(body: object) -> str | None:
    match body:
        case {"error": str(code)}:
            return code
    return None
