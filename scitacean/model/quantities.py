"""Quantities of pint and astropy and values of numpy as JSON values, where those packages are there.

None of them is imported: an object of theirs cannot be there without its package.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar, cast

from scitacean.model.units import astropy_names, pint_names, unit_text

# Text, booleans, and the integers and floats that Python's own can hold.
_EXACT_KINDS = "biufU"
_NUMBER_KINDS = "iuf"
_LARGEST_FLOAT = 8
_DATE_UNITS = ("Y", "M", "W", "D")
_COARSE_UNITS = ("h", "m")
_ASTROPY_UNITS = ("astropy.units", "astropy.units.imperial", "astropy.units.cds")

T = TypeVar("T")


class _DType(Protocol):
    kind: str
    itemsize: int


class _Array(Protocol):
    """What numpy's arrays and scalars have in common."""

    dtype: _DType
    shape: tuple[int, ...]

    def tolist(self) -> object: ...
    def __getitem__(self, index: tuple[()], /) -> object: ...


class _PintQuantity(Protocol):
    magnitude: object
    dimensionless: bool

    def unit_items(self) -> Iterable[tuple[str, float]]: ...
    def to_base_units(self) -> _PintQuantity: ...


class _AstropyNamed(Protocol):
    name: str


class _AstropyUnit(Protocol):
    scale: float
    bases: Sequence[_AstropyNamed]
    powers: Sequence[float]

    def decompose(self) -> _AstropyUnit: ...


class _AstropyQuantity(Protocol):
    value: object
    unit: _AstropyUnit

    def decompose(self) -> _AstropyQuantity: ...


def without_package(value: object) -> object:
    """Convert a quantity or a numerical value to what JSON can hold; anything else stays as it is.

    Quantities become ``{"value": ..., "unit": ...}`` with a unit that servers understand; where there is
    none for theirs, they are converted to SI base units first. What is without dimension gets the unit
    ``""``, which servers keep. A quantity stays as it is if that would lose its uncertainty, its mask or
    a unit that servers do not know.

    Parameters
    ----------
    value:
        Any object. Arrays of times and of objects become lists whose items are to be converted still.

    Returns
    -------
    :
        What JSON can hold, or the value itself.

    Examples
    --------
    >>> import pint
    >>> without_package(pint.UnitRegistry().Quantity(5, "mm"))
    {'value': 5, 'unit': 'mm'}
    """
    if _is_a(value, "pint", "Quantity"):
        return _pair(value, _of_pint(cast("_PintQuantity", value)))
    if _is_a(value, "astropy.units", "Quantity"):
        return _pair(value, _of_astropy(cast("_AstropyQuantity", value)))
    if _is_array(value) or _is_scalar(value):
        return _of_numpy(value, cast("_Array", value))
    return value


def _is_a(value: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _is_array(value: object) -> bool:
    # Subclasses may mean more than their numbers: masks, columns with units, matrices.
    numpy = sys.modules.get("numpy")
    return type(value) in (getattr(numpy, "ndarray", None), getattr(numpy, "memmap", None))


def _is_scalar(value: object) -> bool:
    # Scalars of other packages may mean more, like astropy's distributions.
    return type(value).__module__ == "numpy" and _is_a(value, "numpy", "generic")


def _of_numpy(value: object, array: _Array) -> object:
    if _is_exact(array, _EXACT_KINDS):
        return array.tolist()
    if not _is_array(value):
        return _time(value) if array.dtype.kind == "M" else value
    if array.dtype.kind == "M":
        return list(cast("Iterable[object]", array)) if array.shape else _time(array[()])
    return list(cast("Iterable[object]", array)) if array.dtype.kind == "O" and array.shape else value


def _is_exact(array: _Array, kinds: str) -> bool:
    kind = array.dtype.kind
    return kind in kinds and (kind != "f" or array.dtype.itemsize <= _LARGEST_FLOAT)


def _time(value: object) -> object:
    """Write a time of numpy, which counts from 1970 in UTC."""
    numpy = sys.modules["numpy"]
    if numpy.isnat(value):
        return value
    unit, _ = numpy.datetime_data(value.dtype)  # type: ignore[attr-defined]  # the caller has looked
    if unit in _DATE_UNITS:
        return str(value)
    return str(numpy.datetime_as_string(value, unit="s" if unit in _COARSE_UNITS else unit, timezone="UTC"))


def _pair(original: object, found: tuple[object, str] | None) -> object:
    return original if found is None else {"value": found[0], "unit": found[1]}


def _of_pint(quantity: _PintQuantity) -> tuple[object, str] | None:
    factors = list(quantity.unit_items())
    unit = unit_text(factors, pint_names())
    # Servers do not know units that cancel, like mm/m.
    if unit is not None and (len(factors) < 2 or not quantity.dimensionless):
        return _with_numbers(quantity.magnitude, unit)
    base = _tried(quantity.to_base_units)
    unit = None if base is None else unit_text(base.unit_items(), pint_names())
    return None if base is None or unit is None else _with_numbers(base.magnitude, unit)


def _of_astropy(quantity: _AstropyQuantity) -> tuple[object, str] | None:
    if getattr(quantity, "uncertainty", 0):  # of a constant of nature
        return None
    unit = _astropy_text(quantity.unit)
    if unit is not None and (len(quantity.unit.bases) < 2 or quantity.unit.decompose().bases):
        return _with_numbers(quantity.value, unit)
    base = _tried(quantity.decompose)
    unit = None if base is None else _astropy_text(base.unit)
    return None if base is None or unit is None else _with_numbers(base.value, unit)


def _astropy_text(unit: _AstropyUnit) -> str | None:
    # Units of logarithmic scales have no factors.
    if getattr(unit, "scale", None) != 1.0:
        return None
    factors = [
        (base.name if _is_of_astropy(base) else "", power)
        for base, power in zip(unit.bases, unit.powers, strict=True)
    ]
    return unit_text(factors, astropy_names())


def _is_of_astropy(unit: _AstropyNamed) -> bool:
    # Users may define a unit of their own under a name that means another one to servers.
    return any(getattr(sys.modules.get(module), unit.name, None) == unit for module in _ASTROPY_UNITS)


def _tried(convert: Callable[[], T]) -> T | None:
    try:
        return convert()
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        # What both packages raise for what has no SI unit; for differences of decibels it is the last.
        return None


def _with_numbers(magnitude: object, unit: str) -> tuple[object, str] | None:
    if isinstance(magnitude, int | float) and not isinstance(magnitude, bool):
        plain = magnitude if type(magnitude) in (int, float) else without_package(magnitude)
        return plain, unit
    if _is_array(magnitude) or _is_scalar(magnitude):
        array = cast("_Array", magnitude)
        return (array.tolist(), unit) if _is_exact(array, _NUMBER_KINDS) else None
    return None
