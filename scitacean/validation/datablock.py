"""Rules for blocks of files: those of a dataset as it was made, and its copies in an archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scitacean.problem import Problem
from scitacean.validation.file import HasValues, problems_of_files
from scitacean.validation.rules import Rule, checked, missing
from scitacean.validation.values import flag_problem, size_problem, text_problem, texts_problem

REQUIRED_OF_ORIG_DATABLOCK = {
    "files": "at least one file",
}
REQUIRED_OF_DATABLOCK = {
    "archive_id": "the name of the copy in the archive",
    "size": "the size of the files in bytes",
    "packed_size": "the size of the copy in bytes",
    "version": "the version of the tool that made the copy",
    "files": "at least one file",
}
_RULES: dict[str, Rule] = {
    "owner_group": text_problem,
    "access_groups": texts_problem,
    "instrument_group": text_problem,
    "checksum_algorithm": text_problem,
    "dataset_id": text_problem,
    "is_published": flag_problem,
}
_ARCHIVE_RULES: dict[str, Rule] = _RULES | {
    "archive_id": text_problem,
    "size": size_problem,
    "packed_size": size_problem,
    "version": text_problem,
}


def problems_of_orig_datablock(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new block of files; the files have rules of their own.

    Parameters
    ----------
    fields:
        The block's fields by their Python names; the identifier of the dataset as text, None as files
        where there are none.
    required:
        Whether to look for missing fields.

    Returns
    -------
    :
        The problems of all fields but the files.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_orig_datablock({"files": None})]
    ['files is None; expected at least one file']
    """
    found = missing(fields, REQUIRED_OF_ORIG_DATABLOCK) if required else ()
    return [*found, *checked(fields, _RULES)]


def problems_of_datablock(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new copy in an archive; the files have rules of their own.

    Parameters
    ----------
    fields:
        See :func:`problems_of_orig_datablock`.
    required:
        Whether to look for missing fields.

    Returns
    -------
    :
        The problems of all fields but the files.

    Examples
    --------
    >>> fields = {"archive_id": "a", "size": 1, "packed_size": -1, "version": "1", "files": ["f"]}
    >>> [problem.field for problem in problems_of_datablock(fields)]
    ['packed_size']
    """
    found = missing(fields, REQUIRED_OF_DATABLOCK) if required else ()
    return [*found, *checked(fields, _ARCHIVE_RULES)]


def problems_of_files_in_block(
    files: Sequence[HasValues], checksum_algorithm: object, *, required: bool = True
) -> Iterator[Problem]:
    """Find the problems of the files of a block, and those whose checksums are not of its algorithm.

    Parameters
    ----------
    files:
        The files.
    checksum_algorithm:
        The algorithm of the block.
    required:
        Whether to look for missing fields.

    Yields
    ------
    :
        Those of :func:`scitacean.validation.file.problems_of_files`, then those of the algorithms.

    Examples
    --------
    >>> from scitacean import File
    >>> file = File.from_remote("a", 1, "2026-03-01T12:00:00Z", checksum_algorithm="md5")
    >>> for problem in problems_of_files_in_block([file], "sha256"):
    ...     print(problem)
    files[0].checksum_algorithm is 'md5'; expected 'sha256', as the block has
    """
    yield from problems_of_files(files, required=required)
    for index, file in enumerate(files):
        # What is no file has none, and has been reported.
        algorithm = getattr(file, "checksum_algorithm", checksum_algorithm)
        if algorithm != checksum_algorithm:
            yield Problem(
                f"files[{index}].checksum_algorithm",
                algorithm,
                f"{checksum_algorithm!r}, as the block has",
            )
