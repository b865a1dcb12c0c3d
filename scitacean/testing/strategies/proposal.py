"""Strategies for proposals and their measurement periods."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.proposal import MeasurementPeriod, Proposal
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.recipe import Recipe, in_order
from scitacean.testing.strategies.scientific_metadata import metadata
from scitacean.testing.strategies.tracked import TRACKED
from scitacean.testing.strategies.values import emails, groups, texts, times

MEASUREMENT_PERIODS = Recipe(
    kind=MeasurementPeriod,
    always={"instrument": texts(min_size=1), "start": times(), "end": times()},
    sometimes={"comment": texts()},
    wrong={
        "instrument": wrong.FILLED_TEXT,
        "start": st.none() | wrong.TIME,
        "end": st.none() | wrong.TIME,
        "comment": wrong.TEXT,
    },
    adjust=in_order("start", "end"),
)
_TEXTS = (
    "firstname",
    "lastname",
    "pi_firstname",
    "pi_lastname",
    "abstract",
    "parent_proposal_id",
    "type",
    "instrument_group",
)
_LISTS = ("instrument_ids", "keywords", "access_groups")
PROPOSALS = Recipe(
    kind=Proposal,
    always={
        "proposal_id": texts(min_size=1),
        "owner_group": groups(),
        "email": emails(),
        "title": texts(min_size=1),
    },
    sometimes={
        **TRACKED,
        **dict.fromkeys(_TEXTS, texts()),
        **dict.fromkeys(_LISTS, st.lists(texts(), max_size=3)),
        "pi_email": emails(),
        "start_time": times(),
        "end_time": times(),
        "measurement_periods": st.lists(MEASUREMENT_PERIODS.strategy(fields={}), max_size=2),
        "metadata": metadata(),
        "is_published": st.booleans(),
        "number_of_datasets": st.integers(0, 10_000),
    },
    wrong={
        **dict.fromkeys(_TEXTS, wrong.TEXT),
        **dict.fromkeys(_LISTS, wrong.TEXTS),
        "proposal_id": wrong.FILLED_TEXT,
        "owner_group": wrong.FILLED_TEXT,
        "email": st.none() | wrong.EMAIL,
        "title": wrong.FILLED_TEXT,
        "pi_email": wrong.EMAIL,
        "start_time": wrong.TIME,
        "end_time": wrong.TIME,
        "measurement_periods": wrong.items(MEASUREMENT_PERIODS.strategy(invalid=True, fields={})),
        "metadata": wrong.JSON_OBJECT,
    },
    adjust=in_order("start_time", "end_time"),
)


def measurement_periods(
    *, invalid: bool | str = False, **fields: object
) -> SearchStrategy[MeasurementPeriod]:
    """Periods in which a proposal is measured; none ends before it starts.

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
    >>> @given(measurement_periods())
    ... def test_a_period_starts_before_it_ends(period):
    ...     assert period.start <= period.end
    >>> test_a_period_starts_before_it_ends()
    """
    return MEASUREMENT_PERIODS.strategy(invalid=invalid, fields=fields)


def proposals(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Proposal]:
    """Proposals.

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
    >>> @given(proposals(title="Rods of vanadium"))
    ... def test_a_proposal_is_sent_with_its_title(proposal):
    ...     assert proposal.make_upload_model().title == "Rods of vanadium"
    >>> test_a_proposal_is_sent_with_its_title()
    """
    return PROPOSALS.strategy(invalid=invalid, fields=fields)
