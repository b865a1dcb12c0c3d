"""How what has arrived is compared with the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client, Dataset, File, IntegrityError, RemotePath
from scitacean.model.checksum import Reading, read_files
from scitacean.transfer.copy import CopyDownloadConnection
from scitacean.workflow import existing


class Plain:
    """A facility's own transfer, which only copies, and may damage a file."""

    damaged = ""

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        raise NotImplementedError

    connect_for_upload: Any = source_folder_for

    @contextmanager
    def connect_for_download(self, dataset: Dataset, representative_file_path: RemotePath) -> Iterator[Any]:
        yield self

    def download_files(self, *, remote: list[RemotePath], local: list[Path]) -> None:
        CopyDownloadConnection().download_files(remote=remote, local=local)
        for path, partial in zip(remote, local, strict=True):
            if path.name == self.damaged:
                partial.write_bytes(b"\1" * partial.stat().st_size)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Note algorithm and number of the files that are hashed together."""
    calls: list[tuple[str, int]] = []

    def noting(paths: Iterable[Path], *, algorithm: str) -> list[Reading]:
        paths = list(paths)
        if paths:
            calls.append((algorithm, len(paths)))
        return read_files(paths, algorithm=algorithm)

    monkeypatch.setattr(existing, "read_files", noting)
    return calls


def uploaded(client: Client, dataset: Dataset, source: Path) -> Dataset:
    dataset.add_files(File.from_local(source / "a.dat", remote_path="md5.dat", checksum_algorithm="md5"))
    return client.upload_new_dataset_now(dataset)


def test_complete_files_are_hashed_together(
    client: Client, dataset: Dataset, source: Path, tmp_path: Path, hashed: list[tuple[str, int]]
) -> None:
    plain = Client(client=client.scicat, file_transfer=Plain())
    found = uploaded(client, dataset, source)
    plain.download_files(found, target=tmp_path / "target")
    assert sorted(hashed) == [("blake2b", 3), ("md5", 1)]
    assert (tmp_path / "target" / "md5.dat").read_bytes() == (source / "a.dat").read_bytes()
    hashed.clear()
    plain.download_files(found, target=tmp_path / "target")
    assert sorted(hashed) == [("blake2b", 3), ("md5", 1)]


def test_what_was_hashed_on_its_way_is_not_read_again(
    client: Client, dataset: Dataset, source: Path, tmp_path: Path, hashed: list[tuple[str, int]]
) -> None:
    client.download_files(uploaded(client, dataset, source), target=tmp_path / "target")
    assert hashed == []


@pytest.mark.parametrize("damaged", ["a.dat", "c.dat", "md5.dat"])
def test_damaged_files_are_removed_and_the_others_in_place(
    client: Client, dataset: Dataset, source: Path, tmp_path: Path, damaged: str
) -> None:
    transfer = Plain()
    transfer.damaged = damaged
    plain = Client(client=client.scicat, file_transfer=transfer)
    found = uploaded(client, dataset, source)
    with pytest.raises(IntegrityError, match=rf"1 file.*\n.*{damaged}: its (md5|blake2b) is") as caught:
        plain.download_files(found, target=tmp_path / "target")
    names = {path.name for path in (tmp_path / "target").rglob("*") if path.is_file()}
    assert names == {"a.dat", "b.dat", "c.dat", "md5.dat"} - {damaged}
    assert [path.name for path in caught.value.paths] == [damaged]
    assert {RemotePath(path).name for path in caught.value.remote_paths} == {damaged}
