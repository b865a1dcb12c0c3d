"""Connections are kept while they work, replaced when they do not, and all gone in the end."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import fabric
import pytest
from paramiko import Message

from scitacean import Client
from scitacean.errors import FileUploadError, HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.pool import ConnectionPool
from tests.unit.transfer.ssh.conftest import MakeTransfer, everything, local_file

ANY = RemotePath("")
POSIX_ONLY = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.fixture
def pool(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> Iterator[ConnectionPool]:
    pool = ConnectionPool(make_transfer(ssh_server, timeout=2.0)._settings)
    yield pool
    pool.close()


def use(pool: ConnectionPool) -> None:
    with pool.borrow() as connection:
        connection.sftp.ping()


def transports() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "Transport" in type(thread).__name__]


def client_sockets(server: RunningSSHServer) -> int:
    """Count connections to the server, which lives in this process, by their far end."""
    lines = Path("/proc/net/tcp").read_text().splitlines()
    remote = f"0100007F:{server.port:04X}"
    return sum(line.split()[2] == remote and line.split()[3] == "01" for line in lines)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_connection_is_kept_and_its_round_trip_measured(
    pool: ConnectionPool, ssh_server: RunningSSHServer
) -> None:
    with pool.borrow() as first:
        assert 0 < first.round_trip < first.timeout
    with pool.borrow() as second:
        assert second is first
    with pytest.raises(FileUploadError), pool.borrow():
        raise FileUploadError("of no concern to the connection")
    use(pool)
    assert ssh_server.connections_made == 1


def test_threads_borrow_connections_of_their_own(pool: ConnectionPool, ssh_server: RunningSSHServer) -> None:
    together = threading.Barrier(4)
    lent = []

    def borrow() -> None:
        with pool.borrow() as connection:
            lent.append(connection)
            together.wait(20)
            connection.sftp.ping()

    for _ in range(2):
        threads = [threading.Thread(target=borrow) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(lent) == 8
    assert len({id(connection) for connection in lent}) == 4
    assert ssh_server.connections_made == 4
    pool.close()
    assert transports() == []


@pytest.mark.parametrize("error", [HostNotReachableError("gone"), KeyboardInterrupt()])
def test_what_broke_or_was_stopped_is_not_kept(
    pool: ConnectionPool, ssh_server: RunningSSHServer, error: BaseException
) -> None:
    with pytest.raises(type(error)), pool.borrow():
        raise error
    assert transports() == []
    use(pool)
    assert ssh_server.connections_made == 2


def test_a_session_that_cannot_go_on_is_not_kept(pool: ConnectionPool, ssh_server: RunningSSHServer) -> None:
    with pool.borrow() as connection:
        ssh_server.kill_connections()
        with pytest.raises(HostNotReachableError):
            connection.sftp.ping()
    assert transports() == []


def test_a_kept_one_that_died_is_replaced(pool: ConnectionPool, ssh_server: RunningSSHServer) -> None:
    use(pool)
    (transport,) = transports()
    ssh_server.kill_connections()
    transport.join(20)
    use(pool)
    assert ssh_server.connections_made == 2


def test_a_kept_one_that_answers_no_more_is_replaced(
    pool: ConnectionPool, ssh_server: RunningSSHServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scitacean.transfer.ssh.pool.PING_AFTER_SECONDS", 0.0)
    use(pool)
    use(pool)
    assert ssh_server.connections_made == 1
    ssh_server.freeze()
    with pytest.raises(HostNotReachableError, match="does not talk SSH"):
        use(pool)
    assert transports() == []


def test_closing_takes_idle_ones_at_once_and_lent_ones_later(
    pool: ConnectionPool, ssh_server: RunningSSHServer
) -> None:
    with pool.borrow() as lent:
        use(pool)
        assert len(transports()) == 2
        pool.close()
        assert transports() == [lent.transport]
        lent.sftp.ping()
    assert transports() == []
    use(pool)
    assert ssh_server.connections_made == 3


def test_signs_of_life_are_sent(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    with ConnectionPool(make_transfer(ssh_server, keep_alive=0.2)._settings).borrow() as connection:
        packetizer = connection.transport.packetizer
        send = packetizer.send_message

        def count(message: Message) -> None:
            asked.set()
            send(message)

        monkeypatch.setattr(packetizer, "send_message", count)
        assert asked.wait(20)
        connection.transport.close()


def test_a_hundred_transfers_leak_nothing(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    dataset = Dataset(type="raw")
    file = local_file(tmp_path, "a")
    descriptors = open_descriptors()
    with make_transfer(ssh_server) as transfer:
        for number in range(100):
            with transfer.connect_for_upload(dataset, ANY) as upload:
                upload.upload_files(file)
                upload.revert_upload(file)
            if number % 2 == 0:
                transfer.close()
                assert (transports(), client_sockets(ssh_server)) == ([], 0)
        assert ssh_server.connections_made == 51
    assert (transports(), client_sockets(ssh_server)) == ([], 0)
    # The server runs here as well, and may be a step behind.
    assert open_descriptors() <= descriptors + 10
    assert everything(ssh_server.root) == {}


def test_garbage_is_closed(ssh_server: RunningSSHServer) -> None:
    transfer = SSHFileTransfer(
        ssh_server.host,
        port=ssh_server.port,
        username=ssh_server.username,
        key_filename=ssh_server.key_file,
        known_hosts=ssh_server.known_hosts,
        config=os.devnull,
    )
    with transfer.connect_for_download(Dataset(type="raw"), ANY):
        pass
    assert len(transports()) == 1
    del transfer
    gc.collect()
    assert transports() == []


def test_the_client_closes_its_transfer(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    transfer = make_transfer(ssh_server)
    with (
        Client.without_login(url="https://scicat.site.example", file_transfer=transfer),
        transfer.connect_for_download(Dataset(type="raw"), ANY),
    ):
        pass
    assert transports() == []
    transfer.close()


def test_the_end_of_the_process_closes(ssh_server: RunningSSHServer) -> None:
    code = f"""
