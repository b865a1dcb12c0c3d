"""Laws that hold for samples, proposals, instruments, jobs and published data alike."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scicat_api import reading
from scicat_api.models import Instrument as InstrumentAnswer
from scicat_api.models import JobClass, OutputSampleDto, ProposalClass
from scicat_api.models import PublishedData as PublishedDataAnswer
from scicat_api.types import Model
from scitacean.model.instrument import Instrument
from scitacean.model.job import Job
from scitacean.model.proposal import MeasurementPeriod, Proposal
from scitacean.model.published_data import PublishedData
from scitacean.model.sample import Sample

few = settings(max_examples=settings().max_examples // 4)
"""For laws that need no rare values."""

DOCUMENT = json.loads(resources.files("scicat_api").joinpath("openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]

letters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
text = st.text(letters, min_size=1, max_size=8)
texts = st.lists(text, max_size=3)
emails = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.eu", fullmatch=True)
zones = st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001
spans = st.tuples(times, times).map(sorted)
leaves = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9) | text
keys = st.text("abcdefgh_", min_size=1, max_size=5)
json_values = st.recursive(
    leaves, lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=3), max_leaves=6
)
objects = st.dictionaries(keys, json_values, max_size=3)
ODD = [True, 0, -1.5, "", "x", "2026-03-01T12:00:00Z", [], ["x", None, 1], {}, {"a": [1]}]
"""What a server may send for a field, of each type that JSON has."""


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


periods = st.builds(
    lambda span, **others: MeasurementPeriod(start=span[0], end=span[1], **others),
    spans,
    instrument=text,
    comment=optional(text),
)
samples = st.builds(
    Sample,
    owner_group=text,
    sample_name=text,
    sample_id=optional(text),
    owner=optional(text),
    description=optional(text),
    sample_characteristics=optional(objects),
    access_groups=optional(texts),
    instrument_group=optional(text),
    type=optional(text),
    proposal_id=optional(text),
    parent_sample_id=optional(text),
    is_published=optional(st.booleans()),
)
proposals = st.builds(
    lambda span, **others: Proposal(start_time=span[0], end_time=span[1], **others),
    spans | st.just([None, None]),
    proposal_id=text,
    owner_group=text,
    email=emails,
    title=text,
    firstname=optional(text),
    lastname=optional(text),
    pi_email=optional(emails),
    pi_firstname=optional(text),
    pi_lastname=optional(text),
    abstract=optional(text),
    measurement_periods=optional(st.lists(periods, max_size=2)),
    metadata=optional(objects),
    parent_proposal_id=optional(text),
    type=optional(text),
    instrument_ids=optional(texts),
    keywords=optional(texts),
    access_groups=optional(texts),
    instrument_group=optional(text),
)
instruments = st.builds(
    Instrument, unique_name=text, name=text, pid=optional(text), custom_metadata=optional(objects)
)
jobs = st.builds(
    Job,
    type=text,
    job_params=objects,
    owner_user=optional(text),
    owner_group=optional(text),
    contact_email=optional(emails),
)
published = st.builds(
    PublishedData,
    title=text,
    abstract=text,
    dataset_pids=st.lists(
        st.from_regex(r"site/[a-z0-9]( /|é|[a-z])*", fullmatch=True), min_size=1, max_size=3
    ),
    metadata=optional(objects),
    registered_time=optional(times),
    status=optional(st.sampled_from(["private", "public", "registered", "amended"])),
)


class Case(NamedTuple):
    kind: type[Any]
    example: Any
    entries: st.SearchStrategy[Any]
    answer: type[Model]


CASES = [
    Case(Sample, Sample(owner_group="g", sample_name="s"), samples, OutputSampleDto),
    Case(
        Proposal,
        Proposal(proposal_id="P", owner_group="g", email="a@b.eu", title="t"),
        proposals,
        ProposalClass,
    ),
    Case(Instrument, Instrument(unique_name="u", name="n"), instruments, InstrumentAnswer),
    Case(Job, Job(type="t", job_params={}), jobs, JobClass),
    Case(
        PublishedData,
        PublishedData(title="t", abstract="a", dataset_pids=["a/b"]),
        published,
        PublishedDataAnswer,
    ),
]
each_kind = pytest.mark.parametrize("case", CASES, ids=[case.kind.__name__ for case in CASES])


@each_kind
def test_each_field_is_described_in_a_sentence(case: Case) -> None:
    assert [field.name for field in case.kind.fields() if not field.description.endswith(".")] == []


@each_kind
@given(data=st.data())
def test_a_valid_entry_comes_back_from_the_wire_as_it_was(case: Case, data: st.DataObject) -> None:
    entry = data.draw(case.entries)
    entry.validate()
    sent = json.dumps(entry.make_upload_model().to_dict())
    assert case.kind.from_download_model(case.answer.from_dict(json.loads(sent))) == entry


@each_kind
@few
@given(data=st.data())
def test_copies_are_equal_and_entries_do_not_hash(case: Case, data: st.DataObject) -> None:
    entry = data.draw(case.entries)
    copies = [copy.copy(entry), copy.deepcopy(entry), pickle.loads(pickle.dumps(entry)), entry.replace()]
    assert copies == [entry] * 4
    with pytest.raises(TypeError, match="unhashable"):
        hash(entry)


@each_kind
def test_arrays_in_objects_can_be_compared(case: Case) -> None:
    entry = case.example
    names = [field.name for field in case.kind.fields() if "Mapping" in field.type]
    assert names
    for name in names:
        one, same, other = (entry.replace(**{name: {"a": np.arange(stop)}}) for stop in (3, 3, 4))
        assert one == same == entry.replace(**{name: {"a": [0, 1, 2]}})
        assert one != other


@each_kind
@few
@given(data=st.data())
def test_what_the_server_keeps_can_be_given_but_not_set(case: Case, data: st.DataObject) -> None:
    entry = data.draw(case.entries)
    for field in case.kind.fields(read_only=True):
        with pytest.raises(AttributeError, match=r"kept by the server.*\.replace\("):
            setattr(entry, field.name, None)
        assert getattr(entry.replace(**{field.name: "x"}), field.name) == "x"
    for field in case.kind.fields(read_only=False):
        setattr(entry, field.name, getattr(entry, field.name))


@each_kind
@few
@given(data=st.data())
def test_what_the_server_keeps_is_read_and_not_sent(case: Case, data: st.DataObject) -> None:
    entry = data.draw(case.entries)
    kept = {field.name: field.scicat_name for field in case.kind.fields(read_only=True)}
    sent = entry.make_upload_model().to_dict()
    assert not set(sent) & set(kept.values())
    answer = {name: data.draw(st.sampled_from(ODD)) for name in kept.values()}
    read = case.kind.from_download_model(case.answer.from_dict(sent | answer))
    for name, scicat_name in kept.items():
        value = getattr(read, name)
        if not isinstance(value, datetime) and not isinstance(answer[scicat_name], list):
            assert value == answer[scicat_name], name
    assert read.make_upload_model().to_dict() == sent


@each_kind
@given(data=st.data())
def test_any_object_becomes_an_entry_and_each_odd_value_is_reported(case: Case, data: st.DataObject) -> None:
    entry = data.draw(case.entries)
    good = entry.make_upload_model().to_dict()
    name = data.draw(st.sampled_from(sorted(SCHEMAS[case.answer.__name__]["properties"])))
    odd = data.draw(json_values)
    with reading() as before:
        case.answer.from_dict(good)
    with reading() as after:
        read = case.kind.from_download_model(case.answer.from_dict(good | {name: odd}))
    problems = read.find_problems(required=False)
    assert repr(read)
    python_names = {field.scicat_name: field.name for field in case.kind.fields()}
    value = getattr(read, python_names[name]) if name in python_names else odd
    is_read = value == odd or isinstance(value, datetime)
    assert is_read or problems or [problem for problem in after if problem not in before]


@each_kind
@few
@given(answer=st.dictionaries(text, json_values, max_size=3))
def test_an_answer_of_something_else_becomes_an_empty_entry(case: Case, answer: dict[str, Any]) -> None:
    unknown = {f"no {name}": value for name, value in answer.items()}
    entry = case.kind.from_download_model(case.answer.from_dict(unknown))
    values = {field.name: getattr(entry, field.name) for field in case.kind.fields()}
    assert set(values.values()) == {None}
    assert entry.find_problems(required=False) == []
    missing = {problem.field for problem in entry.find_problems()}
    assert missing == {field.name for field in case.kind.fields() if field.required}


@each_kind
@few
@given(data=st.data())
def test_an_invalid_entry_is_not_sent_and_all_its_problems_are_told(case: Case, data: st.DataObject) -> None:
    entry = data.draw(case.entries)
    writable = [field.name for field in case.kind.fields(read_only=False)]
    names = data.draw(st.sets(st.sampled_from(writable), min_size=1))
    broken = entry.replace(**dict.fromkeys(names, object()))
    with pytest.raises(ValueError, match="cannot go into the catalogue") as caught:
        broken.make_upload_model()
    assert {problem.field for problem in caught.value.problems} == names  # type: ignore[attr-defined]


def test_times_are_those_of_the_server() -> None:
    answer = ProposalClass.from_dict({"startTime": "2026-03-01T12:00:00.000Z", "createdBy": "ada"})
    read = Proposal.from_download_model(answer)
    assert (read.start_time, read.created_by) == (datetime(2026, 3, 1, 12, tzinfo=UTC), "ada")
