"""What all entries of the catalogue have in common: fields that can be listed, rules that are checked."""

from __future__ import annotations

import difflib
import inspect
import re
import typing
from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import ClassVar, Never, Self, cast

import attrs

from scitacean.display import html
from scitacean.errors import ValidationError, ValidationWarning
from scitacean.model.copying import copied
from scitacean.model.shown import shown
from scitacean.problem import Problem, problem_table
from scitacean.warn import warn_user


def read_only(_entry: object, attribute: attrs.Attribute[object], _value: object) -> Never:
    """Refuse to set a field that the server keeps; it can be given when an object is made.

    Parameters
    ----------
    attribute:
        The field.

    Raises
    ------
    AttributeError
        Always.

    Examples
    --------
    >>> from scitacean import Sample
    >>> sample = Sample(owner_group="beamline1")
    >>> try:
    ...     sample.created_by = "ada"
    ... except AttributeError as error:
    ...     print(str(error)[:42])
    'created_by' is kept by the server and can
    """
    raise AttributeError(
        f"{attribute.name!r} is kept by the server and cannot be set. Make a copy with another value: "
        f".replace({attribute.name}=...)."
    )


@attrs.frozen(kw_only=True)
class Field:
    """What is known about a field of a class.

    Attributes
    ----------
    name:
        Its name in Python.
    scicat_name:
        Its name in the catalogue.
    description:
        What it means, in one sentence.
    type:
        Its type, as it is written in Python.
    read_only:
        Whether the server keeps it.
    required:
        Whether an entry cannot be made without it.
    """

    name: str
    scicat_name: str
    description: str
    type: str
    read_only: bool
    required: bool


