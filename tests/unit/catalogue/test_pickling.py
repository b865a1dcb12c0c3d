"""Clients go to other processes: with their settings, without secrets, and sign in where they land."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import ssl
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from scitacean import Client, Dataset
from scitacean.catalogue.auth import Session
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.credentials import CallbackSecret, EnvironmentSecret, FileSecret, SecretStr
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.testing.client import FakeClient
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.transfer.link import LinkFileTransfer
from scitacean.transfer.select import SelectFileTransfer

PASSWORD = "me-secret-8d1f"
URL = "https://scicat.site.example"


@pytest.fixture
def catalogue() -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue(accounts=Accounts.single(password=PASSWORD)) as catalogue:
        yield catalogue


@pytest.fixture
def url(catalogue: EmbeddedCatalogue) -> Iterator[str]:
    with serve(catalogue) as server:
        yield server.url


def password() -> str:
    return PASSWORD


def new_dataset(name: str, **fields: Any) -> Dataset:
    return Dataset(
        type="raw",
        name=name,
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        **{"source_folder": "/data/run-7", **fields},
    )


def upload_there(client: Client, name: str) -> str:
    with client:
        return str(client.upload_new_dataset_now(new_dataset(name)).pid)


def upload_file_there(client: Client, folder: Path, name: str) -> str:
    path = folder / f"{name}.dat"
    path.write_text(name)
    dataset = new_dataset(name, source_folder=None)
    dataset.add_local_files(path)
    with client:
        return str(client.upload_new_dataset_now(dataset).pid)


def in_processes(function: Any, *arguments: Any) -> list[Any]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [
            future.result(timeout=50)
            for future in [pool.submit(partial(function, *arguments, f"Run {index}")) for index in range(3)]
        ]


def secrets(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SCICAT_PASSWORD_OF_TEST", PASSWORD)
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return {
        "environment": EnvironmentSecret("SCICAT_PASSWORD_OF_TEST"),
        "file": FileSecret(tmp_path / "password"),
        "callback": CallbackSecret(password),
    }[kind]


@pytest.mark.parametrize("kind", ["environment", "file", "callback"])
def test_clients_sign_in_where_they_land(
    url: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets(kind, tmp_path, monkeypatch)
    with Client.from_credentials(url=url, username="me", password=secret, retry_for=5) as client:
        pickled = pickle.dumps(client)
        assert PASSWORD.encode() not in pickled
        with pickle.loads(pickled) as again:
            assert again.scicat.my_groups() == frozenset({"me"})
            assert again.scicat.url == url
        if kind == "file":
            pids = in_processes(upload_there, client)
            assert [client.get_dataset(pid).name for pid in pids] == ["Run 0", "Run 1", "Run 2"]


def test_tokens_go_by_where_they_come_from(catalogue: EmbeddedCatalogue, url: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(catalogue.token_for("me"))
    with (
        Client.from_token(url=url, token=FileSecret(path), renew=FileSecret(path)) as client,
        pickle.loads(pickle.dumps(client)) as again,
    ):
        again.scicat.check_session(timedelta(days=1))
        assert again.scicat.my_groups() == frozenset({"me"})


def test_the_public_goes_as_it_is(url: str) -> None:
    with (
        Client.without_login(url=url, timeout=timedelta(seconds=7)) as client,
        pickle.loads(pickle.dumps(client)) as again,
    ):
        assert not again.scicat.is_authenticated
        assert again.scicat.query_datasets({}) == []


def test_a_catalogue_of_ones_own_goes_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    with Client.local(tmp_path / "own") as client:
        pids = in_processes(upload_file_there, client, tmp_path / "files")
        found = [client.get_dataset(pid) for pid in pids]
        assert [dataset.name for dataset in found] == ["Run 0", "Run 1", "Run 2"]
        down = [client.download_files(dataset, target=tmp_path / f"{dataset.name}") for dataset in found]
    assert [path.read_text() for one in down for path in [one.files[0].local_path] if path] == [
        "Run 0",
        "Run 1",
        "Run 2",
    ]


@pytest.mark.parametrize(
    "transfer",
    [
        CopyFileTransfer(source_folder="/data/{uid}"),
        LinkFileTransfer(),
        SelectFileTransfer([LinkFileTransfer(), CopyFileTransfer(source_folder="/data/{uid}")]),
    ],
    ids=lambda transfer: type(transfer).__name__,
)
def test_file_transfers_go_along(transfer: Any) -> None:
    with (
        Client.without_login(url=URL, file_transfer=transfer) as client,
        pickle.loads(pickle.dumps(client)) as again,
    ):
        assert type(again.file_transfer) is type(transfer)


# What does not leave this process


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(lambda: Client.from_token(url=URL, token="tok-77"), id="token"),
        pytest.param(lambda: Client.from_token(url=URL, token=SecretStr("tok-77")), id="secret"),
        pytest.param(
            lambda: Client.from_token(url=URL, token=FileSecret("x"), renew=lambda: "tok-77"), id="lambda"
        ),
        pytest.param(
            lambda: Client.from_token(
                url=URL, token=FileSecret("x"), proxy="http://ada:tok-77@proxy.site.example:3128"
            ),
            id="proxy",
        ),
        pytest.param(
            lambda: Client.without_login(url=URL, verify=ssl.create_default_context()), id="SSL context"
        ),
        pytest.param(
            lambda: Client.without_login(
                url=URL, transport=httpx.MockTransport(lambda _: httpx.Response(200))
            ),
            id="transport",
        ),
        pytest.param(
            lambda: Client(
                client=ScicatClient(URL, auth=Session(renew=lambda: SecretStr("tok-77"))), file_transfer=None
            ),
            id="auth",
        ),
        pytest.param(FakeClient, id="fake"),
    ],
)
def test_what_cannot_be_pickled_says_what_to_do(client: Any) -> None:
    with client() as made, pytest.raises(TypeError) as caught:
        pickle.dumps(made)
    assert any(
        word in str(caught.value) for word in ("EnvironmentSecret", "scitacean.credentials", "top of a")
    )
    assert "tok-77" not in str(caught.value)


def test_passwords_of_keys_are_not_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", lambda *_: None)
    with (
        Client.without_login(url=URL, cert=("a.pem", "a.key", "tok-77")) as client,
        pytest.raises(TypeError, match="cert has the password") as caught,
    ):
        pickle.dumps(client)
    assert "tok-77" not in str(caught.value)


def test_a_copy_in_this_process_keeps_the_secret(url: str) -> None:
    with (
        Client.from_credentials(url=url, username="me", password=PASSWORD) as client,
        copy.deepcopy(client) as other,
    ):
        assert other.scicat is not client.scicat
        assert other.scicat.my_groups() == frozenset({"me"})


def test_threads_share_a_client(url: str) -> None:
    with (
        Client.from_credentials(url=url, username="me", password=PASSWORD) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        names = [f"Run {index}" for index in range(24)]
        uploaded = pool.map(lambda name: client.upload_new_dataset_now(new_dataset(name)), names)
        assert [client.get_dataset(one.pid or "").name for one in uploaded] == names
