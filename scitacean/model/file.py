"""Files of datasets: on this machine, on the file server, or both."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import attrs

from scitacean.errors import IntegrityError, LocalFileNotFoundError
from scitacean.model.checksum import (
    DEFAULT_ALGORITHM,
    checksum_of_file,
    is_known_algorithm,
    warn_unknown_algorithm,
)
from scitacean.model.remote_path import RemotePath


def _to_remote_path(path: str | RemotePath) -> RemotePath:
    return path if isinstance(path, RemotePath) else RemotePath(path)


@attrs.frozen(kw_only=True)
class File:
    """A file of a dataset. Objects do not change; methods return new ones.

    Build files with :meth:`from_local` and :meth:`from_remote`.

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
    """

    local_path: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    remote_path: RemotePath = attrs.field(converter=_to_remote_path)
    checksum_algorithm: str | None = None
    remote_uid: str | None = None
    remote_gid: str | None = None
    remote_perm: str | None = None
    remote_size: int | None = None
    remote_creation_time: datetime | None = None
    remote_checksum: str | None = None

    @classmethod
    def from_local(
        cls,
        path: str | os.PathLike[str],
        *,
        remote_path: str | RemotePath | None = None,
        checksum_algorithm: str | None = DEFAULT_ALGORITHM,
        remote_uid: str | None = None,
        remote_gid: str | None = None,
        remote_perm: str | None = None,
    ) -> Self:
        """Describe a file of this machine.

        Parameters
        ----------
        path:
            The file. ``~`` stands for one's home folder.
        remote_path:
            Its path in the dataset; by default its name.
        checksum_algorithm:
            Algorithm of the checksum that goes into the catalogue.
        remote_uid, remote_gid, remote_perm:
            What the catalogue shall say of owner, group and permissions.

        Raises
        ------
        LocalFileNotFoundError
            If there is no such file.
        IsADirectoryError
            If the path is a folder.

        Examples
        --------
        >>> from pathlib import Path
        >>> _ = Path("run.csv").write_text("1,2")
        >>> file = File.from_local("run.csv")
        >>> file.size, file.remote_path
        (3, RemotePath('run.csv'))
        """
        local = Path(path).expanduser()
        if local.is_dir():
            raise IsADirectoryError(f"{local} is a folder, not a file. Name its files one by one.")
        if not local.exists():
            raise LocalFileNotFoundError(
                f"There is no file {local}.", hint="Check the path for typing mistakes."
            )
        return cls(
            local_path=local,
            remote_path=RemotePath(local.name) if remote_path is None else remote_path,
            checksum_algorithm=checksum_algorithm,
            remote_uid=remote_uid,
            remote_gid=remote_gid,
            remote_perm=remote_perm,
        )

    @classmethod
    def from_remote(
        cls,
        remote_path: str | RemotePath,
        size: int,
        creation_time: datetime | str,
        checksum: str | None = None,
        checksum_algorithm: str | None = None,
        remote_uid: str | None = None,
        remote_gid: str | None = None,
        remote_perm: str | None = None,
    ) -> Self:
        """Describe a file of the file server.

        Parameters
        ----------
        remote_path:
            Path relative to the source folder of the dataset.
        size:
            Size in bytes.
        creation_time:
            When the file was made; a string in ISO 8601.
        checksum:
            Hexadecimal digest.
        checksum_algorithm:
            Algorithm of the digest.
        remote_uid, remote_gid, remote_perm:
            Owner, group and permissions.

        Examples
        --------
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> file.is_on_remote, file.is_on_local
        (True, False)
        """
        if isinstance(creation_time, str):
            creation_time = datetime.fromisoformat(creation_time)
        return cls(
            remote_path=remote_path,
            checksum_algorithm=checksum_algorithm,
            remote_uid=remote_uid,
            remote_gid=remote_gid,
            remote_perm=remote_perm,
            remote_size=size,
            remote_creation_time=creation_time,
            remote_checksum=checksum,
        )

    @property
    def is_on_local(self) -> bool:
        """Whether the file is on this machine."""
        return self.local_path is not None

    @property
    def is_on_remote(self) -> bool:
        """Whether the file is on the file server."""
        return self.remote_size is not None

    @property
    def size(self) -> int:
        """Size in bytes: of the local file where there is one, else what the catalogue says."""
        if self.local_path is not None:
            return self.local_path.stat().st_size
        return self.remote_size or 0

    @property
    def creation_time(self) -> datetime:
        """Modification time of the local file where there is one, else what the catalogue says."""
        if self.local_path is not None:
            return datetime.fromtimestamp(self.local_path.stat().st_mtime, tz=UTC)
        return self.remote_creation_time or datetime.fromtimestamp(0, tz=UTC)

    def checksum(self) -> str | None:
        """Return the checksum of the local file where there is one, else what the catalogue says.

        Returns
        -------
        :
            A hexadecimal digest; None without an algorithm, or with one that Python does not know
            (which gives a warning).
        """
        if self.local_path is None:
            return self.remote_checksum
        if self.checksum_algorithm is None:
            return None
        if not is_known_algorithm(self.checksum_algorithm):
            warn_unknown_algorithm(self.checksum_algorithm, what=str(self.local_path))
            return None
        return checksum_of_file(self.local_path, algorithm=self.checksum_algorithm)

    def remote_access_path(self, source_folder: RemotePath | str) -> RemotePath | None:
        """Return the full path on the file server, None for a file that is not there."""
        return RemotePath(source_folder, self.remote_path) if self.is_on_remote else None

    def local_is_up_to_date(self) -> bool:
        """Whether the local file is there with the size and checksum that the catalogue has."""
        if self.local_path is None or not self.local_path.is_file():
            return False
        return not self.difference_from_remote()

    def validate_after_download(self) -> None:
        """Check that the local file is what the catalogue says.

        Raises
        ------
        IntegrityError
            If size or checksum differ.
        """
        if difference := self.difference_from_remote():
            raise IntegrityError(
                f"The file {self.local_path} is not what the catalogue says: {difference}.",
                hint="Download it again; if that does not help, the file on the server has changed "
                "since it was registered: tell its owner.",
            )

    def difference_from_remote(self) -> str:
        """Say how the local file differs from what the catalogue has; empty where it does not."""
        if self.remote_size is not None and self.size != self.remote_size:
            return f"it has {self.size} bytes instead of {self.remote_size}"
        if self.remote_checksum is None:
            return ""
        actual = self.checksum()
        if actual is not None and actual != self.remote_checksum.lower():
            return f"its {self.checksum_algorithm} is {actual} instead of {self.remote_checksum}"
        return ""

    def uploaded(
        self,
        *,
        remote_path: str | RemotePath | None = None,
        remote_uid: str | None = None,
        remote_gid: str | None = None,
        remote_perm: str | None = None,
        remote_creation_time: datetime | None = None,
        remote_size: int | None = None,
        remote_checksum: str | None = None,
    ) -> Self:
        """Return this file as it is after an upload: on both sides.

        Parameters
        ----------
        remote_path, remote_uid, remote_gid, remote_perm:
            Replace what the file has.
        remote_creation_time, remote_size, remote_checksum:
            What is on the server; by default what the local file has.
        """
        return attrs.evolve(
            self,
            remote_path=self.remote_path if remote_path is None else remote_path,
            remote_uid=self.remote_uid if remote_uid is None else remote_uid,
            remote_gid=self.remote_gid if remote_gid is None else remote_gid,
            remote_perm=self.remote_perm if remote_perm is None else remote_perm,
            remote_creation_time=remote_creation_time or self.creation_time,
            remote_size=self.size if remote_size is None else remote_size,
            remote_checksum=self.checksum() if remote_checksum is None else remote_checksum,
        )

    def downloaded(self, *, local_path: str | os.PathLike[str]) -> Self:
        """Return this file as it is after a download: on both sides."""
        return attrs.evolve(self, local_path=Path(local_path))
