"""Units as SciCat servers understand them: those of math.js, from the names of pint and astropy."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

_PREFIXES = {
    "": "", "deca": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P",
    "exa": "E", "deci": "d", "centi": "c", "milli": "m", "micro": "u", "nano": "n", "pico": "p",
    "femto": "f", "atto": "a",
}  # fmt: skip
_OF_BYTES = {long: _PREFIXES[long] for long in ("", "kilo", "mega", "giga", "tera", "peta", "exa")}
_NONE = {"": ""}

# Prefixes, and names in math.js, pint and astropy.
_UNITS: tuple[tuple[dict[str, str], str, str, str], ...] = (
    (_PREFIXES, "m", "meter", "m"), (_PREFIXES, "g", "gram", "g"), (_PREFIXES, "s", "second", "s"),
    (_PREFIXES, "A", "ampere", "A"), (_PREFIXES, "K", "kelvin", "K"), (_PREFIXES, "mol", "mole", "mol"),
    (_PREFIXES, "cd", "candela", "cd"), (_PREFIXES, "rad", "radian", "rad"),
    (_PREFIXES, "deg", "degree", "deg"), (_PREFIXES, "Hz", "hertz", "Hz"), (_PREFIXES, "N", "newton", "N"),
    (_PREFIXES, "J", "joule", "J"), (_PREFIXES, "eV", "electron_volt", "eV"), (_PREFIXES, "W", "watt", "W"),
    (_PREFIXES, "Pa", "pascal", "Pa"), (_PREFIXES, "bar", "bar", "bar"), (_PREFIXES, "C", "coulomb", "C"),
    (_PREFIXES, "V", "volt", "V"), (_PREFIXES, "ohm", "ohm", "Ohm"), (_PREFIXES, "T", "tesla", "T"),
    (_PREFIXES, "L", "liter", "l"), (_OF_BYTES, "b", "bit", "bit"), (_OF_BYTES, "B", "byte", "byte"),
    (_NONE, "angstrom", "angstrom", "Angstrom"), (_NONE, "um", "micron", "micron"),
    (_NONE, "inch", "inch", "inch"), (_NONE, "min", "minute", "min"), (_NONE, "h", "hour", "h"),
    (_NONE, "day", "day", "d"), (_NONE, "atm", "standard_atmosphere", "atm"),
    (_NONE, "psi", "pound_force_per_square_inch", "psi"), (_NONE, "torr", "torr", "Torr"),
    (_NONE, "degC", "degree_Celsius", "deg_C"), (_NONE, "degF", "degree_Fahrenheit", "deg_F"),
)  # fmt: skip
_OFFSET = ("degC", "degF")
_HIGHEST_POWER = 99


@functools.cache
def pint_names() -> Mapping[str, str]:
    """Return the units of math.js by their names in pint.

    Examples
    --------
    >>> pint_names()["kilogram"]
    'kg'
    """
    names = {
        long + pint: short + unit for prefixes, unit, pint, _ in _UNITS for long, short in prefixes.items()
    }
    # A difference of 1 degree Celsius is one of 1 K; with degC, servers would add 273.15.
    return names | {"delta_degree_Celsius": "K"}


@functools.cache
def astropy_names() -> Mapping[str, str]:
    """Return the units of math.js by their names in astropy.

    Examples
    --------
    >>> astropy_names()["deg_C"]
    'degC'
    """
    return {
        short + astropy: short + unit
        for prefixes, unit, _, astropy in _UNITS
        for short in prefixes.values()
    }  # fmt: skip


def unit_text(factors: Iterable[tuple[str, float]], names: Mapping[str, str]) -> str | None:
    """Write a unit so that servers understand it.

    Parameters
    ----------
    factors:
        Names of units and their powers.
    names:
        The names in math.js of the units, by those that are used here.

    Returns
    -------
    :
        The text; None where servers do not know a unit or a power.

    Examples
    --------
    >>> unit_text([("kilogram", 1), ("meter", 1), ("second", -2)], pint_names())
    'kg*m/s^2'
    >>> unit_text([("joule", 1), ("kilogram", -1), ("kelvin", -1)], pint_names())
    'J/(kg*K)'
    >>> unit_text([("second", -1)], pint_names())
    '1/s'
    """
    powers: dict[str, int] = {}
    given = list(factors)
    for name, power in given:
        unit = names.get(name)
        if unit in _OFFSET and given != [(name, 1)]:
            # In a compound it is a difference, and differences in degrees Celsius are those in kelvin.
            unit = "K" if unit == "degC" else None
        if unit is None or power != int(power):
            return None
        powers[unit] = powers.get(unit, 0) + int(power)
    if any(abs(power) > _HIGHEST_POWER for power in powers.values()):
        return None
    above = [_factor(unit, power) for unit, power in powers.items() if power > 0]
    below = [_factor(unit, -power) for unit, power in powers.items() if power < 0]
    if not below:
        return "*".join(above)
    under = below[0] if len(below) == 1 else f"({'*'.join(below)})"
    return f"{'*'.join(above) or '1'}/{under}"


def _factor(unit: str, power: int) -> str:
    return unit if power == 1 else f"{unit}^{power}"
