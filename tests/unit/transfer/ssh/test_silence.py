"""Servers that say nothing any more are waited for as long as the timeout says, wherever that happens."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from paramiko import Channel

from scitacean.errors import HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.fixtures import ServerKind
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh.sent_file import request_for
from tests.unit.transfer.ssh.conftest import MakeTransfer, local_file
from tests.unit.transfer.ssh.test_connecting import jump_config

ANY = RemotePath("")


def freeze_at(patch: pytest.MonkeyPatch, server: RunningSSHServer, name: str) -> None:
    original = getattr(Channel, name)

    def freezing(channel: Channel, *arguments: Any) -> object:
        server.freeze()
        return original(channel, *arguments)

    patch.setattr(Channel, name, freezing)


@pytest.mark.parametrize("request_", ["exec_command", "invoke_subsystem"])
def test_a_server_that_freezes_before_it_answers_a_request(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    request_: str,
) -> None:
    freeze_at(monkeypatch, ssh_server, request_)
    transfer = make_transfer(ssh_server, timeout=1.0)
    with (
        pytest.raises(HostNotReachableError, match="no answer in time|did not answer|does not talk"),  # noqa: RUF043
        transfer.connect_for_download(dataset, ANY) as connection,
    ):
        connection.remote_checksums([ANY], algorithm="sha256")


@pytest.mark.parametrize("connections", [1, 3])
def test_a_server_that_freezes_while_it_is_sent_a_file(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    connections: int,
) -> None:
    local_file(tmp_path, "a", os.urandom(40_000_000))
    transfer = make_transfer(ssh_server, timeout=1.0, connections=connections)
    with transfer.connect_for_upload(dataset, ANY) as connection:
        request = request_for(File.from_local(tmp_path / "a"), connection.source_folder)
        with pytest.raises(HostNotReachableError):
            connection.send_files([request], on_progress=lambda _path, _moved: ssh_server.freeze())


def test_the_system_breaks_connections_to_which_nothing_can_be_written(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset
) -> None:
    with make_transfer(ssh_server, timeout=7.0).connect_for_download(dataset, ANY) as connection:
        sock = connection._line.connected.transport.sock
        assert isinstance(sock, socket.socket)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7_000


def test_a_silent_jump_host(ssh_server_kind: ServerKind, make_transfer: MakeTransfer, tmp_path: Path) -> None:
    with ssh_server_kind(tmp_path, forwarding=True) as server:
        known = server.known_hosts.read_text()
        server.known_hosts.write_text(known + known.replace("127.0.0.1", "localhost"))
        config = jump_config(server, tmp_path / "config")
        transfer = make_transfer(
            server, host="inner", port=None, username=None, key_filename=None, config=config, timeout=1.0
        )
        server.freeze()
        with (
            pytest.raises(HostNotReachableError),
            transfer.connect_for_download(Dataset(type="raw"), ANY),
        ):
            pass
