"""What makes an upload impossible is found before anything else is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scitacean import Client, Dataset, FileNotAccessibleError, ValidationError
from scitacean.errors import LocalFileNotFoundError, ScicatError, ValidationWarning
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.workflow.preflight import check_new_dataset, with_source_folder


def nothing_was_sent(client: Client, tmp_path: Path) -> bool:
    return client.scicat.query_datasets({}) == [] and not (tmp_path / "local" / "files").exists()


def deep() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(100_000):
        found = {"a": found}
    return found


@pytest.mark.parametrize("meta", [{"a": threading.Lock()}, deep()], ids=["no data", "deep"])
def test_what_cannot_be_copied_is_a_problem(
    client: Client, dataset: Dataset, tmp_path: Path, meta: dict[str, Any]
) -> None:
    dataset.meta = meta
    with pytest.raises(ValidationError) as caught:
        client.upload_new_dataset_now(dataset)
    assert {problem.field.partition(".")[0] for problem in caught.value.problems} == {"meta"}
    assert nothing_was_sent(client, tmp_path)


def test_what_is_no_file_is_a_problem(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    odd: Any = ["x"]
    with pytest.raises(ValidationError, match=r"files\[3\]"):
        client.upload_new_dataset_now(dataset.replace(files=[*dataset.files, *odd]))
    assert nothing_was_sent(client, tmp_path)


def test_missing_fields_are_found_before_a_folder_is_made_of_them(client: Client, dataset: Dataset) -> None:
    dataset.name = dataset.owner = None
    named = Client(client=client.scicat, file_transfer=CopyFileTransfer(source_folder="/data/{name}"))
    with pytest.raises(ValidationError) as caught:
        named.upload_new_dataset_now(dataset)
    assert [problem.field for problem in caught.value.problems] == ["name", "owner"]


def test_a_folder_that_the_transfer_replaces_need_not_be_good(client: Client, dataset: Dataset) -> None:
    dataset.source_folder = "run-7"  # type: ignore[assignment]  # converted
    uploaded = client.upload_new_dataset_now(dataset)
    assert uploaded.source_folder is not None
    assert uploaded.source_folder.is_absolute()


@pytest.mark.parametrize("pattern", ["data/{name}", None])
def test_the_folder_itself_is_checked_too(
    client: Client, dataset: Dataset, tmp_path: Path, pattern: str | None
) -> None:
    relative = Client(client=client.scicat, file_transfer=CopyFileTransfer(source_folder=pattern))
    with pytest.raises(ValidationError) as caught:
        relative.upload_new_dataset_now(dataset.replace(source_folder="data"))
    assert [problem.field for problem in caught.value.problems] == ["source_folder"]
    assert nothing_was_sent(client, tmp_path)


def test_without_files_the_folder_is_a_field_as_others(client: Client, dataset: Dataset) -> None:
    with pytest.raises(ValidationError) as caught:
        client.upload_new_dataset_now(dataset.replace(files=(), name=None))
    assert [problem.field for problem in caught.value.problems] == ["name", "source_folder"]


def test_warnings_come_once(client: Client, dataset: Dataset) -> None:
    dataset.meta = {"counts": 2**60}
    with pytest.warns(ValidationWarning, match="may not give back") as caught:
        client.upload_new_dataset_now(dataset)
    assert len(caught) == 1


def test_the_dataset_is_left_as_it_is(dataset: Dataset, tmp_path: Path) -> None:
    before = dataset.replace()
    assert [one.file for one in check_new_dataset(dataset)] == list(dataset.files)
    filled = with_source_folder(dataset, CopyFileTransfer(source_folder=tmp_path.as_posix()))
    assert dataset == before
    assert filled == before.replace(source_folder=tmp_path.as_posix())


@pytest.mark.parametrize(
    ("locked", "mode"), [("a.dat", 0o200), ("sub/deep", 0o000), ("sub", 0o600), (".", 0o000)]
)
def test_files_that_cannot_be_read(
    client: Client,
    dataset: Dataset,
    source: Path,
    tmp_path: Path,
    as_anybody: Callable[[Callable[[], object]], object],
    locked: str,
    mode: int,
) -> None:
    old = (source / locked).stat().st_mode
    (source / locked).chmod(mode)
    with pytest.raises(FileNotAccessibleError, match="Permission denied; nothing was sent"):
        as_anybody(lambda: client.upload_new_dataset_now(dataset))
    (source / locked).chmod(old)
    assert nothing_was_sent(client, tmp_path)
    client.upload_new_dataset_now(dataset)


def test_files_that_are_gone(client: Client, dataset: Dataset, source: Path, tmp_path: Path) -> None:
    (source / "a.dat").unlink()
    for _ in range(2):
        with pytest.raises(LocalFileNotFoundError, match="not there any more") as caught:
            client.upload_new_dataset_now(dataset)
        assert isinstance(caught.value, ScicatError)
        (source / "a.dat").mkdir(exist_ok=True)
    assert nothing_was_sent(client, tmp_path)
