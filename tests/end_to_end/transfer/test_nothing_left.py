"""Transfers leave no thread, socket, open file or partial file, however they end."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

from scitacean.errors import FileUploadError, HostNotReachableError, TransferError
from scitacean.model.file import File
from scitacean.transfer.protocol import FetchRequest
from scitacean.transfer.ssh.sent_file import request_for
from tests.end_to_end.transfer.sites import SFTP_ONLY, Site, contents_of, fetch_with, is_nightly, kinds, write
from tests.end_to_end.transfer.sites import site as running_site
from tests.processes import not_measured

LINUX_ONLY = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell")
LARGE = 3_000_000
SETTLING_SECONDS = 20.0


def in_use() -> tuple[int, set[threading.Thread]]:
    """Return how many descriptors are open and which threads run, but for those that a server keeps."""
    gc.collect()
    threads = {one for one in threading.enumerate() if not one.name.startswith("asyncio")}
    return len(list(Path("/proc/self/fd").iterdir())), threads


@contextmanager
def nothing_left() -> Iterator[None]:
    # The server lives in this process in part, and may need a moment to see that somebody has gone.
    descriptors, threads = in_use()
    for _ in range(5):
        time.sleep(0.1)
        descriptors = min(descriptors, in_use()[0])
    yield
    deadline = time.monotonic() + SETTLING_SECONDS
    after, others = in_use()
    while (after > descriptors or others - threads) and time.monotonic() < deadline:
        time.sleep(0.05)
        after, others = in_use()
    assert after <= descriptors
    assert not others - threads


def upload(site: Site) -> None:
    """Upload a few files and undo it."""
    files = [File.from_local(site.local / name, remote_path=f"new/{name}") for name in ("a", "b", "large")]
    with site.transfer() as transfer, site.uploading(transfer) as connection:
        connection.upload_files(*files)
        connection.revert_upload(*files)


def download(site: Site) -> None:
    site.fetch(["there"], site.local)


def fetch_what_is_not_there(site: Site) -> None:
    with pytest.raises(TransferError, match="no file"):
        site.fetch(["there", "missing"], site.local)


def send_what_is_there(site: Site) -> None:
    with pytest.raises(FileUploadError, match="already"):
        site.send(["a", "there"])


def lose_the_connection(site: Site) -> None:
    site.server.cut_after(1_500_000)
    site.send(["a", "large"], resume=True)
    for name in ("a", "large"):
        (site.root / name).unlink()


def interrupt_an_upload(site: Site) -> None:
    files = [File.from_local(site.local / name, remote_path=name) for name in ("a", "large")]

    def stop(path: object, moved: int) -> None:
        raise KeyboardInterrupt

    with site.transfer() as transfer, site.uploading(transfer) as connection:
        requests = [request_for(file, connection.source_folder) for file in files]
        with pytest.raises(KeyboardInterrupt):
            connection.send_files(requests, on_progress=stop)
        connection.revert_upload(*files)


def interrupt_a_download(site: Site) -> None:
    def stop(path: object, moved: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.fetch(["there"], site.local, on_progress=stop, connections=3)


ENDINGS: list[Callable[[Site], None]] = [
    upload,
    download,
    fetch_what_is_not_there,
    send_what_is_there,
    lose_the_connection,
    interrupt_an_upload,
    interrupt_a_download,
]


@LINUX_ONLY
def test_a_hundred_transfers_that_end_in_all_ways_leave_nothing(site: Site) -> None:
    write(site.local, {"a": b"1", "b": b"", "large": os.urandom(LARGE)})
    write(site.root, {"there": os.urandom(LARGE)})
    before = contents_of(site.root)
    # What is made once, by imports for one, is no leak.
    for ending in ENDINGS:
        ending(site)
    with nothing_left():
        for ending in islice(cycle(ENDINGS), 100 if is_nightly() else 14):
            ending(site)
    assert contents_of(site.root) == before


@LINUX_ONLY
def test_a_hundred_transfers_in_a_row_leave_nothing(site: Site) -> None:
    write(site.local, {"a": b"1"})
    files = [File.from_local(site.local / "a")]
    # A login shell that computes a checksum may take long to start.
    with site.transfer(verify="sample") as transfer:
        with site.uploading(transfer) as connection:
            connection.upload_files(*files)
            connection.revert_upload(*files)
        with nothing_left():
            for _ in range(100):
                with site.uploading(transfer) as connection:
                    connection.upload_files(*files)
                    connection.revert_upload(*files)
    assert site.server.connections_made == 1


@LINUX_ONLY
def test_files_that_were_compared_by_reading_back_are_not_kept_open(site: Site) -> None:
    names = [str(number) for number in range(50)]
    write(site.local, dict.fromkeys(names, b"1"))
    with site.transfer(verify="sample") as transfer:
        with site.uploading(transfer) as connection:
            connection.upload_files(File.from_local(site.local / names[0]))
        with nothing_left(), site.uploading(transfer) as connection:
            connection.upload_files(*[File.from_local(site.local / name) for name in names[1:]])
            requests = [
                request_for(File.from_local(site.local / name), connection.source_folder) for name in names
            ]
            with pytest.raises(FileUploadError, match="already"):
                connection.send_files(requests)


@pytest.mark.parametrize("kind", ["sshd", SFTP_ONLY])
def test_more_files_than_can_be_open_go_over_several_connections(kind: str, tmp_path: Path) -> None:
    with running_site(kind, tmp_path) as site:
        names = [f"{number % 10}/{number}" for number in range(1_500)]
        write(site.local, {name: name.encode() for name in names})
        limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\n"
        done = _child(site, limit + MOVE, names)
        out, _ = done.communicate()
        assert (out, done.returncode) == (b"begun\nmoved\n", 0)
        assert contents_of(site.root) == contents_of(site.local)


MOVE = """
import json, os, sys
from pathlib import Path
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh import SSHFileTransfer

