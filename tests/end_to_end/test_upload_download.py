"""Datasets with files, into a catalogue and out of it, and what remains when something fails."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from scitacean import (
    Attachment,
    Client,
    ConfigurationError,
    Dataset,
    File,
    FileNotAccessibleError,
    FileUploadError,
    IntegrityError,
    Lifecycle,
    RemotePath,
    Sample,
    Thumbnail,
    ValidationError,
)
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import EmbeddedCatalogue
from scitacean.errors import (
    ConflictError,
    ForbiddenError,
    HostNotReachableError,
    ScicatCommError,
    ServerUnreachableError,
    UploadInterrupted,
)
from scitacean.model.orig_datablock import BYTES_PER_BLOCK, FILES_PER_BLOCK
from scitacean.transfer.copy import CopyDownloadConnection, CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.mounted import FilesHere
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import (
    Fetched,
    FetchRequest,
    ProgressCallback,
    SendRequest,
    Sent,
    SentCallback,
)
from scitacean.workflow.progress import Progress

PICTURE = b"\x89PNG\r\n\x1a\n"
CONTENT = {"a.dat": b"counts" * 1000, "sub/b.dat": b"", "sub/deep/c ü.dat": b"\0\xff" * 70_000}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, content in CONTENT.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "source"


@pytest.fixture
def dataset(source: Path) -> Dataset:
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
        meta={"temperature": {"value": 3, "unit": "K"}},
    )
    dataset.add_local_files(source)
    return dataset


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client.local(tmp_path / "local") as client:
        yield client


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_round_trip(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    dataset.attachments = [Attachment(caption="a picture", thumbnail=Thumbnail("image/png", PICTURE))]
    uploaded = client.upload_new_dataset_now(dataset)
    assert uploaded.pid is not None
    assert all(file.is_on_remote and file.is_on_local for file in uploaded.files)
    assert tree(Path(str(uploaded.source_folder))) == CONTENT
    found = client.get_dataset(uploaded.pid, strict_validation=True, attachments=True)
    assert (found.name, found.number_of_files, found.size) == ("Run 7", 3, dataset.size)
    assert found.source_folder == uploaded.source_folder
    assert found.meta["temperature"] == {"value": 3, "unit": "K", "valueSI": 3, "unitSI": "K"}
    assert found.attachments is not None
    assert found.attachments[0].thumbnail == Thumbnail("image/png", PICTURE)
    downloaded = client.download_files(found, target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT
    assert all(file.local_is_up_to_date() for file in downloaded.files)


def test_attachments_come_when_asked_for(client: Client, dataset: Dataset) -> None:
    dataset.attachments = [Attachment(caption="one")]
    uploaded = client.upload_new_dataset_now(dataset)
    without = client.get_dataset(str(uploaded.pid))
    assert without.attachments is None
    with_them = client.download_attachments_for(without)
    assert with_them.attachments is not None
    assert [one.caption for one in with_them.attachments] == ["one"]
    with pytest.warns(UserWarning, match="replaced"):
        client.download_attachments_for(with_them)
    with pytest.raises(ValueError, match="no PID"):
        client.download_attachments_for(dataset)


def test_samples(client: Client) -> None:
    sample = Sample(owner_group="me", sample_name="Salt", sample_characteristics={"mass": 3})
    uploaded = client.upload_new_sample_now(sample)
    assert uploaded.sample_id is not None
    assert client.get_sample(uploaded.sample_id) == uploaded
    assert uploaded.sample_name == "Salt"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (True, sorted(CONTENT)),
        (False, []),
        ("a.dat", ["a.dat"]),
        (["a.dat", "sub/b.dat"], ["a.dat", "sub/b.dat"]),
        (("sub/b.dat",), ["sub/b.dat"]),
        (re.compile("^sub/"), ["sub/b.dat", "sub/deep/c ü.dat"]),
        (lambda file: file.size == 0, ["sub/b.dat"]),
    ],
)
def test_selection(
    client: Client, dataset: Dataset, tmp_path: Path, select: Any, expected: list[str]
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    target = tmp_path / "target"
    assert uploaded.pid is not None
    client.download_files(client.get_dataset(uploaded.pid), target=target, select=select)
    assert (sorted(tree(target)) if target.exists() else []) == expected


def test_misspelt_names_are_refused(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    with pytest.raises(ValueError, match=r"no file 'b\.dat'"):
        client.download_files(uploaded, target=tmp_path / "target", select="b.dat")
    with pytest.raises(ValueError, match="and others"):
        client.download_files(uploaded, target=tmp_path / "target", select=[str(i) for i in range(9)])


def test_what_is_there_is_not_downloaded_again(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    target = tmp_path / "target"
    client.download_files(uploaded, target=target)
    (target / "a.dat").write_bytes(b"changed")
    totals: list[int] = []
    client.download_files(uploaded, target=target, on_progress=lambda p: totals.append(p.files_total))
    assert set(totals) == {1}
    assert tree(target) == CONTENT
    totals.clear()
    client.download_files(
        uploaded, target=target, force=True, on_progress=lambda p: totals.append(p.files_total)
    )
    assert set(totals) == {3}


def test_progress_adds_up(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    seen: list[Progress] = []
    uploaded = client.upload_new_dataset_now(dataset, on_progress=seen.append)
    assert list(dict.fromkeys(p.phase for p in seen)) == [
        "checking",
        "moving",
        "verifying",
        "registering",
        "done",
    ]
    for last in (seen[-1],):
        assert (last.bytes_done, last.files_done) == (last.bytes_total, last.files_total) == (dataset.size, 3)
    seen.clear()
    client.download_files(uploaded, target=tmp_path / "target", on_progress=seen.append)
    assert (seen[-1].phase, seen[-1].bytes_done, seen[-1].files_done) == ("done", dataset.size, 3)


def test_a_dataset_without_files_needs_no_transfer(dataset: Dataset) -> None:
    with EmbeddedCatalogue() as catalogue, connected(catalogue, None) as client:
        with pytest.raises(ConfigurationError, match="no file transfer"):
            client.upload_new_dataset_now(dataset)
        uploaded = client.upload_new_dataset_now(dataset.replace(files=(), source_folder="/data"))
        assert client.get_dataset(str(uploaded.pid)).number_of_files == 0
        assert client.file_transfer is None
        with pytest.raises(ConfigurationError, match="no file transfer"):
            client.download_files(uploaded, target="x")


def test_files_that_are_there_already_are_registered(tmp_path: Path, dataset: Dataset) -> None:
    files = [File.from_remote("x.dat", 5, "2026-03-01T12:00:00Z", checksum="ab", checksum_algorithm="md5")]
    with EmbeddedCatalogue() as catalogue, connected(catalogue, None) as client:
        uploaded = client.upload_new_dataset_now(dataset.replace(files=files, source_folder="/data"))
        assert client.get_dataset(str(uploaded.pid)).files == tuple(files)


def test_algorithms_get_blocks_of_their_own(client: Client, dataset: Dataset, source: Path) -> None:
    algorithms = ["md5", None, "sha256"]
    files = [
        File.from_local(source / name, remote_path=name, checksum_algorithm=algorithm)
        for name, algorithm in zip(CONTENT, algorithms, strict=True)
    ]
    uploaded = client.upload_new_dataset_now(dataset.replace(files=files))
    assert uploaded.pid is not None
    found = client.get_dataset(uploaded.pid).files
    assert {file.remote_path.posix: file.checksum_algorithm for file in found} == dict(
        zip(CONTENT, algorithms, strict=True)
    )


def test_many_files_are_split_into_blocks(client: Client, dataset: Dataset) -> None:
    files = [File.from_remote(f"f{index}", 1, "2026-03-01T12:00:00Z") for index in range(FILES_PER_BLOCK + 1)]
    uploaded = client.upload_new_dataset_now(dataset.replace(files=files, source_folder="/data"))
    assert uploaded.pid is not None
    assert len(client.scicat.get_orig_datablock_models(uploaded.pid)) == 2
    assert client.get_dataset(uploaded.pid).number_of_files == FILES_PER_BLOCK + 1


# What fails


@contextmanager
def connected(
    catalogue: EmbeddedCatalogue,
    transfer: Any,
    intrude: Callable[[httpx.Request], httpx.Response | None] = lambda _: None,
) -> Iterator[Client]:
    inner = httpx.WSGITransport(app=catalogue.wsgi)

    class Intruding(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return intrude(request) or inner.handle_request(request)

    token = catalogue.token_for("me")
    scicat = ScicatClient.from_token("http://localhost", token, transport=Intruding(), retry_for=1)
    with Client(client=scicat, file_transfer=transfer) as client:
        yield client


def transfer_to(tmp_path: Path) -> CopyFileTransfer:
    return CopyFileTransfer(source_folder=f"{tmp_path.as_posix()}/there/{{uid}}")


def answer_create(status: int, *, lost: bool = False) -> Callable[[httpx.Request], httpx.Response | None]:
    def intrude(request: httpx.Request) -> httpx.Response | None:
        if (request.method, request.url.path) == ("POST", "/api/v4/datasets"):
            if lost:
                raise httpx.ReadTimeout("lost")
            return httpx.Response(status, json={"message": "no"})
        return None

    return intrude


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ScicatCommError), (403, ForbiddenError), (409, ConflictError)]
)
def test_a_refused_dataset_leaves_nothing(
    dataset: Dataset, tmp_path: Path, status: int, kind: type[Exception]
) -> None:
    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), answer_create(status)) as client,
        pytest.raises(kind),
    ):
        client.upload_new_dataset_now(dataset)
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("status", "lost", "message"),
    [
        (500, False, "The catalogue does not have the dataset"),
        (200, True, "The catalogue does not have the dataset"),
        (401, False, "The catalogue does not have the dataset"),
        (429, False, "The catalogue does not have the dataset"),
    ],
)
def test_files_stay_when_the_dataset_is_not_surely_refused(
    dataset: Dataset, tmp_path: Path, status: int, lost: bool, message: str
) -> None:
    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), answer_create(status, lost=lost)) as client,
        pytest.raises(UploadInterrupted, match=message) as caught,
    ):
        client.upload_new_dataset_now(dataset)
    assert tree(Path(str(caught.value.source_folder))) == CONTENT


def test_a_dataset_without_its_files_is_told(dataset: Dataset, tmp_path: Path) -> None:
    def intrude(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if request.url.path == "/api/v4/origdatablocks" else None

    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), intrude) as client,
        pytest.raises(UploadInterrupted, match="is in the catalogue, but not all of its files") as caught,
    ):
        client.upload_new_dataset_now(dataset)
    assert caught.value.pid is not None
    assert caught.value.journal is not None
    assert tree(Path(str(caught.value.source_folder))) == CONTENT


def test_a_dataset_that_breaks_rules_is_refused_before_anything_is_sent(
    client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    dataset.owner = None
    dataset.meta = {"a": float("nan")}
    dataset.add_files(attrs.evolve(dataset.files[0], remote_path="../x"))
    with pytest.raises(ValidationError) as caught:
        client.upload_new_dataset_now(dataset)
    assert [problem.field for problem in caught.value.problems] == [
        "owner",
        "meta.a",
        "files[3].remote_path",
    ]
    assert not (tmp_path / "local" / "files").exists()


def test_a_dataset_that_the_server_refuses_sends_no_files(tmp_path: Path, dataset: Dataset) -> None:
    dataset.owner_group = "others"

    def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.url.path.endswith("isValid") else None

    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), refuse) as client,
        pytest.raises(ForbiddenError),
    ):
        client.upload_new_dataset_now(dataset)
    assert not (tmp_path / "there").exists()


def test_a_local_file_that_is_gone_is_refused(client: Client, dataset: Dataset, source: Path) -> None:
    (source / "a.dat").unlink()
    with pytest.raises(FileNotAccessibleError, match="not there any more"):
        client.upload_new_dataset_now(dataset)


class Corrupting(CopyFileTransfer):
    """Damages what it moves."""

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyUploadConnection]:
        with super().connect_for_upload(dataset, representative_file_path) as connection:
            send = connection.send_files

            def send_badly(
                requests: Sequence[SendRequest],
                *,
                on_progress: ProgressCallback | None = None,
                on_sent: SentCallback | None = None,
            ) -> list[Sent]:
                sent = send(requests, on_progress=on_progress, on_sent=on_sent)
                Path(requests[0].remote.posix).write_bytes(b"damage")
                # As transfers do that leave it to others to compare.
                return [attrs.evolve(one, verified=None) for one in sent]

            connection.send_files = send_badly  # type: ignore[method-assign]  # a fault
            yield connection

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyDownloadConnection]:
        with super().connect_for_download(dataset, representative_file_path) as connection:
            fetch = connection.fetch_files

            def fetch_badly(
                requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
            ) -> list[Fetched]:
                fetched = fetch(requests, on_progress=on_progress)
                requests[0].local.write_bytes(b"x" * fetched[0].size)
                return [attrs.evolve(fetched[0], checksum=None), *fetched[1:]]

            connection.fetch_files = fetch_badly  # type: ignore[method-assign]  # a fault
            yield connection


def test_files_that_arrive_damaged_are_undone(tmp_path: Path, dataset: Dataset) -> None:
    transfer = Corrupting(source_folder=f"{tmp_path.as_posix()}/there/{{uid}}")
    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer) as client,
        pytest.raises(IntegrityError, match="did not arrive as they were sent"),
    ):
        client.upload_new_dataset_now(dataset)
    assert not (tmp_path / "there").exists()


def test_files_that_are_damaged_on_the_way_are_named_and_the_others_in_place(
    tmp_path: Path, client: Client, dataset: Dataset
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    bad = Client(client=client.scicat, file_transfer=Corrupting())
    with pytest.raises(IntegrityError, match=r"a\.dat: its blake2b is"):
        bad.download_files(uploaded, target=tmp_path / "target")
    assert names(tmp_path / "target") == ["sub", "sub/b.dat", "sub/deep", "sub/deep/c ü.dat"]


def test_files_that_changed_on_the_server_are_found(tmp_path: Path, client: Client, dataset: Dataset) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    (Path(str(uploaded.source_folder)) / "a.dat").write_bytes(b"short")
    with pytest.raises(IntegrityError, match="5 bytes instead of 6000"):
        client.download_files(uploaded, target=tmp_path / "target", select="a.dat")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("missing", [["a.dat"], ["sub/deep/c ü.dat"], ["a.dat", "sub/b.dat"]])
def test_missing_files_are_named_before_anything_moves(
    tmp_path: Path, client: Client, dataset: Dataset, missing: list[str]
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    for name in missing:
        (Path(str(uploaded.source_folder)) / name).unlink()
    with pytest.raises(
        FileNotAccessibleError, match=rf"{len(missing)} of 3 file\(s\) are not on the file server"
    ) as caught:
        client.download_files(uploaded, target=tmp_path / "target")
    assert all(str(RemotePath(uploaded.source_folder or "", name)) in str(caught.value) for name in missing)
    assert not (tmp_path / "target").exists()
    others = [name for name in CONTENT if name not in missing]
    client.download_files(uploaded, target=tmp_path / "target", select=others)
    assert sorted(tree(tmp_path / "target")) == sorted(others)


@pytest.mark.parametrize(
    ("lifecycle", "message"),
    [
        (Lifecycle(archivable=False, retrievable=True), "can be retrieved: ask for that"),
        (
            Lifecycle(archivable=False, retrievable=False, archive_status_message="archiving"),
            r"\(status 'archiving'\), and cannot be retrieved",
        ),
        (Lifecycle(is_on_central_disk=False), "cannot be retrieved: ask those who run the archive"),
        (Lifecycle(archivable=True, is_on_central_disk=True), "may have been moved|No such file"),
        (None, "may have been moved|No such file"),
    ],
)
@pytest.mark.parametrize("all_of_them", [False, True])
def test_archived_files_are_told(
    tmp_path: Path,
    client: Client,
    dataset: Dataset,
    lifecycle: Lifecycle | None,
    message: str,
    all_of_them: bool,
) -> None:
    uploaded = client.upload_new_dataset_now(dataset).replace(lifecycle=lifecycle)
    for name in CONTENT if all_of_them else ["sub/b.dat"]:
        (Path(str(uploaded.source_folder)) / name).unlink()
    with pytest.raises(FileNotAccessibleError, match=message):
        client.download_files(uploaded, target=tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_dataset_that_is_retrieved_is_downloaded_whatever_is_said_of_the_archive(
    tmp_path: Path, client: Client, dataset: Dataset
) -> None:
    archived = Lifecycle(archivable=False, retrievable=False, is_on_central_disk=False)
    uploaded = client.upload_new_dataset_now(dataset).replace(lifecycle=archived)
    client.download_files(uploaded, target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT


class Breaking(CopyFileTransfer):
    """Breaks after some bytes, once."""

    broken = False

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyDownloadConnection]:
        with super().connect_for_download(dataset, representative_file_path) as connection:
            if not self.broken:
                self.broken = True
                connection.fetch_files = self.fetch_some  # type: ignore[method-assign]  # a fault
            yield connection

    def fetch_some(
        self, requests: Sequence[FetchRequest], *, on_progress: ProgressCallback | None = None
    ) -> list[Fetched]:
        del on_progress
        requests[0].local.write_bytes(self.beginning)
        raise HostNotReachableError("The connection broke.", hint="Run it again.")

    beginning = CONTENT["a.dat"][:1000]


@pytest.mark.parametrize(("beginning", "moved"), [(CONTENT["a.dat"][:1000], 6000), (b"x" * 1000, 6000)])
def test_a_broken_download_goes_on(
    tmp_path: Path, client: Client, dataset: Dataset, beginning: bytes, moved: int
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    transfer = Breaking()
    transfer.beginning = beginning
    breaking = Client(client=client.scicat, file_transfer=transfer)
    target = tmp_path / "target"
    with pytest.raises(HostNotReachableError):
        breaking.download_files(uploaded, target=target, select="a.dat")
    assert "a.dat" not in names(target)
    seen: list[Progress] = []
    breaking.download_files(uploaded, target=target, select="a.dat", on_progress=seen.append)
    assert tree(target) == {"a.dat": CONTENT["a.dat"]}
    assert seen[-1].bytes_done == moved
    assert seen[-1].files_done == 1


class Plain:
    """A facility's own transfer with nothing beyond the protocol."""

    def __init__(self, folder: Path) -> None:
        self.inner = CopyFileTransfer(source_folder=folder.as_posix())
        self.reverted: list[File] = []

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        return self.inner.source_folder_for(dataset)

    @contextmanager
    def connect_for_upload(self, dataset: Dataset, representative_file_path: RemotePath) -> Iterator[Any]:
        with self.inner.connect_for_upload(dataset, representative_file_path) as inner:

            class Connection:
                upload_files = inner.upload_files
                revert_upload = inner.revert_upload

            yield Connection

    @contextmanager
    def connect_for_download(self, dataset: Dataset, representative_file_path: RemotePath) -> Iterator[Any]:
        with self.inner.connect_for_download(dataset, representative_file_path) as inner:

            class Connection:
                download_files = inner.download_files

            yield Connection


