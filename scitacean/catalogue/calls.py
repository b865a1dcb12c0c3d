"""Sending one request through a generated endpoint and making sure of the answer."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import attrs
import httpx

import scicat_api
from scicat_api import Response, reading
from scicat_api.api.users import get_my_user
from scitacean.catalogue.auth import Session
from scitacean.catalogue.errors import Asked, error_of_answer, error_of_failure
from scitacean.catalogue.repeat import SAFE_TO_REPEAT
from scitacean.catalogue.report import problems_of_answer, reported
from scitacean.errors import (
    BadAnswerError,
    ConfigurationError,
    LoginError,
    NotFoundError,
    ScicatCommError,
    ScicatError,
    ServerUnreachableError,
)

T = TypeVar("T")

_LIFETIME = timedelta(days=36_500)
_PAGE = 50
"""Blocks and attachments are large, so many of them would not fit into one answer."""


@attrs.define
class _Sent:
    """What is known of a request that is on its way."""

    safe_to_repeat: bool
    line: str = ""


class Calls:
    """Sends requests to one server.

    Parameters
    ----------
    http:
        Sends them; its event hooks belong to this from now on.
    url:
        Root of the server, for messages.
    """

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http = http
        self._url = url
        self._here = threading.local()
        self.api = scicat_api.Client(http)
        """For generated endpoints."""
        self.ahead = timedelta(0)
        """How far the server's clock was ahead of this machine's at its last answer, to about a second."""
        http.event_hooks = {"request": [self._note_request], "response": [self._note_answer]}

    def ask(
        self, what: str, send: Callable[[], Response[T]], *, safe: bool = False
    ) -> tuple[Asked, Response[T]]:
        """Send a request and return what was asked and answered, whatever that is.

        Parameters
        ----------
        what:
            What is tried, as it shall stand after "Cannot".
        send:
            Calls the endpoint.
        safe:
            Whether it may be repeated although it is no read: nothing is different if it arrives twice.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ConfigurationError
            If the client is closed, or the request has something that cannot be sent.
        """
        outer: _Sent | None = getattr(self._here, "sent", None)
        self._here.sent = sent = _Sent(safe_to_repeat=safe)
        failure: ScicatError | None
        try:
            response = send()
            return Asked(what, self._url, sent.line), response
        except ScicatError as error:
            failure = error.with_traceback(None)
            if isinstance(error, ScicatCommError) and not error.url:
                error.url = self._url
            if isinstance(error, ServerUnreachableError):
                # It was to sign in: the request itself was not sent, or refused for its token.
                error.nothing_sent = True
        except Exception as error:
            failure = self._failure(error, Asked(what, self._url, sent.line))
            if failure is None:
                raise
        finally:
            self._here.sent = outer
        # Not inside the handler, or the frames of httpx, with all that they know, would come along.
        raise failure

    def get(
        self,
        what: str,
        send: Callable[[], Response[T]],
        kind: type[T],
        *,
        strict: bool = False,
        safe: bool = False,
    ) -> T:
        """Send a request whose answer is one object.

        Parameters
        ----------
        what:
            What is tried, as it shall stand after "Cannot".
        send:
            Calls the endpoint.
        kind:
            Class of the answer.
        strict:
            Whether odd fields are an error; otherwise they are logged.
        safe:
            See :meth:`ask`.

        Raises
        ------
        ScicatCommError
            If the server refuses or there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict``.
        """
        asked, response = self._read(what, send, strict=strict, safe=safe)
        answer: object = response.parsed
        if answer is None:
            # Some routes answer 200 with nothing for what is not there.
            raise NotFoundError(
                f"Cannot {what}: {self._url} does not have it, or does not show it to you.",
                hint="Check it for typing mistakes; a PID includes its prefix. Sign in if you have not.",
                request=asked.request,
                url=self._url,
            )
        if not isinstance(answer, kind):
            raise _odd_answer(asked)
        return answer

    def get_or_none(self, what: str, send: Callable[[], Response[T]], kind: type[T]) -> T | None:
        """Send a request that may be answered with nothing; see :meth:`get`."""
        asked, response = self._read(what, send, strict=False)
        answer: object = response.parsed
        if answer is not None and not isinstance(answer, kind):
            raise _odd_answer(asked)
        return answer

    def do(self, what: str, send: Callable[[], Response[T]]) -> None:
        """Send a request whose answer does not matter; see :meth:`get`."""
        self._read(what, send, strict=False)

    def get_list(
        self, what: str, send: Callable[[], Response[list[T]]], kind: type[T], *, strict: bool
    ) -> list[T]:
        """Send a request whose answer is a list; see :meth:`get`."""
        asked, response = self._read(what, send, strict=strict)
        answer: object = response.parsed
        if not isinstance(answer, list) or not all(isinstance(item, kind) for item in answer):
            raise _odd_answer(asked)
        return answer

    def get_all(
        self,
        what: str,
        send: Callable[[str], Response[list[T]]],
        where: Mapping[str, object],
        kind: type[T],
        *,
        strict: bool,
    ) -> list[T]:
        """Send requests for all pages of a list; see :meth:`get`.

        Parameters
        ----------
        send:
            Calls the endpoint with a filter.
        where:
            Conditions of the filter.
        """
        found: list[T] = []
        while True:
            # Pages need an order that is total and does not change.
            order = {"createdAt": "asc", "_id": "asc"}
            limits = {"limit": _PAGE, "skip": len(found), "sort": order}
            query = json.dumps({"where": where, "limits": limits})
            page = self.get_list(what, functools.partial(send, query), kind, strict=strict)
            found += page
            if len(page) < _PAGE:
                return found

    def _read(
        self, what: str, send: Callable[[], Response[T]], *, strict: bool, safe: bool = False
    ) -> tuple[Asked, Response[T]]:
        with reading() as found:
            asked, response = self.ask(what, send, safe=safe)
        if response.status_code == httpx.codes.FORBIDDEN and self._has_other_token(asked):
            # Nothing was done for the bad one.
            with reading() as found:
                asked, response = self.ask(what, send, safe=safe)
        if not 200 <= response.status_code < 300:
            raise error_of_answer(asked, response)
        with reported(what, self._url, strict=strict) as problems:
            problems += problems_of_answer(found)
        return asked, response

    def _failure(self, error: Exception, asked: Asked) -> ScicatError | None:
        if self._http.is_closed:
            return ConfigurationError(f"Cannot {asked.what}: the client is closed.", hint="Make a new one.")
        return error_of_failure(asked, error)

    def _has_other_token(self, asked: Asked) -> bool:
        """Find out whether a refusal was due to the token: servers take a bad one for none.

        Raises
        ------
        LoginError
            If it was, and there is no other one.
        """
        session = self._http.auth
        if session is None:
            return False
        before = session.renewals if isinstance(session, Session) else 0
        try:
            _, response = self.ask(asked.what, lambda: get_my_user.sync_detailed(client=self.api))
        except LoginError:
            raise
        except ScicatCommError:
            # That the request was refused stays true.
            return False
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise LoginError(
                f"Cannot {asked.what}: {self._url} does not accept the token.",
                hint="Get a new token, or sign in with user name and password.",
                status=response.status_code,
                request=asked.request,
                url=self._url,
            )
        return isinstance(session, Session) and session.renewals > before

    def _note_request(self, request: httpx.Request) -> None:
        sent: _Sent = self._here.sent
        path, _, _ = request.url.raw_path.partition(b"?")
        sent.line = f"{request.method} {path.decode('ascii')}"
        request.extensions[SAFE_TO_REPEAT] = sent.safe_to_repeat

    def _note_answer(self, response: httpx.Response) -> None:
        try:
            said = parsedate_to_datetime(response.headers.get("Date", ""))
        except (ValueError, OverflowError):
            return
        ahead = said - datetime.now(tz=UTC) if said.tzinfo is not None else timedelta(0)
        self.ahead = ahead if abs(ahead) < _LIFETIME else timedelta(0)


def _odd_answer(asked: Asked) -> BadAnswerError:
    return BadAnswerError(
        f"Cannot {asked.what}: {asked.url} answered with something else than what was asked for.",
        hint="Check that the URL is that of a SciCat server.",
        request=asked.request,
        url=asked.url,
    )
