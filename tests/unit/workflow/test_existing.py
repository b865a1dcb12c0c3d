"""Files that are in the target already, and the folders that they are in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from scitacean import Client, ConfigurationError, Dataset, File, FileNotAccessibleError
from scitacean.errors import LocalFileExistsError
from scitacean.model.checksum import Reading, read_files
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.transfer.link import LinkFileTransfer
from scitacean.workflow import checksum_cache, existing
from scitacean.workflow.existing import Existing
from scitacean.workflow.fetching import Fetching

TIME = "2026-03-01T12:00:00Z"
POLICIES: list[Existing] = ["refresh", "skip", "overwrite", "error"]


def entry(path: str, content: bytes, **fields: Any) -> File:
    file = File.from_remote(path, len(content), TIME, hashlib.sha256(content).hexdigest(), "sha256")
    return attrs.evolve(file, **fields)


def there(folder: Path, **contents: bytes) -> Dataset:
    """Make a dataset of files, ``x__y`` for ``x/y``, and the files on the server."""
    for name, content in contents.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    files = [entry(name.replace("__", "/"), content) for name, content in contents.items()]
    return Dataset(type="raw", source_folder=folder.as_posix(), files=files)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def client(client: Client) -> Client:
    return Client(client=client.scicat, file_transfer=CopyFileTransfer())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Give a target with a file that is right, one that is wrong, one of another, and one of the user."""
    for name, content in {"same": b"same", "sub/wrong": b"gnorw", "mine": b"mine"}.items():
        path = tmp_path / "target" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1, 1))
    return tmp_path / "target"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return there(tmp_path / "data", same=b"same", sub__wrong=b"wrong", new=b"new")


@pytest.mark.parametrize(
    ("policy", "wrong", "moved"),
    [("refresh", b"wrong", {"new", "wrong"}), ("skip", b"gnorw", {"new"}), ("overwrite", b"wrong", None)],
)
def test_what_is_there_is_treated_as_said(
    client: Client, dataset: Dataset, target: Path, policy: Existing, wrong: bytes, moved: set[str] | None
) -> None:
    found = client.download_files(dataset, target=target, existing=policy)
    assert tree(target) == {"same": b"same", "sub/wrong": wrong, "new": b"new", "mine": b"mine"}
    new = {path.name for path in target.rglob("*") if path.is_file() and path.stat().st_mtime != 1}
    assert new == ({"same", "new", "wrong"} if moved is None else moved)
    assert [file.local_path for file in found.files] == [
        target / "same",
        target / "sub" / "wrong",
        target / "new",
    ]


def test_files_that_must_not_be_there_are_named_before_anything_moves(
    client: Client, dataset: Dataset, target: Path
) -> None:
    before = tree(target)
    with pytest.raises(LocalFileExistsError, match=r"2 of 3 file\(s\) are in the target already") as caught:
        client.download_files(dataset, target=target, existing="error")
    assert isinstance(caught.value, FileExistsError)
    assert all(str(target / name) in str(caught.value) for name in ("same", "sub/wrong"))
    assert tree(target) == before
    client.download_files(dataset, target=target, existing="error", select="new")
    assert (target / "new").read_bytes() == b"new"


@pytest.mark.parametrize("policy", POLICIES)
def test_an_empty_target_is_filled(
    client: Client, dataset: Dataset, tmp_path: Path, policy: Existing
) -> None:
    client.download_files(dataset, target=tmp_path / "new", existing=policy)
    assert tree(tmp_path / "new") == {"same": b"same", "sub/wrong": b"wrong", "new": b"new"}


def test_force_overwrites(client: Client, dataset: Dataset, target: Path) -> None:
    client.download_files(dataset, target=target, force=True, existing="overwrite")
    assert (target / "same").stat().st_mtime != 1


@pytest.mark.parametrize("policy", ["refresh", "skip", "error", "none", 3])
def test_what_contradicts_itself_is_refused(
    client: Client, dataset: Dataset, target: Path, policy: Any
) -> None:
    before = tree(target)
    with pytest.raises(ConfigurationError, match=r"contradict|There is no way"):
        client.download_files(dataset, target=target, force=True, existing=policy)
    assert tree(target) == before


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("dangling", [False, True])
def test_links_in_the_target_are_neither_followed_nor_written_through(
    client: Client, dataset: Dataset, tmp_path: Path, policy: Existing, dangling: bool
) -> None:
    precious = tmp_path / "precious"
    if not dangling:
        precious.write_bytes(b"same")
    target = tmp_path / "target"
    target.mkdir()
    (target / "same").symlink_to(precious)
    try:
        client.download_files(dataset, target=target, existing=policy)
    except LocalFileExistsError:
        assert policy == "error"
    assert precious.exists() is not dangling
    assert (target / "same").is_symlink() is (policy in ("skip", "error"))
    if not dangling:
        assert precious.read_bytes() == b"same"
        assert precious.stat().st_nlink == 1


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("flatten", [False, True])
def test_folders_that_lead_out_of_the_target_are_refused_or_not_needed(
    client: Client, dataset: Dataset, tmp_path: Path, policy: Existing, flatten: bool
) -> None:
    target, precious = tmp_path / "target", tmp_path / "precious"
    target.mkdir()
    precious.mkdir()
    (target / "sub").symlink_to(precious)
    if flatten:
        client.download_files(dataset, target=target, existing=policy, flatten=True)
        assert (target / "wrong").read_bytes() == b"wrong"
    else:
        with pytest.raises(FileNotAccessibleError, match="through a link"):
            client.download_files(dataset, target=target, existing=policy)
        client.download_files(dataset, target=target, existing=policy, select=["same", "new"])
    assert list(precious.iterdir()) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_links_and_second_names_leave_the_files_of_the_server_alone(
    client: Client, dataset: Dataset, tmp_path: Path, policy: Existing
) -> None:
    on_server = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*")}
    for name, transfer in (("link", LinkFileTransfer()), ("hard", CopyFileTransfer(hard_link=True))):
        with Client(client=client.scicat, file_transfer=transfer) as other:
            other.download_files(dataset, target=tmp_path / name, existing=policy)
            if policy != "error":
                other.download_files(dataset, target=tmp_path / name, existing=policy)
        assert tree(tmp_path / name) == {"same": b"same", "sub/wrong": b"wrong", "new": b"new"}
    assert {path: path.stat().st_mtime_ns for path in on_server} == on_server


