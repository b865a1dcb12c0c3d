"""Servers of three kinds, of which each lacks something else, and transfers to them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from hypothesis import settings

from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server
from scitacean.testing.sshd import find_sshd, sshd
from scitacean.transfer.protocol import Fetched, FetchRequest, ProgressCallback, SendRequest, Sent
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.upload import SSHUploadConnection

RAW = Dataset(type="raw", name="run 7")
# Only root can shut somebody into a folder; sshd demands that nobody else can write into those above it.
SFTP_ONLY = "chroot" if os.name == "posix" and os.geteuid() == 0 else "sftp only, not root"
_OWN_BY_ROOT = Path("/run")


def is_nightly() -> bool:
    """Whether this run may take long."""
    return settings.get_current_profile_name() == "nightly"


_STARTERS: Mapping[str, Callable[..., AbstractContextManager[RunningSSHServer]]] = {
    "asyncssh": ssh_server,
    "sshd": sshd,
    "chroot": partial(sshd, chroot=True),
    "sftp only, not root": partial(sshd, shell=False),
}


@attrs.frozen
class Site:
    """A server and the folders of a test, one that it serves and one on this side."""

    server: RunningSSHServer
    local: Path
    has_shell: bool
    is_slow: bool

    @property
    def root(self) -> Path:
        return self.server.root

    def remote(self, name: str) -> RemotePath:
        return self.server.served / name

    def served_path(self, *names: bytes) -> RemotePath:
        return RemotePath(self.server.served, *[os.fsdecode(name) for name in names])

    @contextmanager
    def transfer(self, **changed: Any) -> Iterator[SSHFileTransfer]:
        parameters: dict[str, Any] = {
            "host": self.server.host,
            "port": self.server.port,
            "username": self.server.username,
            "key_filename": self.server.key_file,
            "known_hosts": self.server.known_hosts,
            "config": os.devnull,
            "source_folder": self.server.served,
            "timeout": 20.0,
            # What is tested is whether content arrives, not whether it outlives a power cut.
            "sync": False,
        }
        with SSHFileTransfer(**(parameters | changed)) as transfer:
            yield transfer

    def send(
        self,
        names: Sequence[str],
        *,
        resume: bool = False,
        on_progress: ProgressCallback | None = None,
        **changed: Any,
    ) -> list[Sent]:
        """Send files of the local folder under their names."""
        requests = [
            SendRequest(local=self.local / name, remote=self.remote(name), resume=resume) for name in names
        ]
        with self.transfer(**changed) as transfer, self.uploading(transfer) as connection:
            return connection.send_files(requests, on_progress=on_progress)

    @contextmanager
    def uploading(self, transfer: SSHFileTransfer) -> Iterator[SSHUploadConnection]:
        with transfer.connect_for_upload(RAW, RemotePath("")) as connection:
            yield connection

    def fetch(
        self,
        names: Sequence[str],
        into: Path,
        *,
        algorithm: str | None = None,
        on_progress: ProgressCallback | None = None,
        **changed: Any,
    ) -> list[Fetched]:
        """Fetch files into a folder, under their names."""
        requests = [
            FetchRequest(remote=self.remote(name), local=into / name, checksum_algorithm=algorithm)
            for name in names
        ]
        with self.transfer(**changed) as transfer:
            return fetch_with(transfer, requests, on_progress=on_progress)


def fetch_with(
    transfer: SSHFileTransfer,
    requests: Sequence[FetchRequest],
    *,
    on_progress: ProgressCallback | None = None,
) -> list[Fetched]:
    with transfer.connect_for_download(RAW, RemotePath("")) as connection:
        return connection.fetch_files(requests, on_progress=on_progress)


def kinds() -> list[str]:
    return ["asyncssh", *(["sshd", SFTP_ONLY] if find_sshd() is not None else [])]


@contextmanager
def site(kind: str, folder: Path, **options: Any) -> Iterator[Site]:
    """Run a server of a kind; its folder and one for this side are new ones."""
    local = folder / "local"
    local.mkdir()
    with ExitStack() as stack:
        root = folder / "served"
        if kind == "chroot":
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_OWN_BY_ROOT)))
            root.chmod(0o755)
        else:
            root.mkdir()
        running = _STARTERS[kind](root, **options)
        yield Site(
            stack.enter_context(running),
            local,
            has_shell=kind in ("asyncssh", "sshd"),
            is_slow=kind == "asyncssh",
        )


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def contents_of(folder: Path) -> dict[str, bytes]:
    """Return the content of all files in a folder and those in it, also of those with partial names."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
