"""Laws of reading: nothing that a server sends raises, and what is odd is reported or kept as it is."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scicat_api import models, reading
from scicat_api.models import (
    Datablock,
    DataFile,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
)
from scitacean import (
    Dataset,
    File,
    Lifecycle,
    MeasurementPeriod,
    Relationship,
    RemotePath,
    Technique,
    Thumbnail,
    ValidationError,
)
from scitacean.catalogue.report import problems_of_answer, problems_of_entry
from scitacean.model.entry import camel_case
from scitacean.problem import Problem, problem_table
from tests.property.answers import JSON_VALUES, answers, damaged, objects
from tests.property.cases import CASES, Case, each_case, some_examples


def schema(case: Case) -> str:
    return case.answer.__name__


def read(case: Case, answer: Any) -> tuple[Any, list[Problem]]:
    """Return an entry, and all that is reported of it: by the reader and by the rules of the model.

    Nothing is reported by both.
    """
    with reading() as found:
        entry = case.kind.from_download_model(case.answer.from_dict(answer))
    of_reader = problems_of_answer(found)
    of_rules = problems_of_entry(entry, of_reader)
    assert not _where_and_what(of_reader) & _where_and_what(of_rules)
    return entry, of_reader + of_rules


def _where_and_what(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(one.field, one.shown_value) for one in problems}


def use(entry: Any) -> None:
    """Use an entry in all the ways that must not depend on what is in it."""
    assert repr(entry)
    assert str(entry)
    assert "<" in entry._repr_html_()
    assert entry == entry
    assert entry != 7
    assert dict(entry.items()).keys() == set(entry.keys())
    assert repr(pickle.loads(pickle.dumps(entry))) == repr(entry)
    assert repr(copy.copy(entry)) == repr(entry)
    assert repr(copy.deepcopy(entry)) == repr(entry)
    assert repr(entry.replace()) == repr(entry)
    assert problem_table(entry.find_problems(required=True)) is not None


def all_answers(name: str) -> st.SearchStrategy[Any]:
    return answers(name) | damaged(answers(name)) | objects(name)


@each_case
@some_examples
@given(data=st.data())
def test_any_json_object_becomes_an_entry_that_can_be_used(case: Case, data: st.DataObject) -> None:
    """Wire to model never raises for any JSON object, nor does use of the entry; odd values are kept."""
    answer = data.draw(all_answers(schema(case)))
    entry, problems = read(case, answer)
    use(entry)
    for field in case.kind.fields():
        if value := answer.get(field.scicat_name):
            kept = getattr(entry, field.name)
            assert kept == value or (kept is not None and isinstance(value, str | list | dict)), field.name
    assert all(problem.field and problem.expected and str(problem) for problem in problems)


@each_case
@some_examples
@given(data=st.data())
def test_nothing_is_lost_without_a_report(case: Case, data: st.DataObject) -> None:
    """What has no problem says what the answer says: wire to model to wire is the identity there."""
    entry = data.draw(case.draw(**case.given))
    good = json.loads(json.dumps(case.upload(entry).to_dict()))
    _, before = read(case, good)
    answer = data.draw(damaged(st.just(good), most=1))
    again, problems = read(case, answer)
    if again.find_problems() or any(problem not in before for problem in problems):
        return
    given = {name: getattr(entry, name) for name in case.given}
    sent = json.loads(json.dumps(case.upload(again.replace(**given)).to_dict()))
    for field in case.kind.fields():
        name = field.scicat_name
        if name in answer and name in case.sent._table() and field.name not in given:
            assert plain(sent.get(name), name) == plain(answer[name], name), name


def plain(value: Any, name: str = "") -> Any:
    """Return a value in the words of the model: times in UTC, paths without needless slashes, pictures."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items() if item is not None and key != "_id"}
        case list():
            # Datasets made through v3 have null in the lists of v4, which stands for nothing.
            return [plain(item) for item in value if item is not None]
        case str() if name == "thumbnail":
            return Thumbnail.parse(value)
        case str() if value.startswith("/"):
            return RemotePath(value).posix
        case str():
            try:
                time = datetime.fromisoformat(value)
            except ValueError:
                return value
            return time if time.tzinfo else time.replace(tzinfo=UTC)
    return value


@each_case
@some_examples
@given(data=st.data())
def test_what_breaks_a_rule_is_reported_where_it_is(case: Case, data: st.DataObject) -> None:
    """A value that breaks the rule of a field is reported there."""
    good = json.loads(json.dumps(case.upload(data.draw(case.draw(**case.given))).to_dict()))
    _, before = read(case, good)
    names = {field.name: field.scicat_name for field in case.kind.fields()}
    wire = {
        name: scicat for name, scicat in names.items() if name in case.recipe.wrong and _is_read(case, scicat)
    }
    name = data.draw(st.sampled_from(sorted(wire)))
    new = data.draw(case.recipe.wrong[name])
    assume(_is_json(new) and new is not None)
    # What is no time as text here is one on the wire.
    assume(new != "2026-03-01T12:00:00Z")
    # What is empty is a matter of what is sent: servers have entries of older versions.
    assume(new != "" or name not in case.kind._required)
    entry, problems = read(case, good | {wire[name]: new})
    use(entry)
    places = [one.field for one in problems if one not in before]
    assert places
    # The files of a block have its algorithm.
    heads = (wire[name], name, *["files["] * (name == "checksum_algorithm"))
    assert all(place.startswith(heads) for place in places)


