"""What type checkers see of the public interface; mypy checks this file."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import assert_type

import scitacean
from scitacean import PID, Client, Dataset, File, RemotePath, Sample
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.transfer.link import LinkFileTransfer
from scitacean.transfer.protocol import (
    ClearsUploads,
    FileTransfer,
    LooksAhead,
    LooksUpFiles,
    NeedsSpace,
    RemoteChecksums,
    ResumableDownload,
    ResumableUpload,
)
from scitacean.transfer.select import SelectFileTransfer
from scitacean.transfer.sftp import SFTPFileTransfer
from scitacean.transfer.ssh import SSHFileTransfer


def uses(client: Client, dataset: Dataset, sample: Sample) -> None:
    assert_type(client.get_dataset("a/b"), Dataset)
    assert_type(client.get_dataset(PID.parse("a/b"), attachments=True), Dataset)
    assert_type(client.get_dataset(["a/b", "a/c"]), list[Dataset])
    assert_type(client.get_dataset([PID.parse("a/b"), "a/c"]), list[Dataset])
    assert_type(client.get_dataset(("a/b", PID.parse("a/c")), attachments=True), list[Dataset])
    assert_type(client.download_files(dataset, target="x", select=lambda f: f.size > 0), Dataset)
    assert_type(client.download_files(dataset, target=Path("x"), select=["a"]), Dataset)
    assert_type(client.upload_new_dataset_now(dataset), Dataset)
    assert_type(client.get_sample("s"), Sample)
    assert_type(client.upload_new_sample_now(sample), Sample)
    assert_type(client.file_transfer, FileTransfer | None)
    assert_type(dataset.files, tuple[File, ...])
    assert_type(dataset.source_folder, RemotePath | None)


def transfers() -> list[FileTransfer]:
    simple: list[FileTransfer] = [
        CopyFileTransfer(),
        LinkFileTransfer(),
        SSHFileTransfer(host="h"),
        SFTPFileTransfer(host="h"),
    ]
    return [*simple, SelectFileTransfer(simple)]


def test_our_transfers_can_do_more_than_they_must(tmp_path: Path) -> None:
    for transfer in transfers():
        assert transfer.source_folder_for(Dataset(type="raw", source_folder="/d")) == "/d"
    (tmp_path / "a").touch()
    folder = RemotePath.from_local(tmp_path)
    with CopyFileTransfer().connect_for_download(Dataset(type="raw"), folder / "a") as download:
        assert isinstance(download, ResumableDownload)
        assert isinstance(download, LooksUpFiles)
        assert isinstance(download, NeedsSpace)
    with CopyFileTransfer(source_folder=folder).connect_for_upload(
        Dataset(type="raw"), folder / "b"
    ) as upload:
        assert isinstance(upload, ResumableUpload)
        assert isinstance(upload, RemoteChecksums)
        assert isinstance(upload, LooksAhead)
        assert isinstance(upload, ClearsUploads)


def test_keywords_are_those_of_the_documentation() -> None:
    expected = {
        "from_credentials": ["url", "username", "password", "file_transfer"],
        "from_token": ["url", "token", "file_transfer"],
        "without_login": ["url", "file_transfer"],
        "get_dataset": ["self", "pid", "strict_validation", "attachments"],
        "get_sample": ["self", "sample_id", "strict_validation"],
        "download_attachments_for": ["self", "target"],
        "download_files": ["self", "dataset", "target", "select", "checksum_algorithm", "force"],
        "upload_new_dataset_now": ["self", "dataset"],
        "upload_new_sample_now": ["self", "sample"],
    }
    for method, names in expected.items():
        parameters = list(inspect.signature(getattr(Client, method)).parameters)
        assert parameters[: len(names)] == names, method
    assert list(inspect.signature(Client).parameters) == ["client", "file_transfer"]


def test_every_public_name_is_there() -> None:
    for name in scitacean.__all__:
        assert getattr(scitacean, name) is not None
    assert set(scitacean.__all__) <= set(dir(scitacean))
    assert not hasattr(scitacean, "no_such_name")
