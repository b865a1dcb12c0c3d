"""Settings are checked at once, and a pickle of a transfer holds no secret."""

from __future__ import annotations

import copy
import getpass
import multiprocessing
import os
import pickle
from pathlib import Path

import pytest

from scitacean.credentials import EnvironmentSecret, FileSecret, SecretStr, StrStorage
from scitacean.errors import ConfigurationError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.ssh import Prompt, SSHFileTransfer
from tests.unit.transfer.ssh.conftest import MakeTransfer

SECRET = "correct horse battery"


def ask_nobody(prompt: Prompt) -> str:
    raise EOFError(prompt.text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"port": 0},
        {"port": 65536},
        {"verify": "md5"},
        {"connections": 0},
        {"connections": 17},
        {"connections": True},
        {"connections": "many"},
        {"file_mode": -1},
        {"folder_mode": 0o10000},
        {"timeout": 0},
        {"keep_alive": -1},
    ],
)
def test_wrong_settings_are_told_at_once(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(ConfigurationError, match=f"{name}=.*Allowed is"):
        SSHFileTransfer(**({"host": "files.site.example"} | wrong))  # type: ignore[arg-type]  # on purpose


def test_the_host_may_be_given_by_position() -> None:
    transfer = SSHFileTransfer("files.site.example", connections=16, verify="size", file_mode=0o640)
    assert repr(transfer) == "SSHFileTransfer(host='files.site.example', port=None)"


@pytest.mark.parametrize("secret", [SECRET, SecretStr(SECRET), StrStorage(SECRET)])
@pytest.mark.parametrize("name", ["password", "passphrase"])
def test_literal_secrets_are_not_pickled(secret: str | StrStorage, name: str) -> None:
    transfer = SSHFileTransfer("files.site.example", **{name: secret})  # type: ignore[arg-type]  # one of two
    with pytest.raises(TypeError, match="EnvironmentSecret, FileSecret"):
        pickle.dumps(transfer)
    assert SECRET not in repr(transfer._settings)
    for copied in (copy.copy(transfer), copy.deepcopy(transfer)):
        assert getattr(copied._settings, name).get_str() == SECRET


@pytest.mark.parametrize("name", ["ask", "connect"])
def test_functions_that_no_other_process_finds_are_told(name: str) -> None:
    transfer = SSHFileTransfer("files.site.example", **{name: lambda *_: ""})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=f"The function {name} cannot be pickled.*top of a module"):
        pickle.dumps(transfer)
    copy.deepcopy(transfer)


def test_a_pickle_names_where_secrets_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILES_PASSWORD", SECRET)
    with asyncssh_server(tmp_path, password=SECRET) as server:
        transfer = SSHFileTransfer(
            server.host,
            port=server.port,
            username=server.username,
            password=EnvironmentSecret("FILES_PASSWORD"),
            passphrase=FileSecret(tmp_path / "none"),
            known_hosts=server.known_hosts,
            config=os.devnull,
            ask=getpass.getpass,  # type: ignore[arg-type]  # a function that can be imported
        )
        pickled = pickle.dumps(transfer)
        assert SECRET.encode() not in pickled
        with (
            pickle.loads(pickled) as loaded,
            loaded.connect_for_download(Dataset(type="raw"), RemotePath("")),
        ):
            pass


def _connect(transfer: SSHFileTransfer) -> str:
    with transfer, transfer.connect_for_download(Dataset(type="raw"), RemotePath("")) as connection:
        return type(connection).__name__


def test_another_process_connects_anew(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    transfer = make_transfer(ssh_server)
    dataset = Dataset(type="raw")
    with transfer.connect_for_download(dataset, RemotePath("")):
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            state = pool.apply(_unpickled, (pickle.dumps(transfer),))
    assert state == "SSHFileTransfer"
    assert transfer.source_folder_for(dataset) == pickle.loads(pickle.dumps(transfer)).source_folder_for(
        dataset
    )


def _unpickled(pickled: bytes) -> str:
    return type(pickle.loads(pickled)).__name__
