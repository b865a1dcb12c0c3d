"""Comparing what has arrived on the host with what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from scitacean.transfer.protocol import Verified
from scitacean.transfer.ssh.checksums import HostChecksums
from scitacean.transfer.ssh.compare import differing
from scitacean.transfer.ssh.early_checksums import EarlyChecksums
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.lookup import look_up_files
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import parent
from scitacean.transfer.ssh.sftp_packets import Attributes

# In order of preference, for files for which no other algorithm was asked: the first one is fast on every
# processor, the second one on those that have instructions for it.
_PROVING = ("blake2b", "sha256", "sha512", "sha1", "md5")


def likely_algorithms(asked: Iterable[str | None], wanted: Verified) -> list[str]:
    """Return with what files are likely to be compared on the host.

    Parameters
    ----------
    asked:
        Algorithms that were asked for files; None for any.
    wanted:
        How to compare.
    """
    likely = {algorithm or _PROVING[0] for algorithm in asked} if wanted == "checksum" else ()
    return [algorithm for algorithm in sorted(likely) if algorithm in _PROVING]


class Verification:
    """Compares files.

    Parameters
    ----------
    line:
        The connection.
    checksums:
        What the host can compute.
    wanted:
        How to compare. A host that can compute no checksums is read back in samples.
    connections:
        How many connections to use for reading back.
    early:
        Has checksums computed on the host while files are on their way.
    """

    def __init__(
        self,
        line: Line,
        checksums: HostChecksums,
        wanted: Verified,
        *,
        connections: int,
        early: EarlyChecksums,
    ) -> None:
        self._line = line
        self._checksums = checksums
        self._wanted = wanted
        self._connections = connections
        self._early = early
        self._proving: dict[str | None, str | None] = {}

    @property
    def proves_content(self) -> bool:
        """Whether all of a file is compared."""
        return self._algorithm(None) is not None

    def algorithms(self, item: Outgoing) -> set[str]:
        """Return the algorithms of the checksums of a file that are needed, as far as the host was asked."""
        asked = item.request.checksum_algorithm
        return {name for name in (asked, self._likely(asked)) if name is not None}

    def ask(self, items: Iterable[Outgoing]) -> None:
        """Ask the host what it can compute; that may take as long as a login shell takes to start.

        Raises
        ------
        FileNotAccessibleError
            If the connection breaks.
        """
        for asked in {item.request.checksum_algorithm for item in items}:
            self._algorithm(asked)

    def arrived(self, item: Outgoing) -> None:
        """Begin to compare a file that has its partial name, while others are on their way."""
        if (algorithm := self._likely(item.request.checksum_algorithm)) is not None:
            self._early.add(item, algorithm)

    def follow(self, items: Sequence[Outgoing]) -> None:
        """Let the host begin to compare files, of which :meth:`wrote` tells, before all of them is there."""
        for algorithm in self._groups(items):
            if algorithm is not None:
                self._early.follow(algorithm)

    def wrote(self, item: Outgoing, start: int, end: int) -> None:
        """Note that the host has written a range of a file; any thread may."""
        if (algorithm := self._algorithm(item.request.checksum_algorithm)) is not None:
            self._early.wrote(item, algorithm, start, end)

    def keep_only(self, items: Collection[Outgoing]) -> None:
        """Forget what :meth:`arrived` was told of all but some files: the others may be sent again."""
        self._early.keep_only(items)

    def forget(self) -> None:
        """Forget what :meth:`arrived` and :meth:`wrote` were told: files that were removed are sent again."""
        self._early.forget()

    def same(self, items: Sequence[Outgoing]) -> list[bool]:
        """Return for each of some files that have their names whether all of their content is the same.

        Raises
        ------
        FileUploadError
            If a local file is not what it was any more.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        groups = self._groups(items, sure=True)
        different = self._different_checksums(groups, {item: item.target for item in items})
        places = {item: item.target for item in groups.get(None, [])}
        different |= differing(places, self._line, how_much="all", connections=self._connections)
        return [item not in different for item in items]

    def find_different(self, items: Sequence[Outgoing]) -> list[Outgoing]:
        """Compare files that have their partial names, and note how.

        Returns
        -------
        :
            Those that did not arrive as they were sent.

        Raises
        ------
        FileUploadError
            If a local file is not what it was any more.
        FileNotAccessibleError
            If a local file cannot be read, or the connection breaks.
        """
        different = self._different_sizes(items)
        groups = self._groups([item for item in items if item not in different])
        different |= self._different_checksums(groups, {item: item.partial for item in items})
        unknown = groups.pop(None, [])
        for group in groups.values():
            for item in group:
                item.verified = "checksum"
        if self._wanted != "size":
            places = {item: item.partial for item in unknown}
            different |= differing(places, self._line, how_much="sample", connections=self._connections)
        for item in unknown:
            item.verified = "size" if self._wanted == "size" else "sample"
        return [item for item in items if item in different]

    def _groups(self, items: Sequence[Outgoing], *, sure: bool = False) -> dict[str | None, list[Outgoing]]:
        """Group files by the algorithm that the host uses for them; None where it uses none."""
        groups: dict[str | None, list[Outgoing]] = {}
        for item in items:
            algorithm = self._algorithm(item.request.checksum_algorithm, sure=sure)
            groups.setdefault(algorithm, []).append(item)
        return groups

    def _different_sizes(self, items: Sequence[Outgoing]) -> set[Outgoing]:
        found = self._line.again(lambda: self._look_up(items))
        different = set()
        for item in items:
            item.attributes = found.get(item.partial)
            if item.attributes is None or item.attributes.size not in (None, item.size):
                different.add(item)
        return different

    def _look_up(self, items: Sequence[Outgoing]) -> dict[bytes, Attributes]:
        # What was told over a connection that broke may not be so any more.
        told = {
            item.partial: item.attributes
            for item in items
            if item.attributes is not None and item.told_over is self._line.connected
        }
        asked = [item.partial for item in items if item.partial not in told]
        # Commands may see other files than the file server does: it is asked for one of each folder.
        samples = {parent(path): path for path in told}.values()
        found = look_up_files(self._line.sftp, [*asked, *samples])
        if not found.keys() >= set(samples):
            return look_up_files(self._line.sftp, [item.partial for item in items])
        return told | found

    def _different_checksums(
        self, groups: dict[str | None, list[Outgoing]], places: dict[Outgoing, bytes]
    ) -> set[Outgoing]:
        different = set()
        for algorithm, group in groups.items():
            if algorithm is not None:
                early = self._early.results(algorithm)
                # Another one is asked for again.
                told = {
                    item: early[item]
                    for item in group
                    if item in early and early[item] == item.checksum(algorithm)
                }
                late = {places[item]: item for item in group if item not in told}
                compute = partial(self._checksums.of_own_files, algorithm=algorithm, ahead=self._early.ahead)
                found = self._line.again(partial(compute, late))
                told |= {late[name]: checksum for name, checksum in found.items()}
                # Whoever ended the tool said nothing about the files.
                untold = {item: places[item] for item in group if item not in told}
                compared = [item for item in group if item in told]
                different |= {item for item in compared if told[item] != item.checksum(algorithm)}
                different |= differing(untold, self._line, how_much="all", connections=self._connections)
        return different

    def _algorithm(self, asked: str | None, *, sure: bool = False) -> str | None:
        """Return the algorithm with which the host proves a file; None where it is not to, or cannot."""
        if self._wanted != "checksum" and not sure:
            return None
        if asked not in self._proving:
            can = partial(self._checksums.can, ahead=self._early.ahead)
            able = (
                name
                for name in _candidates(asked)
                if self._early.runs(name) or self._line.again(partial(can, name))
            )
            self._proving[asked] = next(able, None)
        return self._proving[asked]

    def _likely(self, asked: str | None) -> str | None:
        """Return the same without asking the host."""
        if self._wanted != "checksum" or asked in self._proving:
            return self._proving.get(asked)
        return next(filter(self._checksums.may, _candidates(asked)), None)


def _candidates(asked: str | None) -> Sequence[str]:
    return _PROVING if asked is None else (asked, *_PROVING)
