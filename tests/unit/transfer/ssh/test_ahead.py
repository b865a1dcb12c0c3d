"""Commands that were started ahead are used once, over the connection that is in use, or ended."""

from __future__ import annotations

import attrs

from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.remote_command import Program

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
