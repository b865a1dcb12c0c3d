"""What is removed on a host of uploads that are gone."""

from __future__ import annotations

from pathlib import Path

from scitacean import Dataset
from scitacean.testing.running_ssh import RunningSSHServer
from tests.unit.transfer.clearing import check_clearing
from tests.unit.transfer.ssh.conftest import MakeTransfer, on_server


def test_only_what_is_surely_ours_is_removed(
    server: RunningSSHServer, make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path
) -> None:
    transfer = make_transfer(server)
    with transfer.connect_for_upload(dataset, on_server(server, "a")) as connection:
        can = connection.remote_checksums([], algorithm="sha256") is not None
        check_clearing(connection, tmp_path / "here", server.root / "there", has_checksums=can)
