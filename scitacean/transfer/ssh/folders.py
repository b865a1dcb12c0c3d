"""Folders on the host: looked at and made once, all of one depth at a time, parents first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scitacean.transfer.ssh.errors import cannot_write, no_folder
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.paths import parent
from scitacean.transfer.ssh.pipeline import answers
from scitacean.transfer.ssh.sftp_packets import SftpRefusedError, attributes_of
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession

_TOP = (b"/", b".")


class HostFolders:
    """Finds out which folders are there, and makes those that are missing.

    Parameters
    ----------
    journal:
        Notes which folders were not there before.
    mode:
        Permissions of new ones; None for what the server gives.
    """

    def __init__(self, journal: Journal, *, mode: int | None = None) -> None:
        self._journal = journal
        self._mode = mode
        self._known: set[bytes] = set(_TOP)

    def missing(self, session: SftpSession, folders: Iterable[bytes]) -> set[bytes]:
        """Return which of some folders, and of those above them, are not there.

        Raises
        ------
        FileUploadError
            If a file is in the way.
        """
        missing: set[bytes] = set()
        wanted = set(folders) - self._known
        # Those above at once, which most often are there: level by level each would cost a round trip.
        asked = list({path for folder in wanted for path in self._unknown(folder)})
        there = dict(zip(asked, look_up(session.stat, asked), strict=True))
        for folder in wanted:
            for path in self._unknown(folder):
                attributes = there[path]
                if attributes is None:
                    missing.add(path)
                elif attributes.is_folder:
                    self._known.add(path)
                    break
                else:
                    raise no_folder(path, session.host)
        return missing

    def _unknown(self, folder: bytes) -> Iterator[bytes]:
        """Yield a folder and those above it, up to one that is known to be there."""
        while folder not in self._known:
            yield folder
            folder = parent(folder)

    def make(self, session: SftpSession, missing: set[bytes]) -> None:
        """Make folders.

        Parameters
        ----------
        session:
            Where.
        missing:
            As :meth:`missing` returned it.

        Raises
        ------
        FileUploadError
            If the server refuses.
        """
        # By an earlier try, over a connection that broke before it was told whether they have been made.
        tried = self._journal.folders & missing

        def make_one(folder: bytes) -> Pending[None]:
            # Noted first: when the connection breaks now, the folder may be there all the same.
            self._journal.folders.add(folder)
            return session.mkdir(folder, attributes_of(mode=self._mode))

        for depth in sorted({folder.count(b"/") for folder in missing}):
            level = sorted(folder for folder in missing if folder.count(b"/") == depth)
            for folder, answer in answers(make_one, level):
                if isinstance(answer, SftpRefusedError):
                    if folder not in tried:
                        # Somebody else may have made it in the meantime.
                        self._journal.folders.discard(folder)
                    attributes = next(look_up(session.stat, [folder]))
                    if attributes is None or not attributes.is_folder:
                        raise cannot_write(answer, folder, session) from answer
                self._known.add(folder)
