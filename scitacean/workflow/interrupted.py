"""What is said of an upload that stopped half way: what is where, and how to go on or to undo it."""

from __future__ import annotations

from pathlib import Path

from scitacean.errors import UploadInterrupted
from scitacean.workflow.journal import Journal
from scitacean.workflow.upload_record import UploadRecord


def interrupted(journal: Journal, error: Exception) -> UploadInterrupted:
    """Make the error for an upload that can be gone on with.

    Parameters
    ----------
    journal:
        Of the upload.
    error:
        What happened.
    """
    steps = journal.steps
    return UploadInterrupted(
        f"The upload of {steps.record.name!r} stopped: {error}\n{what_is_where(journal)}",
        hint=how_to_go_on(journal),
        pid=steps.pid,
        source_folder=steps.record.source_folder.posix if steps.record.local else None,
        journal=journal.path,
    )


def made_by_another(pid: str, record: UploadRecord, journal: Path) -> UploadInterrupted:
    """Make the error for an upload whose dataset another one has created meanwhile.

    Parameters
    ----------
    pid:
        The dataset.
    record:
        The upload.
    journal:
        Of the upload.
    """
    return UploadInterrupted(
        f"The catalogue has the dataset {record.name!r} already, as {pid}, which another upload has made. "
        "Nothing was changed.",
        hint=f"Run 'scitacean resume --discard {journal}' (client.discard_upload), which leaves the files of "
        "that dataset.",
        source_folder=record.source_folder.posix,
        journal=journal,
    )


def what_is_where(journal: Journal) -> str:
    """Say what the servers have of an upload.

    Parameters
    ----------
    journal:
        Of the upload.
    """
    steps = journal.steps
    told = []
    if total := len(steps.record.local):
        there = len(steps.sent)
        folder = steps.record.source_folder
        if there == total and steps.is_creating:
            told.append(f"Its {total} file(s) are in {folder}.")
        else:
            told.append(
                f"{there} of its {total} file(s) are complete in {folder}; others may be there in part."
            )
    if steps.pid is not None:
        told.append(
            f"The dataset {steps.pid} is in the catalogue, but not all of its files or attachments may be "
            "registered."
        )
    elif steps.is_creating and not steps.is_absent:
        told.append("It is not known whether the catalogue has the dataset.")
    else:
        told.append("The catalogue does not have the dataset.")
    return " ".join(told)


def how_to_go_on(journal: Journal) -> str:
    """Say what one can do with an upload that stopped.

    Parameters
    ----------
    journal:
        Of the upload.
    """
    return (
        f"To go on where it stopped, run 'scitacean resume {journal.path}' with the same options for the "
        "servers (client.resume_upload), or upload the same once more, with nothing changed: nothing is sent "
        f"or registered twice. To undo it, run 'scitacean resume --discard {journal.path}' "
        "(client.discard_upload)."
    )
