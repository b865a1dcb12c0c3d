"""The server of ``contract/`` is set up as the accounts of the tests say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from scitacean.embedded import Accounts

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "contract"
ACCOUNTS = Accounts.from_file(ROOT / "tests" / "data" / "congruence" / "accounts.json")
VARIABLES = {
    "admin": "ADMIN_GROUPS",
    "create_dataset": "CREATE_DATASET_GROUPS",
    "create_dataset_with_pid": "CREATE_DATASET_WITH_PID_GROUPS",
    "update_dataset_lifecycle": "UPDATE_DATASET_LIFECYCLE_GROUPS",
    "delete": "DELETE_GROUPS",
    "create_proposal": "PROPOSAL_GROUPS",
    "create_sample": "SAMPLE_GROUPS",
    "create_attachment": "ATTACHMENT_GROUPS",
    "update_job": "UPDATE_JOB_PRIVILEGED_GROUPS",
}


def read(name: str) -> Any:
    return YAML(typ="safe").load(CONTRACT / name)


def test_the_server_has_the_accounts_of_the_tests() -> None:
    users = json.loads((CONTRACT / "functionalAccounts.json").read_text(encoding="utf-8"))
    found = {
        user["username"]: (
            user["email"],
            user["password"],
            (user["role"],) if isinstance(user["role"], str) else tuple(user["role"]),
        )
        for user in users
    }
    assert found == {
        user.username: (user.email, user.password, user.groups) for user in ACCOUNTS.users.values()
    }
    assert not any(user["global"] for user in users)


def test_its_groups_have_the_rights_of_the_accounts() -> None:
    environment = read("compose.yaml")["services"]["backend"]["environment"]
    found = {right: environment[variable] for right, variable in VARIABLES.items()}
    assert found == {
        right: "#all" if isinstance(groups, str) else ",".join(sorted(groups))
        for right, groups in ACCOUNTS.rights.items()
    }
    assert environment["PID_PREFIX"] == ACCOUNTS.pid_prefix
    assert all(isinstance(value, str) for value in environment.values())


def test_what_it_mounts_is_there() -> None:
    backend = read("compose.yaml")["services"]["backend"]
    targets = []
    for volume in backend["volumes"]:
        source, target, mode = volume.split(":")
        assert (CONTRACT / source).is_file()
        assert mode == "ro"
        targets.append(Path(target).name)
    environment = backend["environment"]
    assert targets == [environment["FUNCTIONAL_ACCOUNTS_FILE"], environment["JOB_CONFIGURATION_FILE"]]


def test_it_knows_the_jobs_that_the_tests_ask_for() -> None:
    jobs = read("jobConfig.yaml")["jobs"]
    assert [job["jobType"] for job in jobs] == ["archive", "retrieve"]
    groups = {group for user in ACCOUNTS.users.values() for group in user.groups}
    assert {job["update"]["auth"].removeprefix("@") for job in jobs} <= groups
