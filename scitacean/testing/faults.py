"""Faults of a server on order, to test what a client makes of them.

:class:`Faults` stands before the WSGI application of a catalogue and breaks the answers to the
requests that it is told to.  It works in the same process, through ``httpx.WSGITransport``, and over a
socket, with :func:`scitacean.embedded.serve`.

Examples
--------
The server has too much to do, once:

>>> import httpx
>>> from scitacean.embedded import EmbeddedCatalogue
>>> with EmbeddedCatalogue() as catalogue, faults_of(catalogue) as faults:
...     faults.add(on("GET", "/api/v4/datasets/count"), status(503, {"Retry-After": "2"}))
...     with httpx.Client(
...         transport=httpx.WSGITransport(catalogue.wsgi),
...         base_url="http://catalogue",
...         headers={"Authorization": f"Bearer {catalogue.token_for('me')}"},
...     ) as http:
...         [http.get("/api/v4/datasets/count").status_code for _ in range(2)]
[503, 200]
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPMethod
from typing import TYPE_CHECKING, TypeAlias

import httpx
from attrs import define, field, frozen

from scitacean.embedded import EmbeddedCatalogue
from scitacean.testing.broken_answer import Change, answer_of, break_off, hang_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Fault: TypeAlias = "Callable[[WSGIApplication], WSGIApplication]"
"""Makes a broken application of one that works."""

_FAULTS = "scitacean.faults"
_SESSION_EXPIRED = {"message": "SESSION_EXPIRED", "error": "Unauthorized", "statusCode": 401}


@frozen
class Place:
    """Which requests a fault is for; made by :func:`on`."""

    method: str
    path: str
    after: int
    times: int | None

    def is_of(self, method: str, path: str) -> bool:
        """Tell whether a request is one of those that are counted."""
        pattern = ".*".join(re.escape(part) for part in self.path.split("*"))
        return self.method in ("*", method) and re.fullmatch(pattern, path, re.DOTALL) is not None


def on(method: str = "*", path: str = "*", *, after: int = 0, times: int | None = 1) -> Place:
    """Choose the requests that a fault is for.

    Parameters
    ----------
    method:
        HTTP method, ``"*"`` for any.
    path:
        Decoded path without the query; ``*`` stands for any text, slashes included:
        ``"/api/v4/datasets/*"``.
    after:
        How many of these requests go well before.
    times:
        How many are broken then; None for all.

    Raises
    ------
    ValueError
        If no request can have the method or the path: the fault would never come.

    Examples
    --------
    >>> on("POST", "/api/v4/datasets", after=2).is_of("POST", "/api/v4/datasets")
    True
    """
    if method != "*" and method.upper() not in HTTPMethod.__members__:
        raise ValueError(f"There is no HTTP method {method!r}. Give one of *, {', '.join(HTTPMethod)}.")
    if not path.startswith(("/", "*")):
        raise ValueError(f"No request has the path {path!r}: begin it with '/' or '*'.")
    return Place(method.upper(), path, after, times)


@define
class _Order:
    place: Place
    fault: Fault
    met: int = 0

    def is_due(self, method: str, path: str) -> bool:
        if not self.place.is_of(method, path):
            return False
        self.met += 1
        number = self.met - self.place.after
        return number > 0 and (self.place.times is None or number <= self.place.times)


@define
class Faults:
    """A WSGI application that breaks what another answers.

    Parameters
    ----------
    application:
        The one that works.

    Attributes
    ----------
    requests:
        Method and path of all requests so far, broken or not.
    """

    application: WSGIApplication
    requests: list[tuple[str, str]] = field(factory=list, init=False)
    _orders: list[_Order] = field(factory=list, init=False, repr=False)
    _expired: set[str] = field(factory=set, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def add(self, place: Place, fault: Fault) -> None:
        """Order a fault; where several are due at once, those that were added first come first."""
        with self._lock:
            self._orders.append(_Order(place, fault))

    def clear(self) -> None:
        """Work without faults from now on; tokens that have expired stay so."""
        with self._lock:
            self._orders.clear()

    def expire(self, authorization: str) -> None:
        """Let a token count as expired, in all requests to come."""
        with self._lock:
            self._expired.add(authorization)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or do what was ordered instead."""
        method, path = environ["REQUEST_METHOD"], _path(environ)
        with self._lock:
            self.requests.append((method, path))
            due = [order.fault for order in self._orders if order.is_due(method, path)]
        application: WSGIApplication = self._unless_expired
        for fault in reversed(due):
            application = fault(application)
        return application({**environ, _FAULTS: self}, start_response)

    def _unless_expired(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            expired = environ.get("HTTP_AUTHORIZATION") in self._expired
        answer = status(401, body=_SESSION_EXPIRED)(self.application) if expired else self.application
        return answer(environ, start_response)


@contextmanager
def faults_of(catalogue: EmbeddedCatalogue) -> Iterator[Faults]:
    """Put faults before a catalogue as long as the ``with`` lasts.

    Fake clients and servers of the catalogue meet them, whenever they were made; of other clients in the
    same process, those whose ``WSGITransport`` was made inside.
    """
    application = catalogue.wsgi
    faults = Faults(application)
    catalogue.wsgi = faults
    try:
        yield faults
    finally:
        catalogue.wsgi = application


def delay(seconds: float) -> Fault:
    """Let the request wait before anything is done with it.

    Clients in the same process do not time out; over a socket they do.
    """

    @_named("delay", seconds)
    def fault(application: WSGIApplication) -> WSGIApplication:
        def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            time.sleep(seconds)
            return application(environ, start_response)

        return broken

    return fault


def status(code: int, headers: Mapping[str, str] | None = None, *, body: object = None) -> Fault:
    """Refuse with a status; nothing is done.

    Parameters
    ----------
    code:
        HTTP status.
    headers:
        More headers, ``{"Retry-After": "2"}`` for example.
    body:
        What to send as JSON, or bytes to send as they are; by default, what servers say about the status.

    Examples
    --------
    What a proxy says when the server behind it is gone:

    >>> status(502, {"Content-Type": "text/html"}, body=b"<html>Bad Gateway</html>")
    <function status(502) at ...>
    """
    reason = httpx.codes.get_reason_phrase(code) or "Unknown"
    said = {"message": reason, "statusCode": code} if body is None else body
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    named = {name.lower() for name in headers or {}}
    usual = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(content))}
    sent = [entry for entry in usual.items() if entry[0].lower() not in named]
    sent.extend((headers or {}).items())

    @_named("status", code)
    def fault(_application: WSGIApplication) -> WSGIApplication:
        def broken(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response(f"{code} {reason}", [*sent])
            return [content]

        return broken

    return fault


def wrong_json(content: bytes = b'{"pid": ') -> Fault:
    """Do what is asked, but answer with something else that is no JSON, as a broken proxy does."""
    return _named("wrong_json")(
        _after_the_fact(lambda answer, _, start: answer.with_content(content).send(start))
    )


def truncate(size: int | None = None) -> Fault:
    """Do what is asked, but end the connection before the body is complete.

    Parameters
    ----------
    size:
        Bytes of the body that are sent; half of it by default.
    """
    return _named("truncate", size)(
        _after_the_fact(lambda answer, environ, start: break_off(answer, size, environ, start))
    )


def reset(size: int | None = None) -> Fault:
    """Do what is asked, but reset the connection in the middle of the body.

    Parameters
    ----------
    size:
        Bytes of the body that are sent; half of it by default. The reset may overtake them.
    """
    return _named("reset", size)(
        _after_the_fact(lambda answer, environ, start: break_off(answer, size, environ, start, reset=True))
    )


def lose_answer() -> Fault:
    """Do what is asked, but end the connection without an answer."""
    return _named("lose_answer")(_after_the_fact(lambda _, environ, __: hang_up(environ)))


def expire_token() -> Fault:
    """Let the token of the request expire; it and all that come with the token are refused.

    As on real servers the answer is 401 with ``SESSION_EXPIRED``, whatever the route.  Who signs in
    again gets a token that is good.
    """

    @_named("expire_token")
    def fault(application: WSGIApplication) -> WSGIApplication:
        def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if authorization := environ.get("HTTP_AUTHORIZATION"):
                environ[_FAULTS].expire(authorization)
            return application(environ, start_response)

        return broken

    return fault


def _named(kind: str, *given: object) -> Callable[[Fault], Fault]:
    """Name a fault as it was ordered; pytest makes the ids of tests of that."""
    text = f"{kind}({', '.join(repr(value) for value in given if value is not None)})"

    def name(fault: Fault) -> Fault:
        for attribute in ("__name__", "__qualname__"):
            setattr(fault, attribute, text)
        return fault

    return name


def _after_the_fact(change: Change) -> Fault:
    """Make a fault that changes an answer after everything that was asked has been done."""

    def fault(application: WSGIApplication) -> WSGIApplication:
        def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return change(answer_of(application, environ), environ, start_response)

        return broken

    return fault


def _path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("PATH_INFO", "")
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
