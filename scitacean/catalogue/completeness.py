"""Whether all files of a dataset came: servers show a dataset to people who may not see its files."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from scicat_api.models import OutputDatasetDto, OutputOrigDatablockDto, PartialOutputOrigDatablockDto
from scitacean.errors import ValidationError

_logger = logging.getLogger("scitacean")


def check_file_count(
    dataset: OutputDatasetDto,
    blocks: Iterable[PartialOutputOrigDatablockDto | OutputOrigDatablockDto],
    *,
    strict: bool,
) -> None:
    """Compare how many files came with how many the dataset has, and log a warning where some are missing.

    Publishing or sharing a dataset does not publish or share its blocks of files.

    Parameters
    ----------
    dataset:
        Says how many files there are.
    blocks:
        Those that came.
    strict:
        Whether missing files are an error.

    Raises
    ------
    ValidationError
        If files are missing, with ``strict``.
    """
    lists: list[object] = [block.data_file_list for block in blocks]
    came = sum(len(files) for files in lists if isinstance(files, list))
    counted: object = dataset.number_of_files
    if not isinstance(counted, int) or came >= counted:
        return
    message = f"The dataset {dataset.pid} has {counted} files, but the catalogue shows only {came} of them."
    hint = "You may not be allowed to see the others: sign in, or ask the dataset's owner."
    if strict:
        raise ValidationError(message, hint=hint)
    _logger.warning("%s %s", message, hint)
