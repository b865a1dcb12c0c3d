"""Files, here and on the server, and their checksums."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import File, IntegrityError, RemotePath
from scitacean.model.checksum import checksum_of_file, is_known_algorithm

TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.dat"
    path.write_bytes(b"counts")
    return path


def test_a_local_file_knows_itself(path: Path) -> None:
    file = File.from_local(path)
    assert file.remote_path == "a.dat"
    assert (file.size, file.is_on_local, file.is_on_remote) == (6, True, False)
    assert file.checksum() == hashlib.sha256(b"counts").hexdigest()
    assert abs(file.creation_time.timestamp() - path.stat().st_mtime) < 1e-3
    assert file.remote_access_path("/data") is None


def test_a_remote_file_says_what_the_catalogue_says() -> None:
    file = File.from_remote("sub/a.dat", 6, TIME, checksum="ab", checksum_algorithm="md5")
    assert (file.size, file.creation_time, file.checksum()) == (6, TIME, "ab")
    assert file.remote_access_path("/data") == RemotePath("/data/sub/a.dat")
    assert not file.local_is_up_to_date()


def test_a_file_of_which_nothing_is_known_has_no_size() -> None:
    assert File(remote_path="a").size == 0
    assert File(remote_path="a").creation_time.year == 1970


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="typing mistakes"):
        File.from_local(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        File.from_local(tmp_path)


def test_uploaded_and_downloaded_keep_both_sides(path: Path) -> None:
    local = File.from_local(path)
    there = local.uploaded(remote_uid="1000")
    assert there.is_on_remote
    assert there.remote_uid == "1000"
    assert there.remote_checksum == local.checksum()
    assert there.local_is_up_to_date()
    assert there.downloaded(local_path="other").local_path == Path("other")
    replaced = local.uploaded(remote_path="b", remote_size=1, remote_checksum="c", remote_creation_time=TIME)
    assert replaced.remote_path == "b"


@pytest.mark.parametrize("algorithm", ["sha256", None])
def test_a_change_of_size_is_found(path: Path, algorithm: str | None) -> None:
    file = File.from_local(path, checksum_algorithm=algorithm).uploaded()
    path.write_bytes(b"longer counts")
    assert not file.local_is_up_to_date()
    with pytest.raises(IntegrityError, match="13 bytes instead of 6"):
        file.validate_after_download()


def test_a_change_of_content_is_found(path: Path) -> None:
    file = File.from_local(path).uploaded()
    path.write_bytes(b"COUNTS")
    with pytest.raises(IntegrityError, match="sha256 is"):
        file.validate_after_download()


def test_digests_compare_in_any_case(path: Path) -> None:
    digest = hashlib.md5(b"counts").hexdigest().upper()
    file = File.from_remote("a.dat", 6, "2026-03-01T12:00:00Z", checksum=digest, checksum_algorithm="md5")
    file.downloaded(local_path=path).validate_after_download()


def test_an_unknown_algorithm_warns_and_the_size_counts(path: Path) -> None:
    file = File.from_remote("a.dat", 6, TIME, checksum="1", checksum_algorithm="crc-7").downloaded(
        local_path=path
    )
    with pytest.warns(UserWarning, match="crc-7"):
        file.validate_after_download()


def test_lengthless_digests_are_no_checksums() -> None:
    assert not is_known_algorithm("shake_128")


def test_the_checksum_of_old_content_is_computed_once(path: Path) -> None:
    long_ago = time.time() - 1000
    os.utime(path, (long_ago, long_ago))
    first = checksum_of_file(path, algorithm="sha256")
    path.write_bytes(b"COUNTS")
    os.utime(path, (long_ago, long_ago))
    assert checksum_of_file(path, algorithm="sha256") == first


def test_the_checksum_of_fresh_content_is_computed_each_time(path: Path) -> None:
    now = path.stat()
    first = checksum_of_file(path, algorithm="sha256")
    path.write_bytes(b"COUNTS")
    os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns))
    assert checksum_of_file(path, algorithm="sha256") != first
