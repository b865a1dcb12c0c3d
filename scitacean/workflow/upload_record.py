"""All that an upload is made of, as it can be written down for another process to go on with."""

# ruff: noqa: PTH100, PTH116
# For tens of thousands of files, pathlib takes longer than the looking.
from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast

import attrs

from scicat_api.models import CreateAttachmentV3Dto, CreateDatasetDto, OutputDatasetDto
from scitacean.model.checksum import known_or_none
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.metadata import plain_object
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import SendRequest, Sent

_TEXTS = (
    "checksum_algorithm",
    "remote_uid",
    "remote_gid",
    "remote_perm",
    "remote_size",
    "remote_checksum",
    "file_type",
)


@attrs.frozen(kw_only=True)
class LocalFile:
    """A file that is to be sent, and what it was when the upload began.

    Attributes
    ----------
    file:
        The file.
    size, mtime_ns:
        Size in bytes and modification time in nanoseconds.
    """

    file: File
    size: int
    mtime_ns: int

    @classmethod
    def now(cls, file: File) -> LocalFile:
        """Note what a file is now, by its absolute path.

        Parameters
        ----------
        file:
            A file of this machine.

        Raises
        ------
        FileNotFoundError
            If it is not there, or is no file any more.
        OSError
            If it cannot be looked at.

        Examples
        --------
        >>> _ = Path("run.csv").write_text("1,2")
        >>> LocalFile.now(File.from_local("run.csv")).size
        3
        """
        given = os.fspath(cast("Path", file.local_path))
        path = os.path.abspath(given)  # links are part of what is named
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if path != given:
            file = attrs.evolve(file, local_path=path)
        return cls(file=file, size=status.st_size, mtime_ns=status.st_mtime_ns)


