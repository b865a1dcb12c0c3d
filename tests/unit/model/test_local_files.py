"""Finding local files: trees, links, hidden files, base paths."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from scitacean import RemotePath
from scitacean.errors import FileNotAccessibleError, LocalFileNotFoundError
from scitacean.model import local_files
from scitacean.model.local_files import find_local_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat", "run/.hidden/d.dat", "run/sub/.e"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


ALL = [".hidden/d.dat", "a.dat", "sub/.e", "sub/b.dat", "sub/deep/c.dat"]


def remote(*paths: Path | str, base_path: Path | str | None = None, hidden: bool = True) -> list[str]:
    found = find_local_files(paths, base_path=base_path, hidden=hidden)
    assert all(path.is_absolute() for path, _ in found)
    return [path.posix for _, path in found]


def test_a_folder_gives_its_tree_in_order(tree: Path) -> None:
    found = find_local_files([tree / "run"])
    assert found == [(tree / "run" / name, RemotePath(name)) for name in ALL]


def test_hidden_files_may_be_left_out(tree: Path) -> None:
    os.mkfifo(tree / "run" / ".pipe")
    assert remote(tree / "run", hidden=False) == ["a.dat", "sub/b.dat", "sub/deep/c.dat"]
    assert remote(tree / "run" / ".hidden", hidden=False) == ["d.dat"]


def test_files_are_called_by_their_names(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "run")
    Path("~$a.docx").write_text("lock")
    assert remote("a.dat", "sub/b.dat", "~$a.docx") == ["a.dat", "b.dat", "~$a.docx"]
    assert remote(".") == [*ALL, "~$a.docx"]
    monkeypatch.setenv("HOME", str(tree))
    assert remote("~/run/a.dat") == ["a.dat"]


@pytest.mark.parametrize(
    ("paths", "base", "expected"),
    [
        (["a.dat", "sub"], ".", ["a.dat", "sub/.e", "sub/b.dat", "sub/deep/c.dat"]),
        (["a.dat"], "..", ["run/a.dat"]),
        (["../run/sub/deep"], "..", ["run/sub/deep/c.dat"]),
        (["sub/deep/.."], "sub", [".e", "b.dat", "deep/c.dat"]),
        (["sub/deep/../b.dat"], "sub/../sub", ["b.dat"]),
        ([".."], "../..", ["{}/run/" + name for name in ALL]),
        (["sub/deep/c.dat"], "../link", ["sub/deep/c.dat"]),
        (["../link/a.dat"], "..", ["link/a.dat"]),
        (["../link/a.dat"], ".", ["a.dat"]),
        (["../deep-link/../b.dat"], ".", ["sub/b.dat"]),
    ],
)
def test_base_paths(
    tree: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], base: str, expected: list[str]
) -> None:
    (tree / "link").symlink_to("run")
    (tree / "deep-link").symlink_to("run/sub/deep")
    if ".." in paths:
        (tree / "link").unlink()
        (tree / "deep-link").unlink()
    monkeypatch.chdir(tree / "run")
    assert remote(*paths, base_path=base) == [name.format(tree.name) for name in expected]


def test_files_outside_the_base_path_are_refused(tree: Path) -> None:
    for path in (tree / "run", tree / "run" / "a.dat"):
        with pytest.raises(ValueError, match="does not lie inside the base path"):
            find_local_files([path], base_path=tree / "run" / "sub")
    with pytest.raises(ValueError, match="does not lie inside the base path"):
        find_local_files([tree / "run" / "a.dat"], base_path=tree / "run" / "a.dat")


@pytest.mark.parametrize("junctions", [False, True])
def test_links_inside_a_folder_are_followed(
    tree: Path, monkeypatch: pytest.MonkeyPatch, junctions: bool
) -> None:
    monkeypatch.setattr(local_files, "_WITH_JUNCTIONS", junctions)
    (tree / "run" / "link.dat").symlink_to("a.dat")
    (tree / "run" / "sub" / "link").symlink_to(tree / "run" / ".hidden")
    (tree / "run" / "sub" / "again").symlink_to("link")
    assert remote(tree / "run") == sorted(
        [*ALL, "link.dat", "sub/again/d.dat", "sub/link/d.dat"], key=lambda name: name.split("/")
    )
    (tree / "named").symlink_to("run")
    assert "sub/again/d.dat" in remote(tree / "named")


@pytest.mark.parametrize("target", ["outside.dat", "outside", "run-2", "gone"])
def test_links_out_of_a_folder_are_refused(tree: Path, target: str) -> None:
    (tree / "outside.dat").write_text("secret")
    (tree / "outside").mkdir()
    (tree / "run-2").mkdir()
    (tree / "run" / "sub" / "link").symlink_to(tree / target)
    with pytest.raises(ValueError, match=r"sub/link is a link to .*, outside"):
        find_local_files([tree / "run"])


def test_dangling_links_are_refused(tree: Path) -> None:
    (tree / "run" / "link").symlink_to("gone")
    with pytest.raises(LocalFileNotFoundError, match=r"link to .*gone, which is not there"):
        find_local_files([tree / "run"])


@pytest.mark.parametrize(
    "links",
    [
        {"run/link": "link"},
        {"run/link": "other", "run/other": "link"},
        {"run/link": "."},
        {"run/sub/deep/link": "../../sub"},
        {"run/a-link": "sub/deep", "run/sub/deep/up": "../../sub"},
        {"run/.hidden/x": "../sub", "run/sub/y": "../.hidden"},
    ],
)
def test_loops_are_refused(tree: Path, links: dict[str, str]) -> None:
    for link, target in links.items():
        (tree / link).symlink_to(target)
    with pytest.raises(ValueError, match="a loop"):
        find_local_files([tree / "run"])


def test_pipes_sockets_and_devices_are_refused(tree: Path) -> None:
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        find_local_files(["/dev/null"])
    os.mkfifo(tree / "run" / "sub" / "pipe")
    with pytest.raises(ValueError, match="sub/pipe is neither a file nor a folder"):
        find_local_files([tree / "run"])
    with socket.socket(socket.AF_UNIX) as one:
        (tree / "s").mkdir()
        here = Path.cwd()
        os.chdir(tree / "s")
        one.bind("socket")
        os.chdir(here)
        with pytest.raises(ValueError, match="neither a file nor a folder"):
            find_local_files([tree / "s"])


def test_empty_folders_are_reported_once(tree: Path) -> None:
    for index in range(12):
        (tree / "run" / f"empty-{index:02}").mkdir()
    with pytest.warns(UserWarning, match=r"empty-00.*empty-09 and 2 others\.$") as caught:
        assert [path.posix for _, path in find_local_files([tree / "run"])] == ALL
    assert len(caught) == 1
    (tree / "none").mkdir()
    with pytest.warns(UserWarning, match=r"none\.$"):
        assert find_local_files([tree / "none", tree / "run" / "a.dat"])[0][1] == "a.dat"


def test_folders_with_nothing_but_hidden_files_are_reported(tree: Path) -> None:
    (tree / "run" / "sub" / "deep" / "c.dat").rename(tree / "run" / "sub" / "deep" / ".c")
    with pytest.warns(UserWarning, match=r"only: [^,]*sub/deep\.$") as caught:
        assert remote(tree / "run", hidden=False) == ["a.dat", "sub/b.dat"]
    assert caught[0].filename == __file__
    assert "sub/deep/.c" in remote(tree / "run")


def multiplied(folder: Path, levels: int) -> None:
    """Make folders of which each has two links to the one before, which double its files."""
    (folder / "0").mkdir(parents=True)
    (folder / "0" / "a").touch()
    for level in range(1, levels):
        (folder / str(level)).mkdir()
        for link in "xy":
            (folder / str(level) / link).symlink_to(f"../{level - 1}")


def test_folders_that_many_links_lead_to_are_refused(tmp_path: Path) -> None:
    multiplied(tmp_path / "few", 6)
    assert len(remote(tmp_path / "few")) == 2**6 - 1
    multiplied(tmp_path / "many", 40)
    with pytest.raises(ValueError, match=r"Links lead to .*/many/\d+ on more than 1,000 ways"):
        find_local_files([tmp_path / "many"])


def test_a_folder_may_be_linked_from_many_others(tmp_path: Path) -> None:
    (tmp_path / "run" / "shared").mkdir(parents=True)
    (tmp_path / "run" / "shared" / "flat.dat").touch()
    for index in range(500):
        (tmp_path / "run" / str(index)).mkdir()
        (tmp_path / "run" / str(index) / "calibration").symlink_to("../shared")
    assert len(remote(tmp_path / "run")) == 501


def test_the_base_path_is_looked_up_once_for_files_of_one_folder(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    realpath = os.path.realpath

    def looking(path: str, *, strict: bool = False) -> str:
        looks.append(path)
        return realpath(path, strict=strict)

    monkeypatch.setattr(os.path, "realpath", looking)
    find_local_files([tree / "run" / "a.dat"], base_path=tree)
    of_one = len(looks)
    names = [tree / "run" / f"{index}.dat" for index in range(100)]
    for name in names:
        name.touch()
    looks.clear()
    found = find_local_files(names, base_path=tree)
    assert [path.posix for _, path in found] == [f"run/{index}.dat" for index in range(100)]
    assert len(looks) == of_one


def test_paths_that_are_too_long_say_so(tree: Path) -> None:
    with pytest.raises(FileNotAccessibleError, match=r"File name too long\. Shorten its name"):
        find_local_files([tree / "/".join(["a" * 200] * 25)])
    with pytest.raises(LocalFileNotFoundError, match="typing mistakes"):
        find_local_files([tree / "run" / "a.dat" / "b"])


def test_missing_and_unreadable_paths_are_refused(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="typing mistakes"):
        find_local_files([tree / "none"])
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path.endswith("deep"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(FileNotAccessibleError, match=r"Cannot read .*sub/deep: Permission denied\."):
        find_local_files([tree / "run"])


def test_links_that_cannot_be_read_are_refused(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "run" / "link").symlink_to("a.dat")
    realpath = os.path.realpath

    def refusing(path: str, *, strict: bool = False) -> str:
        if strict:
            raise PermissionError(13, "Permission denied", path)
        return realpath(path)

    monkeypatch.setattr(os.path, "realpath", refusing)
    with pytest.raises(FileNotAccessibleError, match=r"Cannot read .*run/link: Permission denied\."):
        find_local_files([tree / "run"])


def test_deep_trees_and_odd_names_are_kept(tmp_path: Path) -> None:
    names = [f"{'d/' * 1500}a", " b ", "c\udcff", "d\\e", "f\ng"]
    folder = tmp_path / "run"
    folder.mkdir()
    here = Path.cwd()
    os.chdir(folder)
    for _ in range(1500):
        Path("d").mkdir()
        os.chdir("d")
    Path("a").touch()
    os.chdir(here)
    for name in names[1:]:
        (folder / name).touch()
    try:
        assert sorted(remote(folder)) == sorted(names)
    finally:
        # Python itself cannot remove what is nested deeper than its calls may be.
        subprocess.run(["rm", "-rf", folder], check=True)
