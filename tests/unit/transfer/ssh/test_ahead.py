"""Commands that were started ahead are used once, over the connection that is in use, or ended."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.sshd import sshd
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.remote_command import Program
from tests.unit.transfer.ssh.conftest import MakeTransfer

ANY = RemotePath("")
CAT = Program("cat", "cat", window=1 << 20)


def test_commands_started_ahead(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, dataset: Dataset
) -> None:
    def said(ahead: CommandsAhead) -> bytes:
        with ahead.take(CAT) as command:
            command.send([b"123"])
            command.end_input()
            return b"".join(command.output())

    tools: dict[str, bool] = {}
    with ssh_file_transfer.connect_for_upload(dataset, ANY) as connection:
        line = connection._line
        with CommandsAhead(line, tools) as ahead:
            for _ in range(3):
                ahead.start({CAT: 1})
            assert said(ahead) == b"123"
            ssh_server.kill_connections()
            line.again(lambda: line.sftp.ping())
            # Those of the connection that broke are of no use.
            assert said(ahead) == b"123"
            ahead.start({CAT: 1})
        tools["cat"] = False
        with CommandsAhead(line, tools) as ahead:
            before = ssh_server.connections_made
            ahead.start({attrs.evolve(CAT, command="no-such-command"): 1})
            assert said(ahead) == b"123"
            assert ssh_server.connections_made == before
    assert tools == {"cat": False}


def test_those_started_first_are_taken_first(ssh_file_transfer: SSHFileTransfer, dataset: Dataset) -> None:
    with (
        ssh_file_transfer.connect_for_upload(dataset, ANY) as connection,
        CommandsAhead(connection._line, {}) as ahead,
    ):
        ahead.start({CAT: 1})
        first = ahead.take(CAT)
        ahead.put_back(CAT, first)
        ahead.start({CAT: 3})
        with ahead.running(CAT, 3) as commands:
            assert commands[0] is first
            assert len(commands) == 3


@pytest.mark.parametrize(("sessions", "started"), [(1, 0), (3, 2), (10, 4)])
def test_as_many_are_started_as_the_server_allows(
    make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, sessions: int, started: int
) -> None:
    tools: dict[str, bool] = {}
    with (
        sshd(tmp_path, options=(f"MaxSessions {sessions}",)) as server,
        make_transfer(server) as transfer,
        transfer.connect_for_upload(dataset, ANY) as connection,
        CommandsAhead(connection._line, tools) as ahead,
    ):
        ahead.try_to_start({CAT: 4, attrs.evolve(CAT, tool="no-tool"): 0})
        assert len(ahead._started[CAT]) == started
        assert connection._line.sftp.is_usable
        tools["cat"] = False
        ahead.try_to_start({CAT: 5})
        assert len(ahead._started[CAT]) == started
    assert tools == {"cat": False}
