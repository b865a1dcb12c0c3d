"""The embedded catalogue answers whatever the interface document allows or forbids as the document says."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import BaseSchema

from tests.contract.openapi_answers import LEFT_OUT, Document
from tests.contract.openapi_cases import OPERATIONS, Request, documented, requests
from tests.contract.openapi_entries import NOBODY, Template, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Complaints: TypeAlias = Callable[[str, WSGIApplication], str]

# Schemas of bodies are large, and so is what is made from them; that is as it should be.
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def examples() -> int:
    """Tell how many requests are made of each operation, with the profile that is used."""
    return settings().max_examples // 50


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return filled(tmp_path_factory.mktemp("template") / "catalogue")


@pytest.fixture(scope="module")
def operations(template: Template) -> BaseSchema:
    return documented(template.ids)


@pytest.fixture(scope="module")
def document() -> Document:
    return Document()


def test_there_are_enough_cases() -> None:
    served = [label for label in OPERATIONS if not LEFT_OUT.search(label)]
    assert settings.get_profile("seeded").derandomize
    for profile, least in {"seeded": 300, "nightly": 2_000}.items():
        assert settings.get_profile(profile).max_examples // 50 * len(served) >= least


@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_are_as_documented(
    label: str, template: Template, operations: BaseSchema, document: Document, tmp_path: Path
) -> None:
    method, _, path = label.partition(" ")
    folders = (tmp_path / str(number) for number in itertools.count())
    statuses: list[int] = []

    @settings(max_examples=examples(), suppress_health_check=SLOW)
    @given(requests(operations[path][method]))
    def run(request: Request) -> None:
        with template.opened(next(folders)) as catalogue:
            response = request.sent(catalogue.wsgi, template.tokens)
        statuses.append(response.status_code)
        document.check(request, response)

    run()
    assert len(statuses) >= examples()
    # Otherwise nothing was found out about good answers.
    assert any(status < 300 for status in statuses) != bool(LEFT_OUT.search(label)), statuses


def answering(status: int, content: bytes) -> WSGIApplication:
    """Make an application that always answers the same."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(f"{status} Whatever", [("Content-Type", "application/json; charset=utf-8")])
        return [content]

    return app


@pytest.fixture
def complaints(operations: BaseSchema, document: Document) -> Complaints:
    """Send a request, and tell what is wrong with the answer."""

    def complain(label: str, app: WSGIApplication) -> str:
        method, _, path = label.partition(" ")
        request = Request(case=operations[path][method].Case(), user=NOBODY)
        try:
            document.check(request, request.sent(app, {}))
        except BaseExceptionGroup as group:
            return "\n".join(str(one) for one in group.exceptions)
        return ""

    return complain


COUNT, FIND = "GET /api/v4/datasets/count", "GET /api/v4/datasets/findOne"
REFUSED = {"message": ["x"], "statusCode": 400, "error": "Bad Request"}


@pytest.mark.parametrize(
    ("label", "status", "body"),
    [
        (COUNT, 200, {"count": 1}),
        (COUNT, 400, REFUSED),
        (COUNT, 400, {"message": "x", "statusCode": 400}),
        (COUNT, 400, {"message": "x", "status": 400}),
        (FIND, 200, None),
        ("GET /api/v3/policies", 501, "x"),
    ],
)
def test_right_answers_pass(complaints: Complaints, label: str, status: int, body: Any) -> None:
    assert complaints(label, answering(status, json.dumps(body).encode())) == ""


@pytest.mark.parametrize(
    ("status", "content", "complaint"),
    [
        (500, b'"Internal server error"', "500 is neither"),
        (501, b"{}", "501 is neither"),
        (302, b"", "302 is neither"),
        (202, b'{"count": 1}', "202 is not documented"),
        (200, b"", "the answer is empty"),
        (200, b"null", "not of type"),
        (200, b'{"count": "1"}', "not of type"),
        (200, b'{"number": 1}', "required property"),
        (400, b"", "do not refuse"),
        (400, b"Bad Request", "do not refuse"),
        (400, b'{"message": 1, "statusCode": 400}', "do not refuse"),
        (400, json.dumps(REFUSED | {"more": 1}).encode(), "do not refuse"),
        (403, json.dumps(REFUSED).encode(), "another status"),
    ],
)
def test_wrong_answers_are_noticed(
    complaints: Complaints, status: int, content: bytes, complaint: str
) -> None:
    assert complaint in complaints(COUNT, answering(status, content))


@pytest.mark.parametrize("names", [["pid"], {"pid": True}])
def test_what_was_not_asked_for_may_be_missing(
    operations: BaseSchema, document: Document, names: list[str] | dict[str, bool]
) -> None:
    def check(filter_: dict[str, Any], entry: dict[str, Any]) -> None:
        case = operations["/api/v3/datasets"]["GET"].Case(query={"filter": json.dumps(filter_)})
        request = Request(case=case, user=NOBODY)
        document.check(request, request.sent(answering(200, json.dumps([entry]).encode()), {}))

    check({"fields": names}, {"pid": "x"})
    with pytest.raises(BaseExceptionGroup, match="distinct failure"):
        check({"fields": names}, {"pid": 1})
    with pytest.raises(BaseExceptionGroup, match="distinct failure"):
        check({"where": {}}, {"pid": "x"})
