"""Strategies for blocks of files: those of a dataset as it was made, and its copies in an archive."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.datablock import Datablock
from scitacean.model.file import File
from scitacean.model.orig_datablock import OrigDatablock
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.file import ALGORITHMS, FILES, different_files, files
from scitacean.testing.strategies.recipe import Recipe, Strategies
from scitacean.testing.strategies.tracked import TRACKED
from scitacean.testing.strategies.values import groups, pids, texts


def _one_algorithm(values: dict[str, object], fixed: Collection[str]) -> None:
    """Give all files the algorithm of their block, or the block that of files that must stay."""
    files = values["files"]
    if not isinstance(files, Sequence):
        return
    if "files" not in fixed:
        algorithm = values.get("checksum_algorithm")
        values["files"] = [attrs.evolve(file, checksum_algorithm=algorithm) for file in files]
    elif "checksum_algorithm" not in fixed and all(isinstance(file, File) for file in files):
        values["checksum_algorithm"] = files[0].checksum_algorithm if files else None


# A wrong algorithm of the files would be one of the block, too.
_WRONG_FILES = st.one_of([files(invalid=name) for name in FILES.wrong if name != "checksum_algorithm"])
_OF_BOTH: Strategies = {
    **TRACKED,
    "checksum_algorithm": ALGORITHMS,
    "owner_group": groups(),
    "access_groups": st.lists(groups(), max_size=3),
    "instrument_group": groups(),
    "is_published": st.booleans(),
    "dataset_id": pids(),
}
_WRONG_OF_BOTH: Strategies = {
    "files": st.just([]) | st.lists(_WRONG_FILES, min_size=1, max_size=2),
    "checksum_algorithm": wrong.TEXT,
    "owner_group": wrong.TEXT,
    "access_groups": wrong.TEXTS,
    "instrument_group": wrong.TEXT,
    "is_published": wrong.FLAG,
    "dataset_id": wrong.TEXT,
}
ORIG_DATABLOCKS = Recipe(
    kind=OrigDatablock,
    always={"files": different_files(min_size=1)},
    sometimes=_OF_BOTH,
    wrong=_WRONG_OF_BOTH,
    adjust=_one_algorithm,
)
DATABLOCKS = Recipe(
    kind=Datablock,
    always={
        "archive_id": texts(min_size=1),
        "size": st.integers(0, 2**50),
        "packed_size": st.integers(0, 2**50),
        "version": texts(min_size=1),
        "files": different_files(min_size=1),
    },
    sometimes=_OF_BOTH,
    wrong={
        **_WRONG_OF_BOTH,
        "archive_id": wrong.FILLED_TEXT,
        "size": st.none() | wrong.SIZE,
        "packed_size": st.none() | wrong.SIZE,
        "version": wrong.FILLED_TEXT,
    },
    adjust=_one_algorithm,
)


def orig_datablocks(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[OrigDatablock]:
    """Blocks of files, all of which have the checksum algorithm of the block.

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
    >>> @given(orig_datablocks())
    ... def test_a_block_is_as_large_as_its_files(block):
    ...     assert block.size == sum(file.size for file in block.files)
    >>> test_a_block_is_as_large_as_its_files()
    """
    return ORIG_DATABLOCKS.strategy(invalid=invalid, fields=fields)


def datablocks(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Datablock]:
    """Copies of files in an archive.

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
    >>> @given(datablocks(archive_id="tape-7"))
    ... def test_a_copy_has_files(copy):
    ...     assert copy.archive_id == "tape-7" and copy.files
    >>> test_a_copy_has_files()
    """
    return DATABLOCKS.strategy(invalid=invalid, fields=fields)
