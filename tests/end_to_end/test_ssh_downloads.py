"""Downloads over SSH: what is looked at before, what proves content, what is left by an interrupt."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scitacean import Dataset, File, FileNotAccessibleError, IntegrityError
from scitacean.errors import HostNotReachableError
from scitacean.testing.fixtures import ServerKind
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.workflow.download import download_files
from scitacean.workflow.progress import Progress
from tests.processes import not_measured

TIME = "2026-03-01T12:00:00Z"
LARGE = bytes(range(256)) * 20_000


def there(server: RunningSSHServer, contents: Mapping[str, bytes], *, checksums: bool = False) -> Dataset:
    for name, content in contents.items():
        (server.root / name).write_bytes(content)
    files = [
        File.from_remote(
            name,
            len(content),
            TIME,
            hashlib.sha256(content).hexdigest() if checksums else None,
            "sha256" if checksums else None,
        )
        for name, content in contents.items()
    ]
    return Dataset(type="raw", source_folder=server.root.as_posix(), files=files)


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# What is there


def test_files_that_are_not_there_are_named_before_anything_moves(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, tmp_path: Path
) -> None:
    dataset = there(
        ssh_server, {"a": b"1", "folder": b"2", "link": b"3", "dangling": b"4", "gone": b"5", "z": b"6"}
    )
    for name in ("folder", "link", "dangling", "gone"):
        (ssh_server.root / name).unlink()
    (ssh_server.root / "folder").mkdir()
    (ssh_server.root / "link").symlink_to("a")
    (ssh_server.root / "dangling").symlink_to("nowhere")
    with pytest.raises(
        FileNotAccessibleError, match=r"3 of 6 file\(s\) are not on the file server"
    ) as caught:
        download_files(dataset, target=tmp_path / "target", transfer=ssh_file_transfer)
    listed = {line.rpartition("/")[2] for line in str(caught.value).splitlines() if line.startswith("  - ")}
    assert listed == {"folder", "dangling", "gone"}
    assert not (tmp_path / "target").exists()
    download_files(dataset, target=tmp_path / "target", transfer=ssh_file_transfer, select=["a", "link", "z"])
    assert tree(tmp_path / "target") == {"a": b"1", "link": b"1", "z": b"6"}


def test_files_of_wrong_sizes_are_not_fetched(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, tmp_path: Path
) -> None:
    contents = {f"f{index}": b"%d" % index for index in range(50)}
    dataset = there(ssh_server, contents)
    (ssh_server.root / "f7").write_bytes(b"longer")
    with pytest.raises(IntegrityError, match=r"f7: it has 6 bytes instead of 1") as caught:
        download_files(dataset, target=tmp_path / "target", transfer=ssh_file_transfer)
    assert caught.value.remote_paths == ("f7",)
    assert tree(tmp_path / "target") == {name: one for name, one in contents.items() if name != "f7"}


# What proves content


def test_without_checksums_the_host_computes_them(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dataset = there(ssh_server, {"a": b"right", "large": LARGE, "empty": b""})
    found = download_files(dataset, target=tmp_path / "good", transfer=ssh_file_transfer)
    assert tree(tmp_path / "good") == {"a": b"right", "large": LARGE, "empty": b""}
    assert [file.remote_checksum for file in found.files] == [None] * 3
    assert "their content was not" not in caplog.text

    def replace(state: Progress) -> None:
        if state.phase == "moving":
            (ssh_server.root / "a").write_bytes(b"wrong")

    with pytest.raises(IntegrityError, match=r"1 file.*\n.*a: its blake2b is") as caught:
        download_files(
            dataset, target=tmp_path / "bad", transfer=ssh_file_transfer, on_progress=replace, force=True
        )
    assert caught.value.remote_paths == ("a",)
    assert tree(tmp_path / "bad") == {"large": LARGE, "empty": b""}


def test_a_host_that_cannot_compute_leaves_sizes(
    ssh_server_kind: ServerKind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "root").mkdir()
    with ssh_server_kind(tmp_path / "root", shell=False) as server:
        transfer = SSHFileTransfer(
            host=server.host,
            port=server.port,
            username=server.username,
            key_filename=server.key_file,
            known_hosts=server.known_hosts,
            config=os.devnull,
        )
        with transfer:
            dataset = there(server, {"a": b"1"})
            download_files(dataset, target=tmp_path / "target", transfer=transfer)
    assert tree(tmp_path / "target") == {"a": b"1"}
    assert "for 1 of 1 file(s): their sizes were checked, their content was not" in caplog.text


def test_a_file_without_checksum_goes_on_where_the_host_can_prove_it(
    ssh_server: RunningSSHServer, ssh_file_transfer: SSHFileTransfer, tmp_path: Path
) -> None:
    dataset = there(ssh_server, {"large": LARGE})
    target = tmp_path / "target"
    download_files(there(ssh_server, {"a": b"1"}), target=target / "sub", transfer=ssh_file_transfer)
    ssh_server.cut_after(2_000_000)
    ssh_server.refuse_connections()
    with pytest.raises(HostNotReachableError):
        download_files(dataset, target=target, transfer=ssh_file_transfer)
    ssh_server.accept_connections()
    (partial,) = target.glob(".large.part-*")
    already = partial.stat().st_size
    assert 0 < already < len(LARGE)
    seen: list[int] = []
    download_files(
        dataset,
        target=target,
        transfer=ssh_file_transfer,
        on_progress=lambda state: seen.append(state.bytes_done),
    )
    assert already in seen[:3]
    assert (target / "large").read_bytes() == LARGE
    assert not partial.exists()


# An interrupt

DOWNLOAD = """
import os, sys, time
from pathlib import Path
from scitacean import Dataset, File
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.workflow.download import download_files

