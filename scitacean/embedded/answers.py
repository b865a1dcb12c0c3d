"""What a handler answers, and how a refusal looks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from attrs import frozen

Document: TypeAlias = dict[str, Any]
"""A JSON object as it came from a client or goes to one."""


@frozen
class Written:
    """JSON that is written already."""

    content: bytes


@frozen
class Answer:
    """The status and JSON body of an answer; ``empty`` sends no body at all."""

    body: object
    status: int = HTTPStatus.OK
    empty: bool = False


# json.dumps would make an encoder for each call.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def written(value: object) -> str:
    """Write JSON as it is stored and sent.

    Raises
    ------
    ValueError
        If there is a number in it that JSON has not.

    Examples
    --------
    >>> written({"name": "µ", "sizes": [1, 2]})
    '{"name":"µ","sizes":[1,2]}'
    """
    return _ENCODER.encode(value)


def listed(entries: Iterable[Document | str]) -> Answer:
    """Answer with a list, of which each entry is written before the next one is read.

    Parameters
    ----------
    entries:
        Documents, or the JSON of documents.

    Examples
    --------
    >>> listed([{"a": 1}, '{"b":2}']).body
    Written(content=b'[{"a":1},{"b":2}]')
    """
    content = io.BytesIO()
    between = b"["
    for entry in entries:
        content.write(between)
        content.write((entry if isinstance(entry, str) else written(entry)).encode())
        between = b","
    content.write(b"]" if content.tell() else b"[]")
    # It is not copied.
    return Answer(Written(content.getvalue()))


NOTHING = Answer(None, empty=True)
"""What servers answer when a handler has nothing to say: 200 and no body."""


class Refusal(Exception):  # noqa: N818 - an answer of the protocol, no error of this program
    """Ends a request with an error answer.

    Parameters
    ----------
    status:
        HTTP status.
    message:
        A sentence, or the list of what is wrong with the fields (as servers send it for bodies
        that break the schema).
    named:
        Whether the body has the key ``error``; a refused sign-in has not.
    short:
        Whether the body is ``{"status", "message"}``, as some routes have it.
    bare:
        Whether the body is the message alone.
    detail:
        What is wrong in particular: the body is ``{"message", "error"}``, and this is the error.
    """

    def __init__(
        self,
        status: int,
        message: str | Sequence[str],
        *,
        named: bool = True,
        short: bool = False,
        bare: bool = False,
        detail: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.named = named
        self.short = short
        self.bare = bare
        self.detail = detail

    def answer(self) -> Answer:
        """Give the refusal the form that servers send."""
        message = self.message if isinstance(self.message, str) else list(self.message)
        if self.bare:
            return Answer(message, status=self.status)
        if self.detail is not None:
            return Answer({"message": message, "error": self.detail}, status=self.status)
        if self.short:
            return Answer({"status": int(self.status), "message": message}, status=self.status)
        body: Document = {"message": message, "statusCode": int(self.status)}
        if self.named:
            body["error"] = HTTPStatus(self.status).phrase
        return Answer(body, status=self.status)


def bad_request(message: str | Sequence[str]) -> Refusal:
    """Refuse what cannot be understood (400)."""
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def forbidden(message: str = "Forbidden resource") -> Refusal:
    """Refuse what the user may not do (403)."""
    return Refusal(HTTPStatus.FORBIDDEN, message)


def not_found(message: str) -> Refusal:
    """Refuse what is about something that is not there (404)."""
    return Refusal(HTTPStatus.NOT_FOUND, message)
