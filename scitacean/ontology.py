"""Experimental techniques by their names: the PaNET ontology of photon and neutron techniques.

The table of techniques is by PaN ontologies (http://purl.org/pan-science/PaNET), under CC-BY 4.0.
"""

from __future__ import annotations

from scitacean.model.parts import Technique

__all__ = ["find_technique"]


def find_technique(label_or_iri: str) -> Technique:
    """Find a technique of the PaNET ontology; the same as :meth:`scitacean.Technique.find`.

    Parameters
    ----------
    label_or_iri:
        IRI (``http`` or ``https``), id (``PaNET01188``) or any label; capitals and the number of blanks do
        not matter. Some labels belong to a technique and to a specifier, a part of names of techniques: they
        mean the technique.

    Returns
    -------
    :
        The technique, with the IRI as its identifier and the preferred label as its name.

    Raises
    ------
    ValidationError
        If there is no such technique. It names what is close.

    Examples
    --------
    >>> find_technique("SAXS").name
    'small angle x-ray scattering'
    """
    return Technique.find(label_or_iri)
