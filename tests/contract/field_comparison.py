"""How the fields of a class of the model differ from those of the server, with what to write where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

import attrs
from attrs import AttrsInstance

from scicat_api.types import Model
from scitacean.model.entry import Entry

BOOKKEEPING = {"_id", "__v", "id"}
"""What databases add, and the interface shows."""

MODEL_TYPES = {
    "str": ("str",),
    "bool": ("bool",),
    "int": ("int",),
    "float": ("float",),
    "datetime.datetime": ("datetime",),
    "JsonObject": ("dict[str, object]", "Mapping[str, object]"),
    "list[str]": ("Sequence[str]",),
    "list[TechniqueClass]": ("Sequence[Technique]",),
    "list[CreateRelationshipDto]": ("Sequence[Relationship]",),
    "list[AttachmentRelationshipsV4Dto]": ("Sequence[AttachmentRelationship]",),
    "list[AttachmentRelationshipClass]": ("Sequence[AttachmentRelationship]",),
    "list[CreateMeasurementPeriodDto]": ("Sequence[MeasurementPeriod]",),
    "list[MeasurementPeriodClass]": ("Sequence[MeasurementPeriod]",),
    "PublishedDataStatus": ("str",),
    "AttachmentRelationshipsV4DtoTargetType": ("TargetType",),
    "AttachmentRelationshipClassTargetType": ("TargetType",),
    "LifecycleClass": ("Lifecycle",),
}
"""What a type of the generated classes is in the model, None and UNSET aside."""


class Wire(NamedTuple):
    """A field of a generated class: its name in the catalogue and its type without Unset and None."""

    name: str
    type: str
    required: bool = False


class Known(NamedTuple):
    """A field of the model."""

    name: str
    scicat_name: str
    type: str
    read_only: bool
    required: bool


class Elsewhere(NamedTuple):
    """A field of the server that is no field of the model."""

    type: str
    why: str
    required: bool = False
    """Whether it has to be sent."""


class Pinned(NamedTuple):
    """A field whose type in the model is another than that of most."""

    wire: str
    model: str


Sides = Mapping[str, list[Wire]]
"""The fields of generated classes, by the names of the classes."""


class Case(NamedTuple):
    """A class of the model with the generated classes that it stands for."""

    model: type[AttrsInstance]
    create: tuple[type[Model], ...]
    output: tuple[type[Model], ...]
    elsewhere: Mapping[str, Elsewhere] = MappingProxyType({})
    types: Mapping[str, Pinned] = MappingProxyType({})
    kept: frozenset[str] = frozenset()
    """Fields that are read-only although they can be sent."""
    lacking: Mapping[str, frozenset[str]] = MappingProxyType({})
    """Fields that a generated class does not have, while the others of its case have them."""
    required: Mapping[str, str] = MappingProxyType({})
    """Fields that are required in the model or by the server, but not by both, and why."""
    names: Mapping[str, str] | None = None
    """Names in the catalogue of the fields that it knows, where they do not follow from the Python names."""


class Comparison:
    """Says how the fields of a class differ from those of the server, and what to write where."""

    def __init__(self, case: Case, known: list[Known], create: Sides, output: Sides) -> None:
        self.case = case
        self.model = case.model.__name__
        self.of_model = {field.scicat_name: field for field in known}
        self.create, self.output = create, output
        self.sides = {**create, **output}
        self.wires = list(dict.fromkeys(wire for side in self.sides.values() for wire in side))
        self.there = {wire.name for wire in self.wires}
        self.sent = {wire.name for side in create.values() for wire in side}
        self.demanded = {wire.name for side in create.values() for wire in side if wire.required}

    def told(self) -> list[str]:
        checks = (self.new, self.gone, self.types, self.setting, self.carried, self.required, self.stale)
        return list(dict.fromkeys(text for check in checks for text in check()))

    def new(self) -> Iterator[str]:
        for name, kind, _ in self.wires:
            if name in self.of_model or name in self.case.elsewhere or name in BOOKKEEPING:
                continue
            where = (
                "make_upload_model and from_download_model" if name in self.sent else "from_download_model"
            )
            kept_by = "" if name in self.sent else ", read-only"
            yield (
                f"the server has a new field {name}: {kind}. Add {_snake(name)!r} to {self.model}{kept_by}, "
                f"with a sentence in its docstring, to {where}, and a rule for it to scitacean/validation"
            )

    def gone(self) -> Iterator[str]:
        for name in sorted(set(self.of_model) - self.there):
            yield (
                f"the server has no field {name} any more. Remove {self.of_model[name].name!r} from "
                f"{self.model}, its conversions and its rule, or name the servers that still have it"
            )

    def types(self) -> Iterator[str]:
        for name, kind, _ in self.wires:
            field = self.of_model.get(name)
            pinned = self.case.types.get(name)
            if field is None:
                continue
            fits = MODEL_TYPES.get(kind, ())
            if pinned is not None:
                fits = (pinned.model,) if pinned.wire == kind else ()
            if field.type not in fits:
                yield (
                    f"the server's {name} is {kind}, {self.model}.{field.name} is {field.type}. Change the "
                    "type there, its conversion and its rule; if they fit, add them to the types here"
                )

    def setting(self) -> Iterator[str]:
        for name, field in self.of_model.items():
            if name not in self.there or name in self.case.kept or field.read_only != (name in self.sent):
                continue
            what = "cannot be sent: make it read-only"
            if field.read_only:
                what = "can be sent now: make it writable"
            yield f"{self.model}.{field.name} {what}, and change make_upload_model"

    def carried(self) -> Iterator[str]:
        for side, wires in self.sides.items():
            has = {wire.name for wire in wires}
            sends = side in self.create and side not in self.output
            expected = {name for name in self.of_model if name in (self.sent if sends else self.there)}
            lacking = self.case.lacking.get(side, frozenset())
            for name in sorted(expected - has - lacking - (self.case.kept if sends else set())):
                yield (
                    f"{side} has no {name} any more. {self.model}.{self.of_model[name].name} is lost there: "
                    "change what is made of it or read from it, and name the field in `lacking` here"
                )
            for name in sorted(lacking & has):
                yield f"{side} has {name} now. Use it, and remove it from `lacking` here"

    def required(self) -> Iterator[str]:
        for name, field in self.of_model.items():
            differs = name in self.there and field.required != (name in self.demanded)
            if differs and name not in self.case.required:
                what = "requires" if name in self.demanded else "does not require"
                yield (
                    f"the server {what} {name} now. Change REQUIRED in the rules of {self.model}, or say "
                    "in `required` here why they differ"
                )
            elif not differs and name in self.case.required:
                yield f"{self.model} and the server agree on requiring {name}. Remove it from `required` here"

    def stale(self) -> Iterator[str]:
        for name, (kind, why, required) in self.case.elsewhere.items():
            types = sorted({wire.type for wire in self.wires if wire.name == name})
            if types != [kind]:
                is_now = " or ".join(types) or "gone"
                yield f"the server's {name}, {kind} ({why}), is {is_now}. Change `elsewhere` here"
            elif required != (name in self.demanded):
                what = "has to be sent" if name in self.demanded else "need not be sent"
                yield f"the server's {name} ({why}) {what} now. See make_upload_model and `elsewhere` here"
        unknown = {*self.case.types, *self.case.kept, *self.case.required} - set(self.of_model)
        unknown |= set(self.case.lacking) - set(self.sides)
        for name in sorted(unknown):
            yield f"{self.model} has no {name}. Remove it from its case here"


def fields_of_generated(kind: type[Model]) -> list[Wire]:
    types = {field.name: str(field.type) for field in attrs.fields(cast("type[AttrsInstance]", kind))}
    return [
        Wire(name, _bare(types[field.attribute]), field.required) for name, field in kind._table().items()
    ]


def fields_of_model(kind: type[AttrsInstance], names: Mapping[str, str] | None) -> list[Known]:
    if issubclass(kind, Entry):
        return [Known(f.name, f.scicat_name, _bare(f.type), f.read_only, f.required) for f in kind.fields()]
    fields = [f for f in attrs.fields(kind) if names is None or f.name in names]
    called = {f.name: (names or {}).get(f.name, _camel(f.name)) for f in fields}
    return [
        Known(f.name, called[f.name], _bare(str(f.type)), False, f.default is attrs.NOTHING) for f in fields
    ]


def _bare(text: str) -> str:
    return re.sub(r"\bNone \| | \| (?:Unset|None)\b", "", text)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
