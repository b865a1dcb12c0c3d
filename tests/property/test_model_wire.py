"""Laws between the model and the generated classes: what is valid comes back as it was sent."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scicat_api import reading
from scicat_api.models import DataFile, LifecycleClass, OutputDatasetDto, OutputOrigDatablockDto
from scitacean import Dataset, File, Lifecycle, Relationship, ValidationError
from scitacean.testing import strategies
from tests.property.cases import Case, each_case, some_examples


def carried(case: Case) -> list[str]:
    """Return the names of the fields that are both sent and answered."""
    names = case.sent._table().keys() & case.answer._table().keys()
    found = [field.name for field in case.kind.fields() if field.scicat_name in names]
    return found + ["files"] * ("dataFileList" in names)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


@each_case
@some_examples
@given(data=st.data())
def test_what_is_sent_comes_back(case: Case, data: st.DataObject) -> None:
    """Model to wire to model, through the generated classes and JSON, is the identity on what both carry."""
    entry = data.draw(case.draw(**case.given))
    answer = through_json(case.upload(entry).to_dict())
    read = case.kind.from_download_model(case.answer.from_dict(answer))
    for name in carried(case):
        assert getattr(read, name) == getattr(entry, name), name


@each_case
@some_examples
@given(data=st.data())
def test_what_is_sent_is_what_the_interface_says(case: Case, data: st.DataObject) -> None:
    """What is made of a valid entry has no field that the interface has not, and reads without problems."""
    sent = through_json(case.upload(data.draw(case.draw(**case.given))).to_dict())
    with reading() as problems:
        again = case.sent.from_dict(sent)
    # The document asks for it, servers do not.
    assert [
        problem for problem in problems if (case.kind.__name__, problem.path) != ("Instrument", "pid")
    ] == []
    # Times may come back in other words.
    assert case.sent.from_dict(through_json(again.to_dict())) == again


@each_case
@some_examples
@given(data=st.data())
def test_sending_again_what_came_back_sends_the_same(case: Case, data: st.DataObject) -> None:
    """Wire to model to wire is the identity on what was sent by the model."""
    first = through_json(case.upload(data.draw(case.draw(**case.given))).to_dict())
    read = case.kind.from_download_model(case.answer.from_dict(first))
    again = through_json(case.upload(read.replace(**_lost(case, read))).to_dict())
    assert {name: value for name, value in again.items() if name in first} == first


def _lost(case: Case, read: Any) -> dict[str, Any]:
    """Return what an upload needs and v3 does not answer with."""
    return {"is_published": False} if case.kind.__name__ == "Attachment" and read.is_published is None else {}


@each_case
@some_examples
@given(data=st.data())
def test_what_is_invalid_is_not_sent(case: Case, data: st.DataObject) -> None:
    """No invalid entry becomes something to send."""
    checked = case.recipe.wrong.keys() - case.given.keys() - case.elsewhere
    entry = data.draw(case.draw(invalid=data.draw(st.sampled_from(sorted(checked))), **case.given))
    with pytest.raises(ValidationError):
        case.upload(entry)


@given(strategies.files(), st.none() | st.sampled_from(["md5", "sha256"]))
def test_files_come_back(file: File, algorithm: str | None) -> None:
    """File to wire to file is the identity, given the algorithm, which the block carries."""
    file = attrs.evolve(file, checksum_algorithm=algorithm)
    entry = DataFile.from_dict(through_json(file.make_upload_model().to_dict()))
    assert File.from_download_model(entry, checksum_algorithm=algorithm) == file


@given(strategies.lifecycles())
def test_lifecycles_come_back(lifecycle: Lifecycle) -> None:
    """Lifecycle to wire to lifecycle is the identity, an empty one included."""
    sent = through_json(lifecycle.make_upload_model().to_dict())
    assert Lifecycle.from_download_model(LifecycleClass.from_dict(sent)) == lifecycle


@given(strategies.relationships(identifier_type=None, entity_type=None, external_id=None))
def test_relationships_come_back_in_the_form_before_5(relationship: Relationship) -> None:
    """What servers before 5.0 know of a relationship comes back as it was sent to them."""
    model = relationship.make_upload_model_before_5()
    sent = through_json(model.to_dict())
    assert sent.keys() == {"pid", "relationship"}
    assert Relationship.from_download_model(type(model).from_dict(sent)) == relationship


@some_examples
@given(strategies.datasets(pid=strategies.pids()))
def test_all_files_of_a_dataset_come_back(dataset: Dataset) -> None:
    """The blocks of a dataset have each of its files once, and all of them belong to it."""
    models = dataset.make_datablock_upload_models().orig_datablocks
    blocks = [OutputOrigDatablockDto.from_dict(through_json(model.to_dict())) for model in models]
    answer = OutputDatasetDto.from_dict(through_json(dataset.make_upload_model().to_dict()))
    read = Dataset.from_download_model(answer, orig_datablocks=blocks)
    assert sorted(read.files, key=_path) == sorted(dataset.files, key=_path)
    assert {block.dataset_id for block in blocks} <= {str(dataset.pid)}
    assert (read.size, read.number_of_files) == (dataset.size, dataset.number_of_files)


def _path(file: File) -> str:
    return file.remote_path.posix
