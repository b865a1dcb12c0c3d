"""A local file on its way to the host."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path

import pytest

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import SendRequest
from scitacean.transfer.ssh import outgoing
from scitacean.transfer.ssh.outgoing import Outgoing, OutgoingPart
from scitacean.transfer.ssh.paths import HostPaths


def test_connections_that_begin_at_the_same_time_open_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 4
    (tmp_path / "a").write_bytes(content)
    item = Outgoing.from_request(SendRequest(local=tmp_path / "a", remote=RemotePath("/a")), HostPaths())
    opened = []

    def slow(path: Path) -> FileIO:
        time.sleep(0.05)
        opened.append(path)
        return FileIO(path)

    monkeypatch.setattr(outgoing, "FileIO", slow)

    def read(start: int) -> bytes:
        part = OutgoingPart(start, start + 256, item)
        return b"".join(bytes(block) for _, block in item.read(part, 100, {"md5"}))

    with ThreadPoolExecutor(4) as lanes:
        assert b"".join(lanes.map(read, range(0, 1024, 256))) == content
    item.finish_reading()
    assert len(opened) == 1
