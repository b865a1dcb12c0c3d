"""The WSGI application: from a request to its handler, and from the handler's answer to HTTP."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from attrs import frozen
from werkzeug.http import generate_etag, quote_etag
from werkzeug.wrappers import Request, Response

from . import rights, schemas
from .answers import Answer, Document, Refusal, Written, not_found, written
from .bodies import BodyTooLarge, read_json
from .calls import Call, Route, Site, check_plain_text, check_signed_in
from .paths import Paths, decoded_path
from .routes import ROUTES
from .store import Store
from .tokens import ExpiredToken

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOG = logging.getLogger(__name__)
_DOCUMENT = "/explorer-json"
_LONGEST_ADDRESS = 12 * 1024
_CONDITIONS = frozenset({"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_RANGE"})
# Those that handlers ask for.
_HEADERS = {"Content-Type": "CONTENT_TYPE", "If-Unmodified-Since": "HTTP_IF_UNMODIFIED_SINCE"}
_BROKEN = Answer("Internal server error", status=HTTPStatus.INTERNAL_SERVER_ERROR)


class Application:
    """A SciCat server as a WSGI callable.

    Parameters
    ----------
    store:
        Where the documents are.
    site:
        Accounts, tokens and clock.
    """

    def __init__(self, store: Store, site: Site) -> None:
        self._store = store
        self._site = site
        self._operations: dict[str, Document] = schemas.parsed_document()["paths"]
        self._paths = _paths()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = decoded_path(environ).encode("utf-8", "surrogateescape").decode("latin-1")
        request = Request({**environ, "PATH_INFO": path})
        return self._reply(request).sent(environ, start_response)

    def _reply(self, request: Request) -> _Reply:
        address = len(request.environ.get("PATH_INFO", "")) + len(request.query_string)
        if address > _LONGEST_ADDRESS:
            return _Reply(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if decoded_path(request.environ) == _DOCUMENT and request.method in ("GET", "HEAD"):
            return _Reply(HTTPStatus.OK, schemas.document(), "application/json")
        try:
            return _to_http(self._answer(request))
        except Refusal as refusal:
            answer = refusal.answer()
        except BodyTooLarge:
            answer = _BROKEN
        except ExpiredToken:
            answer = Refusal(HTTPStatus.UNAUTHORIZED, "SESSION_EXPIRED").answer()
        except Exception:  # noqa: BLE001 - whatever it is, the server goes on
            _LOG.exception("%s %s failed", request.method, request.path)
            answer = _BROKEN
        return _to_http(answer)

    def _answer(self, request: Request) -> Answer:
        # Servers read the body before they ask who it is from.
        body = read_json(request) if request.method not in ("GET", "HEAD") else {}
        user = self._site.tokens.user(request.headers.get("Authorization"))
        route, parameters = self._find(request)
        check_signed_in(user, route.anonymous)
        if route.guard is not None:
            rights.check_asking(self._site.accounts, user, route.guard)
        asked = request.query_string.decode("latin-1")
        query = parse_qs(asked, keep_blank_values=True) if asked else {}
        check_plain_text(parameters)
        if route.body is not None:
            checked = schemas.check(route.body, body, self._site.variant)
        else:
            checked = body if isinstance(body, dict) else {}
        with self._store.transaction(write=route.writes) as transaction:
            return route.handler(
                Call(
                    site=self._site,
                    transaction=transaction,
                    user=user,
                    parameters=parameters,
                    query=query,
                    headers={
                        name: request.environ[key] for name, key in _HEADERS.items() if key in request.environ
                    },
                    body=checked,
                )
            )

    def _find(self, request: Request) -> tuple[Route, dict[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        found = self._paths.match(request.environ)
        if found is None or method.lower() not in self._operations.get(found[0], {}):
            raise not_found(f"Cannot {request.method} {decoded_path(request.environ)}")
        template, parameters = found
        if template in self._site.variant.missing_paths:
            raise not_found(f"Cannot {request.method} {decoded_path(request.environ)}")
        route = ROUTES.get((method, template))
        if route is None:
            raise Refusal(
                HTTPStatus.NOT_IMPLEMENTED,
                f"{method} {template} is not part of the embedded catalogue",
            )
        return route, parameters


@functools.cache
def _paths() -> Paths:
    # They take a quarter of a second to compile, and are the same for every catalogue.
    return Paths(schemas.parsed_document()["paths"])


@frozen
class _Reply:
    """What goes to a client."""

    status: int
    content: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    tagged: bool = False

    def sent(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it, or what is due when the client has it already."""
        headers = [("Content-Type", self.content_type), ("Content-Length", str(len(self.content)))]
        method = environ["REQUEST_METHOD"]
        if self.tagged and self.status == HTTPStatus.OK and method in ("GET", "HEAD"):
            headers.append(("ETag", quote_etag(generate_etag(self.content), weak=True)))
        if not _CONDITIONS.isdisjoint(environ):
            response = Response(self.content, self.status, headers).make_conditional(environ)
            return response(environ, start_response)
        # Nearly always so, and in half the time.
        start_response(f"{int(self.status)} {HTTPStatus(self.status).phrase}", headers)
        return [] if method == "HEAD" else [self.content]


def _to_http(answer: Answer) -> _Reply:
    if answer.empty:
        return _Reply(answer.status)
    body = answer.body
    content = body.content if isinstance(body, Written) else written(body).encode()
    return _Reply(answer.status, content, "application/json; charset=utf-8", tagged=True)