def _is_read(case: Case, name: str) -> bool:
    return name in case.answer._table()


def _is_json(value: object) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


BLOCKS = {name: case for name, case in CASES.items() if "dataFileList" in case.answer._table()}
ODD_FILES = [
    ("path", "../a"),
    ("path", "/a"),
    ("path", "."),
    ("path", "c/../../b"),
    ("path", "a\0"),
    ("path", "\ud800"),
    ("path", 7),
    ("path", None),
    ("size", -1),
    ("size", 2**53),
    ("size", "12"),
    ("size", None),
    ("time", "yesterday"),
    ("time", 7),
    ("time", None),
    ("chk", 7),
    ("uid", 0),
    ("gid", []),
    ("perm", 0o644),
    ("type", {}),
    ("metadata", "text"),
]


@pytest.mark.parametrize("case", list(BLOCKS.values()), ids=list(BLOCKS))
@pytest.mark.parametrize(("name", "odd"), ODD_FILES)
def test_an_odd_file_is_reported_once_where_it_is(case: Case, name: str, odd: object) -> None:
    """A damage in a list of files is reported, once, with the place of the file."""
    file: dict[str, Any] = {"path": "a", "size": 1, "time": "2026-03-01T12:00:00Z"}
    _, before = read(case, {"dataFileList": [file, file | {"path": "b"}]})
    _, problems = read(case, {"dataFileList": [file, file | {"path": "b"} | {name: odd}]})
    new = [one for one in problems if one not in before]
    assert [one.value for one in new] == [odd]
    assert "[1]." in new[0].field


@given(all_answers("DataFile"), JSON_VALUES)
def test_any_json_object_becomes_a_file(answer: Any, algorithm: Any) -> None:
    """Wire to file never raises for any JSON object; nor does what people do with the file."""
    with reading() as found:
        file = File.from_download_model(DataFile.from_dict(answer), checksum_algorithm=algorithm)
    assert repr(file)
    assert isinstance(file.size, int)
    assert isinstance(file.creation_time, datetime)
    assert isinstance(hash(file), int)
    assert repr(pickle.loads(pickle.dumps(file))) == repr(file)
    if not found and not file.find_problems():
        said = {"path": RemotePath(answer["path"]).posix, "chk": answer.get("chk") or None}
        assert plain(file.make_upload_model().to_dict()) == plain(answer | said)


PARTS = [
    (Technique, models.TechniqueClass),
    (Relationship, models.CreateRelationshipDto),
    (Lifecycle, models.LifecycleClass),
    (MeasurementPeriod, models.MeasurementPeriodClass),
]


@pytest.mark.parametrize(("kind", "answer"), PARTS, ids=lambda kind: kind.__name__)
@some_examples
@given(data=st.data())
def test_any_json_object_becomes_a_part_with_its_values(kind: Any, answer: Any, data: st.DataObject) -> None:
    """Wire to part never raises for any JSON object, and keeps every value, an odd one as it is."""
    sent = data.draw(all_answers(answer.__name__))
    part = kind.from_download_model(answer.from_dict(sent))
    assert repr(pickle.loads(pickle.dumps(part))) == repr(part)
    for field in attrs.fields(kind):
        name = camel_case(field.name)
        if sent.get(name) is not None:
            assert plain(getattr(part, field.name)) == plain(sent[name])


@some_examples
@given(
    all_answers("OutputDatasetDto"),
    st.lists(all_answers("OutputOrigDatablockDto"), max_size=2),
    st.lists(all_answers("OutputAttachmentV4Dto"), max_size=2),
    st.lists(all_answers("Datablock"), max_size=2),
)
def test_any_answers_become_a_dataset(answer: Any, blocks: Any, attachments: Any, copies: Any) -> None:
    """A dataset can be made of all its parts, whatever they are, and used."""
    dataset = Dataset.from_download_model(
        OutputDatasetDto.from_dict(answer),
        orig_datablocks=map(OutputOrigDatablockDto.from_dict, blocks),
        attachments=map(OutputAttachmentV4Dto.from_dict, attachments),
        datablocks=map(Datablock.from_dict, copies),
    )
    use(dataset)
    assert dataset.number_of_files == len(dataset.files)
    numbers = [dataset.size, dataset.packed_size, dataset.number_of_files_archived]
    assert all(isinstance(number, int) for number in numbers)
    use(dataset.as_new())
    assert sum(len(block.files) for block in dataset.orig_datablocks) == len(dataset.files)
    with pytest.raises(ValidationError) as caught:
        # It may be good, but never without what a name that is missing tells.
        dataset.replace(name=None).validate()
    assert "name" in str(caught.value)
