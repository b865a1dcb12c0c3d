"""A catalogue with entries of all kinds and users who may do different things with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
from attrs import frozen

from scitacean.embedded import Accounts, EmbeddedCatalogue, User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GROUPS = ("beamline1", "beamline2")
ACCOUNTS = Accounts(
    users={
        name: User(username=name, email=f"{name}@site.example", groups=groups, password=f"{name}-secret")
        for name, groups in {
            "root": ("beamline1", "beamline2", "admin", "ingestor", "archiver"),
            "admin": ("admin",),
            "archiver": ("archiver",),
            "alice": ("beamline1",),
            "bob": ("beamline2",),
        }.items()
    },
    rights={
        "admin": frozenset({"admin"}),
        "create_dataset_with_pid": frozenset({"ingestor"}),
        "update_dataset_lifecycle": frozenset({"archiver"}),
        "delete": frozenset({"archiver"}),
        "create_proposal": frozenset({"ingestor"}),
        "update_job": frozenset({"archiver"}),
        "create_dataset": "everyone",
        "create_sample": "everyone",
        "create_attachment": "everyone",
    },
)
NOBODY, BAD_TOKEN = "nobody", "bad token"
# The first is the one that fewest are refused to.
USERS = (*ACCOUNTS.users, NOBODY, BAD_TOKEN)

_DATASET = {
    "owner": "Ada",
    "contactEmail": "ada@site.example",
    "sourceFolder": "/data/x",
    "creationTime": "2026-03-01T12:00:00.000Z",
    "datasetName": "x",
    "type": "raw",
    "keywords": ["a"],
    "scientificMetadata": {"temperature": {"value": 4, "unit": "K"}, "note": "cold"},
    "datasetlifecycle": {"archivable": True, "retrievable": True},
}
_DATACITE = {
    "creators": [{"name": "Ada"}],
    "publisher": {"name": "site"},
    "publicationYear": 2026,
    "resourceType": "raw",
}
_FILE = {"path": "a", "size": 1, "time": "2026-03-01T12:00:00.000Z"}


@frozen
class Template:
    """A catalogue with entries of all kinds, to be copied for each case.

    ``ids`` are those of the entries by what they are, those that belong together in the same place.
    """

    folder: Path
    ids: Mapping[str, list[str]]
    tokens: Mapping[str, str]

    def opened(self, folder: Path) -> EmbeddedCatalogue:
        """Copy it, so that every case meets the same entries, and repeats."""
        shutil.copytree(self.folder, folder)
        return EmbeddedCatalogue(folder, accounts=ACCOUNTS, clock=lambda: NOW)


def filled(folder: Path) -> Template:
    """Make a catalogue with entries of all kinds."""
    with EmbeddedCatalogue(folder, accounts=ACCOUNTS, clock=lambda: NOW) as catalogue:
        tokens = {name: catalogue.token_for(name) for name in ACCOUNTS.users} | {BAD_TOKEN: "not.a.token"}
        with httpx.Client(
            transport=httpx.WSGITransport(catalogue.wsgi),
            base_url="http://catalogue/api",
            headers={"Authorization": f"Bearer {tokens['root']}"},
        ) as http:
            ids = _fill(http)
    return Template(folder, ids, tokens)


def _fill(http: httpx.Client) -> dict[str, list[str]]:
    def made(path: str, body: object, name: str) -> str:
        answer = http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()[name])

    ids: dict[str, list[str]] = {
        kind: []
        for kind in (
            "datasets", "origdatablocks", "datablocks", "attachments", "samples", "proposals", "instruments",
            "sample attachments", "proposal attachments", "jobs", "publisheddata",
        )
    }  # fmt: skip
    kinds = ((GROUPS[0], False), (GROUPS[1], False), (GROUPS[0], True), (GROUPS[0], False))
    for number, (group, published) in enumerate(kinds):
        own = {"ownerGroup": group, "isPublished": published}
        sample = made("/v3/samples", {**own, "sampleId": f"sample{number}", "sampleName": "s"}, "sampleId")
        proposal = made(
            "/v3/proposals",
            {"proposalId": f"proposal{number}", "ownerGroup": group, "email": "a@site.example", "title": "t"},
            "proposalId",
        )
        instrument = made(
            "/v3/instruments",
            {"pid": f"instrument{number}", "name": "i", "uniqueName": f"instrument{number}"},
            "pid",
        )
        links = {"sampleIds": [sample], "proposalIds": [proposal], "instrumentIds": [instrument]}
        pid = made("/v4/datasets", {**_DATASET, **own, **links, "pid": f"dataset{number}"}, "pid")
        part = {"datasetId": pid, "size": 1, "dataFileList": [_FILE], "ownerGroup": group}
        block = made("/v4/origdatablocks", {**part, "isPublished": published}, "_id")
        archived = {**part, "archiveId": "a", "packedSize": 1, "version": "1"}
        bare = {"caption": "c", "thumbnail": "data:image/png;base64,AA=="}
        picture = {**bare, "ownerGroup": group}
        ids["datasets"].append(pid)
        ids["origdatablocks"].append(block)
        ids["datablocks"].append(made("/v3/datablocks", archived, "_id"))
        ids["attachments"].append(made(f"/v3/datasets/{quote(pid, safe='')}/attachments", picture, "_id"))
        ids["samples"].append(sample)
        ids["sample attachments"].append(made(f"/v3/samples/{sample}/attachments", bare, "_id"))
        ids["proposals"].append(proposal)
        ids["proposal attachments"].append(made(f"/v3/proposals/{proposal}/attachments", picture, "_id"))
        ids["instruments"].append(instrument)
        wanted = {"datasetList": [{"pid": pid, "files": []}]}
        ids["jobs"].append(
            made("/v4/jobs", {"type": "archive", "ownerGroup": group, "jobParams": wanted}, "id")
        )
        published_data = {"title": "t", "abstract": "a", "datasetPids": [pid], "metadata": _DATACITE}
        ids["publisheddata"].append(made("/v4/publisheddata", published_data, "doi"))
    _advance(http, ids["publisheddata"])
    # Routes of v4 go by another id, which those of v3 take as well but do not give.
    listed = http.get("/v4/attachments", params={"filter": json.dumps({"limits": {"limit": 100}})}).json()
    names = {one["_id"]: one["aid"] for one in listed}
    return {
        kind: [names[own] for own in known] if kind.endswith("attachments") else known
        for kind, known in ids.items()
    }


def _advance(http: httpx.Client, dois: list[str]) -> None:
    """Leave the first private, make the second public, register the third and amend the fourth."""
    done = ("publish", "register", "amend")
    for doi, steps in (dois[1], done[:1]), (dois[2], done[:2]), (dois[3], done):
        for step in steps:
            answer = http.post(f"/v4/publisheddata/{quote(doi, safe='')}/{step}")
            assert answer.status_code < 300, answer.text
