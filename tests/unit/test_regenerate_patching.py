"""Patches do what they say where they expect it, and tell when there is nothing to do."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from regeneration.patching import apply, load_patches
from regeneration.problems import RegenerationError

DOCUMENT: dict[str, Any] = {
    "paths": {"/a/{b}": {"get": {"parameters": [{"name": "x"}, {"name": "y"}, {"name": "x"}]}}},
    "components": {
        "schemas": {
            "One": {"required": ["a", "b"], "properties": {"a": {"type": "object"}, "n": {"default": 1}}},
            "Two": {"properties": {"a": {"type": "object", "title": "T"}, "list": [{"type": "object"}]}},
        }
    },
}
SCHEMAS = "/components/schemas"


def patched(tmp_path: Path, text: str) -> tuple[dict[str, Any], list[str]]:
    path = tmp_path / "patches.toml"
    path.write_text(f'[[patch]]\nwhy = "because"\n{text}')
    document = copy.deepcopy(DOCUMENT)
    return document, [patch.where for patch in apply(document, load_patches(path))]


def test_exactly_what_is_expected_is_replaced_at_any_depth(tmp_path: Path) -> None:
    text = 'where = "/**/*"\nexpect = { type = "object" }\nput = { "$ref" = "#" }'
    document, stale = patched(tmp_path, text)
    schemas = document["components"]["schemas"]
    assert stale == []
    assert schemas["One"]["properties"]["a"] == {"$ref": "#"}
    assert schemas["Two"]["properties"]["a"] == {"type": "object", "title": "T"}
    assert schemas["Two"]["properties"]["list"] == [{"$ref": "#"}]


def test_what_has_some_expected_fields_is_extended(tmp_path: Path) -> None:
    text = (
        f'where = "{SCHEMAS}/*/properties/a"\nexpect_some = {{ title = "*" }}\nmerge = {{ nullable = true }}'
    )
    document, stale = patched(tmp_path, text)
    schemas = document["components"]["schemas"]
    assert stale == []
    assert schemas["One"]["properties"]["a"] == {"type": "object"}
    assert schemas["Two"]["properties"]["a"] == {"type": "object", "title": "T", "nullable": True}


def test_every_place_of_a_list_of_places_must_be_found(tmp_path: Path) -> None:
    text = f'where = ["{SCHEMAS}/One/properties/n/default", "{SCHEMAS}/Two/*/n/default"]\n'
    document, stale = patched(tmp_path, text + "expect_anything = true\nremove = true")
    assert stale == [f"{SCHEMAS}/Two/*/n/default"]
    assert document["components"]["schemas"]["One"]["properties"]["n"] == {}


def test_items_are_removed_from_a_list_that_has_them_all(tmp_path: Path) -> None:
    text = f'where = "{SCHEMAS}/One/required"\nexpect_items = ["b"]\nremove_items = true'
    document, stale = patched(tmp_path, text)
    assert stale == []
    assert document["components"]["schemas"]["One"]["required"] == ["a"]
    _, stale = patched(tmp_path, text.replace('["b"]', '["b", "c"]'))
    assert stale == [f"{SCHEMAS}/One/required"]


def test_something_is_added_where_nothing_is(tmp_path: Path) -> None:
    text = f'where = "{SCHEMAS}/*/properties/n"\nexpect_nothing = true\nput = {{ type = "string" }}'
    document, stale = patched(tmp_path, text)
    schemas = document["components"]["schemas"]
    assert stale == []
    assert schemas["One"]["properties"]["n"] == {"default": 1}
    assert schemas["Two"]["properties"]["n"] == {"type": "string"}


def test_parts_of_a_path_are_escaped_and_list_items_go_together(tmp_path: Path) -> None:
    text = 'where = "/paths/~1a~1{b}/get/parameters/*"\nexpect = { name = "x" }\nremove = true'
    document, stale = patched(tmp_path, text)
    assert stale == []
    assert document["paths"]["/a/{b}"]["get"]["parameters"] == [{"name": "y"}]


@pytest.mark.parametrize("expectation", ["expect = 2", 'expect_some = { x = "*" }', 'expect_items = ["z"]'])
def test_a_patch_that_finds_something_else_changes_nothing(tmp_path: Path, expectation: str) -> None:
    text = f'where = "{SCHEMAS}/One/properties/n/default"\n{expectation}\nput = 3'
    document, stale = patched(tmp_path, text)
    assert stale == [f"{SCHEMAS}/One/properties/n/default"]
    assert document == DOCUMENT


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('where = "/a"\nput = 1', "must have one of"),
        ('where = "/a"\nexpect = 1', "must have one of"),
        ('where = "/a"\nexpect = 1\nput = 1\nremove = true', "must have one of"),
        ('where = "/a"\nexpect = 1\nput = 1\nwhen = "now"', "nothing else"),
        ("expect = 1\nput = 1", "does not say where"),
        ("where =", "Cannot read the patches"),
    ],
)
def test_a_patch_that_does_not_say_all_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(RegenerationError, match=complaint):
        patched(tmp_path, text)