port, username, key, known_hosts, local, remote, names = json.loads(sys.argv[1])
remote = RemotePath(remote)
files = [File.from_local(Path(local, name), remote_path=name) for name in names]
begun = []

def progress(path, moved):
    if not begun:
        begun.append(path)
        print("begun", flush=True)

dataset = Dataset(type="raw")
with SSHFileTransfer(
    host="127.0.0.1", port=port, username=username, key_filename=key, known_hosts=known_hosts,
    config=os.devnull, source_folder=remote, sync=False, connections=4,
) as transfer:
    with transfer.connect_for_upload(dataset, remote) as connection:
        try:
            connection.send_files(
                [SendRequest(local=file.local_path, remote=remote / file.remote_path) for file in files],
                on_progress=progress,
            )
        except BaseException:
            connection.revert_upload(*files)
            raise
    with transfer.connect_for_download(dataset, remote) as connection:
        connection.fetch_files(
            [
                FetchRequest(remote=remote / file.remote_path, local=file.local_path, length=file.size)
                for file in files
            ]
        )
print("moved", flush=True)
"""


def _child(site: Site, code: str, names: list[str]) -> subprocess.Popen[bytes]:
    server = site.server
    arguments = [server.port, server.username, str(server.key_file), str(server.known_hosts)]
    arguments += [str(site.local), server.served.posix, names]
    # Warnings of what was left open must not pass unseen.
    watched = f"import faulthandler; faulthandler.dump_traceback_later(120, exit=True)\n{code}"
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", watched, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=not_measured())


@pytest.mark.skipif(os.name != "posix", reason="the system has no such signal")
def test_ctrl_c_ends_a_process_that_uploads_and_takes_back_what_it_sent(site: Site) -> None:
    write(site.local, {f"run/{number}": os.urandom(LARGE) for number in range(40)})
    with _child(site, MOVE, sorted(contents_of(site.local))) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        assert process.wait() == -signal.SIGINT
    deadline = time.monotonic() + SETTLING_SECONDS
    while list(site.root.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(site.root.iterdir())


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("kind", kinds())
def test_a_server_that_freezes_is_given_up_and_nothing_is_left(
    kind: str, connections: int, tmp_path: Path
) -> None:
    with nothing_left(), running_site(kind, tmp_path) as site:
        content = os.urandom(2 * LARGE)
        write(site.root, {"there": content})

        def freeze(path: object, moved: int) -> None:
            site.server.freeze()

        request = FetchRequest(remote=site.remote("there"), local=site.local / "back", length=2 * LARGE)
        with (
            site.transfer(timeout=2.0, connections=connections) as transfer,
            pytest.raises(HostNotReachableError, match=r"did not answer|no answer|does not talk"),
        ):
            fetch_with(transfer, [request], on_progress=freeze)
        arrived = (site.local / "back").read_bytes()
        assert arrived
        assert content.startswith(arrived)
