"""Datasets: metadata, files and attachments of one measurement or analysis."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self, cast

import attrs

from scitacean.model.attachment import Attachment
from scitacean.model.file import File
from scitacean.model.file_list import FileList
from scitacean.model.local_files import find_local_files
from scitacean.model.parts import Lifecycle, Relationship, Technique
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath

_kept_by_server = attrs.setters.frozen


def _optional_path(path: str | RemotePath | None) -> RemotePath | None:
    return RemotePath(path) if isinstance(path, str) else path


def _optional_pid(pid: str | PID | None) -> PID | None:
    return PID.parse(pid) if isinstance(pid, str) else pid


@attrs.define(kw_only=True)
class Dataset:
    """A dataset, on its way into the catalogue or as it came out of it.

    Attributes
    ----------
    type:
        ``"raw"`` for what was measured, ``"derived"`` for what was computed, or a facility's own.
    name:
        Name that people know it by.
    owner_group:
        Group that owns the dataset; one has to be a member of it to upload.
    owner:
        Names of the people who own it, separated by semicolons.
    contact_email:
        Addresses to write to, separated by semicolons.
    creation_time:
        When the data was made, with a time zone.
    source_folder:
        Folder on the file server that holds the files.
    owner_email, orcid_of_owner:
        Address and ORCID iD of the owner.
    access_groups, shared_with, instrument_group:
        Who else may see it.
    principal_investigators, proposal_ids, sample_ids, instrument_ids, input_datasets:
        What it comes from.
    description, comment, keywords, classification, license, is_published:
        What to know about it.
    start_time, end_time, run_number, creation_location, data_format, source_folder_host:
        How and where it was measured.
    techniques, relationships, used_software, job_parameters, job_log_data:
        How it was made and what it relates to.
    meta:
        Scientific metadata: anything that JSON can hold.
    scientific_metadata_schema, scientific_metadata_valid, validation_status, data_quality_metrics:
        What is known about its quality.
    pid:
        Identifier; the server makes one where it is None. Few groups may choose one.
    lifecycle, created_at, created_by, updated_at, updated_by, api_version:
        Kept by the server.
    attachments:
        Pictures; None where they have not been downloaded.

    Examples
    --------
    >>> from datetime import UTC
    >>> dataset = Dataset(
    ...     type="raw", name="Run 7", owner_group="beamline1", owner="Ada Example",
    ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    ... )
    >>> dataset.number_of_files, dataset.size
    (0, 0)
    """

    type: str
    name: str | None = None
    owner_group: str | None = None
    owner: str | None = None
    contact_email: str | None = None
    creation_time: datetime | None = None
    source_folder: RemotePath | None = attrs.field(
        default=None,
        converter=_optional_path,
        on_setattr=attrs.setters.convert,
    )
    source_folder_host: str | None = None
    owner_email: str | None = None
    orcid_of_owner: str | None = None
    access_groups: Sequence[str] | None = None
    shared_with: Sequence[str] | None = None
    instrument_group: str | None = None
    principal_investigators: Sequence[str] | None = None
    proposal_ids: Sequence[str] | None = None
    sample_ids: Sequence[str] | None = None
    instrument_ids: Sequence[str] | None = None
    input_datasets: Sequence[str] | None = None
    description: str | None = None
    comment: str | None = None
    keywords: Sequence[str] | None = None
    classification: str | None = None
    license: str | None = None
    is_published: bool | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    run_number: str | None = None
    creation_location: str | None = None
    data_format: str | None = None
    techniques: Sequence[Technique] | None = None
    relationships: Sequence[Relationship] | None = None
    used_software: Sequence[str] | None = None
    job_parameters: dict[str, object] | None = None
    job_log_data: str | None = None
    meta: dict[str, object] = attrs.Factory(dict)
    scientific_metadata_schema: str | None = None
    scientific_metadata_valid: bool | None = None
    validation_status: str | None = None
    data_quality_metrics: float | None = None
    pid: PID | None = attrs.field(default=None, converter=_optional_pid, on_setattr=_kept_by_server)
    lifecycle: Lifecycle | None = attrs.field(default=None, on_setattr=_kept_by_server)
    created_at: datetime | None = attrs.field(default=None, on_setattr=_kept_by_server)
    created_by: str | None = attrs.field(default=None, on_setattr=_kept_by_server)
    updated_at: datetime | None = attrs.field(default=None, on_setattr=_kept_by_server)
    updated_by: str | None = attrs.field(default=None, on_setattr=_kept_by_server)
    api_version: str | None = attrs.field(default=None, on_setattr=_kept_by_server)
    attachments: list[Attachment] | None = attrs.Factory(list)
    _files: FileList = attrs.field(factory=FileList, converter=FileList, alias="files", repr=False)
    _uid: str = attrs.field(factory=lambda: str(uuid.uuid4()), alias="uid", eq=False, repr=False)

    @property
    def files(self) -> tuple[File, ...]:
        """The files, here and on the server."""
        return self._files.view()

    @property
    def uid(self) -> str:
        """What ``{uid}`` stands for in a source folder: made once per dataset, kept by copies."""
        return self._uid

    @property
    def number_of_files(self) -> int:
        """How many files the dataset has."""
        return len(self.files)

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.size for file in self.files)

    def add_files(self, *files: File) -> None:
        """Add files.

        Raises
        ------
        ValueError
            If two files would have one path on the server.
        """
        self._files.add(files)

    def add_local_files(
        self, *paths: str | os.PathLike[str], base_path: str | os.PathLike[str] | None = None
    ) -> None:
        """Add files of this machine; a folder adds its tree.

        Parameters
        ----------
        *paths:
            Files and folders.
        base_path:
            Paths on the server are those relative to this folder. Without it, a file gets its name, and
            what lies in a folder its path from that folder.

        Raises
        ------
        FileNotFoundError
            If a file or folder is not there.
        ValueError
            If two files would have one path on the server, if one lies outside ``base_path``, or if one
            is neither a file nor a folder.

        Examples
        --------
        >>> from pathlib import Path
        >>> Path("run/raw").mkdir(parents=True)
        >>> _ = Path("run/raw/a.csv").write_text("1,2")
        >>> dataset = Dataset(type="raw")
        >>> dataset.add_local_files("run")
        >>> dataset.files[0].remote_path
        RemotePath('raw/a.csv')
        """
        self.add_files(
            *(
                File.from_local(path, remote_path=remote)
                for path, remote in find_local_files(paths, base_path=base_path)
            )
        )

    def replace(self, **replacements: object) -> Self:
        """Return a copy with some fields replaced, those included that the server keeps.

        Raises
        ------
        TypeError
            If there is no such field.

        Examples
        --------
        >>> Dataset(type="raw", name="a").replace(name="b").name
        'b'
        """
        return attrs.evolve(self, **cast("dict[str, Any]", replacements))

    def replace_files(self, *files: File) -> Self:
        """Return a copy in which files of the same remote path are replaced by the given ones.

        Raises
        ------
        ValueError
            If the dataset has no file of that remote path.
        """
        new = {file.remote_path: file for file in files}
        merged = tuple(new.pop(file.remote_path, file) for file in self.files)
        if new:
            raise ValueError(f"The dataset has no file {next(iter(new)).posix!r} to replace.")
        return self.replace(files=merged)
