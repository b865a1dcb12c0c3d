"""Whatever is odd in a document is an error in plain words, and what is legal is taken."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import regenerate
from regeneration import generate
from regeneration.compare import compare_fields, compare_operations
from regeneration.document import normalise, parse, schemas
from regeneration.patching import apply, load_patches
from regeneration.problems import RegenerationError

OPENAPI = regenerate.ROOT / "openapi"
REFERENCE = "#/components/schemas/"
TEXT = {"type": "string"}


def content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "x", "content": {"application/json": {"schema": schema}}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "A", "version": "1"},
    "paths": {
        "/a/{id}": {
            "summary": "x",
            "parameters": [{"name": "x", "in": "query", "schema": TEXT}],
            "post": {
                "tags": ["a"],
                "operationId": "AController_post_v4",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                "requestBody": content({"type": "array", "items": {"$ref": f"{REFERENCE}One"}}),
                "responses": {"200": content({"$ref": f"{REFERENCE}two"})},
            },
        },
    },
    "components": {
        "schemas": {
            "One": {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "string", "enum": ["x", "y"]}, "b": {"nullable": True}},
                "additionalProperties": {"allOf": [TEXT], "default": "x"},
            },
            "two": {"anyOf": [{"$ref": f"{REFERENCE}One"}, {"oneOf": [TEXT, {"not": TEXT}]}]},
        }
    },
}
ODD: list[Any] = [
    None,
    "text",
    "",
    1,
    True,
    [],
    {},
    ["x"],
    [None],
    [[]],
    {"a": None},
    {"$ref": 1},
    {"type": []},
]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def test_anything_odd_anywhere_is_taken_or_refused_in_plain_words() -> None:
    patches = load_patches(OPENAPI / "patches.toml")
    taken = 0
    complaints: list[str] = []
    good = normalise(parse(json.dumps(DOCUMENT), "good.json"))
    for path in list(places(DOCUMENT))[1:]:
        for odd in ODD:
            changed = copy.deepcopy(DOCUMENT)
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = odd
            try:
                document = normalise(parse(json.dumps(changed), "odd.json"))
                apply(document, patches)
                for first, second in ((good, document), (document, good)):
                    compare_operations(first, second)
                    compare_fields(first, second)
                taken += 1
            except RegenerationError as error:
                complaints.append(str(error))
    assert all(said.startswith("odd.json is no OpenAPI 3 document: ") for said in complaints)
    assert taken > 100
    assert len(complaints) > 100


@pytest.mark.parametrize(
    ("place", "odd", "complaint"),
    [
        (("components",), None, "'components' must be an object"),
        (("paths", "/a/{id}", "post", "parameters"), "id", "'paths./a/{id}.post.parameters' must be a list"),
        (
            ("paths", "/a/{id}", "post", "parameters"),
            ["id"],
            "'paths./a/{id}.post.parameters.0' must be an object",
        ),
        (
            ("components", "schemas", "One", "properties"),
            [],
            "'components.schemas.One.properties' must be an object",
        ),
        (("components", "schemas", "two", "anyOf"), TEXT, "'components.schemas.two.anyOf' must be a list"),
    ],
)
def test_the_script_names_what_is_odd(
    place: tuple[str, ...], odd: Any, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = copy.deepcopy(DOCUMENT)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = odd
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(changed))
    assert regenerate.main([f"--document={path}", f"--output={tmp_path / 'out'}"]) == 1
    assert complaint in capsys.readouterr().err


def test_texts_that_no_file_can_hold_and_endless_nesting_are_refused() -> None:
    with pytest.raises(RegenerationError, match="surrogates"):
        parse(json.dumps(DOCUMENT | {"x": "\ud800"}), "odd.json")
    deep: dict[str, Any] = {}
    for _ in range(450):
        deep = {"items": deep}
    changed = copy.deepcopy(DOCUMENT)
    changed["components"]["schemas"]["One"] = deep
    with pytest.raises(RegenerationError, match="nested more than"):
        parse(json.dumps(changed), "odd.json")


def test_alternatives_that_refer_to_themselves_keep_their_name() -> None:
    tree = {"anyOf": [TEXT, {"type": "array", "items": {"$ref": f"{REFERENCE}tree"}}]}
    ping = {"anyOf": [TEXT, {"$ref": f"{REFERENCE}Pong"}]}
    pong = {"anyOf": [TEXT, {"$ref": f"{REFERENCE}Ping"}]}
    leaf = {"anyOf": [TEXT, {"$ref": f"{REFERENCE}Ping"}, {"$ref": f"{REFERENCE}tree"}]}
    holder = {"properties": {"leaf": {"$ref": f"{REFERENCE}Leaf"}}}
    changed = copy.deepcopy(DOCUMENT)
    changed["components"]["schemas"] |= {"tree": tree, "Ping": ping, "Pong": pong, "Leaf": leaf, "H": holder}
    result = schemas(normalise(changed))
    assert result["Tree"]["anyOf"][1]["items"] == {"$ref": f"{REFERENCE}Tree"}
    assert (result["Ping"], result["Pong"]) == (ping, pong)
    assert "Leaf" not in result
    assert result["H"]["properties"]["leaf"]["anyOf"][1:] == [
        {"$ref": f"{REFERENCE}Ping"},
        {"$ref": f"{REFERENCE}Tree"},
    ]


@pytest.mark.parametrize("components", [{}, {"components": {}}, {"components": {"schemas": {}}}])
def test_a_document_without_schemas_becomes_a_package(components: dict[str, Any], tmp_path: Path) -> None:
    document = {key: DOCUMENT[key] for key in ("openapi", "info")} | components
    document["paths"] = {"/a": {"get": {"responses": {"200": content(TEXT)}}}}
    result = normalise(parse(json.dumps(document), "small.json"))
    apply(result, load_patches(OPENAPI / "patches.toml"))
    generate.generate(result, OPENAPI, tmp_path / "scicat_api")
    assert "GET /a." in (tmp_path / "scicat_api" / "api" / "default" / "get_a.py").read_text()


def test_missing_tools_are_told_with_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(generate, "version", missing)
    assert regenerate.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "openapi-python-client is not installed" in said
    assert f"pip install openapi-python-client=={generate.TOOLS['openapi-python-client']}" in said
