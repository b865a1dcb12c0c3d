"""Datasets of the catalogue that can only be the one that is being uploaded, and whether one would see it."""

from __future__ import annotations

from scicat_api.models import OutputDatasetDto, PartialOutputDatasetDto
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import ConflictError
from scitacean.model.wire import received
from scitacean.workflow.upload_record import UploadRecord

_FEW = 20


def find_alike(record: UploadRecord, scicat: ScicatClient) -> list[str]:
    """Return the PIDs of datasets with the same source folder, name, time of creation and owner.

    Where the PID was chosen, only the dataset that has it is one, if it has that folder and name.

    Parameters
    ----------
    record:
        The upload.
    scicat:
        Talks to the catalogue.

    Raises
    ------
    ScicatCommError
        If there is no proper answer.
    """
    model = record.request_model()
    if (pid := received(model.pid)) is not None:
        found = scicat.get_dataset_model_or_none(pid)
        is_same = found is not None and (found.source_folder, found.dataset_name) == (
            model.source_folder,
            model.dataset_name,
        )
        return [pid] if is_same else []
    return [
        str(dataset.pid)
        for dataset in scicat.find_datasets_like(
            source_folder=model.source_folder,
            name=model.dataset_name,
            creation_time=model.creation_time,
            owner=received(model.owner),
        )
    ]


def refuse_hidden(record: UploadRecord, scicat: ScicatClient) -> None:
    """Check that one would see the dataset if it were there, so that what is not found is not there.

    Servers let some accounts create datasets for groups whose datasets they do not show them.

    Parameters
    ----------
    record:
        The upload.
    scicat:
        Talks to the catalogue.

    Raises
    ------
    ConflictError
        If one may not see it.
    ScicatCommError
        If there is no proper answer.
    """
    model = record.request_model()
    groups = scicat.my_groups() or frozenset()
    readers = {model.owner_group, *(received(model.access_groups) or ())}
    if model.is_published is True or not groups.isdisjoint(readers) or _sees_all(groups, scicat):
        return
    raise ConflictError(
        f"Whether the catalogue has the dataset cannot be found out: you are not in the group "
        f"{model.owner_group!r}, and may not see its datasets.",
        hint="Let somebody go on with the upload, or undo it, who may see its datasets: a member of that "
        "group, or an administrator of the catalogue who is signed in as one.",
        request=scicat.url,
    )


def _sees_all(groups: frozenset[str], scicat: ScicatClient) -> bool:
    """Tell whether one sees what only administrators see; servers do not say who is one."""
    mine = sorted(groups)
    hidden = {"isPublished": False, "ownerGroup": {"$nin": mine}, "accessGroups": {"$nin": mine}}
    return any(_is_hidden(one, groups) for one in scicat.query_datasets(hidden, limit=_FEW))


def _is_hidden(dataset: PartialOutputDatasetDto | OutputDatasetDto, groups: frozenset[str]) -> bool:
    """Tell whether people of some groups do not see a dataset."""
    readers = {received(dataset.owner_group), *(received(dataset.access_groups) or ())}
    return dataset.is_published is False and groups.isdisjoint(readers) and not received(dataset.shared_with)
