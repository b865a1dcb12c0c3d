"""Getting datasets with all that belongs to them, one or many at a time."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from scitacean.catalogue.completeness import missing_files
from scitacean.catalogue.report import problems_of_entry, reported
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.model.dataset import Dataset
from scitacean.model.pid import PID

_AT_ONCE = 8
"""A server answers about as many requests at a time; more only wait there."""


def get_dataset(scicat: ScicatClient, pid: str | PID, *, strict: bool, attachments: bool) -> Dataset:
    """Get a dataset with its files' metadata.

    Parameters
    ----------
    scicat:
        Talks to the catalogue.
    pid:
        Identifier, with its prefix.
    strict:
        Whether odd fields are an error; otherwise they are logged, all of them at once.
    attachments:
        Whether to get attachments too.

    Raises
    ------
    ScicatCommError
        If there is no proper answer.
    ValidationError
        If the answer has odd fields, with ``strict``.
    ValueError
        If the text is no PID.
    """
    pid = PID.parse(pid)
    with reported(f"get the dataset {pid}", scicat.url, strict=strict) as problems:
        model = scicat.get_dataset_model(pid)
        blocks = scicat.get_orig_datablock_models(pid)
        pictures = scicat.get_attachment_models(pid) if attachments else None
        dataset = Dataset.from_download_model(model, orig_datablocks=blocks, attachments=pictures)
        problems += missing_files(model, blocks)
        problems += problems_of_entry(dataset, problems)
    return dataset


def get_datasets(
    scicat: ScicatClient, pids: Iterable[str | PID], *, strict: bool, attachments: bool
) -> list[Dataset]:
    """Get several datasets at a time, in the order of their identifiers; see :func:`get_dataset`.

    Where some cannot be got, the error is that of the first of these, and what has not begun is left out.

    Parameters
    ----------
    scicat, strict, attachments:
        As for one.
    pids:
        Identifiers; they are all looked at before anything is asked.

    Raises
    ------
    ScicatCommError
        If one cannot be got; the error names it.
    ValueError
        If there is no PID, or a text is none.
    """
    if cast("object", pids) is None:
        raise ValueError("The PID is None: a dataset has none before it is uploaded.")
    known = [PID.parse(pid) for pid in pids]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="scitacean-get") as pool:
        waiting = [
            pool.submit(get_dataset, scicat, pid, strict=strict, attachments=attachments) for pid in known
        ]
        try:
            return [future.result() for future in waiting]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
