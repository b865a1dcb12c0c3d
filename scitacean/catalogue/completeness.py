"""Whether all files of a dataset came: servers show a dataset to people who may not see its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scicat_api.models import OutputDatasetDto, OutputOrigDatablockDto, PartialOutputOrigDatablockDto
from scitacean.problem import Problem


def missing_files(
    dataset: OutputDatasetDto, blocks: Iterable[PartialOutputOrigDatablockDto | OutputOrigDatablockDto]
) -> Iterator[Problem]:
    """Compare how many files came with how many the dataset has.

    Publishing or sharing a dataset does not publish or share its blocks of files.

    Parameters
    ----------
    dataset:
        Says how many files there are.
    blocks:
        Those that came.
    """
    lists: list[object] = [block.data_file_list for block in blocks]
    came = sum(len(files) for files in lists if isinstance(files, list))
    counted: object = dataset.number_of_files
    if isinstance(counted, int) and came < counted:
        yield Problem(
            "files",
            came,
            f"all {counted} files; you may not be allowed to see the others: sign in, or ask the owner",
        )
