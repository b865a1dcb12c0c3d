"""What is checked before anything of a new dataset is sent."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from scitacean.errors import ConfigurationError, LocalFileNotFoundError, ValidationError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FileTransfer
from scitacean.validation.dataset import problems_of_new_dataset
from scitacean.validation.paths import unsafe_path_reason
from scitacean.validation.problem import Problem
from scitacean.validation.values import text_problem

_LARGEST_THUMBNAIL = 8 * 1024 * 1024
"""Servers take bodies of up to 16 MiB, and pictures grow by a third on the way."""


def with_source_folder(dataset: Dataset, transfer: FileTransfer) -> Dataset:
    """Return the dataset with the folder that its files will go to.

    Raises
    ------
    ConfigurationError
        If the dataset has files on the file server already, in another folder.
    """
    folder = transfer.source_folder_for(dataset)
    there = [file.remote_path.posix for file in dataset.files if file.is_on_remote]
    if there and folder != dataset.source_folder:
        raise ConfigurationError(
            f"{len(there)} file(s) of the dataset are in {dataset.source_folder} on the file server already "
            f"({there[0]!r} for one), but the new ones would go to {folder}: one dataset has one folder.",
            hint="Use a file transfer without source_folder, or download those files and add them anew.",
        )
    return dataset.replace(source_folder=folder)


def check_new_dataset(dataset: Dataset) -> None:
    """Check all that can be checked here.

    Raises
    ------
    ValidationError
        If the dataset breaks rules of the catalogue: with all problems.
    LocalFileNotFoundError
        If a file that shall be uploaded is not there any more.
    """
    fields = {
        attribute.name: getattr(dataset, attribute.name)
        for attribute in attrs.fields(Dataset)
        if not attribute.name.startswith("_") and attribute.name not in ("attachments", "lifecycle")
    }
    folder = dataset.source_folder
    problems = [
        *problems_of_new_dataset(fields | {"source_folder": folder.posix if folder else None}),
        *_problems_of_files(dataset),
        *_problems_of_attachments(dataset),
    ]
    if problems:
        raise ValidationError(
            f"The dataset cannot go into the catalogue; nothing was sent. {len(problems)} problem(s):",
            problems=[str(problem) for problem in problems],
        )
    for file in dataset.files:
        if file.local_path is not None and not file.is_on_remote and not file.local_path.is_file():
            raise LocalFileNotFoundError(
                f"The file {file.local_path} is not there any more; nothing was sent.",
                hint="Put it back, or leave it out of the dataset.",
            )


def _problems_of_files(dataset: Dataset) -> Iterator[Problem]:
    seen: set[RemotePath] = set()
    for index, file in enumerate(dataset.files):
        path = file.remote_path
        if reason := unsafe_path_reason(path.posix, windows=False):
            yield Problem(f"files[{index}].remote_path", path.posix, f"a safe path, but {reason}")
        if path in seen:
            yield Problem(f"files[{index}].remote_path", path.posix, "a path that no other file has")
        seen.add(path)


def _problems_of_attachments(dataset: Dataset) -> Iterator[Problem]:
    for index, attachment in enumerate(dataset.attachments or ()):
        at = f"attachments[{index}]"
        yield from text_problem(attachment.caption, f"{at}.caption")
        size = 0 if attachment.thumbnail is None else len(attachment.thumbnail.data)
        if size > _LARGEST_THUMBNAIL:
            yield Problem(f"{at}.thumbnail", f"{size:,} bytes", f"at most {_LARGEST_THUMBNAIL:,} bytes")
