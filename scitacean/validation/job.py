"""Rules for jobs that are given to the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scitacean.problem import Problem
from scitacean.validation.pids import pid_problem
from scitacean.validation.repeated import Repeated
from scitacean.validation.rules import Rule, checked, missing
from scitacean.validation.values import email_problem, object_problem, text_problem, texts_problem

REQUIRED = {
    "type": "a kind of job that the facility has, 'archive' for example",
    "job_params": "a dict, {'datasetList': [{'pid': ..., 'files': []}]} for example",
}
_DATASETS = "a list of datasets, each {'pid': ..., 'files': [...]}; no files are all of them"


def job_params_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value can be what a job is done with; None is no problem.

    The keys are the facility's affair, ``datasetList`` excepted: servers look up the datasets that it names.

    Parameters
    ----------
    value:
        The parameters.
    at:
        How to call them in the problems.

    Examples
    --------
    >>> [problem.field for problem in job_params_problem({"datasetList": [{"pid": ""}]}, "job_params")]
    ['job_params.datasetList[0].pid']
    """
    yield from object_problem(value, at)
    if isinstance(value, dict) and "datasetList" in value:
        yield from _datasets_problem(value["datasetList"], f"{at}.datasetList")


def _datasets_problem(datasets: object, at: str) -> Iterator[Problem]:
    if not isinstance(datasets, list | tuple):
        yield Problem(at, datasets, _DATASETS)
        return
    repeated = Repeated(at)
    for index, dataset in enumerate(datasets):
        for problem in _dataset_problem(dataset, f"{at}[{index}]"):
            yield from repeated.first(problem)
    yield from repeated.others()


def _dataset_problem(dataset: object, at: str) -> Iterator[Problem]:
    if not isinstance(dataset, dict):
        yield Problem(at, dataset, "{'pid': ..., 'files': [...]}")
        return
    if dataset.get("pid") is None:
        yield Problem(f"{at}.pid", None, "the PID of a dataset")
    yield from pid_problem(dataset.get("pid"), f"{at}.pid")
    yield from texts_problem(dataset.get("files"), f"{at}.files")


_RULES: dict[str, Rule] = {
    "type": text_problem,
    "job_params": job_params_problem,
    "owner_user": text_problem,
    "owner_group": text_problem,
    "contact_email": email_problem,
}


def problems_of_job(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a new job, or what cannot be sent.

    Parameters
    ----------
    fields:
        The job's fields by their Python names.
    required:
        Whether to look for missing fields.

    Examples
    --------
    >>> [problem.field for problem in problems_of_job({"job_params": {}})]
    ['type']
    """
    return [*(missing(fields, REQUIRED | _not_empty(fields)) if required else ()), *checked(fields, _RULES)]


def _not_empty(fields: Mapping[str, object]) -> dict[str, str]:
    # Servers refuse empty text as an address.
    return {} if fields.get("contact_email") is None else {"contact_email": "an e-mail address, or None"}
