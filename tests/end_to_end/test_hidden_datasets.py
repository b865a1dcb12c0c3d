"""Uploads for groups whose datasets one may create but not see: whether one is there cannot be looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scitacean import Dataset
from scitacean.embedded import Accounts, EmbeddedCatalogue
from scitacean.embedded.accounts import User
from scitacean.errors import UploadInterrupted
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import Fault, Faults, faults_of, lose_answer, on, status
from scitacean.transfer.copy import CopyFileTransfer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GROUPS = {"ada": ("me",), "bob": ("beamline1",), "admin": ("admin",)}
Connect = Callable[[str], FakeClient]


@pytest.fixture
def catalogue() -> Iterator[EmbeddedCatalogue]:
    users = {
        name: User(name, f"{name}@site.example", groups, f"{name}-pw") for name, groups in GROUPS.items()
    }
    rights: dict[str, frozenset[str] | str] = {
        "create_dataset": "everyone",
        "create_dataset_with_pid": "everyone",
        "admin": frozenset({"admin"}),
        "delete": "everyone",
    }
    with EmbeddedCatalogue(accounts=Accounts(users=users, rights=rights)) as catalogue:
        yield catalogue


@pytest.fixture
def faults(catalogue: EmbeddedCatalogue) -> Iterator[Faults]:
    """Let everybody create datasets for all groups, as servers let members of some groups."""
    with faults_of(catalogue) as faults:
        for path in ("/api/v4/datasets*", "/api/v4/origdatablocks"):
            faults.add(on("POST", path, times=None), done_as(catalogue.token_for("admin")))
        yield faults


@pytest.fixture
def connect(catalogue: EmbeddedCatalogue, faults: Faults, tmp_path: Path) -> Connect:
    transfer = CopyFileTransfer(source_folder=(tmp_path / "there").as_posix())

    def connect(username: str) -> FakeClient:
        return FakeClient.from_credentials(
            username=username, password=f"{username}-pw", catalogue=catalogue, file_transfer=transfer
        )

    del faults
    return connect


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "a.dat").write_bytes(b"counts")
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="beamline1",
        owner="Bob Example",
        contact_email="bob@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(tmp_path / "a.dat", base_path=tmp_path)
    return dataset


def done_as(token: str) -> Fault:
    def fault(application: WSGIApplication) -> WSGIApplication:
        return lambda environ, start: application({**environ, "HTTP_AUTHORIZATION": f"Bearer {token}"}, start)

    return fault


def all_pids(connect: Connect) -> list[object]:
    with connect("admin") as admin:
        return [one.pid for one in admin.scicat.query_datasets({})]


def check_complete(connect: Connect, uploaded: Dataset, folder: Path) -> None:
    """Check that all is there, and once."""
    assert all_pids(connect) == [str(uploaded.pid)]
    with connect("admin") as admin:
        assert [file.remote_path.posix for file in admin.get_dataset(str(uploaded.pid)).files] == ["a.dat"]
        assert admin.unfinished_uploads() == []
    assert [path.name for path in folder.iterdir()] == ["a.dat"]


@pytest.mark.parametrize("fault", [lose_answer(), status(504)])
def test_what_cannot_be_seen_is_not_taken_for_absent(
    connect: Connect, faults: Faults, dataset: Dataset, tmp_path: Path, fault: Fault
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), fault)
    with connect("ada") as ada:
        with pytest.raises(UploadInterrupted, match=r"(?s)'beamline1'.*not known whether") as caught:
            ada.upload_new_dataset_now(dataset)
        journal = caught.value.journal
        assert journal is not None
        made = all_pids(connect)
        assert len(made) == (fault.__name__ == "lose_answer()")
        for call in (ada.resume_upload, ada.discard_upload):
            with pytest.raises(UploadInterrupted, match="who may see its datasets"):
                call(journal)
        # Nothing was made twice, and nothing was taken from the dataset that may be there.
        assert all_pids(connect) == made
        assert (tmp_path / "there" / "a.dat").read_bytes() == b"counts"
    with connect("bob") as bob:
        check_complete(connect, bob.resume_upload(journal), tmp_path / "there")


@pytest.mark.parametrize("fault", [lose_answer(), status(504)])
def test_somebody_who_may_see_it_undoes_it(
    connect: Connect, faults: Faults, dataset: Dataset, tmp_path: Path, fault: Fault
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), fault)
    with connect("ada") as ada, pytest.raises(UploadInterrupted) as caught:
        ada.upload_new_dataset_now(dataset)
    assert caught.value.journal is not None
    with connect("bob") as bob:
        bob.discard_upload(caught.value.journal)
    assert all_pids(connect) == []
    assert not (tmp_path / "there").exists()


def test_a_chosen_pid_that_may_be_taken_by_it_is_not_taken_for_refused(
    connect: Connect, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), lose_answer())
    # Some servers say that there is nothing where there is something that one may not see.
    faults.add(on("GET", "/api/v4/datasets/*", times=None), status(404))
    dataset = dataset.replace(pid="local/run-7")
    with connect("ada") as ada, pytest.raises(UploadInterrupted, match="not known whether") as caught:
        ada.upload_new_dataset_now(dataset)
    assert caught.value.journal is not None
    assert all_pids(connect) == ["local/run-7"]
    assert (tmp_path / "there" / "a.dat").exists()


@pytest.mark.parametrize("how", ["shared with a group", "published", "an administrator"])
def test_what_can_be_seen_all_the_same_is_looked_up(
    connect: Connect, faults: Faults, dataset: Dataset, tmp_path: Path, how: str
) -> None:
    if how == "shared with a group":
        dataset.access_groups = ["others", "me"]
    dataset.is_published = how == "published"
    username = "admin" if how == "an administrator" else "ada"
    with connect(username) as client:
        # Whoever sees one that is hidden from others is told of all.
        hidden = dataset.replace(
            name="Run 6", source_folder="/data/run-6", access_groups=["others"], is_published=False
        )
        model = hidden.make_upload_model()
        before = client.scicat.create_dataset_model(model)
        faults.add(on("POST", "/api/v4/datasets"), status(503))
        uploaded = client.upload_new_dataset_now(dataset)
    assert sorted(map(str, all_pids(connect))) == sorted([str(before.pid), str(uploaded.pid)])


def test_an_administrator_of_an_empty_catalogue_is_not_known_to_be_one(
    connect: Connect, faults: Faults, dataset: Dataset
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), status(504))
    with connect("admin") as admin, pytest.raises(UploadInterrupted, match="not known whether"):
        admin.upload_new_dataset_now(dataset)
