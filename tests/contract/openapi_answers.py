"""What every answer of a server must be, whatever it was asked."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import schemathesis
from schemathesis import BaseSchema, Case, CheckContext, Response

from tests.contract.openapi_cases import DOCUMENT, Request

LEFT_OUT = re.compile(
    r"/api/v3/(?:admin|events|history|jobs|logbooks|policies|publisheddata|runtime-config|useridentities)(?:/|$)"
    r"|/api/v3/auth/oidc"
    r"|/api/v3/users(?!/my/|/login$|/logout$)"
    r"|/logbook$"
    r"|/fullfacet/files$"
)
"""Paths whose answer is 501; nothing of the client needs them."""

REFUSALS: dict[str, Any] = {
    "anyOf": [
        {
            "description": "a list where fields are wrong; without error where a sign-in is refused",
            "type": "object",
            "required": ["message", "statusCode"],
            "properties": {
                "message": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                "statusCode": {"type": "integer"},
                "error": {"type": "string"},
            },
            "additionalProperties": False,
        },
        {
            "description": "jobs",
            "type": "object",
            "required": ["message", "status"],
            "properties": {"message": {"type": "string"}, "status": {"type": "integer"}},
            "additionalProperties": False,
        },
        {
            "description": "jobs for datasets or files that are not fit to be asked for",
            "type": "object",
            "required": ["message", "error"],
            "properties": {"message": {"type": "string"}, "error": {"type": "string"}},
            "additionalProperties": False,
        },
        {
            "description": "what the metadata of published data lacks",
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
        },
    ]
}
"""How servers refuse. Their document says something else, or nothing; so it is said here."""

_REFUSAL = jsonschema.Draft202012Validator(REFUSALS)
_TOO_LONG = 431
_NOT_IMPLEMENTED = 501
OFTEN_NOTHING = re.compile(
    r"GET .*/findOne$|GET /api/v3/auth/whoami$|GET /api/v3/instruments/\{id\}$"
    r"|GET /api/v4/(?:datasets|origdatablocks)/public/\{\w+\}$|POST /api/v4/publisheddata/\{id\}/resync$"
    r"|DELETE /api/v3/(?:datasets|proposals|samples)/\{\w+\}/attachments/\{\w+\}$"
)
"""Operations that answer 200 with null or no body at all where nothing is found."""


class Document:
    """The interface document, for holding answers against it."""

    def __init__(self) -> None:
        self._whole: BaseSchema = schemathesis.openapi.from_dict(DOCUMENT)
        self._parts: BaseSchema = schemathesis.openapi.from_dict(_without_required(DOCUMENT))

    def check(self, request: Request, response: Response) -> None:
        """Check an answer.

        Raises
        ------
        FailureGroup
            With all that is wrong, and a command that repeats the request.
        """
        request.case.validate_response(
            response, checks=[status_is_expected, refusal_has_a_known_form, self._answer_conforms]
        )

    def _answer_conforms(self, _context: CheckContext, response: Response, case: Case[Any]) -> None:
        """Check that a good answer is of a status and a form that the document has."""
        if not 200 <= response.status_code < 300:
            return
        document = self._parts if _asks_for_parts(case) else self._whole
        operation = document[case.path][case.method]
        documented = operation.definition.raw["responses"].get(str(response.status_code))
        assert documented is not None, f"{response.status_code} is not documented"
        if response.content in (b"", b"null") and OFTEN_NOTHING.match(operation.label):
            return
        assert response.content or "content" not in documented, "the answer is empty"
        operation.validate_response(response)


def status_is_expected(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Check that the catalogue did something or refused, and left out no more than it may."""
    if LEFT_OUT.search(case.path) and response.status_code == _NOT_IMPLEMENTED:
        return
    assert response.status_code // 100 in (2, 4), (
        f"{response.status_code} is neither a good answer nor a refusal"
    )


def refusal_has_a_known_form(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Check the body of a refusal."""
    if not 400 <= response.status_code < 500 or response.status_code == _TOO_LONG:
        return
    try:
        body = json.loads(response.content)
    except ValueError:
        body = None
    assert _REFUSAL.is_valid(body), f"servers do not refuse with {response.content!r}"
    if isinstance(body, dict) and body.keys() & {"statusCode", "status"}:
        named = body.get("statusCode", body.get("status"))
        assert named == response.status_code, f"the body names another status: {body}"


def _without_required(schema: Any) -> Any:
    """Copy the document such that nothing of an entry must be there."""
    if isinstance(schema, dict):
        return {
            name: _without_required(entry)
            for name, entry in schema.items()
            if not (name == "required" and isinstance(entry, list))
        }
    return [_without_required(entry) for entry in schema] if isinstance(schema, list) else schema


def _asks_for_parts(case: Case[Any]) -> bool:
    """Tell whether the request names the fields that it wants; all others are missing then."""
    asked: Any = (case.query or {}).get("filter")
    try:
        filter_ = json.loads(asked[-1] if isinstance(asked, list) else asked)
    except (TypeError, ValueError, IndexError):
        return False
    return isinstance(filter_, dict) and bool(filter_.get("fields"))
