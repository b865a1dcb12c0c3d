"""Strategies for samples, instruments, jobs and published data."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.instrument import Instrument
from scitacean.model.job import Job
from scitacean.model.published_data import PublishedData
from scitacean.model.sample import Sample
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.recipe import Recipe
from scitacean.testing.strategies.scientific_metadata import metadata
from scitacean.testing.strategies.tracked import TRACKED
from scitacean.testing.strategies.values import emails, groups, pids, texts, times

_TEXTS_OF_SAMPLES = (
    "sample_id",
    "owner",
    "description",
    "instrument_group",
    "type",
    "proposal_id",
    "parent_sample_id",
)
SAMPLES = Recipe(
    kind=Sample,
    always={"owner_group": groups(), "sample_name": texts(min_size=1)},
    sometimes={
        **TRACKED,
        **dict.fromkeys(_TEXTS_OF_SAMPLES, texts()),
        "sample_characteristics": metadata(),
        "access_groups": st.lists(groups(), max_size=3),
        "is_published": st.booleans(),
    },
    wrong={
        **dict.fromkeys(_TEXTS_OF_SAMPLES, wrong.TEXT),
        "owner_group": wrong.FILLED_TEXT,
        "sample_name": wrong.FILLED_TEXT,
        "sample_characteristics": wrong.JSON_OBJECT,
        "access_groups": wrong.TEXTS,
        "is_published": wrong.FLAG,
    },
)
INSTRUMENTS = Recipe(
    kind=Instrument,
    always={"unique_name": texts(min_size=1), "name": texts(min_size=1)},
    sometimes={**TRACKED, "pid": texts(), "custom_metadata": metadata()},
    wrong={
        "unique_name": wrong.FILLED_TEXT,
        "name": wrong.FILLED_TEXT,
        "pid": wrong.TEXT,
        "custom_metadata": wrong.JSON_OBJECT,
    },
)
_DATASET_LISTS: SearchStrategy[object] = st.fixed_dictionaries(
    {
        "datasetList": st.lists(
            st.fixed_dictionaries({"pid": pids().map(str), "files": st.lists(texts(), max_size=2)}),
            max_size=2,
        )
    }
)
JOBS = Recipe(
    kind=Job,
    always={
        "type": st.sampled_from(["archive", "retrieve", "public"]) | texts(min_size=1),
        "job_params": _DATASET_LISTS | metadata(),
    },
    sometimes={
        **TRACKED,
        "owner_user": texts(),
        "owner_group": groups(),
        "contact_email": emails(),
        "id": texts(),
        "status_code": texts(),
        "status_message": texts(),
        "config_version": texts(),
        "job_result": metadata(),
        "access_groups": st.lists(groups(), max_size=3),
        "instrument_group": groups(),
        "is_published": st.booleans(),
    },
    wrong={
        "type": wrong.FILLED_TEXT,
        "job_params": wrong.NEEDED_OBJECT,
        "owner_user": wrong.TEXT,
        "owner_group": wrong.TEXT,
        "contact_email": wrong.EMAIL,
    },
)
PUBLISHED_DATA = Recipe(
    kind=PublishedData,
    always={
        "title": texts(min_size=1),
        "abstract": texts(min_size=1),
        "dataset_pids": st.lists(pids(), min_size=1, max_size=3),
    },
    sometimes={
        **TRACKED,
        "metadata": metadata(),
        "registered_time": times(),
        "status": st.sampled_from(["private", "public", "registered", "amended"]),
        "doi": texts(min_size=1),
        "number_of_files": st.integers(0, 10_000),
        "size_of_archive": st.integers(0, 2**50),
    },
    wrong={
        "title": wrong.FILLED_TEXT,
        "abstract": wrong.FILLED_TEXT,
        "dataset_pids": st.none() | wrong.TEXTS,
        "metadata": wrong.JSON_OBJECT,
        "registered_time": wrong.TIME,
        "status": wrong.TEXT | st.sampled_from(["secret", "Public", ""]),
    },
)


def samples(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Sample]:
    """Samples.

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
    >>> @given(samples(sample_name="Vanadium rod"))
    ... def test_a_sample_is_sent_with_its_name(sample):
    ...     assert sample.make_upload_model().sample_name == "Vanadium rod"
    >>> test_a_sample_is_sent_with_its_name()
    """
    return SAMPLES.strategy(invalid=invalid, fields=fields)


def instruments(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Instrument]:
    """Instruments.

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
    >>> @given(instruments(custom_metadata=None))
    ... def test_an_instrument_is_sent_without_what_it_has_not(instrument):
    ...     assert "customMetadata" not in instrument.make_upload_model().to_dict()
    >>> test_an_instrument_is_sent_without_what_it_has_not()
    """
    return INSTRUMENTS.strategy(invalid=invalid, fields=fields)


def jobs(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Job]:
    """Jobs, some of them with a list of datasets as parameters.

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
    >>> @given(jobs(type="archive"))
    ... def test_a_job_is_sent_with_its_type(job):
    ...     assert job.make_upload_model().type_ == "archive"
    >>> test_a_job_is_sent_with_its_type()
    """
    return JOBS.strategy(invalid=invalid, fields=fields)


def published_data(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[PublishedData]:
    """Published data.

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
    >>> @given(published_data(status="private"))
    ... def test_it_is_sent_with_its_status(published):
    ...     assert published.make_upload_model().status == "private"
    >>> test_it_is_sent_with_its_status()
    """
    return PUBLISHED_DATA.strategy(invalid=invalid, fields=fields)
