"""The fields of files, and the rules for them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

import attrs

from scitacean.display import html
from scitacean.model.metadata import plain_object
from scitacean.model.remote_path import RemotePath
from scitacean.problem import Problem
from scitacean.validation.file import problems_of_file


def _to_remote_path(path: str | RemotePath) -> RemotePath:
    return RemotePath(path) if isinstance(path, str) else path


def _to_local_path(path: str | os.PathLike[str] | None) -> Path | None:
    return path if path is None or isinstance(path, Path) else Path(path)


@attrs.frozen(kw_only=True)
class FileFields:
    """What is known about a file of a dataset, here and on the file server.

    Attributes
    ----------
    local_path:
        Where the file is on this machine; None where it is not.
    remote_path:
        Where the file is on the file server, relative to the dataset's source folder.
    checksum_algorithm:
        The algorithm of :meth:`checksum`, as :mod:`hashlib` names it; None for no checksum.
    remote_uid, remote_gid, remote_perm:
        Owner, group and permissions on the file server, as the catalogue has them.
    remote_size:
        Size in bytes that the catalogue has; None for a file that is only here.
    remote_creation_time:
        Time that the catalogue has; None for a file that is only here.
    remote_checksum:
        Hexadecimal digest that the catalogue has; None where it has none.
    file_type:
        Kind of file, in the words of the facility.
    metadata:
        Anything else about the file that JSON can hold.
    """

    local_path: Path | None = attrs.field(default=None, converter=_to_local_path)
    remote_path: RemotePath = attrs.field(converter=_to_remote_path)
    checksum_algorithm: str | None = None
    remote_uid: str | None = None
    remote_gid: str | None = None
    remote_perm: str | None = None
    remote_size: int | None = None
    remote_creation_time: datetime | None = None
    remote_checksum: str | None = None
    file_type: str | None = None
    metadata: Mapping[str, object] | None = None

    @property
    def is_on_local(self) -> bool:
        """Whether the file is on this machine.

        Examples
        --------
        >>> FileFields(remote_path="run.csv").is_on_local
        False
        """
        return self.local_path is not None

    @property
    def is_on_remote(self) -> bool:
        """Whether the file is on the file server; one that is not here can only be there.

        Examples
        --------
        >>> FileFields(remote_path="run.csv").is_on_remote
        True
        """
        return self.remote_size is not None or self.local_path is None

    def values(self) -> dict[str, object]:
        """Return the values of the fields as the rules of the catalogue take them.

        Returns
        -------
        :
            The values by the names of the fields: the remote path as text, metadata as JSON can hold it.

        Examples
        --------
        >>> FileFields(remote_path="run.csv", remote_size=3).values()["remote_size"]
        3
        """
        path = cast("object", self.remote_path)
        return {
            "local_path": self.local_path,
            "remote_path": path.posix if isinstance(path, RemotePath) else path,
            "checksum_algorithm": self.checksum_algorithm,
            "remote_uid": self.remote_uid,
            "remote_gid": self.remote_gid,
            "remote_perm": self.remote_perm,
            "remote_size": self.remote_size,
            "remote_creation_time": self.remote_creation_time,
            "remote_checksum": self.remote_checksum,
            "file_type": self.file_type,
            "metadata": self.metadata if self.metadata is None else plain_object(self.metadata),
        }

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find all that breaks the rules of the catalogue.

        Parameters
        ----------
        required:
            Whether to look for missing fields.

        Returns
        -------
        :
            The problems, none of which has to do with other files.

        Examples
        --------
        >>> [problem.field for problem in FileFields(remote_path="/run.csv", remote_size=-1).find_problems()]
        ['remote_creation_time', 'remote_path', 'remote_size']
        """
        return problems_of_file(self.values(), required=required)

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        return html.entry("file", [html.Field(name, value) for name, value in self.values().items()])
