#!/usr/bin/env python3
"""Transfer a folder with scitacean 26.10, in the Python of an environment that has it.

Takes and gives the same JSON as ``ours.py``. Where the server is known and how to sign in is in the
home folder.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from scitacean import Dataset, File, RemotePath
from scitacean.transfer.sftp import SFTPFileTransfer


def main() -> None:
    """Do what standard input says."""
    job = json.load(sys.stdin)
    source, target = Path(job["source"]), Path(job["target"])
    names = list(json.loads(Path(job["digests"]).read_text()))
    begin = time.perf_counter()
    transfer = SFTPFileTransfer(
        host=job["host"], port=job["port"], username=job["username"], key_filename=job["key_file"]
    )
    if job["direction"] == "down":
        target.mkdir()
        remote = [RemotePath(str(source / name)) for name in names]
        dataset = Dataset(type="raw", source_folder=RemotePath(str(source)))
        with transfer.connect_for_download(dataset, RemotePath(names[0])) as download:
            download.download_files(remote=remote, local=[target / name for name in names])
    else:
        files = [File.from_local(source / name, remote_path=name) for name in names]
        dataset = Dataset(type="raw", source_folder=RemotePath(str(target)))
        with transfer.connect_for_upload(dataset, RemotePath(names[0])) as upload:
            upload.upload_files(*files)
    json.dump({"seconds": time.perf_counter() - begin}, sys.stdout)


if __name__ == "__main__":
    main()
