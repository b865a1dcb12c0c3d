"""Laws of the conversion of metadata, and of the units that it writes."""

from __future__ import annotations

import copy
import json
import math
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum
from types import MappingProxyType

import numpy as np
import pint
import pytest
from astropy import units  # type: ignore[import-untyped]  # has no type hints
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from scitacean.embedded.units import _parsed, to_si
from scitacean.model.metadata import plain, plain_object
from scitacean.model.units import astropy_names, pint_names
from scitacean.validation.values import json_problems

ureg: pint.UnitRegistry[float] = pint.UnitRegistry()


class Mode(Enum):
    FAST = "fast"
    SLOW = 2


class Level(IntEnum):
    LOW = 1


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
json_leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | keys
)
json_values = st.recursive(
    json_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
zones = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=30))])
arrays = numpy_strategies.arrays(
    numpy_strategies.boolean_dtypes()
    | numpy_strategies.integer_dtypes()
    | numpy_strategies.floating_dtypes()
    | numpy_strategies.unicode_string_dtypes()
    | numpy_strategies.datetime64_dtypes()
    | numpy_strategies.complex_number_dtypes(),
    numpy_strategies.array_shapes(min_dims=0, max_dims=3, max_side=2),
)
magnitudes = st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | numpy_strategies.arrays(np.float64, 2)
quantities = st.builds(
    lambda value, unit: value * unit,
    magnitudes,
    st.sampled_from(
        [units.m, units.Unit("km / s"), units.deg_C, units.percent, units.pix, units.Unit("10 cm")]
    ),
) | st.builds(ureg.Quantity, magnitudes, st.sampled_from(["mm", "degC", "count", "J/kg/K", "mm/m", ""]))
objects = st.recursive(
    json_leaves
    | st.datetimes(timezones=zones)
    | st.dates()
    | st.sampled_from([Mode.FAST, Mode.SLOW, Level.LOW, math.nan, math.inf, {1, 2}, b"a", 1j, object()])
    | arrays
    | arrays.filter(lambda array: array.size).map(lambda array: array.flat[0])
    | quantities,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys | st.sampled_from([Mode.FAST, np.str_("x"), 3]), inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=2).map(OrderedDict)
        | st.dictionaries(keys, inner, max_size=2).map(MappingProxyType)
    ),
    max_leaves=6,
)


def shown(value: object) -> str:
    """Text that shows what a value is, NaN and arrays included, which do not compare as a whole."""
    return repr(value)


@given(json_values)
def test_json_values_stay_as_they_are(value: object) -> None:
    assert plain(value) == value
    assert shown(plain(value)) == shown(value)


@given(objects)
def test_plain_is_idempotent(value: object) -> None:
    assert shown(plain(plain(value))) == shown(plain(value))


@given(objects)
def test_what_validation_passes_goes_through_json(value: object) -> None:
    converted = plain(value)
    if not any(problem.severity == "error" for problem in json_problems(converted, "meta")):
        assert json.loads(json.dumps(converted, allow_nan=False)) == converted


@given(
    objects.filter(lambda value: "MappingProxyType" not in repr(value) and "mappingproxy" not in repr(value))
)
def test_objects_of_the_user_do_not_change(value: object) -> None:
    before = shown(copy.deepcopy(value)) if "object at" not in repr(value) else shown(value)
    plain(value)
    assert shown(value) == before


@given(st.dictionaries(keys, objects, max_size=3))
def test_containers_are_new(value: dict[str, object]) -> None:
    converted = plain_object(value)
    assert isinstance(converted, dict)
    assert converted is not value
    assert list(converted) == list(value)


@given(st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-7)))))
def test_times_come_back(time: datetime) -> None:
    text = plain(time)
    assert isinstance(text, str)
    assert datetime.fromisoformat(text) == time


@given(st.dates())
def test_dates_come_back(day: date) -> None:
    assert date.fromisoformat(str(plain(day))) == day


@given(st.integers(-(10**16), 10**17).map(lambda time: np.datetime64(time, "us")))
def test_times_of_numpy_are_in_utc(time: np.datetime64) -> None:
    text = plain(time)
    assert isinstance(text, str)
    assert datetime.fromisoformat(text) == time.astype(datetime).replace(tzinfo=UTC)


@given(numpy_strategies.arrays(np.float64, numpy_strategies.array_shapes()))
def test_arrays_come_back(array: np.ndarray) -> None:
    np.testing.assert_array_equal(np.array(plain(array)), array)


names_of_pint = st.sampled_from(sorted(set(pint_names()) - {"degree_Fahrenheit"}))
names_of_astropy = st.sampled_from([name for name in sorted(astropy_names()) if hasattr(units, name)])
powers = st.integers(-3, 3).filter(bool)
numbers = st.floats(0.5, 100)


def si(value: object) -> tuple[float, str]:
    """Convert a written quantity as a server does; it fails where the server does not know the unit."""
    assert isinstance(value, dict)
    assert set(value) == {"value", "unit"}
    if value["unit"] == "":
        return value["value"], ""
    # A unit that is not known comes back as it is, as some of SI do.
    assert _parsed(value["unit"]) is not None, value["unit"]
    number, unit = to_si(value["value"], value["unit"])
    assert isinstance(number, int | float)
    return number, unit


@given(numbers, st.dictionaries(names_of_pint, powers, min_size=1, max_size=4))
def test_servers_understand_units_of_pint(number: float, factors: dict[str, int]) -> None:
    differences = {"degree_Celsius": "delta_degree_Celsius"} if factors != {"degree_Celsius": 1} else {}
    quantity = number * math.prod(
        (ureg.Unit(differences.get(name, name)) ** power for name, power in factors.items()),
        start=ureg.Unit(""),
    )
    if factors == {"degree_Celsius": 1}:
        quantity = ureg.Quantity(number, "degree_Celsius")
    base = quantity.to_base_units()
    assume(1e-290 < abs(base.magnitude) < 1e290)
    converted, _ = si(plain(quantity))
    # math.js has 10 digits of some constants.
    assert converted == pytest.approx(base.magnitude, rel=1e-5)


@given(numbers, st.dictionaries(names_of_astropy, powers, min_size=1, max_size=4))
def test_servers_understand_units_of_astropy(number: float, factors: dict[str, int]) -> None:
    quantity = number * math.prod((units.Unit(name) ** power for name, power in factors.items()))
    converted, _ = si(plain(quantity))
    alone = factors == {"deg_C": 1}
    expected = number
    for name, power in factors.items():
        base = units.K if name == "deg_C" else units.Unit(name)
        expected *= base.decompose().scale ** power
    assume(1e-290 < abs(expected) < 1e290)
    assert converted == pytest.approx(number + 273.15 if alone else expected, rel=1e-5)


@given(numbers, st.sampled_from(sorted(pint_names())))
def test_units_that_servers_know_keep_the_number(number: float, name: str) -> None:
    converted = plain(ureg.Quantity(number, name))
    assert converted == {"value": number, "unit": pint_names()[name]}