@attrs.frozen(kw_only=True)
class UploadRecord:
    """A new dataset with all that is sent for it.

    Attributes
    ----------
    catalogue:
        URL of the server.
    dataset:
        Body of the request that creates it.
    attachments:
        Bodies of the requests that create its attachments.
    uid:
        What the folder of the files may be named by.
    local:
        Files to send.
    remote:
        Files that are on the file server already.
    """

    catalogue: str
    dataset: Mapping[str, object]
    attachments: Sequence[Mapping[str, object]]
    uid: str
    local: Sequence[LocalFile]
    remote: Sequence[File]

    @classmethod
    def of_dataset(cls, dataset: Dataset, local: Iterable[LocalFile], *, catalogue: str) -> UploadRecord:
        """Make the record of a valid dataset that has its source folder.

        Parameters
        ----------
        dataset:
            The dataset.
        local:
            Those of its files that are to be sent.
        catalogue:
            URL of the server.

        Raises
        ------
        ValidationError
            If something cannot be sent.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="beamline1", owner="Ada Example",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ...     source_folder="/data/run-7",
        ... )
        >>> record = UploadRecord.of_dataset(dataset, [], catalogue="https://scicat.site.example")
        >>> record.name, record.source_folder
        ('Run 7', RemotePath('/data/run-7'))
        """
        return cls(
            catalogue=catalogue,
            dataset=dataset.make_upload_model().to_dict(),
            attachments=[model.to_dict() for model in dataset.make_attachment_upload_models()],
            uid=dataset.uid,
            local=list(local),
            remote=[file for file in dataset.files if file.is_on_remote],
        )

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return str(self.dataset["datasetName"])

    @cached_property
    def source_folder(self) -> RemotePath:
        """Folder on the file server."""
        return RemotePath(str(self.dataset["sourceFolder"]))

    @cached_property
    def requests(self) -> Sequence[SendRequest]:
        """What is asked of the file transfer, in the order of :attr:`local`."""
        return [
            SendRequest(
                local=cast("Path", one.file.local_path),
                remote=self.source_folder / one.file.remote_path,
                resume=True,
                checksum_algorithm=known_or_none(one.file.checksum_algorithm),
            )
            for one in self.local
        ]

    @property
    def fingerprint(self) -> str:
        """What the same call has again: all but the time of creation and the name made for the folder."""
        dataset = {**self.dataset, "sourceFolder": self.source_folder.posix.replace(self.uid, "{uid}")}
        if self.local:
            # Scripts and the command take the time of the call where none is given.
            dataset.pop("creationTime", None)
        content = self.to_json() | {"dataset": dataset, "uid": ""}
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def request_model(self) -> CreateDatasetDto:
        """Return the body of the request that creates the dataset."""
        return CreateDatasetDto.from_dict(dict(self.dataset))

    def attachment_models(self) -> list[CreateAttachmentV3Dto]:
        """Return the bodies of the requests that create the attachments."""
        return [CreateAttachmentV3Dto.from_dict(dict(attachment)) for attachment in self.attachments]

    def as_dataset(self) -> Dataset:
        """Return the dataset as file transfers know it: without its files and attachments."""
        model = OutputDatasetDto.from_dict(dict(self.dataset))
        return Dataset.from_download_model(model).replace(uid=self.uid)

    def all_files(self, sent: Mapping[int, Sent]) -> list[File]:
        """Return the files as they are registered.

        Parameters
        ----------
        sent:
            What was sent of each of :attr:`local`, by its index.
        """
        uploaded = [
            one.file.uploaded(
                remote_size=sent[index].size,
                remote_creation_time=sent[index].modified,
                remote_checksum=sent[index].checksum,
                remote_uid=sent[index].uid,
                remote_gid=sent[index].gid,
                remote_perm=sent[index].permissions,
            )
            for index, one in enumerate(self.local)
        ]
        return [*self.remote, *uploaded]

    def to_json(self) -> dict[str, object]:
        """Return what :meth:`from_json` takes."""
        return {
            "catalogue": self.catalogue,
            "dataset": dict(self.dataset),
            "attachments": [dict(attachment) for attachment in self.attachments],
            "uid": self.uid,
            "local": self._local_json,
            "remote": [_file_to_json(file) for file in self.remote],
        }

    @cached_property
    def _local_json(self) -> list[dict[str, object]]:
        # Wanted twice, for the name of the journal and for what is in it.
        return [
            {
                "path": os.fspath(cast("Path", one.file.local_path)),
                "size": one.size,
                "mtime_ns": one.mtime_ns,
                **_file_to_json(one.file),
            }
            for one in self.local
        ]

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> UploadRecord:
        """Make the record of what :meth:`to_json` has returned.

        Parameters
        ----------
        content:
            It.

        Raises
        ------
        KeyError, TypeError, ValueError, AttributeError
            If it is anything else.
        """
        return cls(
            catalogue=cast("str", content["catalogue"]),
            dataset=cast("dict[str, object]", content["dataset"]),
            attachments=cast("list[dict[str, object]]", content["attachments"]),
            uid=cast("str", content["uid"]),
            local=[_local_from_json(one) for one in cast("list[dict[str, object]]", content["local"])],
            remote=[_file_from_json(one) for one in cast("list[dict[str, object]]", content["remote"])],
        )


def _file_to_json(file: File) -> dict[str, object]:
    content: dict[str, object] = {"remote_path": file.remote_path.posix}
    content |= {name: value for name in _TEXTS if (value := getattr(file, name)) is not None}
    if file.remote_creation_time is not None:
        content["remote_creation_time"] = file.remote_creation_time.isoformat()
    if file.metadata is not None:
        content["metadata"] = plain_object(file.metadata)
    return content


def _file_from_json(content: Mapping[str, object], local_path: str | None = None) -> File:
    time = content.get("remote_creation_time")
    return File(
        local_path=None if local_path is None else Path(local_path),
        remote_path=RemotePath(cast("str", content["remote_path"])),
        remote_creation_time=datetime.fromisoformat(time) if isinstance(time, str) else None,
        metadata=cast("dict[str, object] | None", content.get("metadata")),
        **{name: cast("None", content.get(name)) for name in _TEXTS},
    )


def _local_from_json(content: Mapping[str, object]) -> LocalFile:
    return LocalFile(
        file=_file_from_json(content, cast("str", content["path"])),
        size=cast("int", content["size"]),
        mtime_ns=cast("int", content["mtime_ns"]),
    )
