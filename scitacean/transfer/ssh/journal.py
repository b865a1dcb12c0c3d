"""What an upload connection has made on its host, and how it removes that and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from scitacean.errors import FileUploadError
from scitacean.transfer.ssh.errors import cannot_write
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.one_file import are_one_file
from scitacean.transfer.ssh.paths import parent
from scitacean.transfer.ssh.pipeline import answers
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
        problems = self.remove_partial(session, targets)
        for path, outcome in _removed(session, targets & self.files):
            if isinstance(outcome, SftpRefusedError):
                problems.append(cannot_write(outcome, path, session))
            else:
                self.files.discard(path)
        self._remove_folders(session, {parent(target) for target in targets})
        if problems:
            raise problems[0]

    def remove_partial(self, session: SftpSession, targets: set[bytes]) -> list[FileUploadError]:
        """Remove partial files of some files; return the problems.

        Raises
        ------
        HostNotReachableError
            If the connection breaks; then this can be called again.
        """
        problems = []
        partial = [path for path, target in self.partial.items() if target in targets]
        self._note_second_names(session, partial)
        for path, outcome in _removed(session, partial):
            if isinstance(outcome, SftpRefusedError):
                problems.append(cannot_write(outcome, path, session))
                continue
            target = self.partial.pop(path)
            if self.renaming.pop(target, None) == path and not outcome:
                # A renaming that had not been done can never be done now; so it was, and the file is ours.
                self.files.add(target)
        return problems

    def _note_second_names(self, session: SftpSession, partial: Iterable[bytes]) -> None:
        """Note which files have both names, because their renaming ended in the middle."""
        unknown = [path for path in partial if self.renaming.get(self.partial[path]) == path]
        targets = [self.partial[path] for path in unknown]
        for path, target, there in list(zip(unknown, targets, look_up(session.lstat, targets), strict=True)):
            if there is not None and are_one_file(session, path, target):
                self.files.add(target)

    def _remove_folders(self, session: SftpSession, inside: set[bytes]) -> None:
        mine = set()
        for folder in inside:
            while folder in self.folders and folder not in mine:
                mine.add(folder)
                folder = parent(folder)
        # A folder is longer than the one it is in.
        for length in sorted({len(folder) for folder in mine}, reverse=True):
            for folder, answer in answers(session.rmdir, [path for path in mine if len(path) == length]):
                if not isinstance(answer, SftpRefusedError):
                    self.folders.discard(folder)


def _removed(session: SftpSession, paths: Iterable[bytes]) -> Iterator[tuple[bytes, bool | SftpRefusedError]]:
    """Remove files; yield each with whether it was there, or why it still is."""
    outcomes: dict[bytes, bool | SftpRefusedError] = {
        path: answer or True for path, answer in answers(session.remove, paths)
    }
    refused = [path for path, outcome in outcomes.items() if outcome is not True]
    for path, answer in answers(session.lstat, refused):
        if isinstance(answer, SftpRefusedError):
            outcomes[path] = False
    yield from outcomes.items()
