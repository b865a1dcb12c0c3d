"""Values in SI units, as servers add them to ``{"value": .., "unit": ..}`` in metadata.

Servers use the units of math.js.  This table has those that instruments use, with their prefixes;
like there, a unit that is not known is kept as it is.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata

from attrs import frozen

from .answers import Document

_BASES = ("kg", "m", "s", "A", "K", "cd", "mol", "rad", "bits")

_SHORT = {"": 1.0, "da": 1e1, "h": 1e2, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
          "E": 1e18, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12,
          "f": 1e-15, "a": 1e-18}  # fmt: skip
_LONG = {"": 1.0, "deca": 1e1, "hecto": 1e2, "kilo": 1e3, "mega": 1e6, "giga": 1e9, "tera": 1e12,
         "peta": 1e15, "exa": 1e18, "deci": 1e-1, "centi": 1e-2, "milli": 1e-3, "micro": 1e-6,
         "nano": 1e-9, "pico": 1e-12, "femto": 1e-15, "atto": 1e-18}  # fmt: skip
_BOTH = {**_SHORT, **_LONG}
_BINARY = {prefix: _SHORT[prefix] for prefix in ("", "k", "M", "G", "T", "P", "E")}
_NONE = {"": 1.0}
_LENGTH, _TIME, _MASS = (0, 1), (0, 0, 1), (1,)
_CURRENT, _TEMPERATURE, _ENERGY = (0, 0, 0, 1), (0, 0, 0, 0, 1), (1, 2, -2)
_PRESSURE, _ANGLE, _BIT = (1, -1, -2), (0,) * 7 + (1,), (0,) * 8 + (1,)

# Names, prefixes, size in SI units, dimensions in the order of _BASES.
_TABLE: tuple[tuple[str, dict[str, float], float, tuple[int, ...]], ...] = (
    ("m", _SHORT, 1.0, _LENGTH), ("meter", _LONG, 1.0, _LENGTH), ("meters", _LONG, 1.0, _LENGTH),
    ("angstrom", _NONE, 1e-10, _LENGTH), ("Å", _NONE, 1e-10, _LENGTH),
    ("inch", _NONE, 0.0254, _LENGTH), ("in", _NONE, 0.0254, _LENGTH),
    ("s", _SHORT, 1.0, _TIME), ("sec", _NONE, 1.0, _TIME), ("second", _LONG, 1.0, _TIME),
    ("seconds", _LONG, 1.0, _TIME), ("min", _NONE, 60.0, _TIME), ("minute", _NONE, 60.0, _TIME),
    ("minutes", _NONE, 60.0, _TIME), ("h", _NONE, 3600.0, _TIME), ("hr", _NONE, 3600.0, _TIME),
    ("hour", _NONE, 3600.0, _TIME), ("hours", _NONE, 3600.0, _TIME), ("day", _NONE, 86400.0, _TIME),
    ("days", _NONE, 86400.0, _TIME),
    ("g", _SHORT, 1e-3, _MASS), ("gram", _LONG, 1e-3, _MASS), ("grams", _LONG, 1e-3, _MASS),
    ("A", _SHORT, 1.0, _CURRENT), ("ampere", _LONG, 1.0, _CURRENT),
    ("K", _SHORT, 1.0, _TEMPERATURE), ("kelvin", _LONG, 1.0, _TEMPERATURE),
    ("degC", _SHORT, 1.0, _TEMPERATURE), ("celsius", _LONG, 1.0, _TEMPERATURE),
    ("degF", _SHORT, 5 / 9, _TEMPERATURE), ("fahrenheit", _LONG, 5 / 9, _TEMPERATURE),
    ("mol", _SHORT, 1.0, (0,) * 6 + (1,)), ("cd", _SHORT, 1.0, (0,) * 5 + (1,)),
    ("rad", _SHORT, 1.0, _ANGLE), ("deg", _SHORT, 0.017453292519943295, _ANGLE),
    ("degree", _LONG, 0.017453292519943295, _ANGLE),
    ("degrees", _LONG, 0.017453292519943295, _ANGLE),
    ("b", _BINARY, 1.0, _BIT), ("B", _BINARY, 8.0, _BIT),
    ("Hz", _SHORT, 1.0, (0, 0, -1)), ("hertz", _LONG, 1.0, (0, 0, -1)),
    ("N", _SHORT, 1.0, (1, 1, -2)), ("newton", _LONG, 1.0, (1, 1, -2)),
    ("J", _SHORT, 1.0, _ENERGY), ("joule", _LONG, 1.0, _ENERGY),
    ("eV", _SHORT, 1.602176565e-19, _ENERGY), ("electronvolt", _LONG, 1.602176565e-19, _ENERGY),
    ("W", _SHORT, 1.0, (1, 2, -3)), ("watt", _LONG, 1.0, (1, 2, -3)),
    ("Pa", _SHORT, 1.0, _PRESSURE), ("psi", _NONE, 6894.75729276459, _PRESSURE),
    ("bar", _BOTH, 1e5, _PRESSURE), ("atm", _NONE, 101325.0, _PRESSURE),
    ("torr", _NONE, 133.322, _PRESSURE),
    ("C", _SHORT, 1.0, (0, 0, 1, 1)), ("coulomb", _LONG, 1.0, (0, 0, 1, 1)),
    ("V", _SHORT, 1.0, (1, 2, -3, -1)), ("volt", _LONG, 1.0, (1, 2, -3, -1)),
    ("ohm", _BOTH, 1.0, (1, 2, -3, -2)), ("T", _SHORT, 1.0, (1, 0, -2, -1)),
    ("tesla", _LONG, 1.0, (1, 0, -2, -1)),
    ("L", _SHORT, 1e-3, (0, 3)), ("l", _SHORT, 1e-3, (0, 3)), ("liter", _LONG, 1e-3, (0, 3)),
)  # fmt: skip
# Kelvin at the zero of a scale; part of a temperature only, not of a compound like K/min.
_OFFSETS = {"degC": 273.15, "celsius": 273.15, "degF": 459.67 * 5 / 9, "fahrenheit": 459.67 * 5 / 9}
_LONGEST = 200
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-zÅ]+)(?:\s*\^\s*(?P<power>[+-]?[0-9]{1,2})(?:\.0*)?(?![0-9.]))?|(?P<sign>[*/()]))"
)


@frozen
class _Unit:
    size: float
    dimensions: tuple[int, ...]
    offset: float = 0.0


@functools.lru_cache(maxsize=1024)
def _formatted(dimensions: tuple[int, ...]) -> str:
    def factor(base: str, power: int) -> str:
        return base if power == 1 else f"{base}^{power}"

    powers = list(zip(_BASES, dimensions, strict=False))
    above = [factor(base, power) for base, power in powers if power > 0]
    below = [(base, -power) for base, power in powers if power < 0]
    if not above:
        return " ".join(factor(base, -power) for base, power in below)
    if not below:
        return " ".join(above)
    top = f"({' '.join(above)})" if len(above) > 1 else above[0]
    under = " ".join(factor(base, power) for base, power in below)
    return f"{top} / ({under})" if len(below) > 1 else f"{top} / {under}"


_UNITS = {
    prefix + name: _Unit(
        scale * size, dimensions + (0,) * (len(_BASES) - len(dimensions)), _OFFSETS.get(name, 0.0)
    )
    for name, prefixes, size, dimensions in reversed(_TABLE)
    for prefix, scale in prefixes.items()
}


def to_si(value: object, unit: str) -> tuple[object, str]:
    """Convert a value to SI units.

    Parameters
    ----------
    value:
        The number; anything else is kept, and so is its unit.
    unit:
        Name of its unit, or a compound: names with whole powers, multiplied by ``*`` or a space and
        divided by ``/``, which is about the next name or parenthesis alone. One that is not known
        keeps the value as it is.

    Examples
    --------
    >>> to_si(12, "km")
    (12000.0, 'm')
    >>> to_si(2, "mm/s")
    (0.002, 'm / s')
    >>> to_si("abc", "furlong")
    ('abc', 'furlong')
    """
    known = _parsed(unit)
    if known is None or isinstance(value, bool) or not isinstance(value, int | float):
        return value, unit
    si = _formatted(known.dimensions)
    if known.size == 1.0 and not known.offset:
        return value, si
    try:
        converted = value * known.size + known.offset
    except OverflowError:
        return value, unit
    return (converted, si) if math.isfinite(converted) else (value, unit)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> _Unit | None:
    if len(text) > _LONGEST:
        return None
    factors = _factors(unicodedata.normalize("NFC", text).strip())
    if not factors:
        return None
    if len(factors) == 1 and factors[0][1] == 1:
        return factors[0][0]
    dimensions = tuple(sum(unit.dimensions[i] * power for unit, power in factors) for i in range(len(_BASES)))
    if not any(dimensions):
        # Servers have no SI unit for what is a mere number.
        return None
    try:
        size = math.prod(unit.size**power for unit, power in factors)
    except OverflowError:
        return None
    return _Unit(size, dimensions) if size else None


def _factors(text: str) -> list[tuple[_Unit, int]] | None:
    """Split a compound into units and their powers; None if it is none."""
    factors: list[tuple[_Unit, int]] = []
    # The sign that a power gets: of each open parenthesis, and of the next factor.
    signs, sign = [1], 1
    complete = False
    if one := re.match(r"1\s*/", text):
        sign, text = -1, text[one.end() :]
    while text:
        token = _TOKEN.match(text)
        if token is None:
            return None
        text = text[token.end() :]
        if token["name"]:
            power = int(token["power"] or 1)
            unit = _UNITS.get(token["name"])
            if unit is None:
                return None
            factors.append((unit, power * sign * signs[-1]))
            sign, complete = 1, True
        elif token["sign"] == "(":
            signs.append(signs[-1] * sign)
            sign, complete = 1, False
        elif not complete:
            return None
        elif token["sign"] == ")":
            signs.pop()
            if not signs:
                return None
        else:
            sign, complete = (-1 if token["sign"] == "/" else 1), False
    return factors if complete and len(signs) == 1 else None


def add_si(metadata: object) -> object:
    """Add ``valueSI`` and ``unitSI`` to each entry of metadata that has a value with a unit.

    Entries may be in objects of entries, but not in lists: there servers do not look for them.
    """
    if not isinstance(metadata, dict):
        return metadata
    return {name: _entry(entry) for name, entry in metadata.items()}


def _entry(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    if "value" not in entry or "unit" not in entry:
        return entry if entry.get("unit") or entry.get("unit") == "" else add_si(entry)
    unit = entry["unit"]
    if not isinstance(unit, str) or not unit:
        return entry
    value, si = to_si(entry["value"], unit)
    result: Document = {**entry, "valueSI": value, "unitSI": si}
    return result
