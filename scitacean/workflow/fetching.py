"""Fetching files under partial names, comparing them, and giving those that are right their names."""

# ruff: noqa: PTH108, PTH116, PTH119
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from scitacean.errors import TransferError
from scitacean.model.checksum import known_or_none
from scitacean.transfer.protocol import DownloadConnection, Fetched, FetchRequest, ResumableDownload
from scitacean.workflow.checksum_cache import CLOCK_TICK_NS, ChecksumCache, Known
from scitacean.workflow.download_plan import Item, has_checksum
from scitacean.workflow.existing import checksums_of
from scitacean.workflow.placing import place
from scitacean.workflow.progress import ProgressMeter

_GO_ON = (
    "Complete files are in place, and what has arrived of others is kept where a checksum can prove it: "
    "repeat the download to go on."
)


def request_for(item: Item, *, is_new: bool = False) -> FetchRequest:
    """Return what has to be fetched of a file: what an earlier download has not left.

    Parameters
    ----------
    item:
        The file.
    is_new:
        Whether it is known that an earlier download has left nothing.

    Raises
    ------
    OSError
        If the folder of the target cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from scitacean import File, RemotePath
    >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> request_for(Item(file, RemotePath("/data/a.nxs"), Path(), "a.nxs", ".a.nxs.part", 3)).length
    3
    """
    offset = 0 if is_new else item.offset()
    return FetchRequest(
        remote=item.remote,
        local=item.folder / os.path.basename(item.partial),
        offset=offset,
        length=item.size - offset,
        checksum_algorithm=None if offset else known_or_none(item.file.checksum_algorithm),
    )


class Fetching:
    """Fetches files of one connection.

    Parameters
    ----------
    connection:
        To the file server.
    meter:
        Adds up the progress.
    cache:
        Is told the checksums of files that are in place.
    """

    def __init__(self, connection: DownloadConnection, meter: ProgressMeter, cache: ChecksumCache) -> None:
        self._connection = connection
        self._meter = meter
        self._cache = cache
        self._placed: list[Known] = []

    def run(self, requests: Mapping[Item, FetchRequest]) -> dict[Item, str]:
        """Fetch files, and put those in place that are right.

        Parameters
        ----------
        requests:
            What has to be fetched of each; the folders of the targets exist.

        Returns
        -------
        :
            How the others differ from what the catalogue says; nothing is left of them.

        Raises
        ------
        TransferError
            If files cannot be fetched. Complete ones are in place; of others, what can be used is kept.
        OSError
            If files cannot be written.
        """
        try:
            return self._run(requests)
        except BaseException as error:
            for item in requests:
                # The beginning of a file is worth keeping where the same call can go on from it.
                with suppress(OSError):
                    if not item.offset():
                        _remove(item.partial)
            if not isinstance(error, Exception):
                error.add_note(_GO_ON)
            raise
        finally:
            self._remember()

    def _run(self, requests: Mapping[Item, FetchRequest]) -> dict[Item, str]:
        differences = self._fetch(requests)
        # What an interrupted download left may be no beginning of the right content: then start anew.
        if again := [item for item in differences if requests[item].offset]:
            for item in again:
                _remove(item.partial)
                self._meter.restarted(item.remote, item.size)
                del differences[item]
            differences |= self._fetch({item: request_for(item) for item in again})
        for item in differences:
            _remove(item.partial)
        return differences

    def _fetch(self, requests: Mapping[Item, FetchRequest]) -> dict[Item, str]:
        self._meter.phase("moving")
        try:
            fetched = self._transfer(requests)
        except TransferError:
            self._place(requests, {})
            raise
        self._meter.phase("verifying")
        return self._place(requests, fetched)

    def _transfer(self, requests: Mapping[Item, FetchRequest]) -> Mapping[Item, Fetched]:
        if not isinstance(self._connection, ResumableDownload):
            for item in requests:
                _remove(item.partial)
            self._connection.download_files(
                remote=[item.remote for item in requests],
                local=[request.local for request in requests.values()],
            )
            return {}
        for request in requests.values():
            if request.offset:
                self._meter.resumed(request.remote, request.offset)
        fetched = self._connection.fetch_files(list(requests.values()), on_progress=self._meter.callback)
        return dict(zip(requests, fetched, strict=True))

    def _place(self, items: Iterable[Item], fetched: Mapping[Item, Fetched]) -> dict[Item, str]:
        """Give complete files their names; return how the others differ from what the catalogue says."""
        arrived = {item: status for item in items if (status := _status(item.partial)) is not None}
        sizes = {
            item: size
            for item, status in arrived.items()
            if (size := _size(item.partial, status)) is not None
        }
        started = time.time_ns()
        checksums = {
            item: one.checksum
            for item, one in fetched.items()
            if one.checksum is not None and has_checksum(item.file)
        }
        # What has another size need not be read, and what was read on its way need not be read again.
        checksums |= checksums_of(
            {
                item: item.partial
                for item, size in sizes.items()
                if size == item.size and item not in checksums
            }
        )
        differences = {}
        good = []
        for item in items:
            if item not in sizes:
                differences[item] = "it did not arrive"
            elif difference := _difference(item, sizes[item], fetched.get(item), checksums.get(item)):
                differences[item] = difference
            else:
                good.append(item)
        place({item: arrived[item] for item in good})
        self._note(good, checksums, started)
        return differences

    def _note(self, items: Iterable[Item], checksums: Mapping[Item, str], started: int) -> None:
        for item in items:
            algorithm, checksum = item.file.checksum_algorithm, checksums.get(item)
            if algorithm is not None and checksum is not None:
                with suppress(OSError):
                    status = os.lstat(item.target)
                    self._placed.append(Known(item.target, status, algorithm, checksum, started))

    def _remember(self) -> None:
        """Keep the checksums of files, so that the next download need not read them.

        What was noted is how they were when they had got their names and the times of the catalogue: whoever
        writes to one later gives it another time.
        """
        self._cache.note(
            [
                one
                for one in self._placed
                if stat.S_ISREG(one.status.st_mode) and one.read - one.status.st_mtime_ns > CLOCK_TICK_NS
            ],
            settled=True,
        )


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _status(path: str) -> os.stat_result | None:
    """Return what the file system says of a name, of a link too; None where nothing has it."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _size(path: str, status: os.stat_result) -> int | None:
    """Return the size of what has arrived, be it a link to a file; None where it is no file."""
    if stat.S_ISLNK(status.st_mode):
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _difference(item: Item, size: int, fetched: Fetched | None, checksum: str | None) -> str:
    if fetched is not None and fetched.remote_size != item.size:
        return f"it has {fetched.remote_size} bytes instead of {item.size}"
    return item.file.difference_of(size, checksum)
