"""Sending files over an open connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Literal

from scitacean.errors import IntegrityError, TransferError
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import (
    Leftover,
    Outlook,
    ProgressCallback,
    SendRequest,
    Sent,
    SentCallback,
    Verified,
)
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.bundle import SMALL, send_bundles
from scitacean.transfer.ssh.channels import meanwhile
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.early_checksums import EarlyChecksums
from scitacean.transfer.ssh.errors import already_there
from scitacean.transfer.ssh.folders import HostFolders
from scitacean.transfer.ssh.following import pays_for
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.lanes import MOST_BYTES, Lanes, Line, lanes_for
from scitacean.transfer.ssh.leftovers import clear
from scitacean.transfer.ssh.lookup import look_up_files, look_up_sizes
from scitacean.transfer.ssh.naming import Naming
from scitacean.transfer.ssh.outgoing import Outgoing, OutgoingPart
from scitacean.transfer.ssh.outlook import check_space, find_complete, outlook
from scitacean.transfer.ssh.paths import HostPaths, parent, shown
from scitacean.transfer.ssh.programs import programs_to_send_files
from scitacean.transfer.ssh.remote_command import LEAST_FILES, Program
from scitacean.transfer.ssh.schedule import PART_SIZE, Schedule
from scitacean.transfer.ssh.sending import Sending, SendSettings
from scitacean.transfer.ssh.sent_file import request_for, uploaded
from scitacean.transfer.ssh.verify import Verification


class SSHUploadConnection:
    """Sends files into the source folder of one dataset.

    Parameters
    ----------
    line:
        The connection.
    paths:
        What paths are on the host.
    source_folder:
        In the catalogue's terms.
    verify:
        How to compare what has arrived with what was sent.
    connections:
        How many connections to use.
    settings:
        How files are written.
    tools:
        See :class:`~scitacean.transfer.ssh.checksums.HostChecksums`.
    ahead:
        May have commands that were started.
    """

    def __init__(
        self,
        line: Line,
        paths: HostPaths,
        *,
        source_folder: RemotePath,
        verify: Verified = "checksum",
        connections: int | Literal["auto"] = "auto",
        settings: SendSettings,
        tools: dict[str, bool],
        ahead: CommandsAhead,
    ) -> None:
        self._line = line
        self._paths = paths
        self._source_folder = source_folder
        self._verify = verify
        self._connections = connections
        self._settings = settings
        self._tools = tools
        self._ahead = ahead
        self._journal = Journal()
        self._checksums = HostChecksums(line, paths, tools)

    @property
    def source_folder(self) -> RemotePath:
        """The folder that the files go to, in the catalogue's terms."""
        return self._source_folder

    def upload_files(self, *files: File) -> list[File]:
        """Send files into the source folder; none is overwritten.

        When it fails, no file of these has its name there, and there are no partial ones.

        Returns
        -------
        :
            The files as they are on both sides, with owner, group and permissions there, in order.

        Raises
        ------
        FileUploadError
            If a file cannot be written, changes meanwhile, or has a name that is taken.
        IntegrityError
            If files do not arrive as they were sent.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        requests = [request_for(file, self._source_folder) for file in files]
        sent_before = set(self._journal.files)
        try:
            items = self._send_all(requests, None)
            return [uploaded(file, item.sent()) for file, item in zip(files, items, strict=True)]
        except BaseException:
            with suppress(TransferError):
                self._revert(self._targets(files) - sent_before)
            raise

    def send_files(
        self,
        requests: Sequence[SendRequest],
        *,
        on_progress: ProgressCallback | None = None,
        on_sent: SentCallback | None = None,
    ) -> list[Sent]:
        """Send files under partial names, compare them, and give them their names when all are right.

        Whether a name is taken is looked up for all of them before anything is sent. To resume is to go
        on from a partial file, whoever has begun it, and to take a complete one of the same content for
        sent. A connection that breaks is made anew once. When it fails, partial files stay, for ``resume``
        or :meth:`revert_upload`.

        Raises
        ------
        FileUploadError
            If a file cannot be written, changes meanwhile, or has a name that is taken, or if there is not
            enough space.
        IntegrityError
            If files do not arrive as they were sent: it names them, and they were removed.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        sent = [item.sent() for item in self._send_all(requests, on_progress)]
        if on_sent is not None:
            # All have got their names together.
            for request, one in zip(requests, sent, strict=True):
                on_sent(request, one)
        return sent

    def revert_upload(self, *files: File) -> None:
        """Remove files that this connection has sent, their partial ones, and folders it made if empty.

        Files of these names that it has not sent stay, those too that it has found complete. Where the
        connection is broken, this connects once more.

        Raises
        ------
        FileUploadError
            If the server refuses to remove a file.
        FileNotAccessibleError
            If the connection is broken and there is no other: the subclasses tell why.
        """
        self._revert(self._targets(files))

    def look_ahead(self, requests: Sequence[SendRequest]) -> Outlook:
        """Look what the host has under the names of files, and whether they can be sent.

        Raises
        ------
        FileUploadError
            If something else has the name of a file: with all of them. Or if one may not write there, or
            there is too little space.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        items = [Outgoing.from_request(request, self._paths) for request in requests]
        folders = HostFolders(self._journal, mode=self._settings.folder_mode)
        parents = {parent(item.target) for item in items}
        missing = self._line.again(lambda: folders.missing(self._line.sftp, parents))
        with EarlyChecksums(self._ahead) as early:
            return outlook(items, missing, self._line, self._verification(items, early))

    def clear_upload(self, leftovers: Sequence[Leftover], *, made_folders: Sequence[str]) -> list[RemotePath]:
        """Remove what another connection, which is gone, has sent, and folders that are empty then.

        Files of which it cannot be found out whether they are those that were sent stay, and are returned.

        Raises
        ------
        FileUploadError
            If the server refuses to remove a file.
        FileNotAccessibleError
            If the connection breaks.
        """
        with EarlyChecksums(self._ahead) as early:
            return clear(
                leftovers,
                made_folders,
                line=self._line,
                paths=self._paths,
                checksums=self._checksums,
                verification=self._verification([], early),
            )

    def look_up(self, paths: Sequence[RemotePath]) -> Mapping[RemotePath, int | None]:
        """Find out how large files are; links are followed, and what is no file is missing."""
        return look_up_sizes(self._line, self._paths, paths)

    def remote_checksums(
        self, paths: Sequence[RemotePath], *, algorithm: str
    ) -> Mapping[RemotePath, str] | None:
        """Compute checksums on the host; None where it has no tool for the algorithm or no shell."""
        return self._checksums.compute(paths, algorithm=algorithm)

    def _targets(self, files: Sequence[File]) -> set[bytes]:
        return {self._paths.on_host(self._source_folder / file.remote_path) for file in files}

    def _revert(self, targets: set[bytes]) -> None:
        self._line.again(lambda: self._journal.revert(self._line.sftp, targets))

    def _send_all(
        self, requests: Sequence[SendRequest], on_progress: ProgressCallback | None
    ) -> list[Outgoing]:
        with EarlyChecksums(self._ahead) as early:
            # To ask for commands takes some round trips, in which the files can be looked at.
            programs = self._programs([(0, request.checksum_algorithm) for request in requests])
            with self._starting(programs):
                items = [Outgoing.from_request(request, self._paths) for request in requests]
            self._ahead.start(programs)
            self._send_items(items, on_progress, early)
        return items

    def _starting(self, programs: Mapping[Program, int]) -> AbstractContextManager[None]:
        return meanwhile(partial(self._ahead.try_to_start, programs), name="scitacean-starts")

    def _programs(self, files: Sequence[tuple[int, str | None]]) -> Mapping[Program, int]:
        return programs_to_send_files(self._line, self._tools, self._settings, files, verify=self._verify)

    def _send_items(
        self, items: Sequence[Outgoing], on_progress: ProgressCallback | None, early: EarlyChecksums
    ) -> None:
        verification = self._verification(items, early)
        folders = HostFolders(self._journal, mode=self._settings.folder_mode)
        parents = {parent(item.target) for item in items}
        with self._starting(self._programs([(item.size, item.request.checksum_algorithm) for item in items])):
            missing = self._line.again(lambda: folders.missing(self._line.sftp, parents))
            wanted = self._not_there(items, missing, verification)
            if wanted:
                check_space(wanted, missing, self._line)
                self._line.again(lambda: folders.make(self._line.sftp, missing))
        if wanted:
            naming = Naming(self._line, self._journal, self._tools, sync=self._settings.sync)
            self._move(wanted, verification, on_progress)
            self._check(wanted, verification)
            naming.name_files(wanted, self._ahead)

    def _verification(self, items: Sequence[Outgoing], early: EarlyChecksums) -> Verification:
        number = lanes_for(self._line, [item.size for item in items], connections=self._connections)
        return Verification(self._line, self._checksums, self._verify, connections=number, early=early)

    def _not_there(
        self, items: Sequence[Outgoing], missing: set[bytes], verification: Verification
    ) -> list[Outgoing]:
        """Return the files to send, with how much is there of each; the others are there and the same."""
        # In a folder that is not there nothing is.
        inside = [item for item in items if parent(item.target) not in missing]
        there, in_the_way = find_complete(inside, self._line, verification)
        if in_the_way:
            raise already_there([item.target for item in in_the_way], self._line.sftp.host)
        complete = set(there)
        begun = [item for item in inside if item.request.resume and item not in complete]
        partial = self._line.again(lambda: look_up_files(self._line.sftp, [item.partial for item in begun]))
        for item in begun:
            attributes = partial.get(item.partial)
            if attributes is not None and attributes.is_file and 0 < (attributes.size or 0) <= item.size:
                item.start = self._sure(attributes.size or 0, verification)
        return [item for item in items if item not in complete]

    def _sure(self, size: int, verification: Verification) -> int:
        """Return how much of a partial file can be relied on."""
        # Of several connections a later one may have written what comes after a gap. Who compares all of the
        # content finds that out; else what was under way at a time is sent again.
        return size if verification.proves_content else max(0, size - MOST_BYTES)

    def _move(
        self,
        items: Sequence[Outgoing],
        verification: Verification,
        on_progress: ProgressCallback | None,
    ) -> None:
        bundled = self._bundle(items, verification, on_progress)
        rest = [item for item in items if item not in bundled]
        if not rest:
            return
        # While jobs share the session nobody can wait for an answer.
        verification.ask(rest)

        def first_parts(*, of_large: bool) -> Iterator[OutgoingPart]:
            for item in rest:
                if (item.size - item.start >= PART_SIZE) == of_large:
                    yield item.first_part()

        schedule = Schedule(first_parts(of_large=False), first_parts(of_large=True), most_bytes=MOST_BYTES)
        sending = Sending(
            schedule,
            self._journal,
            self._settings,
            verification.algorithms,
            verification.wrote,
            on_progress,
        )
        sizes = [item.size - item.start for item in rest]
        if pays_for(sum(sizes)):
            verification.follow(rest)
        number = lanes_for(self._line, sizes, connections=self._connections)
        try:
            Lanes(self._line, schedule, sending, number=number).run()
        finally:
            sending.close()

    def _bundle(
        self,
        items: Sequence[Outgoing],
        verification: Verification,
        on_progress: ProgressCallback | None,
    ) -> set[Outgoing]:
        """Send the small ones of many files at once; return those that are there."""
        small = [item for item in items if item.size <= SMALL and not item.start]
        if len(small) < LEAST_FILES:
            return set()

        def algorithms(item: Outgoing) -> set[str]:
            # Noted first: whatever happens in between, it may be there.
            self._journal.partial[item.partial] = item.target
            return verification.algorithms(item)

        def tell(item: Outgoing) -> None:
            if on_progress is not None:
                on_progress(item.request.remote, item.size)

        there = send_bundles(
            self._line,
            self._tools,
            small,
            self._settings,
            ahead=self._ahead,
            algorithms=algorithms,
            on_sent=tell,
            on_there=verification.arrived,
        )
        # Where it broke, the others are sent again.
        verification.keep_only(there)
        return there

    def _check(self, items: Sequence[Outgoing], verification: Verification) -> None:
        bad = verification.find_different(items)
        if again := [item for item in bad if item.start]:
            # What was there of them was not a beginning of them.
            self._drop(again)
            verification.forget()
            for item in again:
                item.start, item.is_begun = 0, False
            self._move(again, verification, None)
            bad = [item for item in bad if item not in again] + verification.find_different(again)
        if bad:
            self._drop(bad)
            listing = "".join(f"\n  - {shown(item.target)}" for item in bad)
            raise IntegrityError(
                f"{len(bad)} file(s) did not arrive as they were sent, and were removed.{listing}\n",
                hint="Upload again; if that does not help, tell those who run the file server.",
            )

    def _drop(self, items: Sequence[Outgoing]) -> None:
        targets = {item.target for item in items}
        self._line.again(lambda: self._journal.remove_partial(self._line.sftp, targets))
