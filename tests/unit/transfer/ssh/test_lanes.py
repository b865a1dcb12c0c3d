"""Several connections do the work together; nobody waits for one that has nothing to do with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from scitacean.errors import ConfigurationError, FileServerLoginError, ScicatError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import FetchRequest, ProgressCallback
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.ahead import Beginning
from scitacean.transfer.ssh.connection import Connected, connected
from scitacean.transfer.ssh.lanes import Lanes, Line
from scitacean.transfer.ssh.pool import ConnectionPool
from scitacean.transfer.ssh.settings import SSHSettings
from scitacean.transfer.ssh.sftp_session import SftpSession
from tests.unit.transfer.ssh.conftest import MakeTransfer, on_server

SIZE = 26_000_000


def in_other_lane() -> bool:
    return threading.current_thread().name.startswith("scitacean-lane")


def other_lanes() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("scitacean-lane")]


@pytest.fixture
def content(ssh_server: RunningSSHServer) -> bytes:
    content = os.urandom(SIZE)
    (ssh_server.root / "a").write_bytes(content)
    return content


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()
    for thread in other_lanes():
        thread.join(30)


def fetch(
    transfer: SSHFileTransfer,
    server: RunningSSHServer,
    folder: Path,
    on_progress: ProgressCallback | None = None,
) -> bytes:
    request = FetchRequest(remote=on_server(server, "a"), local=folder / "a", length=SIZE)
    with transfer.connect_for_download(Dataset(type="raw"), request.remote) as connection:
        connection.fetch_files([request], on_progress=on_progress)
    return request.local.read_bytes()


@pytest.mark.parametrize("ending", ["done", "interrupted", "closed"])
def test_nobody_waits_for_a_connection_that_is_still_made(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    content: bytes,
    go_on: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    begun: list[threading.Thread] = []

    def slow(settings: SSHSettings, **options: Any) -> AbstractContextManager[Connected]:
        if in_other_lane():
            begun.append(threading.current_thread())
            assert go_on.wait(30)
        return connected(settings, **options)

    def stop(_path: RemotePath, _moved: int) -> None:
        deadline = time.monotonic() + 30
        while len(begun) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        if ending == "interrupted":
            raise KeyboardInterrupt

    monkeypatch.setattr("scitacean.transfer.ssh.pool.connected", slow)
    transfer = make_transfer(ssh_server, connections=3)
    if ending == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            fetch(transfer, ssh_server, tmp_path, stop)
    else:
        assert fetch(transfer, ssh_server, tmp_path, stop) == content
    if ending == "closed":
        transfer.close()
    lanes = other_lanes()
    assert len(lanes) == 2
    go_on.set()
    for lane in lanes:
        lane.join(30)
    # They serve the next transfer, where there may be one.
    assert len(transfer._connections()._idle) == {"done": 3, "interrupted": 2, "closed": 0}[ending]


@pytest.mark.parametrize("ending", ["done", "interrupted"])
def test_nobody_waits_for_a_lane_that_connects_again(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    content: bytes,
    go_on: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    renewing = threading.Event()
    renew, read = Line.renew, SftpSession.read

    def slow(line: Line) -> None:
        renewing.set()
        assert go_on.wait(30)
        renew(line)

    def breaking(session: SftpSession, *arguments: Any) -> object:
        if in_other_lane():
            session.abort()
        return read(session, *arguments)

    def stop(_path: RemotePath, _moved: int) -> None:
        assert renewing.wait(30)
        if ending == "interrupted":
            raise KeyboardInterrupt

    monkeypatch.setattr(Line, "renew", slow)
    monkeypatch.setattr(SftpSession, "read", breaking)
    transfer = make_transfer(ssh_server, connections=2)
    if ending == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            fetch(transfer, ssh_server, tmp_path, stop)
    else:
        assert fetch(transfer, ssh_server, tmp_path, stop) == content
    assert len(other_lanes()) == 1


@pytest.mark.parametrize("error", [FileServerLoginError, ConfigurationError])
@pytest.mark.parametrize("when", ["at first", "again"])
def test_a_further_connection_that_cannot_be_had_is_done_without(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
    error: type[ScicatError],
    when: str,
) -> None:
    connect, read = ConnectionPool._connect, SftpSession.read
    asked: list[str] = []

    def refused(pool: ConnectionPool, beginning: Beginning | None) -> object:
        if in_other_lane():
            asked.append("again" if asked else "at first")
            if asked[-1] == when:
                raise error("Not now.")
        return connect(pool, beginning)

    def breaking(session: SftpSession, *arguments: Any) -> object:
        if in_other_lane():
            session.abort()
        return read(session, *arguments)

    def wait_for_it(_path: RemotePath, _moved: int) -> None:
        for lane in other_lanes():
            lane.join(30)

    monkeypatch.setattr(ConnectionPool, "_connect", refused)
    monkeypatch.setattr(SftpSession, "read", breaking)
    assert fetch(make_transfer(ssh_server, connections=2), ssh_server, tmp_path, wait_for_it) == content
    assert asked[-1] == when


def test_a_lane_that_comes_too_late_connects_no_more(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    content: bytes,
    go_on: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_other = Lanes._run_other

    def late(lanes: Lanes[Any]) -> None:
        assert go_on.wait(30)
        run_other(lanes)

    monkeypatch.setattr(Lanes, "_run_other", late)
    assert fetch(make_transfer(ssh_server, connections=2), ssh_server, tmp_path) == content
    go_on.set()
    for lane in other_lanes():
        lane.join(30)
    assert ssh_server.connections_made == 1