def test_a_plain_transfer_works_too(tmp_path: Path, dataset: Dataset) -> None:
    with EmbeddedCatalogue() as catalogue, connected(catalogue, Plain(tmp_path / "there")) as client:
        uploaded = client.upload_new_dataset_now(dataset)
        client.download_files(uploaded, target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT


# Hostile and odd catalogues and targets


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a\0b"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, client: Client, path: str) -> None:
    files = [File.from_remote(path, 1, "2026-03-01T12:00:00Z")]
    hostile = Dataset(type="raw", source_folder="/data", files=files)
    with pytest.raises(FileNotAccessibleError, match="cannot be downloaded as the catalogue has them"):
        client.download_files(hostile, target=tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("size", [None, "12", -1, 2**60])
def test_files_of_odd_sizes_are_refused(tmp_path: Path, client: Client, size: Any) -> None:
    file = attrs.evolve(File.from_remote("a", 1, "2026-03-01T12:00:00Z"), remote_size=size)
    odd = Dataset(type="raw", source_folder="/data", files=[file])
    with pytest.raises(FileNotAccessibleError, match=r"remote_size is .*; expected (a|an|at) "):
        client.download_files(odd, target=tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_links_in_the_target_are_not_written_through(
    tmp_path: Path, client: Client, dataset: Dataset
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    target, precious = tmp_path / "target", tmp_path / "precious"
    target.mkdir()
    precious.mkdir()
    (target / "sub").symlink_to(precious)
    with pytest.raises(FileNotAccessibleError, match="through a link"):
        client.download_files(uploaded, target=target)
    assert names(precious) == []
    (precious / "raw.dat").write_bytes(b"raw")
    (target / "a.dat").symlink_to(precious / "raw.dat")
    client.download_files(uploaded, target=target, select="a.dat")
    assert (precious / "raw.dat").read_bytes() == b"raw"
    assert (target / "a.dat").read_bytes() == CONTENT["a.dat"]
    assert not (target / "a.dat").is_symlink()


def test_targets_that_cannot_be(tmp_path: Path, client: Client, dataset: Dataset) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="it is a file"):
        client.download_files(uploaded, target=tmp_path / "file")
    with pytest.raises(FileNotAccessibleError, match="Cannot write"):
        client.download_files(uploaded, target=tmp_path / "file" / "below")
    (tmp_path / "target" / "a.dat").mkdir(parents=True)
    with pytest.raises(FileNotAccessibleError, match="There is a folder"):
        client.download_files(uploaded, target=tmp_path / "target")
    with pytest.raises(ConfigurationError, match="no source folder"):
        client.download_files(uploaded.replace(source_folder=None), target=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_an_upload_does_not_overwrite(tmp_path: Path, dataset: Dataset) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.dat").write_text("precious")
    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, CopyFileTransfer(source_folder=(tmp_path / "there").as_posix())) as client,
        pytest.raises(FileUploadError, match="never overwritten"),
    ):
        client.upload_new_dataset_now(dataset)
    assert tree(tmp_path / "there") == {"a.dat": b"precious"}


def test_a_server_that_is_gone_has_nothing_and_the_files_wait_for_it(
    dataset: Dataset, tmp_path: Path
) -> None:
    gone = True

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if gone and (request.method, request.url.path) == ("POST", "/api/v4/datasets"):
            raise httpx.ConnectError("refused")
        return None

    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), refuse) as client,
    ):
        with pytest.raises(UploadInterrupted, match="The catalogue does not have the dataset") as caught:
            client.upload_new_dataset_now(dataset)
        assert isinstance(caught.value.__cause__, ServerUnreachableError)
        gone = False
        uploaded = client.upload_new_dataset_now(dataset)
        assert [one.pid for one in client.scicat.query_datasets({})] == [str(uploaded.pid)]
    assert tree(Path(str(uploaded.source_folder))) == CONTENT