@attrs.define(kw_only=True)
class Entry:
    """Base of what the catalogue has entries of."""

    _noun: ClassVar[str]
    _scicat_names: ClassVar[dict[str, str]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()
    _parts: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def fields(cls, read_only: bool | None = None) -> Iterator[Field]:
        """List the fields.

        Parameters
        ----------
        read_only:
            True for those that the server keeps, False for the others, None for both.

        Examples
        --------
        >>> from scitacean import Sample
        >>> [field.name for field in Sample.fields(read_only=True)]
        ['created_at', 'created_by', 'updated_at', 'updated_by']
        """
        known = _fields_of(cls)  # type: ignore[arg-type]  # classes hash, if their objects do not
        return (field for field in known if read_only in (None, field.read_only))

    @abstractmethod
    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find all that breaks the catalogue's rules, and (as warnings) what it may not give back as it was.

        Parameters
        ----------
        required:
            Whether to look for missing fields: entries of older servers may lack some.

        Examples
        --------
        >>> from scitacean import Sample
        >>> [problem.field for problem in Sample(owner_group="beamline1").find_problems()]
        ['sample_name']
        """

    def validate(self) -> None:
        """Check whether this could go into the catalogue.

        Raises
        ------
        ValidationError
            If it could not: with all problems.

        Warns
        -----
        ValidationWarning
            If the catalogue may not give back all of it as it is.

        Examples
        --------
        >>> from scitacean import Sample, ValidationError
        >>> try:
        ...     Sample(owner_group="beamline1").validate()
        ... except ValidationError as error:
        ...     print(error.problems[0])
        sample_name is None; expected a name
        """
        problems = self.find_problems()
        self.raise_for(problems)
        if problems:
            warn_user(
                f"The catalogue may not give back the {self._noun} as it is:\n{problem_table(problems)}",
                ValidationWarning,
            )

    def raise_for(self, problems: list[Problem]) -> None:
        """Raise an error with those of the problems that are errors, where there are any.

        Parameters
        ----------
        problems:
            What :meth:`find_problems` found, or some of it.

        Raises
        ------
        ValidationError
            If one of them is an error.

        Examples
        --------
        >>> from scitacean import Sample
        >>> sample = Sample(owner_group="beamline1", sample_name="Vanadium rod")
        >>> sample.raise_for(sample.find_problems())
        """
        if errors := [problem for problem in problems if problem.severity == "error"]:
            raise ValidationError(f"The {self._noun} cannot go into the catalogue.", problems=errors)

    def replace(self, **replacements: object) -> Self:
        """Return a copy with some fields replaced, those included that the server keeps.

        The copy shares no list and no dictionary with this object.

        Parameters
        ----------
        **replacements:
            New values by the names of their fields.

        Raises
        ------
        TypeError
            If there is no such field.

        Examples
        --------
        >>> from scitacean import Sample
        >>> Sample(owner_group="beamline1", sample_name="a").replace(sample_name="b").sample_name
        'b'
        """
        own = {
            str(attribute.alias): copied(getattr(self, attribute.name))
            for attribute in attrs.fields(type(self))
            if not attribute.name.startswith("_")
        }
        return attrs.evolve(self, **cast("dict[str, typing.Any]", own | replacements))

    def __copy__(self) -> Self:
        return self.replace()

    def __contains__(self, name: object) -> bool:
        return any(field.name == name for field in self.fields())

    def __iter__(self) -> Iterator[str]:
        return self.keys()

    def keys(self) -> Iterator[str]:
        """Return the names of the fields, as they are attributes.

        Examples
        --------
        >>> from scitacean import Sample
        >>> "owner_group" in list(Sample(owner_group="beamline1").keys())
        True
        """
        return (field.name for field in self.fields())

    def values(self) -> Iterator[object]:
        """Return the values of the fields, in the order of :meth:`keys`.

        Examples
        --------
        >>> from scitacean import Sample
        >>> "beamline1" in list(Sample(owner_group="beamline1").values())
        True
        """
        return (getattr(self, name) for name in self.keys())

    def items(self) -> Iterator[tuple[str, object]]:
        """Return names and values of the fields.

        Examples
        --------
        >>> from scitacean import Dataset
        >>> dict(Dataset(type="raw", name="Run 7").items())["name"]
        'Run 7'
        """
        return ((name, getattr(self, name)) for name in self.keys())

    def __getitem__(self, name: str) -> object:
        self._refuse_unknown(name)
        return getattr(self, name)

    def __setitem__(self, name: str, value: object) -> None:
        self._refuse_unknown(name)
        setattr(self, name, value)

    def _refuse_unknown(self, name: str) -> None:
        if name not in self:
            close = difflib.get_close_matches(str(name), self.keys(), n=1)
            raise KeyError(
                f"A {self._noun} has no field {name!r}.{f' Is {close[0]!r} meant?' if close else ''}"
            )

    def _repr_html_(self) -> str:
        """Show the entry in a notebook."""
        rows = [
            html.Field(field.name, shown(getattr(self, field.name)), field.description, field.read_only)
            for field in self.fields()
        ]
        return html.entry(self._noun, rows)

    def _values(self) -> dict[str, object]:
        """Return the values of all fields by their names."""
        return {attribute.name: getattr(self, attribute.name) for attribute in self._own_attributes()}

    @classmethod
    def _own_attributes(cls) -> list[attrs.Attribute[object]]:
        """Return the attributes that are fields: neither parts, which are entries themselves, nor hidden."""
        return [
            attribute
            for attribute in attrs.fields(cls)
            if not attribute.name.startswith("_") and attribute.name not in cls._parts
        ]


@attrs.define(kw_only=True)
class TrackedEntry(Entry):
    """Base of entries of which the server keeps who made and changed them, and when.

    Attributes
    ----------
    created_at:
        When the entry was made.
    created_by:
        Who made the entry.
    updated_at:
        When the entry was last changed.
    updated_by:
        Who last changed the entry.
    """

    created_at: datetime | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    created_by: str | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    updated_at: datetime | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    updated_by: str | None = attrs.field(default=None, on_setattr=read_only, repr=False)


@cache
def _fields_of(cls: type[Entry]) -> tuple[Field, ...]:
    descriptions = _descriptions(cls)
    return tuple(
        Field(
            name=attribute.name,
            scicat_name=cls._scicat_names.get(attribute.name, camel_case(attribute.name)),
            description=descriptions.get(attribute.name, ""),
            type=str(attribute.type),
            read_only=attribute.on_setattr is read_only,
            required=attribute.name in cls._required,
        )
        for attribute in cls._own_attributes()
    )


def camel_case(name: str) -> str:
    """Return the name that the catalogue has for most fields.

    Parameters
    ----------
    name:
        The name in Python.

    Examples
    --------
    >>> camel_case("owner_group")
    'ownerGroup'
    """
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _descriptions(cls: type[Entry]) -> dict[str, str]:
    """Read the descriptions of fields in the docstrings of a class and its bases."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        _, _, attributes = inspect.cleandoc(base.__doc__ or "").partition("\nAttributes\n----------\n")
        section = attributes.partition("\n\n")[0]
        for name, text in re.findall(r"^(\w+):\n((?:    .*(?:\n|\Z))+)", section, re.MULTILINE):
            found[name] = " ".join(text.split())
    return found
