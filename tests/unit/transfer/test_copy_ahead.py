"""What copies look at before and after, and what they remove of earlier ones."""

from __future__ import annotations

from pathlib import Path

from scitacean import RemotePath
from scitacean.transfer.copy import CopyUploadConnection
from tests.unit.transfer.clearing import check_clearing


def test_only_what_is_surely_ours_is_removed(tmp_path: Path) -> None:
    connection = CopyUploadConnection(source_folder=RemotePath((tmp_path / "there").as_posix()))
    check_clearing(connection, tmp_path / "here", tmp_path / "there")
