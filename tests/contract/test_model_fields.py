"""The model has every field of the server's classes."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scicat_api.types import Model
from scitacean import model as model_package
from tests.contract.field_cases import CASES, PID_TEXT
from tests.contract.field_comparison import (
    Case,
    Comparison,
    Elsewhere,
    Known,
    Wire,
    fields_of_generated,
    fields_of_model,
)

KNOWN = {case.model: fields_of_model(case.model, case.names) for case in CASES}
Change = Callable[[list[Wire]], list[Wire]]


def compared(
    case: Case,
    *,
    create: Change = lambda wires: wires,
    output: Change = lambda wires: wires,
) -> list[str]:
    """Compare a class with the server's, which are changed before."""
    sides = [
        {kind.__name__: change(fields_of_generated(kind)) for kind in kinds}
        for kinds, change in ((case.create, create), (case.output, output))
    ]
    return Comparison(case, KNOWN[case.model], sides[0], sides[1]).told()


def without(name: str) -> Change:
    return lambda wires: [wire for wire in wires if wire.name != name]


def with_type(name: str, kind: str) -> Change:
    return lambda wires: [wire._replace(type=kind) if wire.name == name else wire for wire in wires]


def other_way_required(name: str) -> Change:
    return lambda wires: [
        wire._replace(required=not wire.required) if wire.name == name else wire for wire in wires
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.model.__name__)
def test_the_model_has_the_fields_of_the_server(case: Case) -> None:
    told = compared(case)
    assert told == [], "\n".join(told)


def test_each_generated_class_that_the_model_uses_is_compared() -> None:
    modules = pkgutil.walk_packages(model_package.__path__, f"{model_package.__name__}.")
    used = {
        value
        for module in modules
        for value in vars(import_module(module.name)).values()
        if isinstance(value, type) and issubclass(value, Model) and value is not Model
    }
    assert used - {kind for case in CASES for kind in (*case.create, *case.output)} == set()


both_ways = [case for case in CASES if set(case.create).isdisjoint(case.output)]
"""Classes that the server sends in another form than it takes them."""
fields = st.sampled_from([(case, field) for case in CASES for field in KNOWN[case.model]])
fields_both_ways = st.sampled_from([(case, field) for case in both_ways for field in KNOWN[case.model]])
others = st.sampled_from([(case, name) for case in CASES for name in case.elsewhere])


@given(fields)
def test_a_field_that_a_server_drops_is_told(found: tuple[Case, Known]) -> None:
    case, field = found
    told = compared(case, create=without(field.scicat_name), output=without(field.scicat_name))
    assert told[0].startswith(
        f"the server has no field {field.scicat_name} any more. Remove {field.name!r} from "
        f"{case.model.__name__}"
    )


@given(fields_both_ways)
def test_a_field_that_does_not_come_any_more_is_told(found: tuple[Case, Known]) -> None:
    case, field = found
    told = compared(case, output=without(field.scicat_name))
    if field.read_only and field.scicat_name not in case.kept:
        assert told[0].startswith(f"the server has no field {field.scicat_name} any more.")
    else:
        assert [text.partition(". ")[0] for text in told] == [
            f"{kind.__name__} has no {field.scicat_name} any more" for kind in case.output
        ]


@given(fields_both_ways.filter(lambda found: not found[1].read_only))
def test_a_field_that_cannot_be_sent_any_more_is_told(found: tuple[Case, Known]) -> None:
    case, field = found
    told = compared(case, create=without(field.scicat_name))
    expected = f"{case.model.__name__}.{field.name} cannot be sent: make it read-only, and change"
    assert [text for text in told if text.startswith(expected)] == told[:1]


@given(st.sampled_from([(case, field) for case in both_ways for field in KNOWN[case.model]]), st.data())
def test_a_field_that_one_of_several_classes_drops_is_told(
    found: tuple[Case, Known], data: st.DataObject
) -> None:
    case, field = found
    kind = data.draw(st.sampled_from([*case.create, *case.output]))
    sides = [
        {one.__name__: fields_of_generated(one) for one in kinds} for kinds in (case.create, case.output)
    ]
    had = {wire.name for side in sides for wire in side.get(kind.__name__, ())}
    for side in sides:
        if kind.__name__ in side:
            side[kind.__name__] = without(field.scicat_name)(side[kind.__name__])
    told = Comparison(case, KNOWN[case.model], sides[0], sides[1]).told()
    if field.scicat_name in had and not (kind in case.create and field.scicat_name in case.kept):
        assert told


