"""What is removed on a host of uploads that are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scitacean import Dataset
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.protocol import Leftover, SendRequest
from scitacean.transfer.ssh.sftp_session import SftpSession
from tests.unit.transfer.clearing import check_clearing
from tests.unit.transfer.ssh.conftest import MakeTransfer, breaking_at, everything, local_file, on_server


def request_to(server: RunningSSHServer, tmp_path: Path, name: str = "run/a") -> SendRequest:
    local_file(tmp_path, "a")
    return SendRequest(local=tmp_path / "a", remote=on_server(server, name), resume=True)


def leave_probe(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, request: SendRequest
) -> None:
    """End like a process that is killed after it has found out that it may write."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with (
        make_transfer(server).connect_for_upload(dataset, request.remote) as connection,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(SftpSession, "rmdir", stop)
        with pytest.raises(KeyboardInterrupt):
            connection.look_ahead([request])
    assert len(everything(server.root)) == 1


def test_only_what_is_surely_ours_is_removed(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    transfer = make_transfer(server)
    with transfer.connect_for_upload(dataset, on_server(server, "a")) as connection:
        can = connection.remote_checksums([], algorithm="sha256") is not None
        check_clearing(connection, tmp_path / "here", server.root / "there", has_checksums=can)


@pytest.mark.parametrize("operation", ["mkdir", "rmdir"])
@pytest.mark.parametrize("done", [True, False])
def test_looking_leaves_nothing_where_the_connection_breaks(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    operation: str,
    done: bool,
) -> None:
    request = request_to(server, tmp_path)
    with make_transfer(server).connect_for_upload(dataset, request.remote) as connection:
        with breaking_at(server, operation, done=done) as broken:
            assert connection.look_ahead([request]).missing_folders == (request.remote.parent.posix,)
        assert broken == [operation]
    assert everything(server.root) == {}


def test_who_looks_next_removes_what_one_that_was_killed_has_left(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    request = request_to(server, tmp_path)
    leave_probe(server, make_transfer, dataset, request)
    with make_transfer(server).connect_for_upload(dataset, request.remote) as connection:
        connection.look_ahead([request])
    assert everything(server.root) == {}


def test_who_undoes_removes_what_one_that_was_killed_has_left(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    requests = [request_to(server, tmp_path, name) for name in ("run/b", "run/a")]
    request = requests[-1]
    leave_probe(server, make_transfer, dataset, request)
    folder = server.root / "run"
    folder.mkdir()
    (folder / "a").write_bytes(b"123")
    leftover = Leftover(request=request, size=3, mtime_ns=request.local.stat().st_mtime_ns)
    with make_transfer(server).connect_for_upload(dataset, request.remote) as connection:
        made = request.remote.parent.posix
        # Also of one that was killed when the folder was there.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SftpSession, "rmdir", SftpSession.stat)
            connection.look_ahead(requests)
        assert len(everything(folder)) == 2
        assert connection.clear_upload([leftover], made_folders=[made]) == []
    assert everything(server.root) == {}


def test_two_that_look_at_a_time_are_not_in_the_way_of_each_other(
    server: RunningSSHServer,
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = SftpSession.rmdir

    def removed_by_another(session: SftpSession, path: bytes) -> Any:
        original(session, path).result()
        return original(session, path)

    request = request_to(server, tmp_path)
    monkeypatch.setattr(SftpSession, "rmdir", removed_by_another)
    with make_transfer(server).connect_for_upload(dataset, request.remote) as connection:
        connection.look_ahead([request])
    assert everything(server.root) == {}
