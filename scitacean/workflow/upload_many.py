"""Uploading many datasets side by side: what becomes of one does not stop the others."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Protocol, cast

import attrs

from scitacean.model.dataset import Dataset
from scitacean.workflow.progress import OnProgress, Progress

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


class UploadOne(Protocol):
    """Uploads one dataset."""

    def __call__(self, dataset: Dataset, /, *, on_progress: OnProgress | None = None) -> Dataset:
        """Upload it, and tell how it goes on."""


def upload_many(
    datasets: Iterable[Dataset], upload: UploadOne, executor: Executor | None = None
) -> list[UploadOutcome]:
    """Upload datasets and return what became of each, in their order.

    After Ctrl-C none is begun any more. Those that run in threads stop too, so that they can be gone on with;
    what runs in other processes is left alone.

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
    KeyboardInterrupt
        After Ctrl-C: its notes say what is where.

    Examples
    --------
    >>> def upload(dataset, *, on_progress=None):
    ...     return dataset
    >>> [outcome.error for outcome in upload_many([Dataset(type="raw")], upload)]
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


def _collect(datasets: list[Dataset], upload: UploadOne, executor: Executor) -> list[UploadOutcome]:
    stop = threading.Event()
    futures: list[Future[Dataset]] = []
    in_threads = isinstance(executor, ThreadPoolExecutor)
    if in_threads:
        upload = partial(upload, on_progress=partial(_stop_if_set, stop))
    try:
        futures += (executor.submit(upload, dataset) for dataset in datasets)
        return [_outcome(dataset, future) for dataset, future in zip(datasets, futures, strict=True)]
    except BaseException as error:
        stop.set()
        for future in futures:
            future.cancel()
        if in_threads:
            wait(futures)
        _add_notes(error, futures, len(datasets))
        raise


def _stop_if_set(stop: threading.Event, _progress: Progress) -> None:
    # Ctrl-C reaches the main thread only.
    if stop.is_set():
        raise KeyboardInterrupt


def _add_notes(error: BaseException, futures: list[Future[Dataset]], total: int) -> None:
    """Say what became of uploads when there are no outcomes."""
    begun = [future for future in futures if not future.cancelled()]
    errors = [future.exception() for future in begun if future.done()]
    stopped = [one for one in errors if one is not None]
    error.add_note(
        f"{len(errors) - len(stopped)} of {total} datasets were uploaded, {len(stopped)} failed or were "
        f"stopped half way, {total - len(begun)} were not begun."
    )
    if running := len(begun) - len(errors):
        error.add_note(f"{running} are still running in other processes.")
    for one in stopped:
        for note in [str(one), *getattr(one, "__notes__", ())]:
            if note:
                error.add_note(note)


def _outcome(dataset: Dataset, future: Future[Dataset]) -> UploadOutcome:
    try:
        return UploadOutcome(dataset=dataset, uploaded=future.result())
    # A broken pool, and what cannot be pickled, are failures of this dataset too.
    except Exception as error:  # noqa: BLE001
        return UploadOutcome(dataset=dataset, error=error)
