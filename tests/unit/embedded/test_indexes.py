"""What people filter datasets by is looked up, not looked for in all documents."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.test import Client

from scitacean.embedded import Accounts, EmbeddedCatalogue, User
from scitacean.embedded.catalogue import FILE_NAME
from scitacean.embedded.store import Store, Transaction

NUMBER = 300
ADA = User(username="ada", email="ada@site.example", groups=("beamline1",), password="secret")
ACCOUNTS = Accounts(users={"ada": ADA}, rights={"create_dataset": "everyone"})
RARE: dict[str, Any] = {
    "pid": "rare",
    "ownerGroup": "beamline1",
    "owner": "Grace",
    "ownerEmail": "grace@site.example",
    "orcidOfOwner": "0000-0001",
    "contactEmail": "grace@site.example",
    "type": "derived",
    "datasetName": "rare run",
    "creationLocation": "elsewhere",
    "dataFormat": "nexus",
    "sourceFolder": "/rare",
    "sourceFolderHost": "https://rare.example",
    "size": 5000,
    "packedSize": 4000,
    "numberOfFiles": 7,
    "dataQualityMetrics": 0.5,
    "isPublished": True,
    "keywords": ["often", "seldom"],
    "proposalIds": ["p"],
    "sampleIds": ["s"],
    "instrumentIds": ["i"],
    "inputDatasets": ["input"],
    "principalInvestigators": ["Emmy"],
    "runNumber": "17",
    "createdBy": "robot",
    "updatedBy": "robot",
    "creationTime": "2026-03-02T12:00:00.000Z",
    "createdAt": "2026-03-02T12:00:00.000Z",
    "updatedAt": "2026-03-02T12:00:00.000Z",
    "startTime": "2026-03-02T12:00:00.000Z",
    "endTime": "2026-03-02T12:00:00.000Z",
    "license": "CC0",
    "validationStatus": "valid",
    "instrumentGroup": "diffraction",
}
OFTEN: dict[str, Any] = {
    "ownerGroup": "beamline1",
    "owner": "Ada",
    "type": "raw",
    "size": 5,
    "isPublished": False,
    "keywords": ["often"],
    "creationTime": "2026-03-01T12:00:00.000Z",
    "datasetName": "run",
    "scientificMetadata": {},
}
WHERES: list[dict[str, Any]] = [
    *(
        {name: value[-1] if isinstance(value, list) else value}
        for name, value in RARE.items()
        if name != "ownerGroup"
    ),
    {"size": {"$gt": 1000}},
    {"size": {"$in": [5000, 6000]}},
    {"owner": {"$in": ["Grace", "Nobody"]}},
    {"owner": {"$gt": "B"}},
    {"owner": {"$regex": "^Gra"}},
    {"datasetName": {"$regex": "^rare"}},
    {"keywords": {"$regex": "^sel"}},
    {"type": "derived", "ownerGroup": "beamline1", "scientificMetadata.x": {"$exists": False}},
    {"$or": [{"type": "derived"}, {"sampleIds": "s"}]},
    {"$and": [{"keywords": "often"}, {"isPublished": True}]},
]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCatalogue]:
    folder = tmp_path_factory.mktemp("catalogue")
    with EmbeddedCatalogue(folder, accounts=ACCOUNTS) as catalogue:
        store = Store(folder / FILE_NAME, durable=False)
        with store.transaction(write=True) as transaction:
            for i in range(NUMBER):
                pid = f"often/{i}"
                transaction.insert("datasets", pid, {**OFTEN, "pid": pid})
            transaction.insert("datasets", "rare", RARE)
        store.close()
        yield catalogue


@pytest.fixture
def asked(catalogue: EmbeddedCatalogue, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Any]:
    """Ask as an ordinary user; give the answer, after a look at how SQLite found it."""
    plans: list[str] = []
    run = Transaction._selected

    def explained(self: Transaction, sql: str, parameters: Any) -> Any:
        plans.extend(row[3] for row in self.connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return run(self, sql, parameters)

    def ask(path: str, filter_: Any) -> Any:
        plans.clear()
        token = catalogue.token_for("ada")
        with httpx.Client(
            transport=httpx.WSGITransport(catalogue.wsgi),
            base_url="http://catalogue",
            headers={"Authorization": f"Bearer {token}"},
        ) as http:
            answer = http.get(path, params=filter_)
        assert answer.status_code == 200
        assert any(re.match(r"SEARCH d USING INTEGER PRIMARY KEY \(rowid=\?\)", plan) for plan in plans), (
            plans
        )
        # Neither all documents nor all terms.
        assert not [plan for plan in plans if re.match(r"SCAN (d|t|document|term)\b", plan)]
        return answer.json()

    monkeypatch.setattr(Transaction, "_selected", explained)
    return ask


@pytest.mark.parametrize("sort", [None, {"creationTime": "desc"}, {"datasetName": "asc"}, {"size": "asc"}])
@pytest.mark.parametrize("where", WHERES, ids=json.dumps)
def test_a_page_of_rare_datasets_is_looked_up(
    asked: Callable[[str, Any], Any], where: dict[str, Any], sort: dict[str, str] | None
) -> None:
    limits = {"limits": {"sort": sort}} if sort else {}
    times = ("creationTime", "createdAt", "updatedAt", "startTime", "endTime")
    if set(where) & set(times):
        # Lists of v4 do not read texts as times; counts and lists of v3 do.
        assert asked("/api/v4/datasets/count", {"filter": json.dumps({"where": where})}) == {"count": 1}
    else:
        found = asked("/api/v4/datasets", {"filter": json.dumps({"where": where, **limits})})
        assert [dataset["pid"] for dataset in found] == ["rare"]


def test_what_most_datasets_have_is_met_in_the_order_of_a_page(catalogue: EmbeddedCatalogue) -> None:
    with httpx.Client(
        transport=httpx.WSGITransport(catalogue.wsgi),
        base_url="http://catalogue",
        headers={"Authorization": f"Bearer {catalogue.token_for('ada')}"},
    ) as http:
        found = http.get(
            "/api/v4/datasets",
            params={"filter": json.dumps({"where": {"type": "raw"}, "limits": {"limit": 2, "skip": 1}})},
        ).json()
    assert [dataset["pid"] for dataset in found] == [f"often/{NUMBER - 2}", f"often/{NUMBER - 3}"]


def test_a_list_of_all_takes_little_more_memory_than_its_answer(tmp_path: Path) -> None:
    with EmbeddedCatalogue(tmp_path, accounts=ACCOUNTS) as catalogue:
        store = Store(tmp_path / FILE_NAME, durable=False)
        with store.transaction(write=True) as transaction:
            for i in range(2_000):
                metadata = {f"entry {j}": {"value": j, "unit": "m"} for j in range(50)}
                transaction.insert(
                    "datasets", str(i), {**OFTEN, "pid": str(i), "scientificMetadata": metadata}
                )
        store.close()
        asked = {"filter": json.dumps({"limits": {"limit": 10_000}})}
        signed_in = {"Authorization": f"Bearer {catalogue.token_for('ada')}"}
        http = Client(catalogue.wsgi)
        for path in ("/api/v4/datasets", "/api/v3/datasets"):
            http.get(path, query_string=asked, headers=signed_in)
            tracemalloc.start()
            try:
                answer = http.get(path, query_string=asked, headers=signed_in, buffered=False)
                _, most = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            size = int(answer.headers["Content-Length"])
            assert size > 2_000_000
            assert most < 2.5 * size
            assert len(json.loads(answer.data)) == 2_000