def test_a_dataset_without_files_may_be_there_too(dataset: Dataset) -> None:
    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, None, answer_create(200, lost=True)) as client,
        pytest.raises(UploadInterrupted, match="The catalogue does not have the dataset"),
    ):
        client.upload_new_dataset_now(dataset.replace(files=(), source_folder="/data"))


def test_uploading_twice_leaves_the_first_alone(tmp_path: Path, dataset: Dataset) -> None:
    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path)) as client,
    ):
        first = client.upload_new_dataset_now(dataset)
        with pytest.raises(ConflictError, match=f"has this dataset already, as {first.pid}"):
            client.upload_new_dataset_now(dataset)
        client.download_files(client.get_dataset(str(first.pid)), target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT


def test_names_that_are_no_text_are_refused_before_anything_is_sent(
    client: Client, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    name = os.fsdecode(b"temp\xe9rature.dat")
    (source / name).write_text("3 K")
    dataset.add_files(File.from_local(source / name))
    with pytest.raises(ValidationError, match="no valid unicode"):
        client.upload_new_dataset_now(dataset)
    assert not (tmp_path / "local" / "files").exists()
    assert client.scicat.query_datasets({}) == []


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment(caption=3),  # type: ignore[arg-type]  # a mistake
        Attachment(caption="large", thumbnail=Thumbnail("image/png", PICTURE + bytes(9_000_000))),
    ],
)
def test_attachments_that_cannot_go_are_refused_before_anything_is_sent(
    client: Client, dataset: Dataset, attachment: Attachment
) -> None:
    dataset.attachments = [attachment]
    with pytest.raises(ValidationError, match=r"attachments\[0\]"):
        client.upload_new_dataset_now(dataset)
    assert client.scicat.query_datasets({}) == []


