"""Packets of SSH that AES-GCM seals, made and opened in fewer steps than in the SSH library.

Nearly all time of a transfer that the interpreter needs passes here. What RFC 4253 and RFC 5647 say of a
packet: a length that can be read, then sealed the size of the padding, the payload and the padding, in all a
multiple of 16 bytes, then a tag; packets are numbered, and the number is part of what seals them. Before a
cipher is agreed on, and under all other ciphers, the library makes and opens the packets.

What one channel gets in several packets that have come together is handed on in one message: each costs the
library, and whoever waits for it, the same time whatever it holds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from paramiko import Message, SSHException
from paramiko.packet import Packetizer

from scitacean.transfer.ssh.quick_socket import QuickSocket

if TYPE_CHECKING:
    import hashlib
    import socket
    from typing import Any

    from cryptography.hazmat.primitives.ciphers import Cipher
    from paramiko.compress import ZlibCompressor, ZlibDecompressor

_Payload = bytes | memoryview
# Its length, and what is sealed.
_Packet = tuple[bytes | memoryview, bytes | memoryview]

_BLOCK: Final = 16
_TAG: Final = 16
_LEAST_PADDING: Final = 4
_LENGTH: Final = 4
# As OpenSSH: whether a length is true is only known when all of the packet is there.
_LARGEST: Final = 256 * 1024
_INWARD, _OUTWARD = 1, 2

# Kinds of messages of RFC 4254: a channel may send so much more, and what a channel sent.
_WINDOW: Final = 93
_DATA: Final = 94
# Such a message has the kind, the number of the channel, how much it may send or has sent, and that.
_CHANNEL: Final = slice(1, 5)
_HEADER: Final = 9


@attrs.define
class _Seal:
    """The key of one direction, and the number of its next packet."""

    key: AESGCM
    _fixed: bytes
    _number: int
    size: int = 0
    """How many bytes it has sealed or opened."""

    @classmethod
    def beginning(cls, key: AESGCM, nonce: bytes) -> _Seal:
        return cls(key, nonce[:4], int.from_bytes(nonce[4:], "big"))

    def next_nonce(self) -> bytes:
        # Each is given once, whatever happens to its packet.
        number = self._number
        self._number = (number + 1) & 0xFFFFFFFFFFFFFFFF
        return self._fixed + number.to_bytes(8, "big")


class QuickPackets(Packetizer):
    """Takes the place of the library's packet layer: a ``packetizer_class`` of a transport.

    Parameters
    ----------
    connection:
        A socket, or what stands for one.

    Attributes
    ----------
    REKEY_BYTES:
        After how many bytes in one direction it asks for new keys.
    """

    # A little more than OpenSSH's servers allow, so that they begin. Where the library does, a command that
    # ends in the same moment makes it wait for itself.
    REKEY_BYTES = (1 << 36) + (1 << 30)

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self._socket = connection if isinstance(connection, QuickSocket) else None
        self._sealing: _Seal | None = None
        self._opening: _Seal | None = None
        self._compress: Callable[[bytes], bytes] | None = None
        self._decompress: Callable[[bytes], bytes] | None = None
        self._received = 0
        self._kept: _Payload = b""
        self._asks_for_keys = False
        self._renewed = 0
        # What is collected in the middle of a message, as a channel, may say farewell in the same thread.
        self._writing = threading.RLock()

    def set_outbound_cipher(
        self,
        block_engine: Cipher[Any],
        block_size: int,
        mac_engine: hashlib._Hash,
        mac_size: int,
        mac_key: bytes | bytearray,
        sdctr: bool = False,
        etm: bool = False,
        aead: bool = False,
        iv_out: bytes | None = None,
    ) -> None:
        """Use a cipher for what is sent from now on."""
        # First, or the library could seal a packet under the nonce of the first one here.
        self._sealing = _next(self._sealing, block_engine, iv_out)
        super().set_outbound_cipher(
            block_engine, block_size, mac_engine, mac_size, mac_key, sdctr, etm, aead, iv_out
        )
        self._are_new(_OUTWARD)

    def set_inbound_cipher(
        self,
        block_engine: Cipher[Any],
        block_size: int,
        mac_engine: hashlib._Hash,
        mac_size: int,
        mac_key: bytes | bytearray,
        etm: bool = False,
        aead: bool = False,
        iv_in: bytes | None = None,
    ) -> None:
        """Use a cipher for what comes from now on."""
        super().set_inbound_cipher(block_engine, block_size, mac_engine, mac_size, mac_key, etm, aead, iv_in)
        self._opening = _next(self._opening, block_engine, iv_in)
        self._are_new(_INWARD)

    def set_outbound_compressor(self, compressor: ZlibCompressor) -> None:
        """Compress what is sent from now on."""
        super().set_outbound_compressor(compressor)
        self._compress = compressor

    def set_inbound_compressor(self, compressor: ZlibDecompressor) -> None:
        """Decompress what comes from now on."""
        super().set_inbound_compressor(compressor)
        self._decompress = compressor

    def reset_seqno_in(self) -> None:
        """Count what comes from the beginning."""
        super().reset_seqno_in()
        self._received = 0

    def need_rekey(self) -> bool:
        """Tell whether it is time for new keys."""
        return self._asks_for_keys or super().need_rekey()

    def send_message(self, data: Message) -> None:
        """Send a message in a packet.

        Raises
        ------
        EOFError
            If the connection is broken.
        """
        if self._sealing is None:
            super().send_message(data)
            return
        with self._writing:
            payload = data.asbytes()
            if self._compress is not None:
                payload = self._compress(payload)
            padding = _LEAST_PADDING + -(1 + len(payload) + _LEAST_PADDING) % _BLOCK
            length = (1 + len(payload) + padding).to_bytes(_LENGTH, "big")
            content = b"".join((padding.to_bytes(1, "big"), payload, os.urandom(padding)))
            sealed = self._sealing.key.encrypt(self._sealing.next_nonce(), content, length)
            self.write_all(b"".join((length, sealed)))
            self._count(self._sealing, len(sealed))

    def read_message(self) -> tuple[int, Message]:
        """Wait for the next message.

        Returns
        -------
        :
            Its kind, and the rest of it.

        Raises
        ------
        SSHException
            If this is no packet of the server.
        EOFError
            If the connection is broken.
        """
        if self._opening is None:
            self._received += 1
            return super().read_message()
        payload = self._kept or self._opened(self._opening, self._next_packet())
        self._kept = b""
        kind = payload[0]
        if kind in (_DATA, _WINDOW):
            message = Message(_merged(kind, self._with_following(self._opening, payload)))
        else:
            message = Message(payload[1:])
        message.seqno = (self._received - 1) & 0xFFFFFFFF
        return kind, message

    def _with_following(self, opening: _Seal, payload: _Payload) -> Iterator[_Payload]:
        """Yield a message, and those for the same channel and of the same kind that follow it already."""
        # The key is the same for all: new ones come after a message of another kind.
        beginning = payload[: _CHANNEL.stop]
        while payload[: _CHANNEL.stop] == beginning:
            yield payload
            if (packet := self._packet_ahead()) is None:
                return
            payload = self._opened(opening, packet)
        self._kept = payload

    def _next_packet(self) -> _Packet:
        if (packet := self._packet_ahead()) is not None:
            return packet
        length = self.read_all(_LENGTH, check_rekey=True)
        return length, self.read_all(_sealed_size(length))

    def _packet_ahead(self) -> _Packet | None:
        if self._socket is None or len(length := self._socket.ahead(_LENGTH)) < _LENGTH:
            return None
        end = _LENGTH + _sealed_size(length)
        if len(packet := self._socket.ahead(end)) < end:
            return None
        self._socket.skip(end)
        return length, packet[_LENGTH:]

    def _opened(self, opening: _Seal, packet: _Packet) -> _Payload:
        length, sealed = packet
        try:
            content = opening.key.decrypt(opening.next_nonce(), sealed, length)
        except InvalidTag:
            raise SSHException("A packet was changed on its way from the server.") from None
        self._received += 1
        self._count(opening, len(sealed))
        if opening.size >= self.REKEY_BYTES + self.REKEY_BYTES_OVERFLOW_MAX:
            raise SSHException("The server was asked for new keys, and sends none.")
        payload: _Payload = memoryview(content)[1 : max(0, len(content) - content[0])]
        if self._decompress is not None:
            payload = self._decompress(bytes(payload))
        if not payload:
            raise SSHException("The server sent a packet without a message.")
        return payload

    def _count(self, seal: _Seal, size: int) -> None:
        seal.size += size
        if seal.size >= self.REKEY_BYTES:
            self._asks_for_keys = True

    def _are_new(self, direction: int) -> None:
        self._renewed |= direction
        # The transport asks whether new keys are needed when one direction has them, to learn if both do.
        if self._renewed == _INWARD | _OUTWARD:
            self._renewed = 0
            self._asks_for_keys = False


def _next(before: _Seal | None, engine: object, nonce: bytes | None) -> _Seal | None:
    if isinstance(engine, AESGCM) and nonce is not None:
        return _Seal.beginning(engine, nonce)
    if before is not None:
        # Other ciphers number all packets since the beginning, which the library did not see.
        raise SSHException("The server changed to another kind of cipher in the middle of a connection.")
    return None


def _merged(kind: int, payloads: Iterator[_Payload]) -> bytes:
    first = next(payloads)
    every = (first, *payloads)
    if kind == _WINDOW:
        # A window may hold no more, whatever a server says.
        size, blocks = min(sum(map(_number, every)), 0xFFFFFFFF), []
    else:
        blocks = [one[_HEADER : _HEADER + _number(one)] for one in every]
        size = sum(map(len, blocks))
    return b"".join((first[_CHANNEL], size.to_bytes(4, "big"), *blocks))


def _sealed_size(length: bytes | memoryview) -> int:
    size = int.from_bytes(length, "big")
    if size % _BLOCK or not _BLOCK <= size <= _LARGEST:
        raise SSHException(f"The server sent a packet of {size} bytes, which none can have.")
    return size + _TAG


def _number(payload: _Payload) -> int:
    return int.from_bytes(payload[_CHANNEL.stop : _HEADER], "big")
