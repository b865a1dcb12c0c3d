"""The report marks what breaks the handwritten layer, and little else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regeneration.compare import compare_fields, compare_operations
from regeneration.report import write_report
from regeneration.usage import find_usage

REFERENCE = "#/components/schemas/"
TEXT = {"type": "string"}
PARTS = {"type": "array", "items": {"$ref": f"{REFERENCE}Part"}}
HANDWRITTEN = """
from scicat_api.api.things import create
from scicat_api.models import Part, Thing

def send(client):
    answer = create.sync_detailed(client=client, body=Thing(long_name="x", parts=[Part(size=1)]))
    return answer.parsed.owner.address
"""
NAMES = {"Thing": {"longName": "long_name", "parts": "parts", "unused": "unused"}}


def refer(name: str) -> dict[str, str]:
    return {"$ref": REFERENCE + name}


def named(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def document(**changed: Any) -> dict[str, Any]:
    schemas = {
        "Thing": named(
            longName=TEXT, parts={"type": "array", "items": refer("Part")}, unused=refer("Unused")
        ),
        "Part": named(size=TEXT),
        "Unused": named(size=TEXT),
        "Answer": named(owner=refer("Owner"), other=refer("Other")),
        "Owner": named(address=TEXT, size=TEXT),
        "Other": named(address=TEXT),
        "Unrelated": named(address=TEXT),
    }
    body = {"content": {"application/json": {"schema": refer("Thing")}}}
    answer = {"201": {"content": {"application/json": {"schema": refer("Answer")}}}}
    return {
        "openapi": "3.0.0",
        "info": {},
        "paths": {"/things": {"post": {"requestBody": body, "responses": answer}}},
        "components": {"schemas": schemas | changed},
    }


@pytest.fixture
def marked(tmp_path: Path) -> Any:
    """Return the marked lines of the report on a document."""
    module = tmp_path / "package" / "api" / "things" / "create.py"
    module.parent.mkdir(parents=True)
    module.write_text('"""POST /things."""\n')
    (tmp_path / "handwritten").mkdir()
    (tmp_path / "handwritten" / "module.py").write_text(HANDWRITTEN)

    def report(theirs: dict[str, Any]) -> list[str]:
        ours = document()
        text = write_report(
            compare_operations(ours, theirs),
            compare_fields(ours, theirs),
            find_usage(tmp_path / "handwritten", tmp_path / "package", ours, NAMES),
            NAMES,
            [],
        )
        found = [line[4:] for line in text.splitlines() if line.startswith("  ! ")]
        assert f"\n{len(found)} differences touch" in text
        return found

    return report


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        # What a request must have now and did not need before.
        ({"Thing": named("pid", longName=TEXT, parts=PARTS, unused=refer("Unused"), pid=TEXT)}, "Thing.pid"),
        ({"Part": named("path", size=TEXT, path=TEXT)}, "Part.path"),
        (
            {"Thing": named("unused", longName=TEXT, parts=PARTS, unused=refer("Unused"))},
            "Thing.unused",
        ),
        # What is sent or read.
        ({"Part": named()}, "Part.size"),
        ({"Owner": named(size=TEXT)}, "Owner.address"),
        ({"Owner": named(address={"type": "number"}, size=TEXT)}, "Owner.address"),
    ],
)
def test_what_breaks_is_marked(marked: Any, changed: dict[str, Any], expected: str) -> None:
    lines = [line for line in marked(document(**changed)) if expected in line]
    assert len(lines) == 1


@pytest.mark.parametrize(
    "changed",
    [
        # Optional fields need not be sent.
        {"Part": named(size=TEXT, path=TEXT)},
        # Required fields of answers are more than before.
        {"Owner": named("new", address=TEXT, size=TEXT, new=TEXT)},
        # Reached through fields that nobody reads, or not at all.
        {"Other": named(), "Unused": named("new", new=TEXT), "Unrelated": named("new", new=TEXT)},
    ],
)
def test_what_breaks_nothing_is_not_marked(marked: Any, changed: dict[str, Any]) -> None:
    assert marked(document(**changed)) == []


def test_required_fields_are_told_as_such() -> None:
    found = compare_fields(document(), document(Part=named("path", size=TEXT, path=TEXT, note=TEXT)))
    assert [(d.subject, d.detail, d.newly_required) for d in found] == [
        (("Part", "note"), "", False),
        (("Part", "path"), "required", True),
    ]