def test_what_is_registered_is_what_was_sent(
    client: Client, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    def grow(progress: Progress) -> None:
        if progress.phase == "registering":
            (source / "a.dat").write_text("changed")
            (source / "sub" / "b.dat").unlink()

    uploaded = client.upload_new_dataset_now(dataset, on_progress=grow)
    assert uploaded.pid is not None
    client.download_files(client.get_dataset(uploaded.pid), target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT


@pytest.mark.parametrize("where", ["/api/v4/datasets", "/api/v4/origdatablocks"])
def test_an_interrupt_while_registering_says_what_is_where(
    dataset: Dataset, tmp_path: Path, where: str
) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response | None:
        if (request.method, request.url.path) == ("POST", where):
            raise KeyboardInterrupt
        return None

    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), interrupt) as client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        client.upload_new_dataset_now(dataset)
    (folder,) = (tmp_path / "there").iterdir()
    assert any(str(folder) in note for note in caught.value.__notes__)
    assert tree(folder) == CONTENT


def test_long_paths_are_split_by_their_size(client: Client, dataset: Dataset) -> None:
    folder = "/".join(["x" * 250] * 12)
    files = [File.from_remote(f"{folder}/f{i}", 1, "2026-03-01T12:00:00Z") for i in range(5_000)]
    uploaded = client.upload_new_dataset_now(dataset.replace(files=files, source_folder="/data"))
    assert uploaded.pid is not None
    blocks = client.scicat.get_orig_datablock_models(uploaded.pid)
    assert len(blocks) > 1
    assert all(len(json.dumps(block.to_dict())) < BYTES_PER_BLOCK for block in blocks)
    assert client.get_dataset(uploaded.pid).number_of_files == 5_000


