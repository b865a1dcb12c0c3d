"""The table of techniques."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitacean.errors import ScicatError
from scitacean.model import panet
from scitacean.model.parts import Technique
from scitacean.ontology import find_technique

TABLE = panet._labels()
ids = st.sampled_from(sorted(TABLE))


def test_the_table_has_all_techniques() -> None:
    assert len(TABLE) == 506
    assert all(re.fullmatch(r"PaNET\d{5,7}", id_) for id_ in TABLE)
    assert all(TABLE.values())
    assert all(label == " ".join(label.split()) for labels in TABLE.values() for label in labels)


@given(ids)
def test_each_technique_is_found_by_id_and_iri(id_: str) -> None:
    iri = f"http://purl.org/pan-science/PaNET/{id_}"
    technique = Technique(iri, TABLE[id_][0])
    https = iri.replace("http:", "https:")
    written = (id_, id_.lower(), iri, https, https.upper(), f" {https} ")
    assert [find_technique(one) for one in written] == [technique] * len(written)


@given(ids, st.data())
def test_a_label_finds_its_technique_however_it_is_written(id_: str, data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(TABLE[id_]))
    blanks = data.draw(st.sampled_from([" ", "  ", "\t", "\n "]))
    written = blanks + label.title().replace(" ", blanks) + blanks
    found = find_technique(written).pid.rpartition("/")[2]
    # Some specifiers have the labels of techniques, which are meant then.
    assert found == id_ or (id_.startswith("PaNET2") and label in TABLE[found])


def test_a_label_of_a_specifier_and_a_technique_means_the_technique() -> None:
    shared = [
        (label, id_)
        for id_, labels in TABLE.items()
        for label in labels
        if not id_.startswith("PaNET2")
        and any(label in TABLE[other] for other in TABLE if other.startswith("PaNET2"))
    ]
    assert shared
    assert [find_technique(label).pid.rpartition("/")[2] for label, _ in shared] == [id_ for _, id_ in shared]


@given(ids)
def test_no_two_techniques_have_one_label(id_: str) -> None:
    others = {
        label.casefold()
        for other, labels in TABLE.items()
        if other[5] == id_[5] != "2"
        for label in labels
        if other != id_
    }
    assert not others & {label.casefold() for label in TABLE[id_]}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("smal angle xray scattering", "small angle x-ray scattering"),
        ("powder difraction", "powder diffraction"),
    ],
)
def test_close_names_are_told(written: str, meant: str) -> None:
    with pytest.raises(ScicatError, match=f"Did you mean .*{meant}") as caught:
        find_technique(written)
    assert isinstance(caught.value, ValueError)


# Looking for close names takes a while.
@settings(max_examples=settings().max_examples // 4)
@given(st.text("#!?", max_size=20))
def test_what_is_nothing_like_a_technique_is_told_where_to_look(unknown: str) -> None:
    with pytest.raises(ValueError, match="There is no technique") as caught:
        find_technique(unknown)
    assert "Technique(pid=..., name=...)" in str(caught.value)
