"""Accounts from files and from Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scitacean.embedded import Accounts
from scitacean.errors import ConfigurationError

ACCOUNTS = Path(__file__).parents[2] / "data" / "congruence" / "accounts.json"
ALICE = {"username": "alice", "password": "secret", "groups": ["g"]}


def written(folder: Path, content: object) -> Path:
    path = folder / "accounts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_rights_of_the_recorded_server() -> None:
    accounts = Accounts.from_file(ACCOUNTS)
    assert accounts.pid_prefix == "20.500.12345"
    alice, archiver = accounts.users["alice"], accounts.users["archiver"]
    assert accounts.may(alice, "create_dataset")
    assert not accounts.may(alice, "delete")
    assert accounts.may(archiver, "delete")
    assert accounts.is_admin(accounts.users["admin"])
    assert not accounts.is_admin(archiver)


def test_passwords(tmp_path: Path) -> None:
    accounts = Accounts.from_file(written(tmp_path, {"users": [ALICE, {"username": "bob", "groups": []}]}))
    assert accounts.check_password("alice", "secret") is accounts.users["alice"]
    for username, password in (("alice", "x"), ("alice", "\ud800"), ("bob", ""), ("nobody", "")):
        assert accounts.check_password(username, password) is None
    assert "secret" not in repr(accounts)
    assert accounts.users["bob"].email == "bob@localhost.example"


def test_one_user_with_all_rights() -> None:
    accounts = Accounts.single("ada", password="secret", groups=["loki"])
    ada = accounts.users["ada"]
    assert ada.groups == ("ada", "loki")
    assert accounts.check_password("ada", "secret") is ada
    assert all(accounts.may(ada, right) for right in accounts.rights)
    assert len(ada.user_id) == 24


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ([], "should be an object"),
        ({"user": []}, "unknown key 'user', and 'users' is meant"),
        ({"users": [{"username": "a", "grups": ["x"]}]}, "'grups', and 'groups' is meant"),
        ({"users": [], "site": {"pid-prefix": "1"}}, "'pid-prefix', and 'pid_prefix' is meant"),
        ({}, "'users' is missing"),
        ({"users": {}}, "'users' should be a list"),
        ({"users": [1]}, "each of users should be an object"),
        ({"users": [{}]}, "'username' is missing"),
        ({"users": [{"username": ""}]}, "a username is empty"),
        ({"users": [{"username": "a", "groups": [1]}]}, "groups of a should be a list of strings"),
        ({"users": [{"username": "a", "password": 1}]}, "'password' should be a string"),
        ({"users": [ALICE, ALICE]}, "two users have the same username"),
        ({"users": [], "groups": {"fly": []}}, "unknown right 'fly'"),
        ({"users": [], "groups": {"delete": "me"}}, "groups.delete should be a list"),
        ({"users": [], "site": {"pid_prefix": 1}}, "'pid_prefix' should be a string"),
    ],
)
def test_bad_files_are_explained(tmp_path: Path, content: Any, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ConfigurationError, match=message) as raised:
        Accounts.from_file(path)
    assert str(path) in str(raised.value)


def test_keys_of_others_are_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, {"users": [{**ALICE, "orcid": "x"}], "site": {"site": "x"}, "comment": "y"})
    assert set(Accounts.from_file(path).users) == {"alice"}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        Accounts.from_file(tmp_path / "accounts.json")
