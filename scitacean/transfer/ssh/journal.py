"""What an upload connection has made on its host, and how it removes that and nothing else."""

from __future__ import annotations

from contextlib import suppress

import attrs

from scitacean.errors import FileUploadError
from scitacean.transfer.ssh.errors import cannot_write
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.paths import parent
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError
from scitacean.transfer.ssh.sftp_session import SftpSession


@attrs.define
class Journal:
    """What one upload connection has made on the host.

    Attributes
    ----------
    files:
        Files that have their names.
    renaming:
        Files that were about to get their names, and their partial names; whether they got them is
        unknown after a broken connection.
    partial:
        Partial names of files that are not complete, and their names.
    folders:
        Folders.
    """

    files: set[bytes] = attrs.Factory(set)
    renaming: dict[bytes, bytes] = attrs.Factory(dict)
    partial: dict[bytes, bytes] = attrs.Factory(dict)
    folders: set[bytes] = attrs.Factory(set)

    def revert(self, session: SftpSession, targets: set[bytes]) -> None:
        """Remove what there is of some files, and folders in which they were that are empty then.

        What cannot be removed does not keep the rest from being removed.

        Parameters
        ----------
        session:
            Where; need not be the one over which they were sent.
        targets:
            Names of the files. Those that are not in the journal stay.

        Raises
        ------
        FileUploadError
            If the server refuses to remove a file.
        HostNotReachableError
            If the connection breaks; then this can be called again.
        """
        problems: list[FileUploadError] = []
        for path, target in tuple(self.partial.items()):
            if target in targets:
                self._remove_partial(session, path, target, problems)
        for target in targets & self.files:
            try:
                session.remove(target).result()
            except SftpRefusedError as refusal:
                if _is_there(session, target):
                    problems.append(cannot_write(refusal, target, session))
                    continue
            self.files.discard(target)
        self._remove_folders(session, {parent(target) for target in targets})
        if problems:
            raise problems[0]

    def _remove_partial(
        self, session: SftpSession, path: bytes, target: bytes, problems: list[FileUploadError]
    ) -> None:
        try:
            session.remove(path).result()
        except SftpRefusedError as refusal:
            if _is_there(session, path):
                problems.append(cannot_write(refusal, path, session))
                return
            # A renaming that had not been done can never be done now; so it was, and the file is ours.
            if self.renaming.get(target) == path:
                self.files.add(target)
        self.renaming.pop(target, None)
        del self.partial[path]

    def _remove_folders(self, session: SftpSession, inside: set[bytes]) -> None:
        mine = set()
        for folder in inside:
            while folder in self.folders and folder not in mine:
                mine.add(folder)
                folder = parent(folder)
        for folder in sorted(mine, key=len, reverse=True):
            with suppress(SftpRefusedError):
                session.rmdir(folder).result()
                self.folders.discard(folder)


def _is_there(session: SftpSession, path: bytes) -> bool:
    return next(look_up(session.lstat, [path])) is not None
