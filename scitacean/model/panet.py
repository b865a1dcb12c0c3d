"""The techniques of PaNET, the ontology of photon and neutron techniques, found by id or label.

The table is by PaN ontologies, under CC-BY 4.0; ``panet-techniques.txt`` beside it says more.
"""

from __future__ import annotations

import json
from functools import cache

from scitacean.errors import ValidationError

_BASE = "http://purl.org/pan-science/PaNET/"
_SPECIFIERS = "PaNET2"


def find_in_panet(label_or_iri: str) -> tuple[str, str]:
    """Find a technique.

    Parameters
    ----------
    label_or_iri:
        IRI (``http`` or ``https``), id (``PaNET01188``) or any label; capitals and the number of blanks do
        not matter. Some labels belong to a technique and to a specifier, a part of names of techniques: they
        mean the technique.

    Returns
    -------
    :
        IRI, with ``http`` as the ontology writes it, and preferred label.

    Raises
    ------
    ValidationError
        If there is no such technique.

    Examples
    --------
    >>> find_in_panet("SAXS")
    ('http://purl.org/pan-science/PaNET/PaNET01188', 'small angle x-ray scattering')
    """
    name = _normalised(label_or_iri)
    if name.startswith("https://"):
        name = f"http://{name.removeprefix('https://')}"
    found = _id_by_name().get(name)
    if found is not None:
        return _BASE + found, _labels()[found][0]
    raise ValidationError(
        f"There is no technique {label_or_iri!r} in the PaNET ontology.", hint=_hint(label_or_iri)
    )


def _hint(unknown: str) -> str:
    from difflib import get_close_matches  # needed only when something went wrong

    close = get_close_matches(_normalised(unknown), _id_by_name())
    names = list(dict.fromkeys(_shown(_id_by_name()[name]) for name in close))
    if names:
        return f"Did you mean {' or '.join(names)}?"
    return f"See {_BASE.rstrip('/')} for all, or make one of your own: Technique(pid=..., name=...)."


def _shown(id_: str) -> str:
    return f"{id_} ({', '.join(_labels()[id_])})"


def _normalised(name: str) -> str:
    return " ".join(name.casefold().split())


@cache
def _labels() -> dict[str, list[str]]:
    """Read the labels of all techniques by their ids."""
    # Loaded when they are needed: few programs look for techniques.
    import gzip
    from importlib import resources

    packed = resources.files("scitacean.model").joinpath("panet-techniques.json.gz").read_bytes()
    labels: dict[str, list[str]] = json.loads(gzip.decompress(packed))
    return labels


@cache
def _id_by_name() -> dict[str, str]:
    """Map each IRI, id and label to the technique that it means."""
    found: dict[str, str] = {}
    # Some specifiers, of which techniques are put together, have the labels of techniques.
    for id_ in sorted(_labels(), key=lambda id_: id_.startswith(_SPECIFIERS)):
        for name in map(_normalised, (_BASE + id_, id_, *_labels()[id_])):
            found.setdefault(name, id_)
    return found
