"""Keys of a connection are agreed on anew, as often as the server wants to, without a stop."""

from __future__ import annotations

import logging
import os
import shlex
import socket
from contextlib import closing
from pathlib import Path

import pytest
from paramiko import Ed25519Key, Transport

from scitacean.model.dataset import Dataset
from scitacean.testing.sshd import sshd
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh.quick_packets import QuickPackets
from scitacean.transfer.ssh.quick_socket import QuickSocket
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, on_server

_MEGABYTE = 1 << 20
_SIZES = [8 * _MEGABYTE, *[64 * 1024] * 100]


def _there_and_back(
    make_transfer: MakeTransfer, dataset: Dataset, folder: Path, options: tuple[str, ...] = ()
) -> None:
    sent, back = folder / "sent", folder / "back"
    sent.mkdir()
    back.mkdir()
    (folder / "server").mkdir()
    for number, size in enumerate(_SIZES):
        (sent / str(number)).write_bytes(os.urandom(size))
    names = [path.name for path in sent.iterdir()]
    with sshd(folder / "server", options=options) as server, make_transfer(server) as transfer:
        source = on_server(server, "run7")
        with transfer.connect_for_upload(dataset, source) as connection:
            connection.send_files([SendRequest(local=sent / name, remote=source / name) for name in names])
        requests = [
            FetchRequest(remote=source / name, local=back / name, length=(sent / name).stat().st_size)
            for name in names
        ]
        with transfer.connect_for_download(dataset, source) as connection:
            connection.fetch_files(requests)
    assert everything(back) == everything(sent)


def test_servers_begin_before_we_do() -> None:
    # Where the library does, a command that ends in the same moment makes it wait for itself. OpenSSH's
    # servers begin after 2 ** 32 blocks of AES.
    assert QuickPackets.REKEY_BYTES > 16 << 32


def test_we_begin_where_no_server_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(QuickPackets, "REKEY_BYTES", _MEGABYTE)
    blocks = [os.urandom(_MEGABYTE // 2) for _ in range(41)]
    copy = tmp_path / "copy"
    with (
        caplog.at_level(logging.DEBUG, "paramiko"),
        sshd(tmp_path) as server,
        socket.create_connection((server.host, server.port)) as plain,
        QuickSocket.instead_of(plain) as quick,
        closing(Transport(quick, packetizer_class=QuickPackets)) as transport,
    ):
        transport.get_security_options().ciphers = ("aes128-gcm@openssh.com",)
        transport.start_client(timeout=20)
        transport.auth_publickey(server.username, Ed25519Key.from_private_key_file(str(server.key_file)))
        channel = transport.open_session(timeout=20)
        channel.exec_command(shlex.join(["tee", str(copy)]))
        for block in blocks:
            channel.sendall(block)
            back = b""
            while len(back) < len(block):
                back += channel.recv(_MEGABYTE)
            assert back == block
        channel.shutdown_write()
        assert channel.recv_exit_status() == 0
    assert copy.read_bytes() == b"".join(blocks)
    switched = [record for record in caplog.records if "Switch to new keys" in record.getMessage()]
    assert len(switched) > 10


def test_a_server_begins_all_the_time(
    make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "paramiko"):
        _there_and_back(make_transfer, dataset, tmp_path, options=("RekeyLimit 1M",))
    switched = [record for record in caplog.records if "Switch to new keys" in record.getMessage()]
    assert len(switched) > 20
