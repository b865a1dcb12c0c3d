"""The WSGI application: from a request to its handler, and from the handler's answer to HTTP."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.wrappers import Request, Response

from . import schemas
from .answers import Answer, Document, Refusal, not_found
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
        response = self._response(request)
        response.make_conditional(environ)
        return response(environ, start_response)

    def _response(self, request: Request) -> Response:
        address = len(request.environ.get("PATH_INFO", "")) + len(request.query_string)
        if address > _LONGEST_ADDRESS:
            return Response(status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if decoded_path(request.environ) == _DOCUMENT and request.method in ("GET", "HEAD"):
            return Response(schemas.document(), mimetype="application/json")
        try:
            return _to_http(request, self._answer(request))
        except Refusal as refusal:
            answer = refusal.answer()
        except BodyTooLarge:
            answer = _BROKEN
        except ExpiredToken:
            answer = Refusal(HTTPStatus.UNAUTHORIZED, "SESSION_EXPIRED").answer()
        except Exception:  # noqa: BLE001 - whatever it is, the server goes on
            _LOG.exception("%s %s failed", request.method, request.path)
            answer = _BROKEN
        return _to_http(request, answer)

    def _answer(self, request: Request) -> Answer:
        user = self._site.tokens.user(request.headers.get("Authorization"))
        route, parameters = self._find(request)
        check_signed_in(user, route.anonymous)
        body = read_json(request) if request.method not in ("GET", "HEAD") else {}
        query = parse_qs(request.query_string.decode("latin-1"), keep_blank_values=True)
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
                    headers=dict(request.headers),
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


def _to_http(request: Request, answer: Answer) -> Response:
    if answer.empty:
        return Response(status=answer.status)
    content = json.dumps(answer.body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    response = Response(content, status=answer.status, content_type="application/json; charset=utf-8")
    if request.method in ("GET", "HEAD") and answer.status == HTTPStatus.OK:
        response.add_etag(weak=True)
    return response