port, username, key, known_hosts, root, target, *files = sys.argv[1:]
transfer = SSHFileTransfer(
    host="127.0.0.1", port=int(port), username=username, key_filename=key, known_hosts=known_hosts,
    config=os.devnull,
)
files = [
    File.from_remote(name, int(size), "2026-03-01T12:00:00Z", *((checksum, "sha256") if checksum else ()))
    for name, size, checksum in zip(files[::3], files[1::3], files[2::3])
]

def wait_to_be_interrupted(state):
    if state.bytes_done > 1_000_000:
        print("moved", flush=True)
        time.sleep(0.05)

with transfer:
    download_files(
        Dataset(type="raw", source_folder=root, files=files),
        target=Path(target), transfer=transfer, on_progress=wait_to_be_interrupted,
    )
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    assert [path.name for path in (tmp_path / "cache" / "scitacean" / "downloads").iterdir()] == [
        "changing.lock"
    ]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_an_interrupted_download_goes_on(
    ssh_server: RunningSSHServer,
    ssh_file_transfer: SSHFileTransfer,
    tmp_path: Path,
    checksums: bool,
    name: str,
) -> None:
    dataset = there(ssh_server, {"large": LARGE * 6}, checksums=checksums)
    (file,) = dataset.files
    target = tmp_path / "target"
    arguments = [ssh_server.port, ssh_server.username, ssh_server.key_file, ssh_server.known_hosts]
    arguments += [ssh_server.root, target, file.remote_path, file.size, file.remote_checksum or ""]
    command = [sys.executable, "-c", DOWNLOAD, *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=not_measured()
    ) as process:
        assert process.stdout is not None
        for _ in range(5):
            assert process.stdout.readline() == "moved\n"
        process.send_signal(getattr(signal, name))
        _, told = process.communicate(timeout=50)
    if name == "SIGINT":
        assert "KeyboardInterrupt" in told
        assert "repeat the download to go on" in told
    (partial,) = target.iterdir()
    assert partial.name.startswith(".large.part-")
    already = partial.stat().st_size
    assert 0 < already < file.size
    assert partial.read_bytes() == (LARGE * 6)[:already]
    seen: list[int] = []
    download_files(
        dataset,
        target=target,
        transfer=ssh_file_transfer,
        on_progress=lambda state: seen.append(state.bytes_done),
    )
    assert already in seen[:3]
    assert tree(target) == {"large": LARGE * 6}
