"""Several connections at once: files are spread, large ones in ranges, and some may be refused or break."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FetchRequest, SendRequest
from tests.end_to_end.transfer.sites import RAW, Site, contents_of, is_nightly, write
from tests.end_to_end.transfer.sites import site as running_site

PART = 4 << 20
BEYOND = 5 << 30


def send_and_fetch(site: Site, tmp_path: Path, *, connections: int) -> None:
    large = os.urandom(11 * PART + 5)
    files = {f"{number}": large[number : number + 50_000] for number in range(250)} | {"large": large}
    write(site.local, files)
    site.send(list(files), connections=connections)
    assert contents_of(site.root) == files
    requests = [
        FetchRequest(
            remote=site.remote(name), local=tmp_path / name, length=len(content), checksum_algorithm="sha256"
        )
        for name, content in files.items()
    ]
    with (
        site.transfer(connections=connections) as transfer,
        transfer.connect_for_download(RAW, RemotePath("")) as connection,
    ):
        fetched = connection.fetch_files(requests)
    assert [one.checksum for one in fetched] == [hashlib.sha256(one).hexdigest() for one in files.values()]
    assert {name: (tmp_path / name).read_bytes() for name in files} == files


def test_files_are_spread_over_connections(site: Site, tmp_path: Path) -> None:
    send_and_fetch(site, tmp_path, connections=4)
    assert site.server.connections_made > 2


def test_connections_that_are_refused_are_done_without(tmp_path: Path) -> None:
    # Of the connections that are signing in at the same time only one is let in.
    with running_site("sshd", tmp_path, options=["MaxStartups 1"]) as site:
        send_and_fetch(site, tmp_path, connections=8)


def test_offsets_beyond_32_bits(site: Site, tmp_path: Path) -> None:
    marks = {offset: os.urandom(1_000) for offset in (0, (1 << 32) - 500, BEYOND, BEYOND + PART)}
    with (site.root / "huge").open("wb") as file:
        for offset, mark in marks.items():
            file.seek(offset)
            file.write(mark)
    with (
        site.transfer() as transfer,
        transfer.connect_for_download(RAW, RemotePath("")) as connection,
    ):
        for offset, mark in marks.items():
            local = tmp_path / str(offset)
            with local.open("wb") as file:
                file.truncate(offset)
            request = FetchRequest(remote=site.remote("huge"), local=local, offset=offset, length=1_000)
            (fetched,) = connection.fetch_files([request])
            assert (fetched.size, fetched.remote_size) == (1_000, BEYOND + PART + 1_000)
            with local.open("rb") as file:
                file.seek(offset)
                assert file.read() == mark


def test_the_end_of_a_sparse_file_is_sent_after_what_is_there(site: Site) -> None:
    """A file of 3 GiB goes on from near its end, and nightly as a whole."""
    local = site.local / "huge"
    mark = os.urandom(PART)
    size = 3 << 30
    with local.open("wb") as file:
        file.seek(size - PART)
        file.write(mark)
    request = SendRequest(local=local, remote=site.remote("huge"), resume=True)
    with site.transfer(verify="size") as transfer, site.uploading(transfer) as connection:
        if not is_nightly():
            item_name = _partial_of(request)
            with (site.root / item_name).open("wb") as file:
                file.truncate(size - 20 * PART)
        connection.send_files([request])
    (name,) = os.listdir(site.root)  # noqa: PTH208
    assert name == "huge"
    with (site.root / "huge").open("rb") as file:
        assert file.seek(0, os.SEEK_END) == size
        for offset, expected in [(size - PART, mark), (size - 3 * PART, bytes(PART)), (0, bytes(PART))]:
            file.seek(offset)
            assert file.read(PART) == expected


def _partial_of(request: SendRequest) -> str:
    from scitacean.transfer.partial import partial_name

    status = request.local.stat()
    return partial_name(request.remote.name, request.remote.posix, status.st_size, status.st_mtime_ns)


@pytest.mark.parametrize("direction", ["down", "up"])
def test_memory_does_not_grow_with_the_number_of_files_but_for_the_list(
    tmp_path: Path, direction: str
) -> None:
    # Of a thousand files something is under way at a time, which is there for few files, too.
    few, many = (2_000, 100_000) if is_nightly() else (1_500, 4_000)
    with running_site("sshd", tmp_path) as site:
        write(site.local, {"a": b"1"})
        write(site.root, {"a": b"1"})
        peaks = {}
        for number in (few, many):
            tracemalloc.start()
            peaks[number] = _peak(site, tmp_path, number, direction)
            tracemalloc.stop()
    # The lists have a few hundred bytes of each file, its paths and results; content would be much more.
    assert (peaks[many] - peaks[few]) / (many - few) < 3_000


def _peak(site: Site, tmp_path: Path, number: int, direction: str) -> int:
    """Return the most memory that a transfer takes, without the list of files that it is given."""
    with site.transfer() as transfer:
        if direction == "down":
            (tmp_path / "back").mkdir(exist_ok=True)
            fetches = [
                FetchRequest(remote=site.remote("a"), local=tmp_path / "back" / str(index), length=1)
                for index in range(number)
            ]
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            with transfer.connect_for_download(RAW, RemotePath("")) as download:
                download.fetch_files(fetches)
        else:
            sends = [
                SendRequest(local=site.local / "a", remote=site.remote(f"{number}/{index}"))
                for index in range(number)
            ]
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            with site.uploading(transfer) as upload:
                upload.send_files(sends)
        return tracemalloc.get_traced_memory()[1] - before
