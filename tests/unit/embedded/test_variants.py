"""Servers of older versions, by their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scitacean.cli.serve import serve_until_stopped
from scitacean.embedded import VARIANTS, Accounts, EmbeddedCatalogue
from scitacean.errors import ConfigurationError

ACCOUNTS = Path(__file__).parents[2] / "data" / "congruence" / "accounts.json"
OLD, MIDDLE, NEW = "4.27", "5.2", "5.3"
OLD_RELATIONSHIP = {"pid": "p/1", "relationship": "x"}
NEW_RELATIONSHIP = {"identifier": "10.1/x", "relationship": "IsCitedBy"}


class Server:
    def __init__(self, catalogue: EmbeddedCatalogue) -> None:
        self._catalogue = catalogue
        self._http = httpx.Client(transport=httpx.WSGITransport(catalogue.wsgi), base_url="http://catalogue")

    def ask(self, method: str, path: str, body: object = None, user: str = "alice") -> httpx.Response:
        token = {"Authorization": f"Bearer {self._catalogue.token_for(user)}"}
        return self._http.request(method, f"/api/{path}", json=body, headers=token)

    def close(self) -> None:
        self._http.close()


@pytest.fixture(params=[OLD, MIDDLE, NEW])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(version: str) -> Iterator[Server]:
    with EmbeddedCatalogue(accounts=Accounts.from_file(ACCOUNTS), server=version) as catalogue:
        server = Server(catalogue)
        yield server
        server.close()


def test_the_newest_is_the_default(minimal: dict[str, Any]) -> None:
    assert list(VARIANTS) == [NEW, MIDDLE, OLD]
    with EmbeddedCatalogue(accounts=Accounts.from_file(ACCOUNTS)) as catalogue:
        server = Server(catalogue)
        body = {**minimal, "relationships": [NEW_RELATIONSHIP]}
        assert server.ask("POST", "v4/datasets", body).status_code == 201
        server.close()


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"3\.0") as refused:
        serve_until_stopped(folder=None, port=0, accounts=None, server="3.0")
    assert refused.value.hint is not None
    assert OLD in refused.value.hint


def test_relationships(server: Server, version: str, minimal: dict[str, Any]) -> None:
    right, wrong = NEW_RELATIONSHIP, OLD_RELATIONSHIP
    if version == OLD:
        right, wrong = wrong, right
    made = server.ask("POST", "v4/datasets", {**minimal, "relationships": [right]})
    assert made.status_code == 201
    assert right.items() <= made.json()["relationships"][0].items()
    assert ("identifierType" in made.json()["relationships"][0]) == (version != OLD)
    assert server.ask("POST", "v4/datasets", {**minimal, "relationships": [wrong]}).status_code == 400


def test_sample_names(server: Server, version: str) -> None:
    sample = {"ownerGroup": "beamline1", "description": "x"}
    without = server.ask("POST", "v3/samples", sample)
    named = server.ask("POST", "v3/samples", {**sample, "sampleName": "s", "sampleId": "S"})
    assert (without.status_code, named.status_code) == ((201, 400) if version == OLD else (400, 201))
    if version != OLD:
        assert server.ask("PATCH", "v3/samples/S", {"sampleName": None}).status_code == 400


def test_patches_zero_the_sizes(server: Server, version: str, minimal: dict[str, Any]) -> None:
    sizes = {"size": 5, "numberOfFiles": 2, "packedSize": 4}
    pid = server.ask("POST", "v4/datasets", {**minimal, **sizes}).json()["pid"].replace("/", "%2F")
    patched = server.ask("PATCH", f"v4/datasets/{pid}", {"comment": "x", "packedSize": 3}).json()
    expected = {"size": 5, "numberOfFiles": 2} if version == NEW else {"size": 0, "numberOfFiles": 0}
    assert expected.items() <= patched.items()
    assert patched["packedSize"] == 3


def test_sizes_of_blocks(server: Server, version: str, minimal: dict[str, Any]) -> None:
    pid = server.ask("POST", "v4/datasets", {**minimal, "size": 100}).json()["pid"]
    block = {"datasetId": pid, "size": 7, "dataFileList": [{"path": "a", "size": 7, "time": "2026-01-01"}]}
    path = "v4/datasets/" + pid.replace("/", "%2F")
    made = [server.ask("POST", "v4/origdatablocks", block).json()["_id"] for _ in range(2)]
    before = 100 if version == NEW else 0
    assert server.ask("GET", path).json()["size"] == before + 14
    assert server.ask("DELETE", f"v4/origdatablocks/{made[0]}", user="archiver").status_code == 200
    dataset = server.ask("GET", path).json()
    assert (dataset["size"], dataset["numberOfFiles"]) == (before + 7, 1)
    assert server.ask("DELETE", path, user="archiver").status_code == 200
    assert server.ask("DELETE", f"v4/origdatablocks/{made[1]}", user="archiver").status_code == 200


def test_only_administrators_attach_to_old_servers(server: Server, version: str) -> None:
    picture = {"caption": "c", "ownerGroup": "beamline1", "isPublished": False}
    expected = 403 if version == OLD else 201
    assert server.ask("POST", "v4/attachments", picture).status_code == expected
    assert server.ask("POST", "v4/attachments", picture, user="admin").status_code == 201


def test_routes_that_came_later(server: Server, version: str) -> None:
    oidc = server.ask("POST", "v3/auth/oidc/token", {"idToken": "x"}).status_code
    assert oidc == (404 if version == OLD else 501)
    counted = server.ask("GET", "v4/origdatablocks/files/count").status_code
    assert counted == (404 if version == OLD else 200)


def test_fields_that_came_later(server: Server, version: str) -> None:
    body = {"proposalId": "P", "ownerGroup": "g", "email": "a@b.example", "title": "t", "keywords": ["k"]}
    expected = 201 if version == NEW else 400
    assert server.ask("POST", "v3/proposals", body, user="admin").status_code == expected
    instrument = {"uniqueName": "u", "name": "n", "pid": "own"}
    expected = 400 if version == OLD else 201
    assert server.ask("POST", "v3/instruments", instrument, user="admin").status_code == expected
