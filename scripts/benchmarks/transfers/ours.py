#!/usr/bin/env python3
"""Transfer a folder with this project's SSH transfer, as a process of its own that measures itself.

Reads one JSON object from standard input and writes one to standard output: the seconds from connecting
to the end, without imports, and the largest memory that the process has had, in bytes.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, cast

from scitacean import Dataset, File, RemotePath
from scitacean.model.checksum import DEFAULT_ALGORITHM
from scitacean.transfer.protocol import FetchRequest, SendRequest, Verified
from scitacean.transfer.ssh import SSHFileTransfer


class Job(TypedDict):
    """What to do.

    Attributes
    ----------
    host, port, username, key_file, known_hosts:
        The server and how to sign in.
    direction:
        ``down`` or ``up``.
    source:
        Folder of files on the one side.
    target:
        Folder to make on the other.
    digests:
        File with the digest of each file in the source, by name.
    verify:
        ``size`` or ``checksum``.
    """

    host: str
    port: int
    username: str
    key_file: str
    known_hosts: str
    direction: str
    source: str
    target: str
    digests: str
    verify: str


def transfer_of(job: Job) -> SSHFileTransfer:
    """Return the transfer to measure, with its defaults but for the checks."""
    return SSHFileTransfer(
        host=job["host"],
        port=job["port"],
        username=job["username"],
        key_filename=job["key_file"],
        known_hosts=job["known_hosts"],
        verify=cast(Verified, job["verify"]),
    )


def download(job: Job) -> Callable[[], None]:
    """Return what fetches the folder; with checksums, compare them with the known ones."""
    source, target = Path(job["source"]), Path(job["target"])
    target.mkdir()
    checksums = job["verify"] == "checksum"
    digests: dict[str, str] = json.loads(Path(job["digests"]).read_text())
    size = next(source.iterdir()).stat().st_size
    requests = [
        FetchRequest(
            remote=RemotePath(str(source / name)),
            local=target / name,
            length=size,
            checksum_algorithm=DEFAULT_ALGORITHM if checksums else None,
        )
        for name in digests
    ]
    dataset = Dataset(type="raw", source_folder=RemotePath(str(source)))
    dataset.add_files(*(File.from_remote(name, size, "2026-01-01T00:00:00Z") for name in digests))
    transfer = transfer_of(job)

    def move() -> None:
        with transfer.connect_for_download(dataset, requests[0].remote) as connection:
            fetched = connection.fetch_files(requests)
        assert all(one.size == size for one in fetched)
        assert not checksums or [one.checksum for one in fetched] == list(digests.values())

    return move


def upload(job: Job) -> Callable[[], None]:
    """Return what sends the folder; it is verified as the job says."""
    source, target = Path(job["source"]), Path(job["target"])
    names = list(json.loads(Path(job["digests"]).read_text()))
    checksum_algorithm = DEFAULT_ALGORITHM if job["verify"] == "checksum" else None
    requests = [
        SendRequest(
            local=source / name,
            remote=RemotePath(str(target / name)),
            checksum_algorithm=checksum_algorithm,
        )
        for name in names
    ]
    dataset = Dataset(type="raw", source_folder=RemotePath(str(target)))
    dataset.add_files(
        *(File.from_local(source / name, checksum_algorithm=checksum_algorithm) for name in names)
    )
    transfer = transfer_of(job)

    def move() -> None:
        with transfer.connect_for_upload(dataset, requests[0].remote) as connection:
            sent = connection.send_files(requests)
        # How it was verified is told for each file, so that no check can be missing without being noticed.
        assert {one.verified for one in sent} == {job["verify"]}

    return move


def peak_memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    # getrusage would count what the parent had when it started this process.
    status = Path("/proc/self/status").read_text()
    return next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Do what standard input says."""
    job: Job = json.load(sys.stdin)
    # Whoever connects imports these, which is not measured.
    for name in ("pool", "download", "upload"):
        importlib.import_module(f"scitacean.transfer.ssh.{name}")
    move = (download if job["direction"] == "down" else upload)(job)
    begin = time.perf_counter()
    move()
    seconds = time.perf_counter() - begin
    json.dump({"seconds": seconds, "memory": peak_memory()}, sys.stdout)


if __name__ == "__main__":
    main()
