"""What notebooks show of values of the model: plain data for :mod:`scitacean.display.html`."""

from __future__ import annotations

import attrs

from scitacean.display import html
from scitacean.model.thumbnail import Thumbnail
from scitacean.validation.pictures import picture_type


def shown(value: object) -> object:
    """Return a value of a field as the display takes it.

    Parts become mappings without what is not set, thumbnails pictures. Other values stay as they are,
    odd ones of a server too.

    Parameters
    ----------
    value:
        Any object.

    Examples
    --------
    >>> from scitacean import Technique
    >>> shown([Technique(name="diffraction", pid="PaNET01217")])
    [{'pid': 'PaNET01217', 'name': 'diffraction'}]
    """
    if isinstance(value, list | tuple):
        return [_part(item) for item in value]
    return _part(value)


def _part(value: object) -> object:
    if isinstance(value, Thumbnail):
        # The content says what it is; what the catalogue says it is may be anything.
        return html.Picture(picture_type(value.data), value.data)
    kind = type(value)
    if attrs.has(kind) and kind.__str__ is object.__str__:
        names = [field.name for field in attrs.fields(kind) if not field.name.startswith("_")]
        return {name: item for name in names if (item := getattr(value, name)) is not None}
    return value
