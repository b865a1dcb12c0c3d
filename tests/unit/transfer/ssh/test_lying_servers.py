"""Servers that answer nonsense get an error, and never more than that."""

from __future__ import annotations

import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.errors import FileNotAccessibleError, TransferError
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FetchRequest
from scitacean.transfer.ssh.lookup import look_up_files
from scitacean.transfer.ssh.sftp_packets import Attributes, Kind, Status, string
from tests.unit.transfer.ssh.scripted import HELLO, session, status
from tests.unit.transfer.ssh.test_sftp_session import download, files_of

EXTENSIONS = b"".join(
    string(name) + string(b"1")
    for name in (b"limits@openssh.com", b"statvfs@openssh.com", b"posix-rename@openssh.com")
)
lies = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 40)),
    st.tuples(st.just("more"), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("kind"), st.sampled_from([int(kind) for kind in Kind] + [0, 255])),
    st.tuples(st.just("number"), st.integers(0, (1 << 32) - 1)),
    st.tuples(st.just("body"), st.binary(max_size=60)),
)


def changed(answer: bytes, lie: tuple[str, int | bytes]) -> bytes:
    what, value = lie
    if isinstance(value, bytes):
        return answer + value if what == "more" else answer[:5] + value
    if what == "cut":
        return answer[: min(value, len(answer) - 1)]
    if what == "kind":
        return bytes([value]) + answer[1:]
    return answer[:1] + struct.pack(">I", value) + answer[5:]


@given(at=st.integers(0, 12), lie=lies, most=st.integers(1, 500))
def test_a_lie_at_any_point_of_a_download(at: int, lie: tuple[str, int | bytes], most: int) -> None:
    contents = {b"/a": bytes(range(200)), b"/b": b"", b"/c": b"1"}
    honest = files_of(contents, most=most)
    answers = iter(range(1_000))

    def honest_or_refusing(kind: int, number: bytes, body: bytes) -> bytes:
        if kind == Kind.EXTENDED:
            return bytes([Kind.EXTENDED_REPLY]) + number + struct.pack(">5Q", 0, 100, 100, 20, 0)
        try:
            return honest(kind, number, body)
        except KeyError:
            # It was never told of such a file: that is what the lie was about.
            return status(number, Status.FAILURE)

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        reply = honest_or_refusing(kind, number, body)
        return changed(reply, lie) if next(answers) == at else reply

    with TemporaryDirectory() as folder:
        requests = [
            FetchRequest(remote=RemotePath(name.decode()), local=Path(folder, name.decode()[1:]))
            for name in contents
        ]
        try:
            sftp = session(answer, hello=HELLO + EXTENSIONS)
            sftp.free_space(b"/")
            fetched = download(sftp).fetch_files(requests)
        except TransferError:
            return
        assert len(fetched) == len(requests)
        assert [one.size for one in fetched] == [request.local.stat().st_size for request in requests]


@given(hello=st.binary(max_size=40))
def test_any_greeting(hello: bytes) -> None:
    try:
        session(lambda _kind, number, _body: status(number, Status.FAILURE), hello=HELLO[:1] + hello)
    except TransferError:
        return


def test_more_than_was_asked_for(tmp_path: Path) -> None:
    honest = files_of({b"/a": bytes(1_000)}, most=1_000)

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        if kind == Kind.READ:
            return bytes([Kind.DATA]) + number + string(bytes(1_001))
        return honest(kind, number, body)

    request = FetchRequest(remote=RemotePath("/a"), local=tmp_path / "a", length=1_000)
    with pytest.raises(FileNotAccessibleError, match="is not SFTP"):
        download(session(answer)).fetch_files([request])


def test_a_listing_without_end_is_given_up_for_the_single_files() -> None:
    paths = [b"/d/%d" % number for number in range(40)]

    def answer(kind: int, number: bytes, _body: bytes) -> bytes:
        if kind == Kind.OPENDIR:
            return bytes([Kind.HANDLE]) + number + string(b"h")
        if kind == Kind.READDIR:
            return bytes([Kind.NAME]) + number + struct.pack(">I", 0)
        if kind == Kind.CLOSE:
            return status(number, Status.OK)
        assert kind == Kind.LSTAT
        return bytes([Kind.ATTRS]) + number + struct.pack(">IQ", 1, 7)

    assert look_up_files(session(answer), paths) == dict.fromkeys(paths, Attributes(size=7))