# Without folders


def test_folders_are_left_out(client: Client, tmp_path: Path) -> None:
    dataset = there(tmp_path / "data", a=b"1", run__b=b"2", run__deep__c=b"3")
    found = client.download_files(dataset, target=tmp_path / "target", flatten=True)
    assert tree(tmp_path / "target") == {"a": b"1", "b": b"2", "c": b"3"}
    assert [file.local_path for file in found.files] == [tmp_path / "target" / name for name in "abc"]
    assert [file.remote_path.posix for file in found.files] == ["a", "run/b", "run/deep/c"]


def test_names_that_clash_are_refused_before_anything_moves(client: Client, tmp_path: Path) -> None:
    dataset = there(tmp_path / "data", run__a=b"1", b=b"2", other__a=b"1", third__a=b"3")
    with pytest.raises(FileNotAccessibleError, match=r"2 file\(s\) cannot be downloaded") as caught:
        client.download_files(dataset, target=tmp_path / "target", flatten=True)
    assert "'other/a'; expected a path that no other file has, as selected files[0] does, where folders" in (
        str(caught.value)
    )
    assert "'third/a'" in str(caught.value)
    assert not (tmp_path / "target").exists()
    client.download_files(dataset, target=tmp_path / "target", flatten=True, select=["run/a", "b"])
    assert tree(tmp_path / "target") == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a/..", "x\0y", "a/" + "x" * 256])
def test_hostile_paths_are_refused_without_folders_too(client: Client, tmp_path: Path, path: str) -> None:
    dataset = Dataset(type="raw", source_folder="/data", files=[entry(path, b"1"), entry("fine", b"2")])
    with pytest.raises(FileNotAccessibleError, match=r"1 file\(s\) cannot be downloaded"):
        client.download_files(dataset, target=tmp_path / "target", flatten=True)
    assert not (tmp_path / "target").exists()


# What is known from before


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Note which files are read; all are old enough for their checksums to be kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(checksum_cache, "CLOCK_TICK_NS", -1)
    noted: list[Path] = []

    def noting(paths: Iterable[str], *, algorithm: str) -> list[Reading]:
        paths = list(paths)
        noted.extend(map(Path, paths))
        return read_files(paths, algorithm=algorithm)

    monkeypatch.setattr(existing, "read_files", noting)
    return noted


def test_what_was_downloaded_is_not_read_again(
    client: Client, dataset: Dataset, tmp_path: Path, read: list[Path]
) -> None:
    target = tmp_path / "new"
    for _ in range(3):
        client.download_files(dataset, target=target)
        assert read == []
    status = (target / "same").stat()
    (target / "same").write_bytes(b"SAME")
    os.utime(target / "same", ns=(status.st_atime_ns, status.st_mtime_ns))
    client.download_files(dataset, target=target)
    assert read == [target / "same"]
    assert (target / "same").read_bytes() == b"same"


def test_what_was_read_is_not_read_again(
    client: Client, dataset: Dataset, target: Path, read: list[Path]
) -> None:
    client.download_files(dataset, target=target)
    assert read == [target / "same", target / "sub" / "wrong"]
    read.clear()
    client.download_files(dataset, target=target)
    assert read == []


def test_files_that_are_written_to_while_others_arrive_are_read(
    client: Client, dataset: Dataset, tmp_path: Path, read: list[Path]
) -> None:
    target = tmp_path / "new"

    remember = Fetching._remember

    def damaged_before(self: Fetching) -> None:
        status = (target / "same").stat()
        (target / "same").write_bytes(b"SAME")
        os.utime(target / "same", ns=(status.st_atime_ns, status.st_mtime_ns))
        remember(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fetching, "_remember", damaged_before)
        client.download_files(dataset, target=target)
    client.download_files(dataset, target=target)
    assert read == [target / "same"]
    assert (target / "same").read_bytes() == b"same"
