"""Datasets of the catalogue that can only be the one that is being uploaded."""

from __future__ import annotations

from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.model.wire import received
from scitacean.workflow.upload_record import UploadRecord


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
