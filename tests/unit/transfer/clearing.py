"""All that can be known, and can have become, of files that an upload which is gone has sent."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import attrs

from scitacean import RemotePath
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import ClearsUploads, Leftover, SendRequest

CONTENT, OTHER = b"counts", b"COUNTS"


@attrs.frozen
class Case:
    """One file.

    Attributes
    ----------
    known:
        What is known of it: "nothing" or "its checksum".
    here:
        The local file: "as it was", "changed" or "gone".
    there:
        The file on the file server: "the same", "another", "shorter", "in part" or "gone".
    """

    known: str
    here: str
    there: str

    @property
    def name(self) -> str:
        """A name for the file."""
        return f"{self.known}, {self.here}, {self.there}.dat"

    def outcome(self, has_checksums: bool) -> str:
        """Return what becomes of it: it is "removed", it "stays", or it is "told" of and stays.

        Parameters
        ----------
        has_checksums:
            Whether the file server can compute them.
        """
        if self.there in ("gone", "in part"):
            return "removed"
        if self.there == "shorter":
            return "stays"
        if (self.known == "nothing" or not has_checksums) and self.here != "as it was":
            return "told"
        return "removed" if self.there == "the same" else "stays"


CASES = [
    Case(*one)
    for one in itertools.product(
        ["nothing", "its checksum"],
        ["as it was", "changed", "gone"],
        ["the same", "another", "shorter", "in part", "gone"],
    )
]


def leftovers(here: Path, there: Path, folder: RemotePath) -> Iterator[Leftover]:
    """Make the files of all cases on both sides."""
    for case in CASES:
        local, remote = here / case.name, there / case.name
        local.write_bytes(CONTENT)
        status = local.stat()
        if case.here == "gone":
            local.unlink()
        elif case.here == "changed":
            local.write_bytes(b"more counts")
        partial = partial_name(case.name, folder / case.name, status.st_size, status.st_mtime_ns)
        if case.there == "in part":
            (there / partial).write_bytes(CONTENT[:2])
        elif case.there != "gone":
            remote.write_bytes({"the same": CONTENT, "another": OTHER, "shorter": b"c"}[case.there])
        yield Leftover(
            request=SendRequest(
                local=local, remote=folder / case.name, resume=True, checksum_algorithm="sha256"
            ),
            size=len(CONTENT),
            mtime_ns=status.st_mtime_ns,
            checksum=hashlib.sha256(CONTENT).hexdigest() if case.known == "its checksum" else None,
        )


def check_clearing(connection: ClearsUploads, here: Path, there: Path, *, has_checksums: bool = True) -> None:
    """Let a connection remove the files of all cases, and check what it has left and told."""
    for path in (here, there):
        path.mkdir()
    folder = RemotePath(there.as_posix())
    (there / "notes.txt").write_text("of somebody else")
    told = connection.clear_upload(list(leftovers(here, there, folder)), made_folders=[folder.posix])
    outcomes = {case.name: case.outcome(has_checksums) for case in CASES}
    stay = {name for name, outcome in outcomes.items() if outcome != "removed"}
    assert {path.name for path in there.iterdir()} == stay | {"notes.txt"}
    assert len(told) == len(set(told))
    assert {path.name for path in told} == {name for name, outcome in outcomes.items() if outcome == "told"}
