"""Packages go where nothing else is lost, and a failure leaves what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

import regenerate
from regeneration.files import MARK, listing, replace
from regeneration.problems import RegenerationError


def package(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, content in ({"__init__": ""} | files).items():
        (folder / f"{name}.py").write_text(f"{MARK}\n{content}")
    for name in ("openapi.json", "py.typed"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    "output",
    [
        *(".", "..", "/", "generated", "generated/scicat_api", "generated/new"),
        *("scitacean", "scitacean/catalogue", "openapi", "openapi/templates", "scripts/../openapi"),
    ],
)
def test_the_folders_of_the_project_are_refused_before_anything_is_done(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("generated", "scitacean", "openapi", "scripts"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    # The document does not exist, which would be the next complaint.
    assert regenerate.main([f"--root={tmp_path}", "--document=none", f"--output={output}"]) == 1
    said = capsys.readouterr().err
    assert "belongs to the project" in said
    assert "Choose another folder" in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_link_into_the_project_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "project" / "generated").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scicat_api").symlink_to(tmp_path / "project" / "generated")
    arguments = [f"--root={tmp_path / 'project'}", "--document=none", f"--output={tmp_path / 'out'}"]
    assert regenerate.main(arguments) == 1
    assert "belongs to the project" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"mine", b"", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["notes.py", "models/thesis.txt", "api/py.typed", "__pycache__/mine.py"])
def test_files_that_were_not_generated_are_named_and_stay(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = package(tmp_path / "out" / "scicat_api")
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_bytes(content)
    before = listing(target)
    # Refused before the document is looked for.
    assert regenerate.main(["--document=none", f"--output={target.parent}"]) == 1
    said = capsys.readouterr().err
    assert name in said
    assert "not generated" in said
    with pytest.raises(RegenerationError, match="not generated"):
        replace(package(tmp_path / "fresh"), target)
    assert listing(target) == before
    assert (target / name).read_bytes() == content


def test_links_are_not_generated_files(tmp_path: Path) -> None:
    target = package(tmp_path / "target")
    (target / "data").symlink_to(tmp_path)
    with pytest.raises(RegenerationError, match=r"not generated.*\n.*data"):
        replace(package(tmp_path / "fresh"), target)
    assert (target / "data").is_symlink()


def test_what_is_no_package_of_ours_is_refused(tmp_path: Path) -> None:
    fresh = package(tmp_path / "fresh")
    (tmp_path / "file").touch()
    with pytest.raises(RegenerationError, match="not generated"):
        replace(fresh, tmp_path / "file")
    with pytest.raises(RegenerationError, match="Cannot write"):
        replace(fresh, tmp_path / "file" / "scicat_api")


def test_an_older_package_is_replaced_whole(tmp_path: Path) -> None:
    target = package(tmp_path / "out" / "target", gone="x = 1", changed="x = 1")
    (target / "__pycache__").mkdir()
    (target / "__pycache__" / "gone.cpython-311.pyc").write_bytes(b"\0")
    fresh = package(tmp_path / "fresh", changed="x = 2", new="x = 3")
    (fresh / "__pycache__").mkdir()
    (fresh / "__pycache__" / "new.cpython-311.pyc").write_bytes(b"\0")
    replace(fresh, target)
    assert listing(target) == listing(fresh)
    assert not (target / "__pycache__").exists()
    assert list(target.parent.iterdir()) == [target]


def test_a_copy_that_fails_leaves_the_older_package(tmp_path: Path) -> None:
    target, fresh = package(tmp_path / "out" / "target", old="x = 1"), package(tmp_path / "fresh")
    (fresh / "models").symlink_to(tmp_path / "nowhere")
    before = listing(target)
    with pytest.raises(RegenerationError, match="Cannot write"):
        replace(fresh, target)
    assert listing(target) == before
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failing_second_rename_brings_the_older_package_back(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, fresh = package(tmp_path / "out" / "target", old="x = 1"), package(tmp_path / "fresh")
    before = listing(target)
    rename = Path.rename
    renames: list[Path] = []

    def fail_once(path: Path, to: Path) -> Path:
        renames.append(path)
        if len(renames) == 2:
            raise error
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises((RegenerationError, KeyboardInterrupt)):
        replace(fresh, target)
    assert listing(target) == before
    assert list(target.parent.iterdir()) == [target]
