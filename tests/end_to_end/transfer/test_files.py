"""Files of all sizes, numbers, places and settings arrive as they are, on servers of each kind."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path
from typing import get_args

import pytest

from scitacean.errors import FileUploadError
from scitacean.model.file import File
from scitacean.transfer.protocol import FetchRequest, SendRequest, Verified
from tests.end_to_end.transfer.sites import Site, contents_of, fetch_with, is_nightly, write

PART = 4 << 20
# Around the sizes of blocks, packets and parts.
SIZES = [0, 1, 32_767, 32_768, 32_769, 255 << 10, (255 << 10) + 1, PART - 1, PART, PART + 1, 2 * PART + 7]


def test_files_of_critical_sizes(site: Site, tmp_path: Path) -> None:
    content = os.urandom(max(SIZES))
    files = {f"{size}.dat": content[:size] for size in SIZES}
    write(site.local, files)
    sent = site.send(list(files))
    assert [one.size for one in sent] == SIZES
    assert contents_of(site.root) == files
    back = tmp_path / "back"
    back.mkdir()
    fetched = site.fetch(list(files), back, algorithm="sha256")
    assert [one.checksum for one in fetched] == [hashlib.sha256(one).hexdigest() for one in files.values()]
    assert contents_of(back) == files


def test_thousands_of_files(site: Site, tmp_path: Path) -> None:
    # The server in Python takes four times as long for a file.
    number = 1_500 if site.is_slow and not is_nightly() else 5_000
    files = {f"{index % 50}/{index}": b"%d" % index * (index % 7) for index in range(number)}
    write(site.local, files)
    site.send(list(files))
    assert contents_of(site.root) == files
    back = tmp_path / "back"
    for name in range(50):
        (back / str(name)).mkdir(parents=True)
    site.fetch(list(files), back)
    assert contents_of(back) == files


def test_deep_and_wide_trees(site: Site, tmp_path: Path) -> None:
    deep = "/".join(["level"] * 100)
    files = {f"{deep[: 6 * depth + 5]}/{name}": name.encode() for depth in range(0, 100, 9) for name in "ab"}
    files |= {f"wide/{index}/a": b"%d" % index for index in range(300)}
    write(site.local, files)
    site.send(list(files))
    assert contents_of(site.root) == files
    back = tmp_path / "back"
    for name in files:
        (back / name).parent.mkdir(parents=True, exist_ok=True)
    site.fetch(list(files), back)
    assert contents_of(back) == files


@pytest.mark.parametrize("verify", get_args(Verified))
def test_what_was_sent_is_verified_as_asked_or_as_the_host_can(site: Site, verify: Verified) -> None:
    write(site.local, {"a": b"", "b": b"123", "c": os.urandom(PART + 5)})
    expected = "sample" if verify == "checksum" and not site.has_shell else verify
    assert [one.verified for one in site.send(["a", "b", "c"], verify=verify)] == [expected] * 3


def test_permissions_and_times_are_as_asked(site: Site) -> None:
    write(site.local, {"old/a": b"1", "old/empty": b"", "new/a": b"1", "large": os.urandom(PART + 1)})
    names = ["old/a", "old/empty", "large"]
    for name in names:
        os.utime(site.local / name, (1_000_000_000, 1_234_567_890))
    site.send(names, file_mode=0o640, folder_mode=0o2750)
    for name in names:
        status = (site.root / name).stat()
        assert (stat.S_IMODE(status.st_mode), status.st_mtime) == (0o640, 1_234_567_890)
    assert stat.S_IMODE((site.root / "old").stat().st_mode) & 0o777 == 0o750
    os.utime(site.local / "new/a", (0, 0))
    site.send(["new/a"], keep_times=False)
    assert (site.root / "new/a").stat().st_mtime > 1_700_000_000


def test_final_names_have_complete_content_always(site: Site) -> None:
    files = {f"run/{index}": os.urandom(1_000 * index) for index in range(60)}
    files["run/large"] = os.urandom(5 * PART)
    write(site.local, files)
    folder = site.root / "run"
    folder.mkdir()
    stop = threading.Event()
    wrong: list[str] = []

    def watch() -> None:
        while not stop.is_set():
            for entry in os.scandir(folder):
                is_partial = entry.name.startswith(".") and ".part-" in entry.name
                if not is_partial and entry.stat().st_size != len(files[f"run/{entry.name}"]):
                    wrong.append(entry.name)

    watcher = threading.Thread(target=watch)
    watcher.start()
    during: list[set[str]] = []

    def look(path: object, moved: int) -> None:
        del path, moved
        during.append({name for name in os.listdir(folder) if ".part-" not in name})  # noqa: PTH208

    try:
        site.send(list(files), on_progress=look, connections=2)
    finally:
        stop.set()
        watcher.join()
    assert not wrong
    # They get their names together, when all are right.
    assert during
    assert not set.union(*during)
    assert contents_of(folder) == {name.removeprefix("run/"): content for name, content in files.items()}


def test_a_range_of_a_file_is_fetched(site: Site) -> None:
    content = os.urandom(3 * PART)
    write(site.root, {"a": content})
    ranges = [(0, 5), (PART - 3, 6), (5, 2 * PART), (3 * PART - 4, 100), (3 * PART, None), (7, None)]
    for offset, length in ranges:
        local = site.local / "a"
        local.write_bytes(content[:offset])
        request = FetchRequest(
            remote=site.remote("a"), local=local, offset=offset, length=length, checksum_algorithm="md5"
        )
        with site.transfer() as transfer:
            (fetched,) = fetch_with(transfer, [request])
        wanted = content[offset:] if length is None else content[offset : offset + length]
        assert local.read_bytes() == content[:offset] + wanted
        assert fetched.size == len(wanted)
        assert fetched.checksum == hashlib.md5(wanted, usedforsecurity=False).hexdigest()
        assert fetched.remote_size == 3 * PART


def test_resuming_sends_only_what_is_missing_where_the_host_proves_it(site: Site) -> None:
    content = os.urandom(10 * PART)
    write(site.local, {"a": content})
    first = 0

    class StopHereError(Exception):
        pass

    def stop(path: object, moved: int) -> None:
        del path
        nonlocal first
        first += moved
        if first > 6 * PART:
            raise StopHereError

    with pytest.raises(StopHereError):
        site.send(["a"], on_progress=stop)
    (partial,) = contents_of(site.root)
    assert ".part-" in partial
    again: list[int] = []
    site.send(["a"], resume=True, on_progress=lambda _, moved: again.append(moved))
    assert contents_of(site.root) == {"a": content}
    if site.has_shell:
        assert sum(again) <= 4 * PART
    # What is there and the same counts as sent, however the host can show that.
    again.clear()
    (sent,) = site.send(["a"], resume=True, on_progress=lambda _, moved: again.append(moved))
    assert (sent.verified, again) == ("checksum", [])


def test_uploads_name_what_they_did_and_undo_it(site: Site) -> None:
    write(site.local, {"a": b"1", "b": b"2"})
    files = [File.from_local(site.local / name, remote_path=f"new/{name}") for name in "ab"]
    with site.transfer() as transfer, site.uploading(transfer) as connection:
        sent = connection.upload_files(*files)
        assert [file.size for file in sent] == [1, 1]
        assert contents_of(site.root) == {"new/a": b"1", "new/b": b"2"}
        with pytest.raises(FileUploadError, match="already"):
            connection.send_files([SendRequest(local=site.local / "a", remote=site.remote("new/a"))])
        connection.revert_upload(*files)
    assert not list(site.root.iterdir())
