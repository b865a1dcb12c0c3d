"""Single values as HTML: text, numbers, times, sizes, lists and trees; any value is shown, none raises.

All text is escaped, and what would change the text around it (control characters, switches of the writing
direction) is replaced, so that no value can change more than its own place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import islice

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_MAX_TEXT = 5_000
_MAX_ITEMS = 100
_MAX_DEPTH = 12
_MAX_NODES = 1_000
_MAX_OPEN = 10


def text(value: object) -> str:
    r"""Return a value as text for any place in HTML, attributes included.

    Parameters
    ----------
    value:
        Any object.

    Returns
    -------
    :
        The text, escaped, and cut where it is very long.

    Examples
    --------
    >>> text("<b>\x00")
    '&lt;b&gt;\ufffd'
    """
    shown = _plain_text(value)
    if len(shown) > _MAX_TEXT:
        shown = f"{shown[:_MAX_TEXT]}… ({len(shown) - _MAX_TEXT:,} more characters)"
    return escape(_OBEYED.sub("\N{REPLACEMENT CHARACTER}", shown.replace("\r\n", "\n")))


def size(value: object) -> str:
    """Return a number of bytes in a unit that reads well; what is no number, as text.

    Parameters
    ----------
    value:
        Any object.

    Examples
    --------
    >>> size(1_500_000), size(12)
    ('1.4 MiB', '12 B')
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**80:
        return "" if value is None else text(value)
    number, units = float(value), iter(("B", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while number >= 1024 and (larger := next(units, None)):
        number, unit = number / 1024, larger
    return f"{number:,.1f} {unit}" if unit != "B" else f"{value} B"


def is_empty(value: object) -> bool:
    """Whether there is nothing to show; 0 and False are something.

    Parameters
    ----------
    value:
        Any object.

    Examples
    --------
    >>> is_empty([]), is_empty(None), is_empty(0)
    (True, True, False)
    """
    return value is None or (isinstance(value, str | bytes | Mapping | list | tuple) and not value)


def value(shown: object) -> str:
    """Return any value as HTML: mappings and lists of them as trees, other lists on a line.

    Parameters
    ----------
    shown:
        Any object.

    Examples
    --------
    >>> value([1, 2]), value(["Ada", "Bob"])
    ('1, 2', '<bdi>Ada</bdi> · <bdi>Bob</bdi>')
    """
    if isinstance(shown, Mapping) and not _is_quantity(shown):
        return tree(shown, is_open=True)
    if isinstance(shown, list | tuple) and not _is_flat(shown):
        return tree(shown, is_open=True)
    return _on_a_line(shown)


def tree(shown: object, *, is_open: bool = False) -> str:
    """Return mappings and lists, one in the other, as lists that can be folded.

    Parameters
    ----------
    shown:
        Scientific metadata. Of very many or very deep ones a part is shown, and is said to be.
    is_open:
        Whether small branches are open at first.

    Examples
    --------
    >>> tree({"T": {"value": 5, "unit": "K"}})
    '<ul class="sc-tree"><li><bdi class="sc-key">T</bdi>: 5 <span class="sc-unit">K</span></li></ul>'
    """
    return "".join(_branch(shown, 0, iter(range(_MAX_NODES)), is_open))


def _branch(shown: object, depth: int, left: Iterator[int], is_open: bool) -> Iterator[str]:
    """Make the HTML of a node that is no leaf; ``left`` runs out when enough is shown."""
    if not isinstance(shown, Mapping | list | tuple) or not shown:
        yield _on_a_line(shown)
        return
    yield '<ul class="sc-tree">'
    number = 0
    for number, (label, item) in enumerate(islice(_labelled(shown), _MAX_ITEMS), start=1):
        if next(left, None) is None:
            number -= 1
            break
        yield from _node(label, item, depth, left, is_open)
    if number < len(shown):
        yield f"<li>… and {len(shown) - number:,} more</li>"
    yield "</ul>"


def _node(label: object, item: object, depth: int, left: Iterator[int], is_open: bool) -> Iterator[str]:
    name = f'<bdi class="sc-key">{text(label)}</bdi>'
    if not _is_branch(item):
        yield f"<li>{name}: {_on_a_line(item)}</li>"
    elif depth >= _MAX_DEPTH:
        yield f"<li>{name}: …</li>"
    else:
        count = len(item) if isinstance(item, Mapping | list | tuple) else 0
        state = " open" if is_open and count <= _MAX_OPEN else ""
        yield f"<li><details{state}><summary>{name} <small>({count:,})</small></summary>"
        yield from _branch(item, depth + 1, left, is_open)
        yield "</details></li>"


def _labelled(shown: Mapping[object, object] | Sequence[object]) -> Iterator[tuple[object, object]]:
    return iter(shown.items()) if isinstance(shown, Mapping) else enumerate(shown)


def _is_branch(item: object) -> bool:
    if isinstance(item, Mapping):
        return bool(item) and not _is_quantity(item)
    return isinstance(item, list | tuple) and not _is_flat(item)


def _is_flat(items: Sequence[object]) -> bool:
    return not any(isinstance(item, Mapping | list | tuple) for item in items)


def _is_quantity(item: Mapping[object, object]) -> bool:
    # Servers add the value in SI units.
    if "value" not in item or not set(item) <= {"value", "unit", "valueSI", "unitSI"}:
        return False
    inner = item["value"]
    return not isinstance(inner, Mapping) and not (isinstance(inner, list | tuple) and not _is_flat(inner))


def _on_a_line(shown: object) -> str:
    """Return a leaf: a single value, a list of them, or a value with its unit."""
    if isinstance(shown, str | Mapping | list | tuple) and not shown:
        empty = "{}" if isinstance(shown, Mapping) else '""' if isinstance(shown, str) else "[]"
        return f'<span class="sc-faint">{text(empty)}</span>'
    if isinstance(shown, Mapping) and _is_quantity(shown):
        unit = "" if is_empty(shown.get("unit")) else text(shown["unit"])
        return _on_a_line(shown.get("value")) + (f' <span class="sc-unit">{unit}</span>' if unit else "")
    if not isinstance(shown, list | tuple):
        return f"<bdi>{text(shown)}</bdi>" if isinstance(shown, str) else text(shown)
    # Names have commas in them.
    separator = " · " if any(isinstance(item, str) for item in shown) else ", "
    line = separator.join(_on_a_line(item) for item in shown[:_MAX_ITEMS])
    return line if len(shown) <= _MAX_ITEMS else f"{line}{separator}… and {len(shown) - _MAX_ITEMS:,} more"


def _plain_text(shown: object) -> str:
    try:
        if isinstance(shown, datetime):
            return shown.isoformat(" ", "seconds")
        if isinstance(shown, bytes | bytearray):
            return f"{len(shown):,} bytes"
        return str(shown)
    except Exception:  # noqa: BLE001  (a value that cannot be shown must not hide the others)
        return f"({type(shown).__name__} that cannot be shown)"
