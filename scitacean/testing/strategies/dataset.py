"""Strategies for datasets."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.dataset import Dataset
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.attachment import attachments
from scitacean.testing.strategies.datablock import datablocks
from scitacean.testing.strategies.file import different_files, files
from scitacean.testing.strategies.part import lifecycles, relationships, techniques
from scitacean.testing.strategies.recipe import Recipe, in_order
from scitacean.testing.strategies.scientific_metadata import metadata
from scitacean.testing.strategies.tracked import TRACKED
from scitacean.testing.strategies.values import emails, groups, orcids, pids, remote_paths, texts, times

_TEXTS = (
    "source_folder_host",
    "instrument_group",
    "description",
    "comment",
    "classification",
    "license",
    "run_number",
    "creation_location",
    "data_format",
    "job_log_data",
    "scientific_metadata_schema",
    "validation_status",
)
_LISTS = (
    "access_groups",
    "shared_with",
    "principal_investigators",
    "proposal_ids",
    "sample_ids",
    "instrument_ids",
    "keywords",
    "used_software",
)
DATASETS = Recipe(
    kind=Dataset,
    always={
        "type": st.sampled_from(["raw", "derived", "custom"]),
        "name": texts(min_size=1),
        "owner_group": groups(),
        "owner": texts(min_size=1),
        "contact_email": st.lists(emails(), min_size=1, max_size=2).map("; ".join),
        "creation_time": times(),
        "source_folder": remote_paths(absolute=True),
    },
    sometimes={
        **TRACKED,
        **dict.fromkeys(_TEXTS, texts()),
        **dict.fromkeys(_LISTS, st.lists(texts(), max_size=3)),
        "owner_email": emails(),
        "orcid_of_owner": orcids(),
        "input_datasets": st.lists(pids(), max_size=2),
        "is_published": st.booleans(),
        "start_time": times(),
        "end_time": times(),
        "techniques": st.lists(techniques(), max_size=2),
        "relationships": st.lists(relationships(), max_size=2),
        "job_parameters": metadata(),
        "meta": metadata(),
        "scientific_metadata_valid": st.booleans(),
        "data_quality_metrics": st.integers(0, 10) | st.floats(allow_nan=False, allow_infinity=False),
        "lifecycle": lifecycles(),
        "pid": pids(),
        "api_version": st.just("v4"),
        "files": different_files(),
        # What a dataset's upload would not send of them is warned of.
        "attachments": st.none()
        | st.lists(attachments(aid=None, is_published=False, relationships=None), max_size=2),
        "datablocks": st.lists(datablocks(), max_size=1),
        "packed_size": st.integers(0, 2**50),
        "number_of_files_archived": st.integers(0, 10_000),
    },
    wrong={
        **dict.fromkeys(_TEXTS, wrong.TEXT),
        **dict.fromkeys(_LISTS, wrong.TEXTS),
        "type": wrong.FILLED_TEXT,
        "name": wrong.FILLED_TEXT,
        "owner_group": wrong.FILLED_TEXT,
        "owner": wrong.FILLED_TEXT,
        "contact_email": st.none() | wrong.EMAILS,
        "creation_time": st.none() | wrong.TIME,
        "source_folder": wrong.FOLDER,
        "owner_email": wrong.EMAIL,
        "orcid_of_owner": orcids(invalid=True) | wrong.TEXT,
        "input_datasets": wrong.TEXTS,
        "is_published": wrong.FLAG,
        "start_time": wrong.TIME,
        "end_time": wrong.TIME,
        "techniques": wrong.items(techniques(invalid=True)),
        "relationships": wrong.items(relationships(invalid=True)),
        "job_parameters": wrong.JSON_OBJECT,
        "meta": wrong.JSON_OBJECT,
        "scientific_metadata_valid": wrong.FLAG,
        "data_quality_metrics": wrong.NUMBER,
        "lifecycle": st.integers() | lifecycles(invalid=True),
        "pid": st.just("") | wrong.TEXT,
        "files": st.lists(files(invalid=True), min_size=1, max_size=2),
        "attachments": st.lists(attachments(invalid=True), min_size=1, max_size=2),
    },
    adjust=in_order("start_time", "end_time"),
)


def datasets(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Dataset]:
    """Datasets, some as they are before an upload, some with what the server keeps.

    Parameters
    ----------
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, ``files``, ``attachments`` and ``datablocks``, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(datasets(type="raw"))
    ... def test_a_dataset_is_sent_with_its_type(dataset):
    ...     assert dataset.make_upload_model().type_ == "raw"
    >>> test_a_dataset_is_sent_with_its_type()

    >>> from scitacean import ValidationError
    >>> @given(datasets(invalid="owner_email"))
    ... def test_what_is_wrong_is_named(dataset):
    ...     try:
    ...         dataset.validate()
    ...     except ValidationError as error:
    ...         assert "owner_email" in str(error)
    >>> test_what_is_wrong_is_named()
    """
    return DATASETS.strategy(invalid=invalid, fields=fields)
