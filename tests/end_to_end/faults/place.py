"""Where a case plays: its folders and servers, in a form that another process can be given too."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import attrs

from scitacean import Client, Dataset, File
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.workflow.progress import OnProgress

CONTENT: Mapping[str, bytes] = {
    "a.dat": bytes(range(256)) * 1_600,
    "sub/b c.dat": b"counts" * 9_000,
    "sub/deep/ü.dat": b"\0\xff" * 7_000,
    "sub/empty": b"",
}
CAPTIONS = ("The rod", "The rod, cooled")
USERNAME, DELETER, PASSWORD = "ada", "boss", "ada-secret"
PATIENCE_SECONDS = 20.0
RETRY_SECONDS = 1.2
CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Place:
    """Folders and servers of one case.

    Attributes
    ----------
    name:
        Of the dataset.
    url:
        Of the catalogue.
    port, username, key_file, known_hosts:
        Of the file server, on this machine.
    served:
        Folder on the file server in which the dataset's one is.
    local:
        Folder with the files to upload.
    target:
        Folder to download into.
    state:
        Folder for what programs keep of their work.
    pid:
        The dataset to download.
    """

    name: str
    url: str
    port: int
    username: str
    key_file: str
    known_hosts: str
    served: str
    local: str
    target: str
    state: str
    pid: str | None = None

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(attrs.asdict(self))

    @property
    def source_folder(self) -> Path:
        """The folder that the files of the dataset go to."""
        return Path(self.served, self.name)

    @property
    def journals(self) -> list[Path]:
        """Journals of uploads; locks of processes that were killed are none."""
        return [path for path in self.kept if path.suffix != ".lock"]

    @property
    def kept(self) -> list[Path]:
        """All files in the folder of the journals."""
        return sorted(Path(self.state, "scitacean", "uploads").glob("*"))

    def transfer(self, **changed: Any) -> SSHFileTransfer:
        parameters: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self.username,
            "key_filename": self.key_file,
            "known_hosts": self.known_hosts,
            "config": os.devnull,
            "source_folder": f"{self.served}/{{name}}",
            "timeout": PATIENCE_SECONDS,
            # What is tested is whether content arrives, not whether it outlives a power cut.
            "sync": False,
        }
        return SSHFileTransfer(**(parameters | changed))

    def client(
        self, *, username: str = USERNAME, host_timeout: float = PATIENCE_SECONDS, **options: Any
    ) -> Client:
        return Client.from_credentials(
            url=self.url,
            username=username,
            password=PASSWORD,
            file_transfer=self.transfer(timeout=host_timeout),
            **({"timeout": PATIENCE_SECONDS, "retry_for": RETRY_SECONDS} | options),
        )

    def dataset(self) -> Dataset:
        """Make the dataset to upload; each is like the one before."""
        dataset = Dataset(
            type="raw",
            name=self.name,
            owner_group="g",
            owner="Ada Example",
            contact_email="ada@site.example",
            creation_time=CREATED,
        )
        for name in sorted(tree(Path(self.local))):
            local = Path(self.local, name)
            dataset.add_files(File.from_local(local, remote_path=name, checksum_algorithm=algorithm_of(name)))
        for caption in CAPTIONS:
            dataset.add_attachment(caption=caption)
        return dataset


def algorithm_of(name: str) -> str:
    """Return the algorithm for the checksum of a file; those of another one get a block of their own."""
    return "md5" if " " in name else "sha256"


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of all files in a folder and those in it."""
    if not folder.exists():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def upload(place: Place, client: Client, on_progress: OnProgress | None = None) -> None:
    client.upload_new_dataset_now(place.dataset(), on_progress=on_progress)


def download(place: Place, client: Client, on_progress: OnProgress | None = None) -> None:
    assert place.pid is not None
    dataset = client.get_dataset(place.pid, strict_validation=True)
    client.download_files(dataset, target=place.target, on_progress=on_progress)


def resume(place: Place, client: Client, on_progress: OnProgress | None = None) -> None:
    (journal,) = place.journals
    client.resume_upload(journal, on_progress=on_progress)


WORK = {"upload": upload, "resume": resume, "download": download}
