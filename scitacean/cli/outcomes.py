"""What the command says about uploads: planned, finished and unfinished ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from scitacean.display.table import printable
from scitacean.errors import ConfigurationError
from scitacean.model.dataset import Dataset
from scitacean.workflow.unfinished import UnfinishedUpload
from scitacean.workflow.upload_plan import UploadPlan


def plan_text(plan: UploadPlan) -> str:
    """Say what an upload would do.

    Parameters
    ----------
    plan:
        Of the upload.
    """
    lines = []
    if plan.resumes is not None:
        lines.append("this goes on with the upload that is not finished yet:")
        lines += _unfinished(plan.resumes).splitlines()
    if plan.source_folder is not None:
        there = sum(file.is_there for file in plan.files)
        free = "" if plan.free is None else f", where {plan.free:,} bytes are free"
        most = "" if plan.resumes is None else " at most"
        lines += [
            f"{len(plan.files) - there} files, {plan.size:,} bytes, would go to {plan.source_folder}{free}",
            f"{there} files are there already" if there else "",
            *(f"would make the folder {folder}" for folder in plan.new_folders),
            f"{plan.requests} requests{most} would register it",
        ]
    lines += [f"problem: {problem}" for problem in plan.problems] or ["no problems found; nothing was sent"]
    return "\n".join(printable(line) for line in lines if line)


def refuse_no_files(dataset: Dataset, paths: Sequence[Path]) -> None:
    """Check that there is something to upload, or a source folder of a dataset without files.

    Parameters
    ----------
    dataset:
        The dataset.
    paths:
        What its files should come from.

    Raises
    ------
    ConfigurationError
        If it has neither.
    """
    # Where the metadata name a folder, it may be meant.
    if not dataset.files and dataset.source_folder is None:
        raise ConfigurationError(
            f"There are no files in {', '.join(map(str, paths))}.",
            hint="Check the paths for typing mistakes.",
        )


def uploaded_text(dataset: Dataset) -> str:
    """Say what was uploaded; the last line is the PID.

    Parameters
    ----------
    dataset:
        As the catalogue has it.
    """
    files = f"{dataset.number_of_files} files, {dataset.size:,} bytes, are in {dataset.source_folder}"
    return f"{files}\n{dataset.pid}"


def unfinished_text(uploads: Sequence[UnfinishedUpload]) -> str:
    """List unfinished uploads.

    Parameters
    ----------
    uploads:
        The uploads.
    """
    if not uploads:
        return "No upload is unfinished."
    return "\n".join(_unfinished(upload) for upload in uploads)


def only_journal(uploads: Sequence[UnfinishedUpload]) -> Path:
    """Return the journal of the only unfinished upload; without one, the command has done its work.

    Parameters
    ----------
    uploads:
        The uploads.

    Raises
    ------
    ConfigurationError
        If there are several.
    typer.Exit
        If there is none.
    """
    if len(uploads) > 1:
        raise ConfigurationError(
            f"{len(uploads)} uploads to this catalogue are unfinished.",
            hint="Name the journal of the one that is meant; scitacean resume --list shows them.",
        )
    if not uploads:
        typer.echo("There is nothing to do: no upload to this catalogue is unfinished.")
        raise typer.Exit
    return uploads[0].journal


def _unfinished(upload: UnfinishedUpload) -> str:
    dataset = f", dataset {upload.pid}" if upload.pid is not None else ""
    files = f"{upload.files_sent} of {upload.files_total} files in {upload.source_folder}"
    return printable(
        f"{upload.begun:%Y-%m-%d %H:%M} UTC  {upload.name}: {files}{dataset}, to {upload.catalogue}\n"
        f"    {upload.journal}"
    )