from scitacean import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.ssh import SSHFileTransfer
transfer = SSHFileTransfer("127.0.0.1", port={ssh_server.port}, username={ssh_server.username!r},
    key_filename={str(ssh_server.key_file)!r}, config="/dev/null",
    known_hosts={str(ssh_server.known_hosts)!r})
with transfer.connect_for_download(Dataset(type="raw"), RemotePath("")):
    pass
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@POSIX_ONLY
def test_a_forked_process_makes_connections_of_its_own(
    pool: ConnectionPool, ssh_server: RunningSSHServer
) -> None:
    with pool.borrow() as lent:
        use(pool)
        child = os.fork()
        if child == 0:
            try:
                gc.collect()
                use(pool)
                use(pool)
                pool.close()
                os._exit(len(transports()))
            finally:
                os._exit(9)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert ssh_server.connections_made == 3
        lent.sftp.ping()
    use(pool)
    use(pool)
    assert ssh_server.connections_made == 3


@POSIX_ONLY
def test_what_was_lent_when_a_process_forked_stays_the_parents(
    pool: ConnectionPool, ssh_server: RunningSSHServer
) -> None:
    borrowing = pool.borrow()
    connection = borrowing.__enter__()
    child = os.fork()
    if child == 0:
        borrowing.__exit__(None, None, None)
        os._exit(len(pool._idle))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    connection.sftp.ping()
    borrowing.__exit__(None, None, None)
    use(pool)
    assert ssh_server.connections_made == 1


def test_own_connections_that_are_open_are_kept_too(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer
) -> None:
    made = []

    def make() -> fabric.Connection:
        made.append(
            fabric.Connection(
                ssh_server.host,
                user=ssh_server.username,
                port=ssh_server.port,
                config=fabric.Config(lazy=True),
                connect_kwargs={"key_filename": str(ssh_server.key_file)},
            )
        )
        made[-1].open()
        return made[-1]

    with make_transfer(ssh_server, connect=make) as transfer:
        for _ in range(3):
            with transfer.connect_for_download(Dataset(type="raw"), ANY):
                pass
    assert len(made) == 1
    assert not made[0].is_connected
