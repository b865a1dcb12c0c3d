"""Packets are those of the SSH library, whoever makes and opens them; none that was changed gets through."""

from __future__ import annotations

import gc
import itertools
import os
import socket
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given
from hypothesis import strategies as st
from paramiko import Message, SSHException
from paramiko.packet import Packetizer

from scitacean.model.dataset import Dataset
from scitacean.testing.sshd import sshd
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh.quick_packets import QuickPackets
from scitacean.transfer.ssh.quick_socket import QuickSocket
from tests.unit.transfer.ssh.conftest import MakeTransfer, on_server

WINDOW, DATA, END = 93, 94, 1
KEY, NONCE = AESGCM(bytes(range(16))), bytes(range(12))


@contextmanager
def pair(sending: type[Packetizer], opening: type[Packetizer]) -> Iterator[tuple[Packetizer, Packetizer]]:
    """Yield both ends of a connection whose one direction is sealed."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:
        here = stack.enter_context(socket.create_connection(listening.getsockname(), timeout=20))
        there, _ = listening.accept()
        stack.enter_context(there)
        sender = sending(here)
        seal(sender)
        receiver = opening(stack.enter_context(QuickSocket.instead_of(there)))
        unseal(receiver)
        yield sender, receiver


def seal(layer: Packetizer, key: AESGCM = KEY) -> None:
    layer.set_outbound_cipher(key, 16, None, 16, None, aead=True, iv_out=NONCE)  # type: ignore[arg-type]  # as paramiko


def unseal(layer: Packetizer, key: AESGCM = KEY) -> None:
    layer.set_inbound_cipher(key, 16, None, 16, None, aead=True, iv_in=NONCE)  # type: ignore[arg-type]  # as paramiko


def sent(layer: Packetizer, payloads: Iterable[bytes]) -> None:
    for payload in payloads:
        layer.send_message(Message(payload))


def received(layer: Packetizer) -> list[bytes]:
    """Wait for all messages before one of the kind END."""
    payloads: list[bytes] = []
    while True:
        kind, message = layer.read_message()
        if kind == END:
            return payloads
        payloads.append(bytes([kind]) + message.asbytes())


def merged(payloads: Iterable[bytes]) -> list[bytes]:
    """Put together what neighbours say of the same channel."""
    together = []
    for beginning, group in itertools.groupby(payloads, key=lambda payload: payload[:5]):
        every = list(group)
        if beginning[0] == WINDOW:
            size = sum(int.from_bytes(one[5:], "big") for one in every)
            together.append(beginning + size.to_bytes(4, "big"))
        elif beginning[0] == DATA:
            content = b"".join(one[9:] for one in every)
            together.append(beginning + len(content).to_bytes(4, "big") + content)
        else:
            together += every
    return together


def assert_all_come(sender: Packetizer, receiver: Packetizer, payloads: list[bytes]) -> None:
    thread = threading.Thread(target=sent, args=(sender, [*payloads, bytes([END])]))
    thread.start()
    try:
        assert merged(received(receiver)) == merged(payloads)
    finally:
        thread.join()


def data(channel: int, content: bytes) -> bytes:
    return b"".join((bytes([DATA]), channel.to_bytes(4, "big"), len(content).to_bytes(4, "big"), content))


def window(channel: int, size: int) -> bytes:
    return b"".join((bytes([WINDOW]), channel.to_bytes(4, "big"), size.to_bytes(4, "big")))


channels = st.integers(0, 1)
messages = st.lists(
    st.one_of(
        st.builds(data, channels, st.binary(max_size=300)),
        st.builds(data, channels, st.integers(0, 40_000).map(bytes)),
        st.builds(window, channels, st.integers(0, 1 << 27)),
        st.builds(bytes.__add__, st.sampled_from([b"\2", b"\5", b"P", b"\xff"]), st.binary(max_size=60)),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("sending", "opening"),
    [(QuickPackets, Packetizer), (Packetizer, QuickPackets), (QuickPackets, QuickPackets)],
)
@given(payloads=messages)
@example(payloads=[data(0, bytes(30_000))] * 30)
def test_both_layers_understand_each_other(
    sending: type[Packetizer], opening: type[Packetizer], payloads: list[bytes]
) -> None:
    with pair(sending, opening) as (sender, receiver):
        assert_all_come(sender, receiver, payloads)


def test_what_has_come_for_a_channel_is_one_message() -> None:
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        sent(sender, [data(3, b"a"), data(3, b"b"), data(4, b"c"), window(3, 5), window(3, 6), bytes([END])])
        assert received(receiver) == [data(3, b"ab"), data(4, b"c"), window(3, 11)]
        sent(sender, [*[data(3, bytes(30_000))] * 20, bytes([END])])
        assert 3 <= len(received(receiver)) <= 10


def test_what_a_channel_may_send_together_has_four_bytes() -> None:
    # No window may be larger, but some servers give more.
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        sent(sender, [window(3, 0xFFFFFFFF), window(3, 0xFFFFFFFF), bytes([END])])
        assert received(receiver) == [window(3, 0xFFFFFFFF)]


@given(payloads=messages)
def test_packets_are_opened_that_cannot_be_looked_at_ahead(payloads: list[bytes]) -> None:
    # As those that come through a jump host or from a proxy's pipe.
    here, there = socket.socketpair()
    with here, there:
        sender, receiver = QuickPackets(here), QuickPackets(there)
        seal(sender)
        unseal(receiver)
        thread = threading.Thread(target=sent, args=(sender, [*payloads, bytes([END])]))
        thread.start()
        try:
            assert received(receiver) == payloads
        finally:
            thread.join()


def test_several_threads_send_at_once() -> None:
    numbers, size = range(200), 40_000
    every = [[bytes([200, thread, number]) + bytes(size) for number in numbers] for thread in range(4)]
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        threads = [threading.Thread(target=sent, args=(sender, payloads)) for payloads in every]
        for thread in threads:
            thread.start()
        try:
            kinds_and_rests = [receiver.read_message() for _ in range(4 * len(numbers))]
        finally:
            sender.close()
            for thread in threads:
                thread.join()
    came = [bytes([kind]) + rest.asbytes() for kind, rest in kinds_and_rests]
    assert [[one for one in came if one[1] == thread] for thread in range(4)] == every


def test_garbage_that_says_farewell_stops_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    # Channels close when they are collected, in whichever thread that happens.
    class Forgotten:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            sent(sender, [bytes([80])])

    def random_bytes(size: int) -> bytes:
        gc.collect()
        return bytes(size)

    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        Forgotten()
        monkeypatch.setattr(os, "urandom", random_bytes)
        thread = threading.Thread(target=sent, args=(sender, [bytes([81])]), daemon=True)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
        assert [receiver.read_message()[0] for _ in range(2)] == [80, 81]


def test_no_packet_is_sealed_as_another_one_when_sealing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Packetizer.set_outbound_cipher

    def begin_and_send(layer: Packetizer, *args: object) -> None:
        begin(layer, *args)  # type: ignore[arg-type]  # passed through
        layer.send_message(Message(bytes([80])))

    monkeypatch.setattr(Packetizer, "set_outbound_cipher", begin_and_send)
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        sent(sender, [bytes([81])])
        assert [receiver.read_message()[0] for _ in range(2)] == [80, 81]


def test_messages_have_the_number_of_their_packet() -> None:
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        sent(sender, [data(3, b"a"), data(3, b"b"), bytes([80]), bytes([81])])
        assert [receiver.read_message()[1].seqno for _ in range(3)] == [2, 2, 3]
        receiver.reset_seqno_in()
        sent(sender, [bytes([80])])
        assert receiver.read_message()[1].seqno == 0


class _Changing(QuickPackets):
    """Changes a byte of all that it sends."""

    position = 0
    value = 1

    def write_all(self, out: bytes) -> None:  # type: ignore[override]  # more than bytes is not sent
        changed = bytearray(out)
        changed[self.position % len(out)] ^= self.value
        super().write_all(changed)


@given(
    content=st.binary(max_size=300),
    position=st.integers(0, 400),
    value=st.integers(1, 255),
    good=st.integers(0, 2),
)
def test_no_changed_packet_gets_through(content: bytes, position: int, value: int, good: int) -> None:
    with pair(_Changing, QuickPackets) as (sender, receiver):
        assert isinstance(sender, _Changing)
        sender.value = 0
        sent(sender, [bytes([80])] * good)
        sender.position, sender.value = position, value
        sent(sender, [data(1, content)])
        for _ in range(good):
            assert receiver.read_message()[0] == 80
        # Where the length says more than there is, the rest must not be waited for.
        sender.close()
        with pytest.raises((SSHException, EOFError)):
            receiver.read_message()


@pytest.mark.parametrize("size", [0, 8, 24, 256 * 1024 + 16, 0xFFFFFFF0])
def test_a_length_that_none_can_have_is_an_error(size: int) -> None:
    with pair(Packetizer, QuickPackets) as (sender, receiver):
        sender.write_all(size.to_bytes(4, "big"))
        with pytest.raises(SSHException, match=f"a packet of {size} bytes"):
            receiver.read_message()


@pytest.mark.parametrize(("size", "padding"), [(16, 15), (16, 200), (128, 200)])
def test_a_packet_without_a_message_is_an_error(size: int, padding: int) -> None:
    length = size.to_bytes(4, "big")
    with pair(Packetizer, QuickPackets) as (sender, receiver):
        sender.write_all(length + KEY.encrypt(NONCE, bytes([padding]) + bytes(size - 1), length))
        with pytest.raises(SSHException, match="without a message"):
            receiver.read_message()


def test_new_keys_are_asked_for_until_both_directions_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickPackets, "REKEY_BYTES", 1000)
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        seal(receiver)
        unseal(sender)
        assert not sender.need_rekey()
        sent(sender, [data(1, bytes(1000))])
        receiver.read_message()
        assert sender.need_rekey()
        assert receiver.need_rekey()
        seal(sender, key := AESGCM(os.urandom(16)))
        assert sender.need_rekey()
        unseal(sender)
        assert not sender.need_rekey()
        unseal(receiver, key)
        seal(receiver)
        assert not receiver.need_rekey()
        sent(sender, [bytes([80])])
        assert receiver.read_message()[0] == 80


def test_a_server_without_new_keys_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickPackets, "REKEY_BYTES", 1000)
    monkeypatch.setattr(QuickPackets, "REKEY_BYTES_OVERFLOW_MAX", 1000)
    with pair(Packetizer, QuickPackets) as (sender, receiver):
        sent(sender, [data(1, bytes(1500))])
        receiver.read_message()
        sent(sender, [data(1, bytes(1500))])
        with pytest.raises(SSHException, match="asked for new keys"):
            receiver.read_message()


def test_what_is_sent_before_the_server_can_know_that_new_keys_are_due_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The transport asks for them when the next message has come, and lets nothing be sent from then on.
    monkeypatch.setattr(QuickPackets, "REKEY_BYTES", 1000)
    monkeypatch.setattr(QuickPackets, "REKEY_BYTES_OVERFLOW_MAX", 1000)
    payloads = [data(1, bytes(1500)), data(2, bytes(1500))]
    with pair(QuickPackets, Packetizer) as (sender, receiver):
        sent(sender, [*payloads, bytes([END])])
        assert sender.need_rekey()
        assert received(receiver) == payloads


def test_another_kind_of_cipher_later_is_an_error() -> None:
    counting = Cipher(algorithms.AES(bytes(16)), modes.CTR(bytes(16)))
    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        with pytest.raises(SSHException, match="another kind of cipher"):
            sender.set_outbound_cipher(counting.encryptor(), 16, None, 0, b"")  # type: ignore[arg-type]  # as paramiko
        with pytest.raises(SSHException, match="another kind of cipher"):
            receiver.set_inbound_cipher(counting.decryptor(), 16, None, 0, b"")  # type: ignore[arg-type]  # as paramiko


@given(payloads=messages)
def test_messages_are_compressed_where_that_was_agreed_on(payloads: list[bytes]) -> None:
    packing, unpacking = zlib.compressobj(), zlib.decompressobj()

    def compressed(payload: bytes) -> bytes:
        return packing.compress(payload) + packing.flush(zlib.Z_SYNC_FLUSH)

    with pair(QuickPackets, QuickPackets) as (sender, receiver):
        sender.set_outbound_compressor(compressed)  # type: ignore[arg-type]  # paramiko calls it as well
        receiver.set_inbound_compressor(unpacking.decompress)  # type: ignore[arg-type]  # paramiko calls it as well
        assert_all_come(sender, receiver, payloads)


@pytest.mark.parametrize(
    ("cipher", "is_quick"),
    [("aes128-gcm@openssh.com", True), ("aes256-gcm@openssh.com", True), ("aes256-ctr", False)],
)
def test_transfers_use_it_where_the_cipher_allows(
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cipher: str,
    is_quick: bool,
) -> None:
    sizes: list[int] = []
    slow = Packetizer.send_message

    def send_slowly(layer: Packetizer, data: Message) -> None:
        sizes.append(len(data.asbytes()))
        slow(layer, data)

    monkeypatch.setattr(Packetizer, "send_message", send_slowly)
    content = os.urandom(1 << 20)
    (tmp_path / "local").write_bytes(content)
    with sshd(tmp_path, options=(f"Ciphers {cipher}",)) as server, make_transfer(server) as transfer:
        source = on_server(server, "run7")
        with transfer.connect_for_upload(dataset, source) as connection:
            connection.send_files([SendRequest(local=tmp_path / "local", remote=source / "there")])
        assert Path((source / "there").posix).read_bytes() == content
    assert (sum(sizes) < len(content)) == is_quick
