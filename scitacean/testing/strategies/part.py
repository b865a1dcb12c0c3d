"""Strategies for parts of datasets: techniques, relationships, the lifecycle."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.recipe import Recipe
from scitacean.testing.strategies.scientific_metadata import metadata
from scitacean.testing.strategies.values import texts, times

TECHNIQUES = Recipe(
    kind=Technique,
    always={"pid": texts(), "name": texts()},
    sometimes={},
    wrong={"pid": wrong.GIVEN_TEXT, "name": wrong.GIVEN_TEXT},
)
RELATIONSHIPS = Recipe(
    kind=Relationship,
    always={
        "identifier": texts(),
        "relationship": st.sampled_from(["IsCitedBy", "IsDerivedFrom"]) | texts(),
    },
    sometimes={
        "identifier_type": st.sampled_from(["DOI", "URL"]) | texts(),
        "entity_type": texts(),
        "external_id": texts(),
    },
    wrong={
        "identifier": wrong.GIVEN_TEXT,
        "relationship": wrong.GIVEN_TEXT,
        "identifier_type": wrong.TEXT,
        "entity_type": wrong.TEXT,
        "external_id": wrong.TEXT,
    },
)
_FLAGS = ("archivable", "retrievable", "publishable", "is_on_central_disk", "retrieve_integrity_check")
_TIMES = ("date_of_disk_purging", "archive_retention_time", "date_of_publishing", "published_on")
_TEXTS = ("archive_status_message", "retrieve_status_message", "exported_to", "storage_location")
_OBJECTS = ("archive_return_message", "retrieve_return_message")
LIFECYCLES = Recipe(
    kind=Lifecycle,
    always={},
    sometimes={
        **dict.fromkeys(_FLAGS, st.booleans()),
        **dict.fromkeys(_TIMES, times()),
        **dict.fromkeys(_TEXTS, texts()),
        **dict.fromkeys(_OBJECTS, metadata()),
    },
    wrong={
        **dict.fromkeys(_FLAGS, wrong.FLAG),
        **dict.fromkeys(_TIMES, wrong.TIME),
        **dict.fromkeys(_TEXTS, wrong.TEXT),
        **dict.fromkeys(_OBJECTS, wrong.JSON_OBJECT),
    },
)


def techniques(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Technique]:
    """Techniques, of which a dataset has a list.

    Parameters
    ----------
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(techniques(name="SAXS"))
    ... def test_a_technique_has_a_name(technique):
    ...     assert technique.name == "SAXS"
    >>> test_a_technique_has_a_name()
    """
    return TECHNIQUES.strategy(invalid=invalid, fields=fields)


def relationships(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Relationship]:
    """Relationships of a dataset with something else.

    Parameters
    ----------
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(relationships(identifier_type="DOI"))
    ... def test_a_paper_has_a_doi(paper):
    ...     assert paper.identifier_type == "DOI"
    >>> test_a_paper_has_a_doi()
    """
    return RELATIONSHIPS.strategy(invalid=invalid, fields=fields)


def lifecycles(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Lifecycle]:
    """Lifecycles: where a dataset is between disk and archive.

    Parameters
    ----------
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(lifecycles(archivable=True))
    ... def test_it_can_be_archived(lifecycle):
    ...     assert lifecycle.archivable
    >>> test_it_can_be_archived()
    """
    return LIFECYCLES.strategy(invalid=invalid, fields=fields)
