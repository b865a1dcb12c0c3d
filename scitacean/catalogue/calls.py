"""Sending one request through a generated endpoint and making sure of the answer."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx

import scicat_api
from scicat_api import Response, reading
from scicat_api.api.users import get_my_user
from scitacean.catalogue.errors import error_of_answer, explained
from scitacean.catalogue.report import problems_of_answer, reported
from scitacean.errors import (
    BadAnswerError,
    ConfigurationError,
    ForbiddenError,
    LoginError,
    NotFoundError,
)

T = TypeVar("T")

_PAGE = 50
"""Blocks and attachments are large, so many of them would not fit into one answer."""


class Calls:
    """Sends requests to one server.

    Parameters
    ----------
    http:
        Sends them.
    api:
        The same for generated endpoints.
    url:
        Root of the server, for messages.
    """

    def __init__(self, http: httpx.Client, api: scicat_api.Client, url: str) -> None:
        self._http = http
        self._api = api
        self._url = url

    def get(self, what: str, send: Callable[[], Response[T]], kind: type[T], *, strict: bool = False) -> T:
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

        Raises
        ------
        ScicatCommError
            If the server refuses or there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict``.
        """
        answer = self._send(what, send, strict=strict)
        if answer is None:
            # Some routes answer 200 with nothing for what is not there.
            raise NotFoundError(
                f"Cannot {what}: {self._url} does not have it, or does not show it to you.",
                hint="Check it for typing mistakes; a PID includes its prefix. Sign in if you have not.",
                request=self._url,
            )
        if not isinstance(answer, kind):
            raise self._odd_answer(what)
        return answer

    def get_list(
        self, what: str, send: Callable[[], Response[list[T]]], kind: type[T], *, strict: bool
    ) -> list[T]:
        """Send a request whose answer is a list; see :meth:`get`."""
        answer = self._send(what, send, strict=strict)
        if not isinstance(answer, list) or not all(isinstance(item, kind) for item in answer):
            raise self._odd_answer(what)
        return answer

    def get_all(
        self,
        what: str,
        send: Callable[[str], Response[list[T]]],
        where: Mapping[str, str],
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

    def _send(self, what: str, send: Callable[[], Response[T]], *, strict: bool) -> T | None:
        if self._http.is_closed:
            raise ConfigurationError(f"Cannot {what}: the client is closed.", hint="Make a new one.")
        with explained(what, self._url), reading() as found:
            response = send()
        if not 200 <= response.status_code < 300:
            error = error_of_answer(
                what, status=response.status_code, content=response.content, request=self._url
            )
            raise self._token_error(what) or error if isinstance(error, ForbiddenError) else error
        with reported(what, self._url, strict=strict) as problems:
            problems += problems_of_answer(found)
        return response.parsed

    def _token_error(self, what: str) -> LoginError | None:
        """Find out whether a refusal is due to the token: servers take a bad one for none."""
        if self._http.auth is None:
            return None
        with explained(what, self._url):
            response = get_my_user.sync_detailed(client=self._api)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return None
        return LoginError(
            f"Cannot {what}: {self._url} does not accept the token.",
            hint="Get a new token, or sign in with user name and password.",
            status=response.status_code,
            request=self._url,
        )

    def _odd_answer(self, what: str) -> BadAnswerError:
        return BadAnswerError(
            f"Cannot {what}: {self._url} answered with something else than what was asked for.",
            hint="Check that the URL is that of a SciCat server.",
            request=self._url,
        )
