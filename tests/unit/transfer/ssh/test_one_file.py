"""Two names are one file only where a change of one shows at the other."""

from __future__ import annotations

import struct
from typing import cast

import attrs
import pytest

from scitacean.errors import FileUploadError
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.naming import _Work
from scitacean.transfer.ssh.one_file import are_one_file
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.sftp_packets import Kind, Status, string
from tests.unit.transfer.ssh.scripted import HELLO, session, status

FSYNC = HELLO + string(b"fsync@openssh.com") + string(b"1")


@attrs.define
class Files:
    """Answers as a server that has files with times under several names, and refuses some requests."""

    names: dict[bytes, str]
    times: dict[str, int]
    refused: frozenset[Kind] = frozenset()
    mode: int = 0o100644
    tells_time: bool = True
    changed: list[int] = attrs.field(factory=list)

    def __call__(self, kind: int, number: bytes, body: bytes) -> bytes:
        path = body[4 : 4 + int.from_bytes(body[:4])]
        if kind in self.refused:
            return status(number, Status.FAILURE, b"no")
        if kind in (Kind.CLOSE, Kind.EXTENDED):
            return status(number, Status.OK)
        if kind == Kind.FSETSTAT:
            (time,) = struct.unpack(">I", body[-4:])
            self.changed.append(time)
            self.times[path.decode()] = time
            return status(number, Status.OK)
        if path not in self.names:
            return status(number, Status.NO_SUCH_FILE)
        if kind == Kind.OPEN:
            return bytes([Kind.HANDLE]) + number + string(self.names[path].encode())
        assert kind == Kind.LSTAT
        time = self.times[self.names[path]]
        attributes = struct.pack(">II", 4, self.mode)
        if self.tells_time:
            attributes = struct.pack(">IIII", 12, self.mode, time, time)
        return bytes([Kind.ATTRS]) + number + attributes


def test_one_file() -> None:
    files = Files({b"/.a": "x", b"/a": "x"}, {"x": 17})
    assert are_one_file(session(files), b"/.a", b"/a")
    assert files.times == {"x": 17}
    assert len(files.changed) == 2


@pytest.mark.parametrize(
    "files",
    [
        Files({b"/.a": "x", b"/a": "y"}, {"x": 17, "y": 17}),
        Files({b"/.a": "x", b"/a": "x"}, {"x": 17}, refused=frozenset({Kind.FSETSTAT})),
        Files({b"/.a": "x", b"/a": "x"}, {"x": 17}, refused=frozenset({Kind.OPEN})),
    ],
)
def test_files_that_are_not_known_to_be_one(files: Files) -> None:
    before = dict(files.times)
    assert not are_one_file(session(files), b"/.a", b"/a")
    assert files.times == before


@pytest.mark.parametrize(
    "files",
    [
        Files({b"/.a": "x", b"/a": "y"}, {"x": 17, "y": 18}),
        Files({b"/a": "y"}, {"y": 17}),
        Files({b"/.a": "x"}, {"x": 17}),
        Files({b"/.a": "x", b"/a": "x"}, {"x": 17}, mode=0o120777),
        Files({b"/.a": "x", b"/a": "x"}, {"x": 17}, tells_time=False),
    ],
)
def test_nothing_is_changed_to_find_out_what_is_plain(files: Files) -> None:
    assert not are_one_file(session(files), b"/.a", b"/a")
    assert files.changed == []


@pytest.mark.parametrize("refused", [Kind.OPEN, Kind.EXTENDED])
def test_a_file_that_cannot_be_put_onto_the_disk_gets_no_name(refused: Kind) -> None:
    item = Outgoing(cast(SendRequest, None), 1, 1, b"/a", partial=b"/.a", needs_sync=True)
    files = Files({b"/.a": "x"}, {"x": 17}, refused=frozenset({refused}))
    with pytest.raises(FileUploadError, match=r"cannot write /\.a: no"):
        _Work([item], Journal()).by_requests(session(files, hello=FSYNC))
