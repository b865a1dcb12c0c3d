"""What goes wrong on either side is told as what it is, and leaves things as they should be."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.model.file import File
from scitacean.transfer.ssh.sent_file import request_for
from tests.end_to_end.transfer.sites import Site, contents_of, kinds, write
from tests.end_to_end.transfer.sites import site as running_site

PART = 4 << 20
EVERY_KIND = pytest.mark.parametrize("kind", kinds())


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Mount a file system in memory, where that is allowed."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="the system has no mount")
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_full_disk_is_told_and_nothing_of_an_upload_stays(site: Site, when: str) -> None:
    write(site.local, {"a": os.urandom(9 * PART), "b": os.urandom(PART // 2)})
    disk = site.root / "disk"
    disk.mkdir()
    filled: list[int] = []

    def fill(path: object, moved: int) -> None:
        if not filled:
            filled.append(moved)
            (disk / "other").write_bytes(bytes(4 * PART))

    with small_disk(disk, 10 * PART):
        with site.transfer() as transfer, site.uploading(transfer) as connection:
            files = [File.from_local(site.local / name, remote_path=f"disk/{name}") for name in "ab"]
            requests = [request_for(file, connection.source_folder) for file in files]
            if when == "before":
                (disk / "other").write_bytes(bytes(4 * PART))
            with pytest.raises(FileUploadError, match=r"disk of .* is full: \d+ bytes are free"):
                connection.send_files(requests, on_progress=fill if when == "during" else None)
            connection.revert_upload(*files)
        assert list(contents_of(disk)) == ["other"]


@pytest.mark.skipif(shutil.which("mount") is None, reason="the system has no mount")
def test_a_disk_that_gets_full_while_many_small_files_come(site: Site) -> None:
    names = [f"{number:03}" for number in range(300)]
    write(site.local, {name: os.urandom(60_000) for name in names})
    disk = site.root / "disk"
    disk.mkdir()

    def fill(path: object, moved: int) -> None:
        if not (disk / "other").exists():
            with suppress(OSError):
                (disk / "other").write_bytes(bytes(4 * PART))

    with small_disk(disk, 7 * PART):
        with site.transfer(verify="size") as transfer, site.uploading(transfer) as connection:
            files = [File.from_local(site.local / name, remote_path=f"disk/{name}") for name in names]
            with pytest.raises(FileUploadError, match=r"disk of .* is full: \d+ bytes are free"):
                connection.send_files(
                    [request_for(file, connection.source_folder) for file in files], on_progress=fill
                )
            connection.revert_upload(*files)
        assert list(contents_of(disk)) == ["other"]


@EVERY_KIND
def test_a_server_that_only_serves_says_so(kind: str, tmp_path: Path) -> None:
    with running_site(kind, tmp_path, read_only=True) as site:
        write(site.local, {"a": b"1", "new/a": b"1"})
        write(site.root, {"there": b"2"})
        for name in ("a", "new/a"):
            with pytest.raises(FileUploadError, match="may not write"):
                site.send([name])
        site.fetch(["there"], site.local)
        assert contents_of(site.root) == {"there": b"2"}


def test_what_is_missing_or_in_the_way_is_named(site: Site, tmp_path: Path) -> None:
    write(site.local, {"a": b"1", "file/a": b"1"})
    write(site.root, {"file": b"2", "folder/x": b"3"})
    with pytest.raises(FileUploadError, match="there is a file of that name"):
        site.send(["file/a"])
    with pytest.raises(FileNotAccessibleError, match=r"no file .*/missing/a"):
        site.fetch(["missing/a"], tmp_path)
    with pytest.raises(FileNotAccessibleError, match="folder, not a file"):
        site.fetch(["folder"], tmp_path)
    with pytest.raises(FileNotAccessibleError, match="Cannot read or write"):
        site.fetch(["folder/x"], tmp_path / "no such folder")
    with pytest.raises(FileNotAccessibleError, match="Cannot read or write"):
        site.send(["a", "b"])
    assert contents_of(site.root) == {"file": b"2", "folder/x": b"3"}


@pytest.mark.parametrize("how", ["vanish", "grow", "shrink", "be replaced"])
def test_local_files_that_change_while_they_are_sent_are_not_given_their_names(site: Site, how: str) -> None:
    write(site.local, {"a": os.urandom(5 * PART), "b": b"1"})
    local = site.local / "a"
    changed = False

    def change(path: object, moved: int) -> None:
        nonlocal changed
        if changed:
            return
        changed = True
        if how == "vanish":
            local.unlink()
        elif how == "grow":
            with local.open("ab") as file:
                file.write(b"1")
        elif how == "shrink":
            os.truncate(local, PART)
        else:
            other = site.local / "other"
            other.write_bytes(os.urandom(5 * PART))
            other.replace(local)

    with site.transfer() as transfer, site.uploading(transfer) as connection:
        files = [File.from_local(site.local / name) for name in "ab"]
        requests = [request_for(file, connection.source_folder) for file in files]
        with pytest.raises((FileUploadError, FileNotAccessibleError), match=r"changed while|Cannot read"):
            connection.send_files(requests, on_progress=change)
        assert all(".part-" in name for name in contents_of(site.root))
        connection.revert_upload(*files)
    assert not contents_of(site.root)


@pytest.mark.parametrize("how", ["vanish", "shrink", "grow", "be replaced"])
def test_remote_files_that_change_while_they_are_fetched_do_not_get_mixed(
    site: Site, tmp_path: Path, how: str
) -> None:
    old, new = os.urandom(12 * PART), os.urandom(12 * PART)
    write(site.root, {"a": old, "other": new})
    # The protocol has whole seconds.
    os.utime(site.root / "a", (1_234_567_890, 1_234_567_890))
    remote = site.root / "a"
    changed: list[int] = []

    def change(path: object, moved: int) -> None:
        if changed:
            return
        changed.append(moved)
        if how == "vanish":
            remote.unlink()
        elif how == "shrink":
            os.truncate(remote, PART)
        elif how == "grow":
            with remote.open("ab") as file:
                file.write(b"more")
        else:
            (site.root / "other").replace(remote)

    local = site.local / "a"
    try:
        (fetched,) = site.fetch(["a"], site.local, on_progress=change)
    except FileNotAccessibleError:
        assert how != "grow"
        assert old.startswith(local.read_bytes())
    else:
        assert local.read_bytes() == old
        assert fetched.size == len(old)
