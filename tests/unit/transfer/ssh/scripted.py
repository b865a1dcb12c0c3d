"""A server that answers packets of SFTP as a function says, without any connection."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any, cast

from paramiko import Channel

from scitacean.transfer.ssh.sftp_packets import Kind, Status, string
from scitacean.transfer.ssh.sftp_session import SftpSession

Answer = Callable[[int, bytes, bytes], bytes]
HELLO = bytes([Kind.VERSION]) + struct.pack(">I", 3)


class ScriptedChannel:
    """Answers packets as a function says; optionally the waiting ones in another order."""

    def __init__(self, answer: Answer, *, hello: bytes = HELLO, shuffle: random.Random | None = None) -> None:
        self._answer = answer
        self._hello = hello
        self._shuffle = shuffle
        self._incoming = bytearray()
        self._answers: list[bytes] = []
        self.most_in_flight = 0

    def send(self, data: bytes) -> int:
        self._incoming += data
        while len(self._incoming) >= 4:
            (length,) = struct.unpack_from(">I", self._incoming)
            if len(self._incoming) < 4 + length:
                break
            packet = bytes(self._incoming[4 : 4 + length])
            del self._incoming[: 4 + length]
            self._answers.append(
                self._hello if packet[0] == Kind.INIT else self._answer(packet[0], packet[1:5], packet[5:])
            )
        self.most_in_flight = max(self.most_in_flight, len(self._answers))
        return len(data)

    def gettimeout(self) -> float:
        return 5.0

    def recv(self, size: int) -> bytes:
        if self._shuffle is not None:
            self._shuffle.shuffle(self._answers)
        stream = b"".join(string(answer) for answer in self._answers)
        self._answers.clear()
        assert len(stream) <= size
        return stream


def session(answer: Answer, **options: Any) -> SftpSession:
    return SftpSession(cast(Channel, ScriptedChannel(answer, **options)), host="files.site.example")


def status(number: bytes, code: int, text: bytes = b"") -> bytes:
    return bytes([Kind.STATUS]) + number + struct.pack(">I", code) + string(text) + string(b"en")


def refuse(_kind: int, number: bytes, _body: bytes) -> bytes:
    return status(number, Status.FAILURE, b"no")


class Tree:
    """Answers as a server that has files and folders, and refuses what it is told to refuse."""

    def __init__(self, *, files: set[bytes], folders: set[bytes]) -> None:
        self.files = files
        self.folders = folders
        self.refused: set[tuple[Kind, bytes]] = set()

    def __call__(self, kind: int, number: bytes, body: bytes) -> bytes:
        path = body[4 : 4 + int.from_bytes(body[:4])]
        if (kind, path) in self.refused:
            return status(number, Status.PERMISSION_DENIED, b"no")
        if kind in (Kind.STAT, Kind.LSTAT):
            if path not in self.files | self.folders:
                return status(number, Status.NO_SUCH_FILE, b"not there")
            mode = 0o40755 if path in self.folders else 0o100644
            return bytes([Kind.ATTRS]) + number + struct.pack(">II", 4, mode)
        before = self.folders if kind in (Kind.MKDIR, Kind.RMDIR) else self.files
        if kind == Kind.MKDIR:
            done = path not in before
            before.add(path)
        else:
            assert kind in (Kind.REMOVE, Kind.RMDIR)
            inside = [one for one in self.files | self.folders if one.startswith(path + b"/")]
            done = path in before and not inside
            if done:
                before.remove(path)
        return status(number, Status.OK if done else Status.FAILURE, b"")
