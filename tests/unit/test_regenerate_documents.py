"""Documents are read, worded the same way, and compared by what they mean."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

import regenerate
from regeneration import generate
from regeneration.compare import Difference, compare_fields, compare_operations, in_words
from regeneration.document import normalise, operations, schemas
from regeneration.problems import RegenerationError
from regeneration.usage import find_usage

REFERENCE = "#/components/schemas/"


def document(operations: dict[str, dict[str, Any]] | None = None, **named: dict[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.0.0",
        "info": {"title": "A\nserver", "version": "1"},
        "paths": operations or {},
        "components": {"schemas": named},
    }


def answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "Fine", "content": {"application/json": {"schema": schema}}}}


def test_names_of_operations_are_unique_in_their_tag() -> None:
    def operation(name: str | None, tag: str) -> dict[str, Any]:
        return {"tags": [tag], "responses": {}} | ({"operationId": name} if name else {})

    result = normalise(
        document(
            {
                "/v3/a": {"get": operation("AController_findAll_v3", "a")},
                "/v4/a": {"get": operation("AController_findAll_v4", "a")},
                "/v4/b": {"get": operation("BController_findAll_v4", "b"), "put": operation(None, "b")},
                "/v5/b": {"get": operation("findAll", "b")},
            }
        )
    )
    names = [(operation["tags"][0], operation["operationId"]) for _, _, operation in operations(result)]
    assert names == [
        ("a", "findAll"),
        ("a", "findAll_v4"),
        ("b", "findAll"),
        ("b", "put_/v4/b"),
        ("b", "findAll_2"),
    ]


def test_prose_goes_and_fields_that_are_called_like_prose_stay() -> None:
    schema = {
        "type": "object",
        "description": "Words",
        "properties": {"description": {"type": "string", "example": "x", "x-odd": 1}},
    }
    result = normalise(document({"/a": {"get": {"summary": "s", "responses": answer(schema)}}}, Thing=schema))
    plain = {"type": "object", "properties": {"description": {"type": "string"}}}
    assert schemas(result)["Thing"] == plain
    found = result["paths"]["/a"]["get"]
    assert "summary" not in found
    assert found["responses"]["200"]["description"] == ""
    assert (
        found["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
        == plain["properties"]
    )
    assert result["info"]["title"] == "A server"


def test_the_same_said_in_another_way_is_the_same() -> None:
    def wording(one: dict[str, Any], body: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
        content = {"application/json": {"schema": body}}
        return document(
            {"/a": {"post": {"requestBody": {"content": content}, "responses": {}}}},
            One=one,
            Other={"type": "string"},
            Two={"type": "object", "properties": {"one": {"$ref": f"{REFERENCE}One"}}},
            **more,
        )

    other, one = {"$ref": f"{REFERENCE}other"}, {"$ref": f"{REFERENCE}One"}
    wrapped = {"properties": {"o": {"allOf": [{"$ref": f"{REFERENCE}Other"}], "default": {}}}}
    plain = {"properties": {"o": {"$ref": f"{REFERENCE}Other"}}}
    named = wording(
        wrapped, {"$ref": f"{REFERENCE}Both"}, Both={"anyOf": [other, one]}, other={"type": "string"}
    )
    inline = wording(plain, {"anyOf": [one, {"$ref": f"{REFERENCE}Other"}]})
    first, second = normalise(named), normalise(inline)
    assert compare_fields(first, second) == []
    assert compare_operations(first, second) == []


def test_differences_are_told() -> None:
    text, number = {"type": "string"}, {"type": "number"}
    parameter = {"name": "q", "in": "query", "schema": text}
    get = {"get": {"responses": answer(text)}}
    post: dict[str, Any] = {"post": {"responses": {}}}
    ours = document({"/a": get, "/b": post}, S={"properties": {"x": text, "y": text}}, T={})
    changed = {"get": {"parameters": [parameter], "responses": answer({"type": "array", "items": text})}}
    theirs = document(
        {"/a": changed, "/c": post},
        S={"properties": {"x": number, "z": text}, "required": ["x"]},
        U={},
    )
    assert compare_operations(ours, theirs) == [
        Difference(
            "changed",
            ("GET", "/a"),
            "answer 200: string -> list of string; parameter q: none -> string (optional)",
        ),
        Difference("went", ("POST", "/b")),
        Difference("came", ("POST", "/c")),
    ]
    assert compare_fields(ours, theirs) == [
        Difference("went", ("T", "")),
        Difference("came", ("U", "")),
        Difference("changed", ("S", "x"), "required: no -> yes; type: string -> number", True),
        Difference("went", ("S", "y")),
        Difference("came", ("S", "z")),
    ]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "anything"),
        ({"type": "string", "format": "date-time", "nullable": True}, "date-time or null"),
        ({"enum": ["b", "a"], "type": "string"}, "one of a, b"),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, "number or string"),
        ({"allOf": [{"type": "string"}, {"type": "number"}]}, "number and string"),
    ],
)
def test_schemas_are_put_into_words(schema: dict[str, Any], words: str) -> None:
    assert in_words(schema) == words


def test_usage_is_found_however_the_client_is_imported(tmp_path: Path) -> None:
    package, handwritten = tmp_path / "scicat_api", tmp_path / "handwritten"
    for name, said in {"one": "GET /a.", "two": "PUT /b.", "three": "PUT /c."}.items():
        path = package / "api" / "tag" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""{said}"""\n')
    handwritten.mkdir()
    (handwritten / "first.py").write_text(
        "from scicat_api.api.tag import one as uno\n"
        "from scicat_api.models import Sent\n"
        "def f(x): uno.sync_detailed(client=x); return Sent(colour=1).shape.in_it\n"
    )
    (handwritten / "second.py").write_text(
        "import scicat_api\nfrom scicat_api import models\nfrom scicat_api.api import tag, nothing\n"
        "def f(x): tag.two.sync_detailed(); return models.Read, scicat_api.models.Other, nothing.there\n"
    )
    (handwritten / "third.py").write_text("import json\njson.unrelated\n")
    nested = {
        "properties": {"inIt": {"$ref": f"{REFERENCE}Nested"}, "unread": {"$ref": f"{REFERENCE}Unread"}}
    }
    ours = document({"/a": {"get": {"responses": answer({"$ref": f"{REFERENCE}Answer"})}}}, Answer=nested)
    usage = find_usage(handwritten, package, ours, {"Answer": {"inIt": "in_it"}})
    assert usage.operations == {("GET", "/a"), ("PUT", "/b")}
    assert usage.classes == {"Sent", "Read", "Other", "Answer", "Nested"}
    assert {"colour", "shape"} <= usage.names
    assert "unrelated" not in usage.names


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no OpenAPI 3 document"),
        ('{"swagger": "2.0", "info": {}, "paths": {}}', "is no OpenAPI 3 document"),
        ('{"openapi": "3.0.0", "info": {}, "paths": {"/a": 1}}', "is no OpenAPI 3 document"),
    ],
)
def test_what_is_no_document_is_a_clear_error(
    text: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "document.json"
    path.write_text(text)
    assert regenerate.main([f"--document={path}", f"--output={tmp_path / 'out'}"]) == 1
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_file_and_an_unreachable_server_are_clear_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regenerate.main([f"--document={tmp_path / 'none'}", "--output=out"]) == 1
    assert "Cannot read" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Nobody listens there.
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/explorer-json"
        assert regenerate.main([f"--url={url}", "--output=out"]) == 1
    assert "Is the address right?" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--document=x"], ["--url=x"], ["--output=x"], ["--check", "--url=x"]])
def test_options_that_do_not_go_together_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        regenerate.main(arguments)


def test_other_versions_of_the_tools_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(generate.TOOLS, "ruff", "0.0.1")
    assert regenerate.main(["--check"]) == 1
    assert "pip install ruff==0.0.1" in capsys.readouterr().err


def test_a_document_that_the_generator_does_not_take_whole_is_refused(tmp_path: Path) -> None:
    odd = document({"/a/{b}": {"get": {"tags": ["a"], "operationId": "x", "responses": answer({})}}})
    with pytest.raises(RegenerationError, match="did not take all"):
        generate.generate(odd, regenerate.ROOT / "openapi", tmp_path / "scicat_api")


def test_documents_are_written_the_same_every_time() -> None:
    assert generate.compact({"b": "é", "a": [1]}) == '{"b":"é","a":[1]}\n'
    assert json.loads(generate.compact(document())) == document()
