"""Techniques, relationships and lifecycles."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scicat_api import UNSET, reading
from scicat_api.models import CreateRelationshipDto, LifecycleClass, TechniqueClass
from scitacean.errors import ValidationError, ValidationWarning
from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.model.pid import PID
from scitacean.validation.parts import lifecycle_problems, relationship_problems, technique_problems

DOCUMENT = json.loads(resources.files("scicat_api").joinpath("openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
BOOKKEEPING = {"_id", "__v", "id"}
LIFECYCLE_NAMES = sorted(set(SCHEMAS["LifecycleClass"]["properties"]) - BOOKKEEPING)

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
maybe_text = st.none() | text
flags = st.none() | st.booleans()
zones = st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))
times = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001
objects = st.none() | st.dictionaries(st.text("abc", min_size=1), st.booleans() | text | st.integers(0, 9))

techniques = st.builds(Technique, text, text)
relationships = st.builds(
    Relationship,
    identifier=text,
    relationship=text,
    identifier_type=maybe_text,
    entity_type=maybe_text,
    external_id=maybe_text,
)
lifecycles = st.builds(
    Lifecycle,
    archivable=flags,
    retrievable=flags,
    publishable=flags,
    date_of_disk_purging=times,
    archive_retention_time=times,
    date_of_publishing=times,
    published_on=times,
    is_on_central_disk=flags,
    archive_status_message=maybe_text,
    retrieve_status_message=maybe_text,
    archive_return_message=objects,
    retrieve_return_message=objects,
    exported_to=maybe_text,
    retrieve_integrity_check=flags,
    storage_location=maybe_text,
)
json_values = st.none() | st.booleans() | st.integers() | text | st.lists(text) | st.dictionaries(text, text)


def sent(model: Any) -> Any:
    """Return what goes over the wire."""
    return json.loads(json.dumps(model.to_dict()))


@given(techniques)
def test_techniques_come_back_from_the_wire(technique: Technique) -> None:
    assert list(technique_problems([technique], "techniques")) == []
    wire = sent(technique.make_upload_model())
    assert Technique.from_download_model(TechniqueClass.from_dict(wire)) == technique


@given(relationships)
def test_relationships_come_back_from_the_wire(relationship: Relationship) -> None:
    assert list(relationship_problems([relationship], "relationships")) == []
    wire = sent(relationship.make_upload_model())
    assert Relationship.from_download_model(CreateRelationshipDto.from_dict(wire)) == relationship


@given(lifecycles)
def test_lifecycles_come_back_from_the_wire(lifecycle: Lifecycle) -> None:
    assert list(lifecycle_problems(lifecycle, "lifecycle")) == []
    wire = sent(lifecycle.make_upload_model())
    assert Lifecycle.from_download_model(LifecycleClass.from_dict(wire)) == lifecycle


@given(text, text)
def test_the_older_form_of_relationships_comes_back_too(identifier: str, kind: str) -> None:
    relationship = Relationship(identifier=identifier, relationship=kind)
    wire = sent(relationship.make_upload_model_before_5())
    assert wire == {"pid": identifier, "relationship": kind}
    assert Relationship.from_download_model(CreateRelationshipDto.from_dict(wire)) == relationship


def test_what_older_servers_cannot_keep_of_a_relationship_is_told() -> None:
    relationship = Relationship(
        identifier="10.5072/x", relationship="Cites", identifier_type="DOI", entity_type="publication"
    )
    with pytest.warns(ValidationWarning, match=r"identifier_type, entity_type of .* '10.5072/x'"):
        assert "identifierType" not in sent(relationship.make_upload_model_before_5())


def test_a_pid_identifies_too() -> None:
    relationship = Relationship(identifier=PID.parse("site/1"), relationship="IsPartOf")
    assert relationship.identifier == "site/1"
    assert isinstance(relationship.identifier, str)


@given(techniques, relationships, lifecycles)
def test_copies_are_equal(technique: Technique, relationship: Relationship, lifecycle: Lifecycle) -> None:
    for part in (technique, relationship, lifecycle):
        assert [copy.copy(part), copy.deepcopy(part), pickle.loads(pickle.dumps(part))] == [part] * 3
    assert len({technique, copy.copy(technique)}) == len({relationship, copy.copy(relationship)}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(lifecycle)  # it holds what can change


@given(st.dictionaries(st.sampled_from(LIFECYCLE_NAMES), json_values))
def test_odd_values_of_a_lifecycle_stay_and_are_found(answer: dict[str, Any]) -> None:
    with reading() as reported:
        model = LifecycleClass.from_dict(answer)
    lifecycle = Lifecycle.from_download_model(model)
    for attribute in attrs.fields(Lifecycle):
        read = getattr(model, attribute.name)
        assert getattr(lifecycle, attribute.name) == (None if read is UNSET else read)
    found = {problem.field.replace("_", "") for problem in lifecycle_problems(lifecycle, "lifecycle")}
    assert {f"lifecycle.{one.path.lower()}" for one in reported if one.kind != "null"} <= found


@pytest.mark.parametrize("value", ["SAXS", 5, {"pid": "x", "name": "y"}, object()])
def test_what_is_no_list_of_parts_is_found(value: object) -> None:
    assert [problem.field for problem in technique_problems(value, "techniques")] == ["techniques"]
    assert [problem.field for problem in relationship_problems(value, "relationships")] == ["relationships"]
    assert [problem.field for problem in technique_problems([value], "techniques")] == ["techniques[0]"]
    assert [problem.value for problem in relationship_problems((value,), "x")] == [value]
    assert [problem.field for problem in lifecycle_problems(value, "lifecycle")] == ["lifecycle"]


def test_no_parts_are_no_problem() -> None:
    for rule in (technique_problems, relationship_problems, lifecycle_problems):
        assert list(rule(None, "x")) == []
    assert list(technique_problems([], "x")) == []


def test_each_odd_field_of_a_part_is_found() -> None:
    odd: Any = None
    number: Any = 3
    wrong = [Technique("a", "b"), Technique(odd, "\ud800"), Technique("a", number)]
    assert [problem.field for problem in technique_problems(wrong, "techniques")] == [
        "techniques[1].pid",
        "techniques[1].name",
        "techniques[2].name",
    ]
    relationship = Relationship(identifier=odd, relationship=odd, external_id=number)
    assert [problem.field for problem in relationship_problems([relationship], "r")] == [
        "r[0].identifier",
        "r[0].relationship",
        "r[0].external_id",
    ]


def test_naive_times_of_a_lifecycle_are_found() -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    lifecycle = Lifecycle(published_on=naive, date_of_publishing=naive.replace(tzinfo=UTC))
    assert [problem.field for problem in lifecycle_problems(lifecycle, "l")] == ["l.published_on"]


def test_messages_of_the_archive_become_json() -> None:
    messages = {"when": datetime(2026, 3, 1, tzinfo=UTC), "copies": np.float32(2), "where": ("a", "b")}
    lifecycle = Lifecycle(archive_return_message=messages, retrieve_return_message=messages)
    assert list(lifecycle_problems(lifecycle, "lifecycle")) == []
    plain = {"when": "2026-03-01T00:00:00+00:00", "copies": 2.0, "where": ["a", "b"]}
    wire = sent(lifecycle.make_upload_model())
    assert wire == {"archiveReturnMessage": plain, "retrieveReturnMessage": plain}
    assert Lifecycle.from_download_model(LifecycleClass.from_dict(wire)) == lifecycle
    naive = Lifecycle(archive_return_message={"when": datetime(2026, 3, 1)})  # noqa: DTZ001
    assert [problem.field for problem in lifecycle_problems(naive, "l")] == ["l.archive_return_message.when"]


def test_what_older_servers_cannot_keep_is_told_where_the_user_is() -> None:
    relationship = Relationship(identifier="x", relationship="Cites", external_id="7")
    with pytest.warns(ValidationWarning) as caught:
        relationship.make_upload_model_before_5()
    assert [one.filename for one in caught] == [__file__]


def test_techniques_are_found_by_name() -> None:
    technique = Technique.find("small  Angle X-ray scattering")
    assert technique == Technique.find("PaNET01188") == Technique.find(technique.pid)
    with pytest.raises(ValidationError, match="no technique"):
        Technique.find("guesswork")