def test_one_dataset_has_one_folder(client: Client, dataset: Dataset, source: Path) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    assert uploaded.pid is not None
    (source / "new.dat").write_text("new")
    again = client.get_dataset(uploaded.pid).replace(pid=None, uid="another")
    again.add_local_files(source / "new.dat")
    with pytest.raises(ConfigurationError, match="one dataset has one folder"):
        client.upload_new_dataset_now(again)


def test_files_that_one_may_not_see_are_missed(
    dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def hide(request: httpx.Request) -> httpx.Response | None:
        hidden = (request.method, request.url.path) == ("GET", "/api/v4/origdatablocks")
        return httpx.Response(200, json=[]) if hidden else None

    with (
        EmbeddedCatalogue() as catalogue,
        connected(catalogue, transfer_to(tmp_path), hide) as client,
    ):
        uploaded = client.upload_new_dataset_now(dataset)
        assert client.get_dataset(str(uploaded.pid)).number_of_files == 0
        assert "files  0      all 3 files; you may not be allowed to see the others" in caplog.text
        with pytest.raises(ValidationError, match="all 3 files"):
            client.get_dataset(str(uploaded.pid), strict_validation=True)


def test_published_datasets_have_public_files(dataset: Dataset, tmp_path: Path) -> None:
    dataset.is_published = True
    with EmbeddedCatalogue() as catalogue, connected(catalogue, transfer_to(tmp_path)) as client:
        uploaded = client.upload_new_dataset_now(dataset)
        public = Client(
            client=ScicatClient.without_login(
                "http://localhost", transport=httpx.WSGITransport(app=catalogue.wsgi)
            ),
            file_transfer=CopyFileTransfer(),
        )
        with public:
            found = public.get_dataset(str(uploaded.pid), strict_validation=True)
            public.download_files(found, target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT


# Downloads of what the catalogue has wrong


def one_file(tmp_path: Path, content: bytes, **fields: Any) -> Dataset:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "a.dat").write_bytes(content)
    file = attrs.evolve(File.from_remote("a.dat", len(content), TIME), **_renamed(fields))
    return Dataset(type="raw", source_folder=(tmp_path / "data").as_posix(), files=[file])


def _renamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name if name == "checksum_algorithm" else f"remote_{name}": value for name, value in fields.items()
    }


TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "checksum", [{}, {"checksum": "ab"}, {"checksum": "ab", "checksum_algorithm": "crc-7"}]
)
@pytest.mark.parametrize("force", [False, True])
def test_without_checksum_nothing_old_is_used_and_that_is_said(
    tmp_path: Path, client: Client, checksum: Any, force: bool, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = one_file(tmp_path, b"abcdefgh", **checksum)
    target = tmp_path / "target"
    target.mkdir()
    (file,) = dataset.files
    partial = partial_name("a.dat", RemotePath(dataset.source_folder or "", "a.dat"), 8, file.remote_checksum)
    (target / partial).write_bytes(b"XXXX")
    client.download_files(dataset, target=target, force=force)
    assert tree(target) == {"a.dat": b"abcdefgh"}
    assert "their content was not" in caplog.text


def test_partial_files_that_are_links_are_not_written_through(tmp_path: Path, client: Client) -> None:
    digest = hashlib.sha256(b"abcdefgh").hexdigest()
    dataset = one_file(tmp_path, b"abcdefgh", checksum=digest, checksum_algorithm="sha256")
    target, precious = tmp_path / "target", tmp_path / "precious"
    target.mkdir()
    precious.write_bytes(b"raw")
    partial = partial_name("a.dat", RemotePath(dataset.source_folder or "", "a.dat"), 8, digest)
    (target / partial).symlink_to(precious)
    client.download_files(dataset, target=target)
    assert precious.read_bytes() == b"raw"
    assert tree(target) == {"a.dat": b"abcdefgh"}
    assert not (target / "a.dat").is_symlink()


@pytest.mark.parametrize(("told", "moved"), [(True, 0), (False, 8)])
def test_more_than_the_catalogue_says_is_not_fetched(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch, told: bool, moved: int
) -> None:
    if not told:
        monkeypatch.setattr(FilesHere, "look_up", lambda _, paths: dict.fromkeys(paths))
    dataset = one_file(tmp_path, b"x" * 5_000_000, size=8)
    seen: list[Progress] = []
    with pytest.raises(IntegrityError, match="5000000 bytes instead of 8"):
        client.download_files(dataset, target=tmp_path / "target", on_progress=seen.append)
    assert (seen[-1].bytes_done, seen[-1].bytes_total) == (moved, moved)
    assert not (tmp_path / "target").exists()


def test_wrong_sizes_are_said_before_the_others_move(
    tmp_path: Path, client: Client, dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    (Path(str(uploaded.source_folder)) / "a.dat").write_bytes(b"short")
    said: list[bool] = []
    with pytest.raises(IntegrityError, match=r"a\.dat: it has 5 bytes instead of 6000") as caught:
        client.download_files(
            uploaded,
            target=tmp_path / "target",
            on_progress=lambda state: said.append("1 of 3 file(s) have another size" in caplog.text),
        )
    assert said[-1]
    assert caught.value.paths == (tmp_path / "target" / "a.dat",)
    assert caught.value.remote_paths == ("a.dat",)
    assert sorted(tree(tmp_path / "target")) == ["sub/b.dat", "sub/deep/c ü.dat"]


def test_a_file_that_is_also_a_folder_is_refused(tmp_path: Path, client: Client) -> None:
    files = [File.from_remote(path, 1, TIME) for path in ("a", "a/b")]
    dataset = Dataset(type="raw", source_folder="/data", files=files)
    with pytest.raises(FileNotAccessibleError, match="no folder of another file"):
        client.download_files(dataset, target=tmp_path / "target")
