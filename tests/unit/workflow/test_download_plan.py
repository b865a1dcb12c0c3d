"""Where downloads go, and what makes them impossible."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Client, Dataset, File, FileNotAccessibleError
from scitacean.errors import LocalFileNotFoundError
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.workflow import download_plan
from scitacean.workflow.download_plan import local_errors, plan_download
from scitacean.workflow.progress import Progress

TIME = "2026-03-01T12:00:00Z"


def there(folder: Path, *files: File) -> Dataset:
    """Make a dataset of files that all have the content ``abc`` on the server."""
    for file in files:
        path = folder / file.remote_path.posix
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"abc")
    return Dataset(type="raw", source_folder=folder.as_posix(), files=files)


def entry(path: str, **fields: Any) -> File:
    digest = hashlib.sha256(b"abc").hexdigest()
    return attrs.evolve(File.from_remote(path, 3, TIME, digest, "sha256"), **fields)


@pytest.fixture
def client(client: Client) -> Client:
    return Client(client=client.scicat, file_transfer=CopyFileTransfer())


# One path twice


def test_entries_that_say_the_same_are_one_file(client: Client, tmp_path: Path) -> None:
    dataset = there(tmp_path / "data", entry("b"), entry("a"), entry("b", remote_gid="users"))
    seen: list[Progress] = []
    found = client.download_files(dataset, target=tmp_path / "target", on_progress=seen.append)
    assert seen[-1].files_total == 2
    assert [file.local_path for file in found.files] == [tmp_path / "target" / name for name in "bab"]
    assert [file.remote_gid for file in found.files] == [None, None, "users"]


@pytest.mark.parametrize(
    "other", [{"remote_checksum": "0" * 64}, {"remote_size": 4}, {"checksum_algorithm": "blake2b"}]
)
def test_entries_that_say_different_things_are_refused(
    client: Client, tmp_path: Path, other: dict[str, Any]
) -> None:
    dataset = there(tmp_path / "data", entry("b"), entry("b", **other))
    with pytest.raises(FileNotAccessibleError, match="a path that no other file has") as caught:
        client.download_files(dataset, target=tmp_path / "target")
    assert "1 file(s) cannot be downloaded" in str(caught.value)
    assert not (tmp_path / "target").exists()


def test_only_what_is_selected_is_replaced(client: Client, tmp_path: Path) -> None:
    dataset = there(tmp_path / "data", entry("b", remote_checksum="0" * 64), entry("b"))
    found = client.download_files(
        dataset, target=tmp_path / "target", select=lambda file: file.remote_checksum != "0" * 64
    )
    assert [file.local_path for file in found.files] == [None, tmp_path / "target" / "b"]
    assert [file.remote_checksum for file in found.files] == [f.remote_checksum for f in dataset.files]


def test_systems_that_do_not_tell_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dataset = there(tmp_path / "data", entry("run/A"), entry("run/a"))
    assert len(plan_download(dataset, dataset.files, tmp_path, force=False)) == 2
    monkeypatch.setattr(download_plan, "_MACOS", True)
    with pytest.raises(FileNotAccessibleError, match="a path that no other file has"):
        plan_download(dataset, dataset.files, tmp_path, force=False)


@given(
    names=st.lists(st.sampled_from(["a", "a/b", "b", "./b", "b//c", "../a", "/a", "", "c"]), min_size=1),
)
def test_a_plan_has_each_file_once_or_there_is_none(names: list[str]) -> None:
    files = [entry(name) for name in names]
    dataset = Dataset(type="raw", source_folder="/data", files=files)
    paths = {file.remote_path.posix for file in files}
    folders = {path.rpartition("/")[0] for path in paths}
    bad = paths & {"../a", "/a", ".", *folders}
    if bad:
        with pytest.raises(FileNotAccessibleError) as caught:
            plan_download(dataset, files, Path("nowhere"), force=False)
        assert all(repr(path) in str(caught.value) for path in bad)
        return
    items = plan_download(dataset, files, Path("nowhere"), force=False)
    assert {Path(item.target).relative_to("nowhere").as_posix() for item in items} == paths
    assert len(items) == len(paths)


def test_of_many_problems_the_first_are_listed(tmp_path: Path) -> None:
    files = [entry(f"../{index}") for index in range(1_000)]
    dataset = Dataset(type="raw", source_folder="/data", files=files)
    with pytest.raises(
        FileNotAccessibleError, match=r"(?s)1000 file\(s\) cannot.*\n  and 980 more\n"
    ) as caught:
        plan_download(dataset, files, tmp_path, force=False)
    assert len(str(caught.value)) < 5_000


# What the file system cannot have


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, f"{'x' * 255}/{'y' * 255}"])
def test_the_longest_names_are_downloaded(client: Client, tmp_path: Path, name: str) -> None:
    dataset = there(tmp_path / "data", entry(name))
    client.download_files(dataset, target=tmp_path / "target")
    assert (tmp_path / "target" / name).read_bytes() == b"abc"


@pytest.mark.parametrize("name", ["x" * 256, "ü" * 128, f"{'x' * 256}/y", f"y/{'x' * 256}"])
def test_longer_names_are_refused_with_all_others(tmp_path: Path, name: str) -> None:
    files = [entry(name), entry("../x"), entry("good")]
    dataset = Dataset(type="raw", source_folder="/data", files=files)
    with pytest.raises(
        FileNotAccessibleError, match=r"2 file\(s\).*\n.*it has \.\. in it\n.*at most 255 bytes"
    ):
        plan_download(dataset, files, tmp_path / "target", force=False)


def test_the_longest_path_is_downloaded_and_a_longer_one_refused(client: Client, tmp_path: Path) -> None:
    target = tmp_path / "t"
    room = download_plan._LONGEST_PATH - len(str(target).encode()) - download_plan._PARTIAL - 1
    folder = "/".join(["x" * 99] * ((room - 1) // 100))
    longest = folder + "/" + "y" * (room - len(folder) - 1)
    data = Dataset(type="raw", source_folder="/", files=[entry(longest), entry(f"{longest}y")])
    with pytest.raises(
        FileNotAccessibleError, match=rf"1 file.*\n.*a path of at most {room} bytes below this"
    ):
        client.download_files(data, target=target)
    found = client.download_files(
        there(tmp_path / "d", entry(longest)), target=target, checksum_algorithm="sha256"
    )
    assert found.files[0].local_is_up_to_date()


# What one may not read


def test_errors_that_say_what_they_are_about_stay_as_they_are() -> None:
    with pytest.raises(LocalFileNotFoundError, match=r"^It is gone$"), local_errors("read"):
        raise LocalFileNotFoundError("It is gone")


@pytest.mark.parametrize("mode", [0o000, 0o200])
def test_an_unreadable_file_at_the_target_is_fetched_anew(
    client: Client,
    tmp_path: Path,
    as_anybody: Callable[[Callable[[], object]], object],
    mode: int,
) -> None:
    dataset = there(tmp_path / "data", entry("a"))
    target = tmp_path / "target"
    target.mkdir()
    (target / "a").write_bytes(b"xyz")
    (target / "a").chmod(mode)
    as_anybody(lambda: client.download_files(dataset, target=target))
    assert (target / "a").read_bytes() == b"abc"


@pytest.mark.parametrize("target", ["locked", "locked/target", "locked/../locked/target"])
@pytest.mark.parametrize("path", ["a", "sub/a"])
@pytest.mark.parametrize("force", [False, True])
def test_targets_in_locked_folders(
    client: Client,
    tmp_path: Path,
    as_anybody: Callable[[Callable[[], object]], object],
    target: str,
    path: str,
    force: bool,
) -> None:
    dataset = there(tmp_path / "data", entry(path))
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    try:
        with pytest.raises(FileNotAccessibleError, match="Permission denied"):
            as_anybody(lambda: client.download_files(dataset, target=tmp_path / target, force=force))
    finally:
        locked.chmod(0o700)
    assert list(locked.iterdir()) == []


# What many files cost


def test_a_folder_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [entry(f"a/b/c/{folder}/{index}") for folder in "xy" for index in range(500)]
    dataset = Dataset(type="raw", source_folder="/data", files=files)
    looked_at: list[str] = []
    real = os.path.realpath

    def counting(path: str | Path, **options: Any) -> str:
        looked_at.append(str(path))
        return real(path, **options)

    monkeypatch.setattr(os.path, "realpath", counting)
    assert len(plan_download(dataset, files, tmp_path, force=False)) == 1_000
    assert sum(path.startswith(str(tmp_path / "a")) for path in looked_at) == 2
    assert len(looked_at) < 10
