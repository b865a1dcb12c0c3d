"""Values come in the SI units, and units in the form, of real servers."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.embedded.units import add_si, to_si

# What math.js, with which servers convert, makes of 2 of these units.
OF_TWO: dict[str, tuple[float, str]] = {
    "mm": (0.002, "m"),
    "mg": (2e-06, "kg"),
    "Hz": (2, "s^-1"),
    "kHz": (2000, "s^-1"),
    "bar": (200000, "kg / (m s^2)"),
    "mbar": (200, "kg / (m s^2)"),
    "min": (120, "s"),
    "L": (0.002, "m^3"),
    "degC": (275.15, "K"),
    "celsius": (275.15, "K"),
    "degF": (256.48333333333335, "K"),
    "mdegC": (273.152, "K"),
    "kdegC": (2273.15, "K"),
    "fahrenheit": (256.48333333333335, "K"),
    "(degC)": (275.15, "K"),
    "degC^1": (275.15, "K"),
    "deg": (0.03490658503988659, "rad"),
    "degree": (0.03490658503988659, "rad"),
    "mrad": (0.002, "rad"),
    "b": (2, "bits"),
    "kB": (16000, "bits"),
    "psi": (13789.51458552918, "kg / (m s^2)"),
    "torr": (266.644, "kg / (m s^2)"),
    "atm": (202650, "kg / (m s^2)"),
    "mm/s": (0.002, "m / s"),
    "mm / s": (0.002, "m / s"),
    "  mm / s ": (0.002, "m / s"),
    "mm*mm": (2e-06, "m^2"),
    "mm mm": (2e-06, "m^2"),
    "mm^2": (2e-06, "m^2"),
    "mm ^ 2": (2e-06, "m^2"),
    "mm^+2": (2e-06, "m^2"),
    "mm^2.0": (2e-06, "m^2"),
    "mm^-1": (2000, "m^-1"),
    "cm^-1": (200, "m^-1"),
    "K/min": (0.03333333333333333, "K / s"),
    "s^-1": (2, "s^-1"),
    "1/s": (2, "s^-1"),
    "1/s^2": (2, "s^-2"),
    "1/s/m": (2, "m^-1 s^-1"),
    "1/(m s)": (2, "m^-1 s^-1"),
    "1/m s": (2, "s / m"),
    "1/angstrom": (20000000000, "m^-1"),
    "angstrom^-1": (20000000000, "m^-1"),
    "Å": (2e-10, "m"),
    "\u212b": (2e-10, "m"),
    "A\u030a": (2e-10, "m"),
    "Å^-1": (20000000000, "m^-1"),
    "1/Å": (20000000000, "m^-1"),
    "Å/s": (2e-10, "m / s"),
    "1/min": (0.03333333333333333, "s^-1"),
    "degC/min": (0.03333333333333333, "K / s"),
    "degF/s": (1.1111111111111112, "K / s"),
    "degC^2": (2, "K^2"),
    "m/s^2": (2, "m / s^2"),
    "m/s/s": (2, "m / s^2"),
    "m s^-2": (2, "m / s^2"),
    "s^-1 m": (2, "m / s"),
    "s m": (2, "m s"),
    "K s / m": (2, "(s K) / m"),
    "kg m^2": (2, "kg m^2"),
    "kg*m^2": (2, "kg m^2"),
    "J/kg": (2, "m^2 / s^2"),
    "J/(kg K)": (2, "m^2 / (s^2 K)"),
    "J/mol K": (2, "(kg m^2 K) / (s^2 mol)"),
    "V/m": (2, "(kg m) / (s^3 A)"),
    "V/nm/s": (1999999999.9999998, "(kg m) / (s^4 A)"),
    "W/m^2": (2, "kg / s^3"),
    "W/(m K)": (2, "(kg m) / (s^3 K)"),
    "N m": (2, "(kg m^2) / s^2"),
    "N/m": (2, "kg / s^2"),
    "Pa s": (2, "kg / (m s)"),
    "mPa*s": (0.002, "kg / (m s)"),
    "T/m": (2, "kg / (m s^2 A)"),
    "A/m^2": (2, "A / m^2"),
    "uA/cm^2": (0.02, "A / m^2"),
    "ohm m": (2, "(kg m^3) / (s^3 A^2)"),
    "mol/L": (2000, "mol / m^3"),
    "mg/ml": (2, "kg / m^3"),
    "g/cm^3": (1999.9999999999998, "kg / m^3"),
    "l/min": (3.3333333333333335e-05, "m^3 / s"),
    "m^3/s": (2, "m^3 / s"),
    "keV/s": (3.20435313e-16, "(kg m^2) / s^3"),
    "deg/s": (0.03490658503988659, "rad / s"),
    "kB/s": (16000, "bits / s"),
    "cm^2/(V s)": (0.0002, "(s^2 A) / kg"),
    "m/s*kg": (2, "(kg m) / s"),
    "m/(s) kg": (2, "(kg m) / s"),
    "m(s)": (2, "m s"),
    "(m)(s)": (2, "m s"),
    "(mm/s)": (0.002, "m / s"),
    "((mm))/s": (0.002, "m / s"),
    "m/(s/kg)": (2, "(kg m) / s"),
    "m*(s/kg)": (2, "(m s) / kg"),
    "m/(s*(kg/K))": (2, "(m K) / (kg s)"),
    "m s / s": (2, "m"),
    "m^10": (2, "m^10"),
}

NAMES = st.sampled_from(["m", "mm", "s", "min", "K", "eV", "kg", "Å", "V", "degC"])


@pytest.mark.parametrize("unit", OF_TWO)
def test_units_and_their_compounds(unit: str) -> None:
    value, si = to_si(2, unit)
    assert si == OF_TWO[unit][1]
    assert value == pytest.approx(OF_TWO[unit][0], rel=1e-9)


@pytest.mark.parametrize(
    "unit",
    ["furlong", "%", "counts", "micron", "mm²", "µm", "1", "mm/m", "m**2", "m^", "m^x", "/m", "m/", "m *",
     "(m", "m)", "()", "m//s", "(m/s)^2", "(1/s)", "1/(1/s)", "m^0", "m^999999999", "m2 x", " ", "m^1/2",
     "(" * 5000 + "m" + ")" * 5000, "m/" * 50_000 + "m", "kmin", "ksec", "mb"],
)  # fmt: skip
def test_what_is_no_unit_is_kept(unit: str) -> None:
    assert to_si(2, unit) == (2, unit)


@pytest.mark.parametrize(
    ("value", "unit", "si", "name"),
    [
        (12, "keV", 1.922611878e-15, "(kg m^2) / s^2"),
        (9, "mm", 0.009000000000000001, "m"),
        (300.5, "K", 300.5, "K"),
        ("abc", "K", "abc", "K"),
        (True, "mm", True, "mm"),
        (None, "m/s", None, "m/s"),
        (1, "no such unit", 1, "no such unit"),
        (1e308, "Gm", 1e308, "Gm"),
        (1e308, "mm^-2", 1e308, "mm^-2"),
        (10**400, "mm", 10**400, "mm"),
        (0, "Gm^99", 0, "Gm^99"),
    ],
)
def test_values(value: Any, unit: str, si: Any, name: str) -> None:
    assert to_si(value, unit) == (si, name)


@given(names=st.lists(NAMES, min_size=2, max_size=4), value=st.floats(-1e6, 1e6))
def test_dividing_undoes_multiplying(names: list[str], value: float) -> None:
    back = " / ".join(["m", *names])
    there = " ".join([*names, back])
    assert to_si(value, there)[1] == "m"
    assert math.isclose(float(str(to_si(value, there)[0])), value, rel_tol=1e-9)


@given(text=st.text(st.sampled_from("m Ks/^*()-12.Å"), max_size=12))
def test_any_text_gets_an_answer(text: str) -> None:
    value, unit = to_si(2, text)
    assert isinstance(value, int | float)
    if unit != text:
        assert to_si(value, unit) == (value, unit)


def test_only_values_with_units_are_converted() -> None:
    plain = {"a": 1, "b": {"value": 1}, "c": {"value": 1, "unit": ""}, "d": {"value": 1, "unit": 2}}
    assert add_si(plain) == plain
    assert add_si(None) is None
