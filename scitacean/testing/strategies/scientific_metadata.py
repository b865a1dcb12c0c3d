"""Strategies for scientific metadata."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.values import texts

_EXACT = 2**53 - 1
_KEY_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Z"], exclude_characters=".$%")
# A unit needs a value beside it.
_KEYS = st.text(_KEY_CHARACTERS, min_size=1, max_size=6).filter(lambda key: key != "unit")
_NUMBERS = st.integers(-_EXACT, _EXACT) | st.floats(allow_nan=False, allow_infinity=False)
_QUANTITIES: SearchStrategy[object] = st.fixed_dictionaries(
    {"value": _NUMBERS, "unit": st.sampled_from(["K", "", "mm", "Å", "1/s", "kg m^2"])}
)
_LEAVES: SearchStrategy[object] = st.none() | st.booleans() | _NUMBERS | texts() | _QUANTITIES
_INNER = _LEAVES | st.lists(_LEAVES, max_size=3) | st.dictionaries(_KEYS, _LEAVES, max_size=2)
_VALUES = _LEAVES | st.lists(_INNER, max_size=2) | st.dictionaries(_KEYS, _INNER, max_size=2)
_METADATA: SearchStrategy[dict[str, object]] = st.dictionaries(_KEYS, _VALUES, max_size=3)


def metadata(*, invalid: bool = False) -> SearchStrategy[dict[str, object]]:
    """Scientific metadata: what JSON can hold and the catalogue gives back as it is, with values and units.

    Parameters
    ----------
    invalid:
        Whether to draw what the catalogue cannot hold: NaN, keys that are no text, ...

    Examples
    --------
    >>> import json
    >>> from hypothesis import given
    >>> @given(metadata())
    ... def test_json_holds_it(values):
    ...     assert json.loads(json.dumps(values)) == values
    >>> test_json_holds_it()
    """
    return wrong.DICTS if invalid else _METADATA
