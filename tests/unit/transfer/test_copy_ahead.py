"""What copies look at before and after, and what they remove of earlier ones."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

from scitacean import FileNotAccessibleError, FileUploadError, RemotePath
from scitacean.transfer.copy import CopyUploadConnection
from scitacean.transfer.copy_ahead import clear, look_ahead
from scitacean.transfer.protocol import Leftover, SendRequest
from tests.end_to_end.faults.powers import as_anybody
from tests.unit.transfer.clearing import CONTENT, check_clearing


def test_only_what_is_surely_ours_is_removed(tmp_path: Path) -> None:
    connection = CopyUploadConnection(source_folder=RemotePath((tmp_path / "there").as_posix()))
    check_clearing(connection, tmp_path / "here", tmp_path / "there")


@pytest.fixture
def request_to(tmp_path: Path) -> SendRequest:
    """Give a request for a file that is not there yet."""
    (tmp_path / "a.dat").write_bytes(CONTENT)
    (tmp_path / "there").mkdir()
    return SendRequest(
        local=tmp_path / "a.dat",
        remote=RemotePath((tmp_path / "there").as_posix(), "a.dat"),
        resume=True,
        checksum_algorithm="sha256",
    )


def test_a_local_file_that_is_gone_is_named(request_to: SendRequest) -> None:
    request_to.local.unlink()
    with pytest.raises(FileNotAccessibleError, match=r"a\.dat: No such file"):
        look_ahead([request_to])


def test_a_folder_that_one_may_not_write_to_is_named(request_to: SendRequest) -> None:
    folder = Path(request_to.remote.parent.posix)
    folder.chmod(0o500)
    with pytest.raises(FileUploadError, match=rf"Cannot write to the folder {folder}: permission denied"):
        as_anybody(lambda: look_ahead([request_to]))
    folder.chmod(0o700)
    assert as_anybody(lambda: look_ahead([request_to])).present == {}


@pytest.mark.parametrize("resume", [True, False])
def test_what_is_not_there_needs_all_of_its_space(
    request_to: SendRequest, monkeypatch: pytest.MonkeyPatch, resume: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=100, free=len(CONTENT) - 1))
    with pytest.raises(FileUploadError, match=rf"disk is full: .*, {len(CONTENT)} are needed"):
        look_ahead([attrs.evolve(request_to, resume=resume)])


def test_a_file_system_that_does_not_tell_its_space(
    request_to: SendRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("shutil.disk_usage", fail)
    assert look_ahead([request_to]).free is None


def test_what_cannot_be_read_is_not_removed(request_to: SendRequest) -> None:
    target = Path(request_to.remote.posix)
    target.write_bytes(CONTENT)
    target.chmod(0)
    leftover = Leftover(
        request=request_to,
        size=len(CONTENT),
        mtime_ns=request_to.local.stat().st_mtime_ns,
        checksum=hashlib.sha256(CONTENT).hexdigest(),
    )
    for known in (leftover, attrs.evolve(leftover, checksum=None)):
        assert as_anybody(partial(clear, [known], [])) == [request_to.remote]
    assert target.exists()
    target.chmod(0o600)
    assert as_anybody(lambda: clear([leftover], [])) == []
    assert not target.exists()
