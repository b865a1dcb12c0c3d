"""The contract leaves a server as it found it, also one that does what it ought to refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
import httpx
import pytest

from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from tests.contract.any_server.conftest import ACCOUNTS, LISTS

ROOT = Path(__file__).resolve().parents[2]
EVERY_GROUP = frozenset({"admin", "ingestor", "archiver", "beamline1", "beamline2"})


def contents(url: str) -> dict[str, object]:
    """List what the administrator sees, and so all."""
    with httpx.Client(base_url=url) as http:
        body = {"username": "admin", "password": "admin-secret"}
        http.headers["Authorization"] = (
            f"Bearer {http.post('/api/v3/auth/login', json=body).json()['access_token']}"
        )
        return {name: http.get(f"/api/{name}").json() for name in LISTS}


def run_contract(catalogue: EmbeddedCatalogue) -> tuple[int, str, dict[str, object], dict[str, object]]:
    with serve(catalogue) as server:
        with httpx.Client(base_url=server.url) as http:
            dataset = {
                "datasetName": "of somebody",
                "type": "raw",
                "owner": "Ada",
                "ownerGroup": "beamline1",
                "contactEmail": "ada@site.example",
                "sourceFolder": "/data",
                "creationTime": "2026-03-01T12:00:00.000Z",
            }
            http.headers["Authorization"] = f"Bearer {catalogue.token_for('alice')}"
            http.post("/api/v4/datasets", json=dataset).raise_for_status()
        before = contents(server.url)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/any_server"],
            cwd=ROOT,
            env={**os.environ, "SCITACEAN_CONTRACT_URL": server.url, "SCITACEAN_CONTRACT_ACCOUNTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, before, contents(server.url)


@pytest.mark.parametrize("strict", [True, False])
def test_a_server_is_left_as_it_was_found(strict: bool) -> None:
    accounts = Accounts.from_file(ACCOUNTS)
    if not strict:
        accounts = attrs.evolve(accounts, rights={**accounts.rights, "admin": EVERY_GROUP})
    with EmbeddedCatalogue(accounts=accounts) as catalogue:
        code, out, before, after = run_contract(catalogue)
    assert (code == 0) is strict, out
    assert len(before["v4/datasets"]) == 1  # type: ignore[arg-type]  # a list, as before and after are JSON
    assert after == before
    assert "left on the server" not in out


def test_what_nobody_may_delete_is_named() -> None:
    accounts = Accounts.from_file(ACCOUNTS)
    nobody = attrs.evolve(accounts, rights={**accounts.rights, "delete": frozenset()})
    with EmbeddedCatalogue(accounts=nobody) as catalogue:
        _, out, _, after = run_contract(catalogue)
    assert "left on the server" in out
    left = after["v4/datasets"]
    assert isinstance(left, list)
    assert len(left) > 1
    assert all(f"v4/datasets/{one['pid']}" in out for one in left if one["datasetName"] != "of somebody")
