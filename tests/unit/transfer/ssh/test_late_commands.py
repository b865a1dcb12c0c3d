"""Commands that a slow login shell starts when their connection is gone and somebody has cleaned up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from paramiko import Channel

from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh.remote_command import LEAST_FILES
from scitacean.transfer.ssh.upload import SSHUploadConnection

from .conftest import MakeTransfer, everything

CONTENT = {f"{number:03}": b"%d" % number for number in range(LEAST_FILES)}


class Gate:
    """Before it wait the shells of all commands, until it is opened."""

    def __init__(self, folder: Path) -> None:
        self._opened = folder / "opened"
        self._alive = folder / "alive"
        os.mkfifo(self._alive)
        self._reading = os.open(self._alive, os.O_RDONLY | os.O_NONBLOCK)
        # Until all shells have come, there is no end to read.
        self._writing: int | None = os.open(self._alive, os.O_WRONLY)
        os.set_blocking(self._reading, True)

    def before(self, command: str) -> str:
        # Should nobody open it, the shell goes away some time. What it says can end it only where it gets
        # that signal, and not while the host does not know yet that the connection broke.
        wait = f"n=0; until [ -e {self._opened} ] || [ $n = 1500 ]; do sleep 0.02; n=$((n + 1)); done"
        return f"{{ trap '' PIPE; echo here >&9; {wait}; {command}; }} 9>{self._alive}"

    def wait_for(self, shells: int) -> None:
        for _ in range(shells):
            assert os.read(self._reading, len("here\n")) == b"here\n"
        self._close_writing()

    def open(self) -> None:
        self._opened.touch()

    def wait_until_all_have_ended(self) -> None:
        assert os.read(self._reading, 1) == b""

    def close(self) -> None:
        self.open()
        self._close_writing()
        os.close(self._reading)

    def _close_writing(self) -> None:
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(tmp_path)
    yield gate
    gate.close()


@pytest.mark.parametrize("then", ["go on", "revert"])
@pytest.mark.parametrize("tool", ["perl", "tar"])
def test_a_command_that_starts_after_the_connection_broke_does_nothing(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gate: Gate,
    tool: str,
    then: str,
) -> None:
    (tmp_path / "local").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "local" / name).write_bytes(content)
    files = [File.from_local(tmp_path / "local" / name) for name in CONTENT]
    connections: list[SSHUploadConnection] = []
    waiting: list[Channel] = []
    execute, receive = Channel.exec_command, Channel.recv

    def execute_behind_gate(channel: Channel, command: str) -> None:
        if not broken:
            assert command.count(tool)
            waiting.append(channel)
            command = gate.before(command)
        execute(channel, command)

    def break_and_receive(channel: Channel, nbytes: int) -> bytes:
        if channel in waiting and not broken:
            broken.append(True)
            # The host has taken what was sent before this, so a command that reads it does so yet.
            connections[0]._line.sftp.ping()
            gate.wait_for(shells=len(waiting))
            ssh_server.kill_connections()
            if then == "revert":
                raise KeyboardInterrupt
        return receive(channel, nbytes)

    broken: list[bool] = []
    monkeypatch.setattr(Channel, "exec_command", execute_behind_gate)
    monkeypatch.setattr(Channel, "recv", break_and_receive)
    transfer: Any = make_transfer(ssh_server, verify="size")
    transfer._tools["perl"] = tool == "perl"
    folder = Path(transfer.source_folder_for(dataset).posix)
    # Were it made by the upload, it would go with what is reverted, and nothing could be written into it.
    folder.mkdir()
    with transfer.connect_for_upload(dataset, RemotePath("")) as connection:
        connections.append(connection)
        with suppress(KeyboardInterrupt):
            connection.upload_files(*files)
        assert broken
        there = everything(folder)
        assert there == (CONTENT if then == "go on" else {})
        gate.open()
        gate.wait_until_all_have_ended()
        assert everything(folder) == there
