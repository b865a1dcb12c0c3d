"""What ordinary Python objects become in scientific metadata, and what is left for validation to find."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pint
import pytest
from astropy import constants, uncertainty, units  # type: ignore[import-untyped]  # has no type hints
from astropy.coordinates import Angle  # type: ignore[import-untyped]  # has no type hints
from astropy.units import imperial  # type: ignore[import-untyped]  # has no type hints
from astropy.utils.masked import Masked  # type: ignore[import-untyped]  # has no type hints

from scitacean.model.metadata import plain, plain_object
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath
from scitacean.model.units import pint_names, unit_text
from scitacean.validation.values import json_problems

ureg: pint.UnitRegistry[float] = pint.UnitRegistry()
Point = namedtuple("Point", "x y")


class Mode(Enum):
    FAST = (1, 2)


class Name(StrEnum):
    A = "a"


class Key(Enum):
    ONE = 1
    TWO = "a"
    THREE = "b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Mode.FAST, [1, 2]),
        (Name.A, "a"),
        ({Name.A: Name.A, "b": 1}, {"a": "a", "b": 1}),
        ({np.str_("a"): np.str_("b")}, {"a": "b"}),
        (Point(1, (2,)), [1, [2]]),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(3), 3),
        (np.array([["a"]]), [["a"]]),
        (np.array([], dtype=float), []),
        (np.array([1, (2, Name.A)], dtype=object), [1, [2, "a"]]),
        (np.datetime64("2026-03-01"), "2026-03-01"),
        (np.datetime64("2026-03"), "2026-03"),
        (np.datetime64("2026-03-01T05"), "2026-03-01T05:00:00Z"),
        (np.datetime64("2026-03-01T05:06:07.123456789"), "2026-03-01T05:06:07.123456789Z"),
        (np.array(["2026-03-01T05:06:07"], dtype="M8[s]"), ["2026-03-01T05:06:07Z"]),
        (np.array("2026-03-01T05:06:07", dtype="M8[s]"), "2026-03-01T05:06:07Z"),
        (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
    ],
)
def test_conversions(value: object, expected: object) -> None:
    converted = plain(value)
    assert converted == expected
    assert type(converted) is type(expected)
    assert repr(converted) == repr(expected)


@pytest.mark.parametrize(
    ("quantity", "value", "unit"),
    [
        (ureg.Quantity(3, "mm"), 3, "mm"),
        (ureg.Quantity(np.float64(3), "K"), 3.0, "K"),
        (ureg.Quantity(np.array([1, 2]), "keV"), [1, 2], "keV"),
        (ureg.Quantity(3, "kg*m/s**2"), 3, "kg*m/s^2"),
        (ureg.Quantity(3, "1/s"), 3, "1/s"),
        (ureg.Quantity(3, "J/kg/K"), 3, "J/(kg*K)"),
        (ureg.Quantity(3, "degC"), 3, "degC"),
        (ureg.Quantity(3, "delta_degC"), 3, "K"),
        (ureg.Quantity(3, "delta_degC/min"), 3, "K/min"),
        (ureg.Quantity(3, ""), 3, ""),
        (ureg.Quantity(50, "percent"), 0.5, ""),
        (ureg.Quantity(3, "mm/m"), 0.003, ""),
        (ureg.Quantity(3, "mrad"), 3, "mrad"),
        (ureg.Quantity(1, "furlong"), pytest.approx(201.168, rel=1e-4), "m"),
        (3 * units.mm, 3.0, "mm"),
        ([1, 2] * units.keV, [1.0, 2.0], "keV"),
        (3 * units.Unit("kg m / s2"), 3.0, "kg*m/s^2"),
        (3 / units.s, 3.0, "1/s"),
        (3 * units.deg_C, 3.0, "degC"),
        (3 * units.deg_C / units.min, 3.0, "K/min"),
        (3 * imperial.deg_F, 3.0, "degF"),
        (3 * imperial.inch, 3.0, "inch"),
        (3 * units.dimensionless_unscaled, 3.0, ""),
        (50 * units.percent, 0.5, ""),
        (3 * units.mm / units.m, 0.003, ""),
        (3 * units.Unit("10 cm"), pytest.approx(0.3), "m"),
        (1 * units.arcmin, pytest.approx(0.000290888), "rad"),
        (Angle("3d"), 3.0, "deg"),
        (constants.c, 299792458.0, "m/s"),
    ],
)
def test_quantities(quantity: object, value: object, unit: str) -> None:
    assert plain({"q": quantity}) == {"q": {"value": value, "unit": unit}}


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 1),  # noqa: DTZ001  (what users do)
        datetime(1880, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        timedelta(seconds=1),
        Decimal("1.5"),
        {1, 2},
        1j,
        b"a",
        np.complex128(1j),
        np.longdouble(1),
        np.timedelta64(5, "ns"),
        np.datetime64("NaT"),
        np.array([1j]),
        np.array([5], dtype="m8[ns]"),
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.array(None, dtype=object),
        np.ma.array([1, 2], mask=[False, True]),
        ureg.Quantity(3, "count"),
        ureg.Quantity(3, "m**0.5"),
        ureg.Quantity(3, "m**100"),
        ureg.Quantity(Fraction(1, 3), "m"),
        ureg.Quantity(1j, "m"),
        ureg.Quantity(np.array([1j]), "m"),
        ureg.Quantity(3, "dB*m"),
        3 * units.pix,
        3 * units.Unit("V / Hz(1/2)"),
        3 * imperial.deg_F / units.s,
        3 * units.mag,
        3 * units.def_unit("hbar"),
        1j * units.m,
        uncertainty.normal(1 * units.m, std=1 * units.m, n_samples=3),
        Masked([1, 2] * units.m, mask=[True, False]),
        constants.G,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_lose_something_stays_and_is_found(value: object) -> None:
    assert plain(value) is value
    assert {problem.severity for problem in json_problems(plain({"a": value}), "meta")} == {"error"}


def test_quantities_without_a_number_are_found() -> None:
    converted = plain({"a": ureg.Quantity(float("nan"), "m")})
    assert [problem.field for problem in json_problems(converted, "meta")] == ["meta.a.value"]


def test_odd_times_in_arrays_are_found() -> None:
    converted = plain({"a": np.array(["2026-03-01", "NaT"], dtype="M8[D]")})
    assert [problem.field for problem in json_problems(converted, "meta")] == ["meta.a[1]"]


def test_keys_are_not_lost() -> None:
    assert plain({"a": 1, Key.TWO: 2, Key.THREE: 3}) == {"a": 1, Key.TWO: 2, "b": 3}
    assert plain({Key.TWO: 2, "a": 1}) == {Key.TWO: 2, "a": 1}
    assert plain({Key.ONE: 2, 3: 4}) == {Key.ONE: 2, 3: 4}


def test_cycles_stay_cycles_and_are_found() -> None:
    value: dict[str, object] = {"b": (1,)}
    value["a"] = [value]
    array = np.array([None], dtype=object)
    array[0] = value["c"] = array
    converted = plain_object(value)
    fields = [problem.field for problem in json_problems(converted, "meta")]
    assert fields == ["meta.a[0]", "meta.c[0]"]
    assert value["b"] == (1,)


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_deep_values_are_found(wrap) -> None:  # type: ignore[no-untyped-def]  # two lambdas
    value: object = (1,)
    for _ in range(20_000):
        value = wrap(value)
    (problem,) = json_problems(plain(value), "meta")
    assert "at most" in problem.expected


def test_shared_parts_are_converted_once() -> None:
    value: object = 1
    for _ in range(60):
        value = (value, value)
    converted = plain(value)
    assert isinstance(converted, list)
    assert converted[0] is converted[1]


@pytest.mark.parametrize("value", [None, 5, [1], "text"])
def test_what_is_no_mapping_stays(value: object) -> None:
    assert plain_object(value) == value  # type: ignore[arg-type]  # what users do


def test_no_package_of_quantities_is_imported() -> None:
    code = (
        "import sys\nfrom scitacean.model.metadata import plain\n"
        "plain({'a': {1, 2}})\nsys.exit(any(name in sys.modules for name in ('numpy', 'pint', 'astropy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_units_in_several_names_are_put_together() -> None:
    assert unit_text([("micron", 1), ("micrometer", 1)], pint_names()) == "um^2"
    assert unit_text([("micron", 1), ("micrometer", -1)], pint_names()) == ""


def test_identifiers_and_paths_become_text() -> None:
    files = {"pid": PID.parse("site/7"), "files": [RemotePath("/data/a.nxs")]}
    assert plain(files) == {"pid": "site/7", "files": ["/data/a.nxs"]}
    assert type(plain(files["pid"])) is str
