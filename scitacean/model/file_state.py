"""What can be found out about a file, here and on the file server, and how the two differ."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import attrs

from scitacean.errors import IntegrityError, LocalFileNotFoundError
from scitacean.model.file_fields import FileFields
from scitacean.model.local_content import LocalContent, local_contents
from scitacean.model.local_status import modified, status_of
from scitacean.model.remote_path import RemotePath


@attrs.frozen(kw_only=True)
class FileState(FileFields):
    """What a file is: of the local one where there is one, else by what the catalogue says."""

    @property
    def size(self) -> int:
        """Size in bytes: of the local file where there is one, else what the catalogue says.

        Raises
        ------
        LocalFileNotFoundError
            If the local file is gone.
        FileNotAccessibleError
            If it cannot be looked at.

        Examples
        --------
        >>> from scitacean import File
        >>> File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z").size
        3
        """
        if self.local_path is not None:
            return status_of(self.local_path).st_size
        # A server may have anything here.
        return self.remote_size if isinstance(self.remote_size, int) else 0

    @property
    def creation_time(self) -> datetime:
        """Modification time of the local file where there is one, else what the catalogue says.

        Raises
        ------
        LocalFileNotFoundError
            If the local file is gone.
        FileNotAccessibleError
            If it cannot be looked at.

        Examples
        --------
        >>> from scitacean import File
        >>> File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z").creation_time.isoformat()
        '2026-03-01T12:00:00+00:00'
        """
        if self.local_path is not None:
            return modified(status_of(self.local_path))
        known = isinstance(self.remote_creation_time, datetime)
        return cast("datetime", self.remote_creation_time) if known else datetime.fromtimestamp(0, tz=UTC)

    def checksum(self) -> str | None:
        """Return the checksum of the local file where there is one, else what the catalogue says.

        Returns
        -------
        :
            A hexadecimal digest; None without an algorithm, or with one that Python does not know.

        Raises
        ------
        LocalFileNotFoundError
            If the local file is gone.
        FileNotAccessibleError
            If it cannot be read, or changes meanwhile.

        Warns
        -----
        UserWarning
            If Python does not know the algorithm.

        Examples
        --------
        >>> from scitacean import File
        >>> _ = Path("run.csv").write_text("1,2")
        >>> File.from_local("run.csv", checksum_algorithm="md5").checksum()
        '05cf281c050be3da4eecf3bc6e8aac1b'
        """
        return self.remote_checksum if self.local_path is None else self._content(self.local_path).checksum

    def _content(self, path: Path) -> LocalContent:
        return local_contents([path], self.checksum_algorithm)[0]

    def remote_access_path(self, source_folder: RemotePath | str) -> RemotePath | None:
        """Return the full path on the file server, None for a file that is not there.

        Parameters
        ----------
        source_folder:
            The folder of the dataset.

        Examples
        --------
        >>> from scitacean import File
        >>> File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z").remote_access_path("/data/7")
        RemotePath('/data/7/run.csv')
        """
        return RemotePath(source_folder, self.remote_path) if self.is_on_remote else None

    def local_is_up_to_date(self) -> bool:
        """Whether the local file is there with the size and checksum that the catalogue has.

        Raises
        ------
        FileNotAccessibleError
            If it cannot be found out: because the file cannot be read, for example.

        Examples
        --------
        >>> from scitacean import File
        >>> File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z").local_is_up_to_date()
        False
        """
        try:
            if self.local_path is None or not stat.S_ISREG(status_of(self.local_path).st_mode):
                return False
            return not self.difference_from_remote()
        except LocalFileNotFoundError:
            return False

    def validate_after_download(self) -> None:
        """Check that the local file is what the catalogue says.

        Raises
        ------
        IntegrityError
            If size or checksum differ.
        FileNotAccessibleError
            If it cannot be read.

        Examples
        --------
        >>> from scitacean import File
        >>> _ = Path("run.csv").write_text("1,2")
        >>> file = File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z")
        >>> file.downloaded(local_path="run.csv").validate_after_download()
        """
        if difference := self.difference_from_remote():
            raise IntegrityError(
                f"The file {self.local_path} is not what the catalogue says: {difference}.",
                hint="Download it again; if that does not help, the file on the server has changed "
                "since it was registered: tell its owner.",
            )

    def difference_from_remote(self) -> str:
        """Say how the local file differs from what the catalogue has; empty where it does not.

        Raises
        ------
        FileNotAccessibleError
            If the local file cannot be read, or changes meanwhile.

        Examples
        --------
        >>> from scitacean import File
        >>> _ = Path("run.csv").write_text("1,2")
        >>> file = File.from_remote("run.csv", 4, "2026-03-01T12:00:00Z").downloaded(local_path="run.csv")
        >>> file.difference_from_remote()
        'it has 3 bytes instead of 4'
        """
        size = self.size
        # What has another size need not be read.
        if self.local_path is None or self.remote_size not in (None, size) or self.remote_checksum is None:
            return self.difference_of(size, None)
        content = self._content(self.local_path)
        return self.difference_of(content.size, content.checksum)

    def difference_of(self, size: int, checksum: str | None) -> str:
        """Say how some content differs from what the catalogue has; empty where it does not.

        Parameters
        ----------
        size:
            Its size in bytes.
        checksum:
            Its hexadecimal digest; None where it is not known, and not compared.

        Examples
        --------
        >>> from scitacean import File
        >>> File.from_remote("run.csv", 3, "2026-03-01T12:00:00Z").difference_of(2, None)
        'it has 2 bytes instead of 3'
        """
        if self.remote_size not in (None, size):
            return f"it has {size} bytes instead of {self.remote_size!r}"
        # A server may have anything as checksum.
        if None not in (checksum, self.remote_checksum) and checksum != str(self.remote_checksum).lower():
            return f"its {self.checksum_algorithm} is {checksum} instead of {self.remote_checksum}"
        return ""
