"""Complete files get their times and names, on the disk too."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from scitacean import File, RemotePath
from scitacean.workflow import placing
from scitacean.workflow.download_plan import Item
from scitacean.workflow.placing import place

TIME = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def item(folder: Path, name: str, time: Any = TIME) -> Item:
    file = attrs.evolve(File.from_remote(name, 3, TIME), remote_creation_time=time)
    folder.mkdir(exist_ok=True)
    (folder / f".{name}").write_bytes(b"abc")
    return Item(file, RemotePath("/data", name), folder, str(folder / name), str(folder / f".{name}"), 3)


def place_all(items: Iterable[Item]) -> None:
    place({one: os.lstat(one.partial) for one in items})


@pytest.mark.parametrize("number", [0, 1, 300])
def test_files_get_names_and_times(tmp_path: Path, number: int) -> None:
    items = [item(tmp_path / f"run-{index % 3}", str(index)) for index in range(number)]
    place_all(items)
    assert {str(path) for path in tmp_path.rglob("*") if path.is_file()} == {one.target for one in items}
    expected = (TIME - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert {Path(one.target).stat().st_mtime_ns for one in items} == ({expected} if number else set())


@pytest.mark.parametrize(
    "time", [None, "yesterday", TIME.replace(tzinfo=None), datetime(1, 1, 1, tzinfo=UTC)]
)
def test_odd_times_of_a_server_change_nothing(tmp_path: Path, time: Any) -> None:
    one = item(tmp_path, "a", time)
    place_all([one])
    assert Path(one.target).read_bytes() == b"abc"


def test_times_long_ago_are_set(tmp_path: Path) -> None:
    one = item(tmp_path, "a", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC))
    place_all([one])
    assert Path(one.target).stat().st_mtime == -1


def test_files_of_the_server_keep_their_times(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"abc")
    os.utime(original, (1, 1))
    linked, named = item(tmp_path / "t", "linked"), item(tmp_path / "t", "named")
    for one in (linked, named):
        Path(one.partial).unlink()
    Path(linked.partial).symlink_to(original)
    Path(named.partial).hardlink_to(original)
    Path(named.target).hardlink_to(original)
    place_all([linked, named])
    assert original.stat().st_mtime == 1
    assert Path(linked.target).is_symlink()
    assert Path(named.target).samefile(original)
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["linked", "named"]


@pytest.mark.parametrize("number", [2, 300])
@pytest.mark.parametrize("all_at_once", [True, False])
def test_content_is_on_disk_before_it_has_its_name_and_names_are_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, all_at_once: bool
) -> None:
    items = [item(tmp_path / f"run-{index % 3}", str(index)) for index in range(number)]
    done: list[str] = []
    fsync, replace, whole = os.fsync, os.replace, placing._file_systems_written

    def noting_fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noting_replace(source: Path, target: Path) -> None:
        done.append("name")
        replace(source, target)

    def noting_whole(folders: Collection[Path]) -> bool:
        done.append("all")
        return all_at_once and whole(folders)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", noting_replace)
    monkeypatch.setattr(placing, "_file_systems_written", noting_whole)
    place_all(items)
    first = [] if number < placing._MANY else ["all"]
    if number < placing._MANY or not all_at_once:
        first += ["file"] * number
    assert done == [*first, *["name"] * number, *["folder"] * min(number, 3)]
