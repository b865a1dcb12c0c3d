"""Folders on the host: made once, parents first."""

from __future__ import annotations

from contextlib import suppress

from scitacean.transfer.ssh.errors import cannot_write, no_folder
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.paths import parent
from scitacean.transfer.ssh.sftp_packets import Attributes, SftpRefusedError
from scitacean.transfer.ssh.sftp_session import SftpSession


class HostFolders:
    """Makes folders.

    Parameters
    ----------
    session:
        Where.
    journal:
        Notes which folders were not there before.
    """

    def __init__(self, session: SftpSession, journal: Journal) -> None:
        self._session = session
        self._journal = journal
        self._known: set[bytes] = set()

    def make(self, folder: bytes) -> None:
        """Make a folder and those above it, where they are missing.

        Raises
        ------
        FileUploadError
            If the server refuses, or a file is in the way.
        """
        missing = []
        while folder not in self._known and not self._is_there(folder):
            missing.append(folder)
            folder = parent(folder)
        self._known.add(folder)
        for path in reversed(missing):
            self._make_one(path)
            self._known.add(path)

    def _is_there(self, folder: bytes) -> bool:
        attributes = self._ask(folder)
        if attributes is None and folder not in (b"/", b"."):
            return False
        if attributes is not None and not attributes.is_folder:
            raise no_folder(folder, self._session.host)
        return True

    def _make_one(self, folder: bytes) -> None:
        # Noted first: when the connection breaks now, the folder may be there all the same.
        self._journal.folders.add(folder)
        try:
            self._session.mkdir(folder).result()
        except SftpRefusedError as refusal:
            self._journal.folders.discard(folder)
            # Somebody else may have made it in the meantime.
            attributes = self._ask(folder)
            if attributes is None or not attributes.is_folder:
                raise cannot_write(refusal, folder, self._session) from refusal

    def _ask(self, folder: bytes) -> Attributes | None:
        with suppress(SftpRefusedError):
            return self._session.stat(folder).result()
        return None
