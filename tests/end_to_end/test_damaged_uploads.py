"""Uploads that stop half way and whose files then arrive damaged can be gone on with all the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import attrs
import pytest

from scitacean import Client, Dataset, RemotePath
from scitacean.embedded import EmbeddedCatalogue
from scitacean.errors import UploadInterrupted
from scitacean.testing.client import FakeClient
from scitacean.transfer.copy import CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.copy_bytes import copy_bytes
from scitacean.transfer.protocol import ProgressCallback, SendRequest, Sent, SentCallback
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.verify import Verification
from scitacean.workflow.progress import Progress

CONTENT = {f"{number}.dat": bytes([number]) * 100_000 for number in range(4)}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "source").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "source" / name).write_bytes(content)
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(tmp_path / "source")
    return dataset


class Trusting(CopyFileTransfer):
    """Leaves it to others to compare what it has copied, which it damages at times."""

    damages = False

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyUploadConnection]:
        transfer = self

        class Connection(CopyUploadConnection):
            def send_files(
                self,
                requests: Sequence[SendRequest],
                *,
                on_progress: ProgressCallback | None = None,
                on_sent: SentCallback | None = None,
            ) -> list[Sent]:
                sent = super().send_files(requests, on_progress=on_progress, on_sent=on_sent)
                if transfer.damages:
                    flip(Path(requests[0].remote.posix))
                return [attrs.evolve(one, verified=None) for one in sent]

        yield Connection(source_folder=self.source_folder_for(dataset))


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\xff")


def damage_copies(patch: pytest.MonkeyPatch) -> None:

    def copy_badly(source: IO[bytes], sink: IO[bytes], **options: Any) -> int:
        copied = copy_bytes(source, sink, **options)
        os.pwrite(sink.fileno(), b"\xff", 0)
        return copied

    patch.setattr("scitacean.transfer.copy_upload.copy_bytes", copy_badly)


def damage_on_host(patch: pytest.MonkeyPatch) -> None:
    original = Verification.find_different

    def find_different(verification: Verification, items: Sequence[Outgoing]) -> list[Outgoing]:
        flip(Path(os.fsdecode(items[-1].partial)))
        return original(verification, items)

    patch.setattr(Verification, "find_different", find_different)


def damage_after_naming(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Trusting, "damages", True)


def check(client: Client, dataset: Dataset, damage: Callable[[pytest.MonkeyPatch], None]) -> None:
    """Stop an upload, let its files arrive damaged, and go on with it."""

    def stop(progress: Progress) -> None:
        if progress.bytes_done >= 150_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    (unfinished,) = client.unfinished_uploads()
    with pytest.MonkeyPatch.context() as patch:
        damage(patch)
        for _ in range(2):
            with pytest.raises(UploadInterrupted, match="did not arrive as they were sent"):
                client.resume_upload(unfinished.journal)
    assert client.scicat.query_datasets({}) == []
    uploaded = client.resume_upload(unfinished.journal)
    folder = Path(str(uploaded.source_folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert len(client.get_dataset(str(uploaded.pid)).files) == len(CONTENT)
    assert client.unfinished_uploads() == []


@pytest.mark.parametrize("damage", [damage_copies, damage_after_naming])
def test_copies(
    embedded_catalogue: EmbeddedCatalogue,
    dataset: Dataset,
    tmp_path: Path,
    damage: Callable[[pytest.MonkeyPatch], None],
) -> None:
    kind = Trusting if damage is damage_after_naming else CopyFileTransfer
    transfer = kind(source_folder=(tmp_path / "there").as_posix())
    with FakeClient(catalogue=embedded_catalogue, file_transfer=transfer) as client:
        check(client, dataset, damage)


def test_over_ssh(
    embedded_catalogue: EmbeddedCatalogue, dataset: Dataset, ssh_file_transfer: SSHFileTransfer
) -> None:
    with FakeClient(catalogue=embedded_catalogue, file_transfer=ssh_file_transfer) as client:
        check(client, dataset, damage_on_host)
