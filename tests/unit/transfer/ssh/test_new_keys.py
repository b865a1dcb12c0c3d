"""Keys of a connection are agreed on anew, as often as the server wants to, without a stop."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from paramiko.packet import Packetizer

from scitacean.model.dataset import Dataset
from scitacean.testing.sshd import sshd
from scitacean.transfer.protocol import FetchRequest, SendRequest
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


def test_the_library_does_not_begin(
    make_transfer: MakeTransfer,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Where it does, a command that ends in the same moment makes it wait for itself.
    monkeypatch.setattr(Packetizer, "REKEY_BYTES", _MEGABYTE)
    with caplog.at_level(logging.DEBUG, "paramiko"):
        _there_and_back(make_transfer, dataset, tmp_path)
    said = [record.getMessage() for record in caplog.records]
    assert any("Switch to new keys" in text for text in said)
    assert not [text for text in said if text.startswith("Rekeying")]


def test_a_server_begins_all_the_time(
    make_transfer: MakeTransfer, dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "paramiko"):
        _there_and_back(make_transfer, dataset, tmp_path, options=("RekeyLimit 1M",))
    switched = [record for record in caplog.records if "Switch to new keys" in record.getMessage()]
    assert len(switched) > 20
