"""Servers that speak SFTP in odd ways, played from a script."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko import Channel, Transport

from scitacean.errors import FileNotAccessibleError, HostNotReachableError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FetchRequest
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.connection import Connected
from scitacean.transfer.ssh.download import SSHDownloadConnection
from scitacean.transfer.ssh.errors import cannot_read, cannot_write
from scitacean.transfer.ssh.lanes import LANE_BYTES, Line
from scitacean.transfer.ssh.paths import HostPaths
from scitacean.transfer.ssh.sftp_packets import Attributes, Kind, SftpRefusedError, Status, string
from scitacean.transfer.ssh.sftp_session import SftpSession
from tests.unit.transfer.ssh.scripted import HELLO, Answer, ScriptedChannel, refuse, session, status


def files_of(contents: dict[bytes, bytes], *, most: int, readable: bytes | None = None) -> Answer:
    """Answer as a server that has some files and gives so many bytes at a time."""

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        if kind in (Kind.STAT, Kind.OPEN):
            path = body[4 : 4 + int.from_bytes(body[:4])]
            if kind == Kind.STAT:
                return bytes([Kind.ATTRS]) + number + struct.pack(">IQ", 1, len(contents[path]))
            return bytes([Kind.HANDLE]) + number + string(path)
        if kind == Kind.FSTAT:
            return bytes([Kind.ATTRS]) + number + struct.pack(">IQ", 1, len(contents[body[4:]]))
        if kind == Kind.CLOSE:
            return status(number, Status.OK)
        assert kind == Kind.READ
        offset, size = struct.unpack(">QI", body[-12:])
        content = contents[body[4:-12]] if readable is None else readable
        block = content[offset : offset + min(size, most)]
        return bytes([Kind.DATA]) + number + string(block) if block else status(number, Status.EOF)

    return answer


def download(sftp: SftpSession) -> SSHDownloadConnection:
    connected = Connected(cast(Transport, None), "files.site.example", 1.0)
    connected.sftp = sftp

    @contextmanager
    def connect() -> Iterator[Connected]:
        raise HostNotReachableError("There is no other connection.")
        yield connected

    line = Line(connected, connect, connect)
    return SSHDownloadConnection(line, HostPaths(), tools={}, ahead=CommandsAhead(line, {}))


@given(
    contents=st.lists(st.binary(max_size=300), min_size=1, max_size=5),
    most=st.integers(1, 70),
    asked=st.integers(1, 90),
    order=st.randoms(use_true_random=False),
    data=st.data(),
)
def test_files_come_whole_from_servers_that_answer_little_and_in_any_order(
    contents: list[bytes], most: int, asked: int, order: random.Random, data: st.DataObject
) -> None:
    names = {b"/%d" % number: content for number, content in enumerate(contents)}
    sftp = session(files_of(names, most=most), shuffle=order)
    sftp.read_size = asked
    moved: list[int] = []
    with TemporaryDirectory() as folder:
        requests = []
        expected = []
        for number, content in enumerate(contents):
            local = Path(folder, str(number))
            offset = data.draw(st.integers(0, len(content)))
            length = data.draw(st.none() | st.integers(0, 400))
            local.write_bytes(content[:offset])
            end = len(content) if length is None else min(offset + length, len(content))
            expected.append(content[:end])
            requests.append(
                FetchRequest(
                    remote=RemotePath(f"/{number}"),
                    local=local,
                    offset=offset,
                    length=length,
                    checksum_algorithm="sha256",
                )
            )
        fetched = download(sftp).fetch_files(requests, on_progress=lambda _, size: moved.append(size))
        assert [request.local.read_bytes() for request in requests] == expected
    new = [content[request.offset :] for content, request in zip(expected, requests, strict=True)]
    assert [one.size for one in fetched] == [len(content) for content in new]
    assert [one.checksum for one in fetched] == [hashlib.sha256(content).hexdigest() for content in new]
    assert sum(moved) == sum(map(len, new))


@given(content=st.binary(min_size=1, max_size=300), cut=st.integers(0, 299), most=st.integers(1, 400))
def test_what_has_arrived_of_a_file_that_ends_too_early_is_its_beginning(
    content: bytes, cut: int, most: int
) -> None:
    short = content[: min(cut, len(content) - 1)]
    sftp = session(files_of({b"/a": content}, most=most, readable=short))
    with TemporaryDirectory() as folder:
        local = Path(folder, "a")
        with pytest.raises(FileNotAccessibleError, match="ends too early"):
            download(sftp).fetch_files([FetchRequest(remote=RemotePath("/a"), local=local)])
        assert local.read_bytes() == short


def test_what_is_in_flight_is_bounded(tmp_path: Path) -> None:
    size = 64 << 20
    most_bytes = 0

    class Counting(ScriptedChannel):
        def recv(self, size: int) -> bytes:
            nonlocal most_bytes
            most_bytes = max(most_bytes, sum(map(len, self._answers)))
            return super().recv(1 << 30)

    content = bytes(size)
    small = {b"/%d" % number: b"1" for number in range(3_000)}
    channel = Counting(files_of({b"/a": content, **small}, most=1 << 20))
    sftp = SftpSession(cast(Channel, channel), host="files.site.example")
    names = ["a", *(str(number) for number in range(3_000))]
    requests = [FetchRequest(remote=RemotePath(f"/{name}"), local=tmp_path / name) for name in names]
    fetched = download(sftp).fetch_files(requests)
    assert sum(one.size for one in fetched) == size + 3_000
    assert (4 << 20) <= most_bytes <= LANE_BYTES + (5 << 20)


@pytest.mark.parametrize("tells", [False, True])
def test_servers_need_not_tell_of_open_files_when_they_were_changed(tmp_path: Path, tells: bool) -> None:
    content = random.Random(1).randbytes(9 << 20)
    inner = files_of({b"/a": content}, most=1 << 20)

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        if kind == Kind.STAT:
            return bytes([Kind.ATTRS]) + number + struct.pack(">IQII", 9, len(content), 17, 17)
        return refuse(kind, number, body) if kind == Kind.FSTAT and not tells else inner(kind, number, body)

    request = FetchRequest(remote=RemotePath("/a"), local=tmp_path / "a")
    download(session(answer)).fetch_files([request])
    assert (tmp_path / "a").read_bytes() == content


def test_a_refused_read_is_no_end_of_file(tmp_path: Path) -> None:
    inner = files_of({b"/a": b"123"}, most=10)

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        return refuse(kind, number, body) if kind == Kind.READ else inner(kind, number, body)

    with pytest.raises(FileNotAccessibleError, match="cannot read /a: no"):
        download(session(answer)).fetch_files([FetchRequest(remote=RemotePath("/a"), local=tmp_path / "a")])


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"Welcome to this machine!\n", FileNotAccessibleError),
        (struct.pack(">I", 5) + status(b"", 4)[:5], FileNotAccessibleError),
        (b"", HostNotReachableError),
        (b"\0\0", HostNotReachableError),
    ],
)
def test_what_is_no_sftp(said: bytes, error: type[Exception]) -> None:
    class Talker:
        def __init__(self) -> None:
            self.texts = [said, b""]

        def send(self, data: bytes) -> int:
            return len(data)

        def recv(self, _size: int) -> bytes:
            return self.texts.pop(0)

    with pytest.raises(error):
        SftpSession(cast(Channel, Talker()), host="files.site.example")


def test_an_answer_to_another_question() -> None:
    def answer(_kind: int, number: bytes, _body: bytes) -> bytes:
        return bytes([Kind.HANDLE]) + number + string(b"h")

    with pytest.raises(FileNotAccessibleError, match="is not SFTP"):
        session(answer).lstat(b"/a").result()


def test_servers_without_extensions_or_attributes() -> None:
    def answer(_kind: int, number: bytes, _body: bytes) -> bytes:
        return bytes([Kind.ATTRS]) + number + struct.pack(">I", 0)

    sftp = session(answer)
    assert (sftp.read_size, sftp.write_size) == (32_768, 32_768)
    assert sftp.free_space(b"/") is None
    attributes = sftp.stat(b"/a").result()
    assert attributes == Attributes()
    assert not attributes.is_file
    assert not attributes.is_folder


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [((0, 0, 0, 0), (32_768, 32_768)), ((0, 1 << 40, 100_000, 0), (261_120, 100_000))],
)
def test_limits_of_the_server(limits: tuple[int, ...], sizes: tuple[int, int]) -> None:
    def answer(_kind: int, number: bytes, _body: bytes) -> bytes:
        return bytes([Kind.EXTENDED_REPLY]) + number + struct.pack(">4Q", *limits)

    sftp = session(answer, hello=HELLO + string(b"limits@openssh.com") + string(b"1"))
    assert (sftp.read_size, sftp.write_size) == sizes


@pytest.mark.parametrize(("blocks", "free"), [(0, None), (100, 20_480)])
def test_a_file_system_that_has_no_size_is_not_called_full(blocks: int, free: int | None) -> None:
    def answer(_kind: int, number: bytes, _body: bytes) -> bytes:
        available = 5 if blocks else 0
        return bytes([Kind.EXTENDED_REPLY]) + number + struct.pack(">5Q", 1, 4096, blocks, 7, available)

    sftp = session(answer, hello=HELLO + string(b"statvfs@openssh.com") + string(b"2"))
    assert sftp.free_space(b"/") == free


def test_a_refusal_to_tell_the_free_space() -> None:
    sftp = session(refuse, hello=HELLO + string(b"statvfs@openssh.com") + string(b"2"))
    assert sftp.free_space(b"/") is None
    assert "cannot write /a: no" in str(cannot_write(SftpRefusedError(4, "no"), b"/a", sftp))


def test_a_status_without_a_text_and_permission_denied() -> None:
    def answer(_kind: int, number: bytes, _body: bytes) -> bytes:
        return bytes([Kind.STATUS]) + number + struct.pack(">I", Status.PERMISSION_DENIED)

    with pytest.raises(SftpRefusedError) as caught:
        session(answer).lstat(b"/a").result()
    assert "You may not read /a" in str(cannot_read(caught.value, b"/a", "files.site.example"))


def test_replies_that_have_come_can_still_be_ignored() -> None:
    sftp = session(refuse)
    first, second = sftp.lstat(b"/a"), sftp.lstat(b"/b")
    with pytest.raises(SftpRefusedError):
        second.result()
    first.ignore()
    with pytest.raises(SftpRefusedError):
        sftp.lstat(b"/c").result()


@pytest.mark.parametrize("reason", [KeyboardInterrupt, TimeoutError, EOFError])
def test_nothing_more_is_sent_after_a_part_of_a_request(reason: type[BaseException]) -> None:
    channel = ScriptedChannel(refuse)
    sftp = SftpSession(cast(Channel, channel), host="files.site.example")
    sent: list[bytes] = []

    def send_a_part(data: bytes) -> int:
        if sent:
            raise reason
        sent.append(data[:10])
        return 10

    channel.send = send_a_part  # type: ignore[method-assign]  # as when it is interrupted
    with pytest.raises((KeyboardInterrupt, HostNotReachableError)):
        sftp.remove(b"/a").result()
    channel.send = sent.append  # type: ignore[method-assign,assignment]
    with pytest.raises(HostNotReachableError):
        sftp.remove(b"/b")
    assert len(sent) == 1


def test_a_silent_server_is_asked_no_more() -> None:
    channel = ScriptedChannel(refuse)
    sftp = SftpSession(cast(Channel, channel), host="files.site.example")

    def receive(size: int) -> bytes:
        raise TimeoutError

    channel.recv = receive  # type: ignore[method-assign]  # says nothing in time
    waiting = sftp.remove(b"/a")
    with pytest.raises(HostNotReachableError, match=r"did not answer for 5 s"):
        waiting.result()
    with pytest.raises(HostNotReachableError, match=r"did not answer for 5 s"):
        sftp.remove(b"/b")


def test_a_file_of_which_the_server_tells_nothing_is_not_taken_for_empty(tmp_path: Path) -> None:
    def answer(kind: int, number: bytes, _body: bytes) -> bytes:
        if kind == Kind.OPEN:
            return bytes([Kind.HANDLE]) + number + string(b"h")
        if kind == Kind.CLOSE:
            return status(number, Status.OK)
        assert kind in (Kind.STAT, Kind.FSTAT)
        return bytes([Kind.ATTRS]) + number + struct.pack(">I", 0)

    connection = download(session(answer))
    with pytest.raises(FileNotAccessibleError, match="does not tell how large"):
        connection.fetch_files([FetchRequest(remote=RemotePath("/a"), local=tmp_path / "a")])
    assert not (tmp_path / "a").exists()
