"""Files of datasets: on this machine, on the file server, or both."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

import attrs

from scicat_api.models import DataFile
from scitacean.errors import ValidationError
from scitacean.model.checksum import DEFAULT_ALGORITHM
from scitacean.model.file_state import FileState
from scitacean.model.file_wire import files_to_send
from scitacean.model.local_content import LocalContent, changed, local_contents
from scitacean.model.local_status import refuse_unreadable, status_of
from scitacean.model.remote_path import RemotePath
from scitacean.model.wire import promised, received


@attrs.frozen(kw_only=True)
class File(FileState):
    """A file of a dataset. Objects do not change; methods return new ones.

    Build files with :meth:`from_local` and :meth:`from_remote`. The fields are those of
    :class:`scitacean.model.file_fields.FileFields`.

    Examples
    --------
    >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
    >>> file.size, file.is_on_local
    (3, False)
    """

    def __hash__(self) -> int:
        # Metadata, and odd values of a server, may have no hash.
        return hash((self.local_path, self.remote_path))

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
        file_type: str | None = None,
        metadata: Mapping[str, object] | None = None,
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
        file_type, metadata:
            What else it shall say; older servers refuse files that have them.

        Raises
        ------
        LocalFileNotFoundError
            If there is no such file.
        FileNotAccessibleError
            If the user may not read it, or the system does not find out what it is.
        IsADirectoryError
            If the path is a folder.
        ValueError
            If it is a pipe, a socket or a device.

        Examples
        --------
        >>> from pathlib import Path
        >>> _ = Path("run.csv").write_text("1,2")
        >>> file = File.from_local("run.csv")
        >>> file.size, file.remote_path
        (3, RemotePath('run.csv'))
        """
        # Other than pathlib's, this leaves names like "~$run.docx" alone.
        expanded = os.path.expanduser(path)  # noqa: PTH111
        local = path if isinstance(path, Path) and str(path) == expanded else Path(expanded)
        mode = status_of(local).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"{local} is a folder, not a file. Name its files one by one.")
        if not stat.S_ISREG(mode):
            raise ValueError(f"{local} is neither a file nor a folder. Only files can go into a dataset.")
        refuse_unreadable(local)
        return cls(
            local_path=local,
            remote_path=RemotePath(local.name) if remote_path is None else remote_path,
            checksum_algorithm=checksum_algorithm,
            remote_uid=remote_uid,
            remote_gid=remote_gid,
            remote_perm=remote_perm,
            file_type=file_type,
            metadata=metadata,
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
        file_type: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> Self:
        """Describe a file of the file server.

        Parameters
        ----------
        remote_path:
            Path relative to the source folder of the dataset.
        size:
            Size in bytes.
        creation_time:
            When the file was made; text in ISO 8601 with a time zone, ``Z`` for UTC.
        checksum:
            Hexadecimal digest.
        checksum_algorithm:
            Algorithm of the digest.
        remote_uid, remote_gid, remote_perm:
            Owner, group and permissions.
        file_type, metadata:
            What else the catalogue says.

        Raises
        ------
        ValueError
            If ``creation_time`` is text, but no time in ISO 8601, or has no time zone: it could be meant as
            local time or as UTC, hours apart.

        Examples
        --------
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> file.is_on_remote, file.is_on_local
        (True, False)
        """
        if isinstance(creation_time, str):
            creation_time = _time(creation_time)
        return cls(
            remote_path=remote_path,
            checksum_algorithm=checksum_algorithm,
            remote_uid=remote_uid,
            remote_gid=remote_gid,
            remote_perm=remote_perm,
            remote_size=size,
            remote_creation_time=creation_time,
            remote_checksum=checksum,
            file_type=file_type,
            metadata=metadata,
        )

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
            What is on the server; by default what the local file has. Where no checksum can be computed, the
            one of the catalogue stays, unless the size says that it is of another content.

        Raises
        ------
        FileNotAccessibleError
            If the local file has to be read and cannot be, or changes meanwhile, or has another size than
            what was sent.

        Examples
        --------
        >>> _ = Path("run.csv").write_text("1,2")
        >>> File.from_local("run.csv").uploaded(remote_uid="1004").is_on_remote
        True
        """
        sent = self._sent(remote_size, remote_creation_time, remote_checksum)
        return attrs.evolve(
            self,
            remote_path=self.remote_path if remote_path is None else remote_path,
            remote_uid=self.remote_uid if remote_uid is None else remote_uid,
            remote_gid=self.remote_gid if remote_gid is None else remote_gid,
            remote_perm=self.remote_perm if remote_perm is None else remote_perm,
            remote_creation_time=sent.time,
            remote_size=sent.size,
            remote_checksum=sent.checksum,
        )

    def _sent(self, size: int | None, time: datetime | None, checksum: str | None) -> LocalContent:
        """Return what is on the server after an upload of which this much is known."""
        algorithm = self.checksum_algorithm if checksum is None else None
        if self.local_path is None:
            here = LocalContent(self.size, self.creation_time, self.remote_checksum)
        elif size is not None and time is not None and algorithm is None:
            here = LocalContent(size, time, checksum)
        else:
            here = local_contents([self.local_path], algorithm)[0]
            if here.checksum is not None and size not in (None, here.size):
                raise changed(self.local_path)
        size = here.size if size is None else size
        checksum = here.checksum if checksum is None else checksum
        if checksum is None and self.remote_size in (None, size):
            checksum = self.remote_checksum
        return LocalContent(size, time or here.time, checksum)

    def downloaded(self, *, local_path: str | os.PathLike[str]) -> Self:
        """Return this file as it is after a download: on both sides.

        Parameters
        ----------
        local_path:
            Where it is on this machine.

        Examples
        --------
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> file.downloaded(local_path="here.csv").is_on_local
        True
        """
        return attrs.evolve(self, local_path=local_path)

    def make_upload_model(self) -> DataFile:
        """Make what is sent to register the file: what is on the file server, if it is there.

        The local file may have changed since it was sent, so it is looked at only if it was not.

        Raises
        ------
        ValidationError
            If the file breaks rules of the catalogue: with all problems.
        FileNotAccessibleError
            If a file that is not on the file server cannot be read, or changes meanwhile.

        Examples
        --------
        >>> File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z").make_upload_model().to_dict()
        {'path': 'run.csv', 'size': 3, 'time': '2026-03-01T12:00:00+00:00'}
        """
        problems = [problem for problem in self.find_problems() if problem.severity == "error"]
        if problems:
            raise ValidationError("The file cannot go into the catalogue.", problems=problems)
        return files_to_send([self])[0]

    @classmethod
    def from_download_model(
        cls,
        model: DataFile,
        *,
        checksum_algorithm: str | None = None,
        local_path: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Make a file of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The entry; see :func:`scitacean.model.file_wire.usable_entries`.
        checksum_algorithm:
            The algorithm of the block that it stands in.
        local_path:
            Where the file is on this machine.

        Examples
        --------
        >>> entry = DataFile.from_dict({"path": "run.csv", "size": 3, "time": "2026-03-01T12:00:00Z"})
        >>> File.from_download_model(entry).size
        3
        """
        return cls(
            local_path=local_path,
            remote_path=promised(model.path),
            checksum_algorithm=checksum_algorithm,
            remote_uid=received(model.uid),
            remote_gid=received(model.gid),
            remote_perm=received(model.perm),
            remote_size=promised(model.size),
            remote_creation_time=promised(model.time),
            # Other clients write an empty text for none.
            remote_checksum=received(model.chk) if model.chk != "" else None,
            file_type=received(model.type_),
            metadata=received(model.metadata),
        )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time in ISO 8601; one would be '2026-03-01T12:00:00Z'.") from None
    if time.utcoffset() is None:
        raise ValueError(
            f"{text!r} has no time zone. Write it with one: '2026-03-01T12:00:00Z' is in UTC, "
            "'2026-03-01T12:00:00+01:00' an hour ahead of it."
        )
    return time