@given(fields_both_ways.filter(lambda found: found[1].read_only))
def test_a_field_that_can_be_sent_now_is_told(found: tuple[Case, Known]) -> None:
    case, field = found
    if field.scicat_name in case.kept:
        return
    new = next(w for w in fields_of_generated(case.output[0]) if w.name == field.scicat_name)
    told = compared(case, create=lambda wires: [*wires, new._replace(required=False)])
    assert told == [
        f"{case.model.__name__}.{field.name} can be sent now: make it writable, and change make_upload_model"
    ]


@pytest.mark.parametrize(
    ("create", "where"),
    [(True, "to make_upload_model and from_download_model"), (False, ", read-only, with a sentence")],
)
@pytest.mark.parametrize("case", both_ways, ids=lambda case: case.model.__name__)
def test_a_new_field_is_told(case: Case, create: bool, where: str) -> None:
    new = Wire("beamCurrent", "float")
    (told,) = compared(
        case,
        create=lambda wires: [*wires, new] if create else wires,
        output=lambda wires: [*wires, new],
    )
    assert told.startswith("the server has a new field beamCurrent: float. Add 'beam_current' to ")
    assert where in told


@given(fields, st.sampled_from(["int", "str", "list[str]", "list[int]", "datetime.datetime"]))
def test_another_type_is_told(found: tuple[Case, Known], other: str) -> None:
    case, field = found
    before = {
        w.type
        for kind in (*case.create, *case.output)
        for w in fields_of_generated(kind)
        if w.name == field.scicat_name
    }
    change = with_type(field.scicat_name, other)
    told = compared(case, create=change, output=change)
    # What the server takes as text or as one of some texts is text in the model.
    if before == {other} or (field.type == other == "str"):
        assert told == []
    else:
        assert told[0].startswith(f"the server's {field.scicat_name} is {other}, {case.model.__name__}.")


@given(fields.filter(lambda found: not found[1].read_only))
def test_what_becomes_required_or_stops_to_be_is_told(found: tuple[Case, Known]) -> None:
    case, field = found
    if any(field.scicat_name in names for names in case.lacking.values()) or len(case.create) > 1:
        return
    told = compared(case, create=other_way_required(field.scicat_name))
    assert len(told) == 1
    assert f" {field.scicat_name}" in told[0]
    assert "require" in told[0]


@given(others)
def test_what_is_elsewhere_is_looked_at_too(found: tuple[Case, str]) -> None:
    case, name = found
    (gone,) = compared(case, create=without(name), output=without(name))
    assert gone.startswith(f"the server's {name}, {case.elsewhere[name].type} (")
    assert "is gone. Change `elsewhere` here" in gone
    change = with_type(name, "Beam")
    (other,) = compared(case, create=change, output=change)
    assert "is Beam. Change `elsewhere` here" in other
    if any(wire.name == name for kind in case.create for wire in fields_of_generated(kind)):
        (sent,) = compared(case, create=other_way_required(name))
        assert "be sent now" in sent


def test_what_a_case_says_in_vain_is_told() -> None:
    case = CASES[0]._replace(
        types={**CASES[0].types, "a": PID_TEXT},
        kept=frozenset({"pid", "b"}),
        required={**CASES[0].required, "c": "x", "datasetName": "y"},
        lacking={"CreateDatasetDto": frozenset({"owner"}), "Gone": frozenset()},
        elsewhere={**CASES[0].elsewhere, "d": Elsewhere("str", "z")},
    )
    assert [text.partition(". ")[0] for text in compared(case)] == [
        "CreateDatasetDto has owner now",
        "Dataset and the server agree on requiring datasetName",
        "the server's d, str (z), is gone",
        "Dataset has no Gone",
        "Dataset has no a",
        "Dataset has no b",
        "Dataset has no c",
    ]
