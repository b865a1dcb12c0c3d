"""The fixtures for users, in tests of theirs that run in a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONFTEST = 'pytest_plugins = ["scitacean.testing.fixtures"]\n'
CATALOGUE = """
from datetime import UTC, datetime
import httpx
from scitacean import Client, Dataset

def dataset():
    return Dataset(
        type="raw", name="Run 7", owner_group="me", owner="Ada", contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, tzinfo=UTC), source_folder="/data/run-7",
    )

def test_the_client(client, embedded_catalogue, tmp_path):
    (tmp_path / "a.dat").write_bytes(b"1234")
    new = dataset()
    new.add_local_files(tmp_path / "a.dat")
    uploaded = client.upload_new_dataset_now(new)
    assert client.catalogue is embedded_catalogue
    assert list(client.datasets) == [uploaded.pid]
    assert list(client.file_transfer.files.values()) == [b"1234"]

def test_each_test_has_a_catalogue_of_its_own(client):
    assert len(client.datasets) == 0

def test_one_signs_in(embedded_catalogue):
    with Client.from_credentials(
        url="http://localhost", username="me", password="me",
        transport=httpx.WSGITransport(embedded_catalogue.wsgi),
    ) as real:
        assert real.upload_new_dataset_now(dataset()).created_by == "me"
"""
OTHER_CATALOGUE = """
import pytest
from scitacean.embedded import Accounts, EmbeddedCatalogue, User
from scitacean.errors import ForbiddenError
from scicat_api.models import CreateSampleDto

@pytest.fixture
def embedded_catalogue():
    ada = User(username="ada", email="ada@site.example", groups=("beamline1",))
    accounts = Accounts(users={"ada": ada}, rights={"create_sample": "everyone"})
    with EmbeddedCatalogue(accounts=accounts, server="5.2") as catalogue:
        yield catalogue

def test_the_client_is_the_first_user(client):
    made = client.scicat.create_sample_model(CreateSampleDto(owner_group="beamline1", sample_name="Salt"))
    assert made.created_by == "ada"
    with pytest.raises(ForbiddenError):
        client.scicat.create_sample_model(CreateSampleDto(owner_group="me", sample_name="Salt"))
"""
SSH = """
from datetime import UTC, datetime
import pytest
from scitacean import Dataset, File
from scitacean.errors import HostNotReachableError
from scitacean.testing.client import FakeClient

def test_files_go_over_ssh(ssh_server, ssh_file_transfer, tmp_path):
    assert not list(tmp_path.iterdir())  # It is for the files of the test.
    (tmp_path / "a.dat").write_bytes(b"1234")
    dataset = Dataset(type="raw")
    folder = ssh_file_transfer.source_folder_for(dataset)
    with ssh_file_transfer.connect_for_upload(dataset, folder / "a.dat") as connection:
        connection.upload_files(File.from_local(tmp_path / "a.dat"))
    assert [path.read_bytes() for path in ssh_server.root.rglob("a.dat")] == [b"1234"]

def test_a_network_that_breaks(embedded_catalogue, ssh_server, ssh_file_transfer, tmp_path):
    (tmp_path / "big.dat").write_bytes(bytes(5_000_000))
    big = Dataset(
        type="raw", name="Big", owner_group="me", owner="Ada", contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    )
    big.add_local_files(tmp_path / "big.dat")
    ssh_server.cut_after(1_000_000)
    with FakeClient(catalogue=embedded_catalogue, file_transfer=ssh_file_transfer) as client:
        client.upload_new_dataset_now(big)
        assert len(client.datasets) == 1
        ssh_server.refuse_connections()
        ssh_server.kill_connections()
        with pytest.raises(HostNotReachableError):
            client.upload_new_dataset_now(big.replace(name="Bigger"))
        assert len(client.datasets) == 1
"""
PLAIN = """
import sys

def test_nothing_of_ours_is_loaded():
    assert not {"scitacean", "scicat_api"} & sys.modules.keys()
"""


def run(folder: Path, *arguments: str, **files: str) -> str:
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-W", "error", "-p", "no:cacheprovider", *arguments, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_catalogue_and_client(tmp_path: Path) -> None:
    out = run(tmp_path, conftest=CONFTEST, test_one=CATALOGUE, test_other=OTHER_CATALOGUE)
    assert "4 passed" in out


def test_ssh(tmp_path: Path) -> None:
    out = run(tmp_path, conftest=CONFTEST, test_one=SSH)
    assert "test_files_go_over_ssh[asyncssh] PASSED" in out


def test_they_are_listed_with_what_they_are(tmp_path: Path) -> None:
    out = run(tmp_path, "--fixtures", conftest=CONFTEST, test_one=PLAIN)
    for name in ("embedded_catalogue", "client", "ssh_server", "ssh_file_transfer"):
        assert f"\n{name} -- " in out
        assert f"\n{name} -- no docstring available" not in out


def test_who_does_not_ask_for_them_does_not_load_them(tmp_path: Path) -> None:
    assert "1 passed" in run(tmp_path, test_one=PLAIN)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "pytest11" not in project.get("entry-points", {})


def test_ssh_alone_does_not_load_the_catalogue() -> None:
    code = "import sys, scitacean.testing.fixtures; sys.exit('scitacean.embedded' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
