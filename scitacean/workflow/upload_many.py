"""Uploading many datasets side by side: what becomes of one does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import cast

import attrs

from scitacean.model.dataset import Dataset

_THREADS = 4
"""More would only share the same network."""


@attrs.frozen(kw_only=True)
class UploadOutcome:
    """What became of one of many datasets.

    Attributes
    ----------
    dataset:
        What was to be uploaded.
    uploaded:
        The dataset as the catalogue has it; None where that failed.
    error:
        Why it failed; None where it did not.
    """

    dataset: Dataset
    uploaded: Dataset | None = None
    error: Exception | None = None


def upload_many(
    datasets: Iterable[Dataset], upload: Callable[[Dataset], Dataset], executor: Executor | None = None
) -> list[UploadOutcome]:
    """Upload datasets and return what became of each, in their order.

    Parameters
    ----------
    datasets:
        The datasets.
    upload:
        Uploads one. Executors of other processes send it there by pickle.
    executor:
        Where it is called; by default in some threads.

    Raises
    ------
    TypeError
        If something is no dataset; nothing is uploaded.

    Examples
    --------
    >>> [outcome.error for outcome in upload_many([Dataset(type="raw")], lambda dataset: dataset)]
    [None]
    """
    datasets = list(datasets)
    for index, dataset in enumerate(datasets):
        # A single dataset is a mapping, whose keys would be taken for datasets.
        if not isinstance(cast("object", dataset), Dataset):
            raise TypeError(
                f"Expected a list of datasets; what stands at {index} is {dataset!r}. Nothing was uploaded."
            )
    if executor is not None:
        return _collect(datasets, upload, executor)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="scitacean-upload") as threads:
        return _collect(datasets, upload, threads)


def _collect(
    datasets: list[Dataset], upload: Callable[[Dataset], Dataset], executor: Executor
) -> list[UploadOutcome]:
    futures: list[Future[Dataset]] = [executor.submit(upload, dataset) for dataset in datasets]
    try:
        return [_outcome(dataset, future) for dataset, future in zip(datasets, futures, strict=True)]
    finally:
        # After Ctrl-C nothing new is begun.
        for future in futures:
            future.cancel()


def _outcome(dataset: Dataset, future: Future[Dataset]) -> UploadOutcome:
    try:
        return UploadOutcome(dataset=dataset, uploaded=future.result())
    # A broken pool, and what cannot be pickled, are failures of this dataset too.
    except Exception as error:  # noqa: BLE001
        return UploadOutcome(dataset=dataset, error=error)
