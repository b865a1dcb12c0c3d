"""Laws of the entries themselves: what is valid, copies, access by name, what they say of their fields."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Dataset, ValidationError
from scitacean.testing import strategies
from tests.property.cases import Case, each_class, some_examples


@each_class
@some_examples
@given(data=st.data())
def test_what_is_valid_passes(case: Case, data: st.DataObject) -> None:
    """Validation passes, without warnings, for every valid entry."""
    entry = data.draw(case.draw())
    entry.validate()
    assert entry.find_problems() == []
    assert entry.find_problems(required=False) == []


@each_class
@some_examples
@given(data=st.data())
def test_what_is_invalid_is_refused_and_named(case: Case, data: st.DataObject) -> None:
    """Validation names the field, and no other, of every entry that is invalid in one field."""
    name = data.draw(st.sampled_from(sorted(case.recipe.wrong)))
    entry = data.draw(case.draw(invalid=name))
    with pytest.raises(ValidationError) as caught:
        entry.validate()
    places = [problem.field for problem in caught.value.problems]
    assert places
    # The files of a block have its algorithm.
    other = r"|files\[\d+\]\.checksum_algorithm" if name == "checksum_algorithm" else ""
    assert [place for place in places if not re.match(rf"{name}\b{other}", place)] == []


@each_class
@some_examples
@given(data=st.data())
def test_copies_are_equal_and_share_nothing_that_changes(case: Case, data: st.DataObject) -> None:
    """Copies, pickles and ``replace()`` equal the entry, and what is changed in one does not change it."""
    entry = data.draw(case.draw())
    copies = [copy.deepcopy(entry), pickle.loads(pickle.dumps(entry)), entry.replace()]
    assert [*copies, copy.copy(entry)] == [entry] * 4
    assert [type(one) for one in copies] == [case.kind] * 3
    before = repr(list(entry.items()))
    for one in copies:
        _change(one)
    assert repr(list(entry.items())) == before


def _change(value: Any) -> None:
    """Change everything in a value that can be changed in place."""
    match value:
        case dict():
            for item in value.values():
                _change(item)
            value["changed"] = True
        case list():
            for item in value:
                _change(item)
            value.append("changed")
        case tuple():
            for item in value:
                _change(item)
        case _ if attrs.has(type(value)):
            for field in attrs.fields(type(value)):
                _change(getattr(value, field.name))


@each_class
@some_examples
@given(data=st.data())
def test_entries_compare_by_what_they_are(case: Case, data: st.DataObject) -> None:
    """Entries are equal exactly where all their values are, and have no hash: they can change."""
    first, second = data.draw(case.draw()), data.draw(case.draw())
    names = [field.name for field in attrs.fields(case.kind) if field.eq]
    assert (first == second) == all(getattr(first, name) == getattr(second, name) for name in names)
    assert first != object()
    with pytest.raises(TypeError, match="unhashable"):
        hash(first)


@each_class
@some_examples
@given(data=st.data())
def test_one_replaced_value_makes_another_entry(case: Case, data: st.DataObject) -> None:
    """What ``replace`` is given is in the copy, nothing else differs, and the entry stays as it was."""
    entry, other = data.draw(case.draw()), data.draw(case.draw())
    name = data.draw(st.sampled_from(list(entry.keys())))
    before = copy.deepcopy(entry)
    replaced = entry.replace(**{name: other[name]})
    assert dict(replaced.items()) == dict(entry.items()) | {name: other[name]}
    assert (replaced == entry) == (entry[name] == other[name])
    assert entry == before
    with pytest.raises(TypeError):
        entry.replace(no_such_field=1)


@each_class
@some_examples
@given(data=st.data())
def test_access_by_name_agrees_with_attributes(case: Case, data: st.DataObject) -> None:
    """``dict(entry)``, items, keys, values and attributes say the same, in the order of the fields."""
    entry = data.draw(case.draw())
    names = [field.name for field in case.kind.fields()]
    assert list(entry.keys()) == names
    assert list(entry.items()) == list(zip(names, entry.values(), strict=True))
    assert dict(entry) == dict(entry.items()) == {name: getattr(entry, name) for name in names}
    for name in names:
        assert entry[name] is getattr(entry, name)
    for field in case.kind.fields(read_only=False):
        entry[field.name] = entry[field.name]
    for field in case.kind.fields(read_only=True):
        with pytest.raises(AttributeError, match="kept by the server"):
            entry[field.name] = entry[field.name]


@each_class
def test_each_field_is_described_in_a_sentence(case: Case) -> None:
    """``fields()`` says what each field means, in a sentence that ends with a full stop."""
    fields = list(case.kind.fields())
    assert {field.name for field in fields} >= case.kind._required - {"files"}
    assert [field.name for field in fields if not re.fullmatch(r"[A-Z`].+\.", field.description)] == []
    names = [field.scicat_name for field in fields]
    assert len(set(names)) == len(names)
    writable, kept = (list(case.kind.fields(read_only=which)) for which in (False, True))
    assert sorted(field.name for field in [*writable, *kept]) == sorted(field.name for field in fields)


@some_examples
@given(strategies.datasets())
def test_a_new_dataset_is_valid_and_has_nothing_of_the_catalogue(dataset: Dataset) -> None:
    """``as_new()`` of a valid dataset is valid, has no value that the server keeps, and all else."""
    new = dataset.as_new()
    new.validate()
    assert {new[field.name] for field in Dataset.fields(read_only=True)} == {None}
    assert (new.lifecycle, new.datablocks, new.packed_size, new.number_of_files_archived) == (
        None,
        None,
        0,
        0,
    )
    for field in Dataset.fields(read_only=False):
        if field.name != "lifecycle":
            assert new[field.name] == dataset[field.name]
    assert new.files == dataset.files
    assert [one.caption for one in new.attachments or ()] == [
        one.caption for one in dataset.attachments or ()
    ]
    assert {one.created_by for one in new.attachments or ()} <= {None}
    assert new.uid != dataset.uid
    assert new.as_new() == new


_OWN = {"type", "input_datasets"}
_KEPT = st.lists(
    st.sampled_from([field.name for field in Dataset.fields(read_only=False) if field.name not in _OWN]),
    unique=True,
)


@some_examples
@given(strategies.datasets(pid=strategies.pids()), st.none() | _KEPT)
def test_a_derived_dataset_has_what_it_shall_keep(dataset: Dataset, keep: list[str] | None) -> None:
    """``derive(keep=...)`` has these fields and nothing else of its origin but its PID."""
    derived = dataset.derive() if keep is None else dataset.derive(keep=keep)
    usual = [
        "contact_email",
        "orcid_of_owner",
        "owner",
        "owner_email",
        "principal_investigators",
        "techniques",
    ]
    expected: dict[str, object] = {"type": "derived", "input_datasets": [dataset.pid]}
    expected |= {name: dataset[name] for name in (usual if keep is None else keep)}
    assert derived == Dataset(**expected)  # type: ignore[arg-type]  # names are only known when it runs
    before = repr(dataset)
    _change(derived)
    assert repr(dataset) == before


@some_examples
@given(strategies.datasets(pid=None))
def test_only_what_is_in_the_catalogue_can_be_derived_from(dataset: Dataset) -> None:
    """``derive()`` needs a PID."""
    with pytest.raises(ValueError, match="no PID"):
        dataset.derive()
