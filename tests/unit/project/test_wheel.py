"""The wheel and the source distribution: what is in them, and that the wheel works by itself."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from scitacean import __version__

ROOT = Path(__file__).resolve().parents[3]


def build(kind: str, folder: Path) -> Path:
    """Build a distribution, without the network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built wheel."""
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_content_of_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    information = f"scitacean-{__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"scitacean", "scicat_api", information}
    assert names >= {
        "scitacean/py.typed",
        "scicat_api/py.typed",
        "scicat_api/openapi.json",
        f"{information}/licenses/LICENSE",
        f"{information}/entry_points.txt",
    }
    sources = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("scitacean/**/*.py")}
    sources |= {path.relative_to(ROOT / "generated").as_posix() for path in ROOT.glob("generated/**/*.py")}
    assert {name for name in names if name.endswith(".py")} == sources


def test_the_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import scicat_api, scitacean; from scitacean import Client\n"
        "with Client.local(sys.argv[2]): print(scitacean.__file__, scicat_api.__file__)"
    )
    command = [sys.executable, "-I", "-c", program, str(tmp_path), str(tmp_path / "catalogue")]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert all(Path(file).is_relative_to(tmp_path) for file in done.stdout.split())


def test_the_source_distribution_has_all_to_build_and_test(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = ["README.md", "LICENSE", "docs/tutorial.md", "examples/powder-scan.toml", "openapi/scicat.json"]
    wanted += [
        "generated/scicat_api/openapi.json",
        "scripts/test.py",
        "tests/conftest.py",
        "requirements/dev.txt",
    ]
    assert set(wanted) <= names
