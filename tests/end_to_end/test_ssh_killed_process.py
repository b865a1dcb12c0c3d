"""A process is killed while it uploads; another one goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer
from tests.unit.transfer.ssh.conftest import settled_size

SIZE = 30_000_000
UPLOAD = """
import os, sys, time
from pathlib import Path
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import SSHFileTransfer

port, username, key, known_hosts, local, remote = sys.argv[1:]
transfer = SSHFileTransfer(
    host="127.0.0.1", port=int(port), username=username, key_filename=key, known_hosts=known_hosts,
    config=os.devnull, source_folder=RemotePath(remote).parent,
)

def wait_to_be_killed(path, moved):
    print("moved", flush=True)
    time.sleep(0.05)

with transfer.connect_for_upload(Dataset(type="raw"), RemotePath(remote)) as connection:
    connection.send_files(
        [SendRequest(local=Path(local), remote=RemotePath(remote))], on_progress=wait_to_be_killed
    )
"""


def test_an_upload_goes_on_in_another_process(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, tmp_path: Path
) -> None:
    local = tmp_path / "a.nxs"
    local.write_bytes(os.urandom(SIZE))
    remote = RemotePath(f"{ssh_server.root.as_posix()}/run/a.nxs")
    arguments = [ssh_server.port, ssh_server.username, ssh_server.key_file, ssh_server.known_hosts]
    command = [sys.executable, "-c", UPLOAD, *map(str, arguments), str(local), remote.posix]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(5):
            assert process.stdout.readline() == b"moved\n"
        process.send_signal(signal.SIGKILL)
    folder = Path(remote.parent.posix)
    (partial,) = folder.iterdir()
    assert partial.name.startswith(".a.nxs.part-")
    there = settled_size(partial)
    assert 0 < there < SIZE
    moved: list[int] = []
    dataset = Dataset(type="raw", source_folder=remote.parent)
    with ssh_file_transfer.connect_for_upload(dataset, remote) as connection:
        connection.send_files(
            [SendRequest(local=local, remote=remote, resume=True)],
            on_progress=lambda _, size: moved.append(size),
        )
        assert connection.remote_checksums([remote], algorithm="sha256") is not None
    assert [path.name for path in folder.iterdir()] == ["a.nxs"]
    assert Path(remote.posix).read_bytes() == local.read_bytes()
    assert sum(moved) == SIZE - there
