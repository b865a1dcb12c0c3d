#!/usr/bin/env python3
"""Measure the embedded catalogue against what it is made of, as ratios within one run.

- GET of a dataset in the same process, against httpx with an empty WSGI application;
- GET over a socket with one client, against a new httpx client for each call;
- creating datasets in the same process, against plain SQLite commits of the same bytes in the same
  folder, both with ``synchronous=FULL``: SQLite as it comes, with a rollback journal; with a
  write-ahead log, as the catalogue has it, behind the same transport, as one commit of that log on
  a fast disk costs a third of what httpx takes to ask for it; and, for information, without httpx,
  where that alone keeps the ratio below 0.3;
- filtered and sorted pages out of 100,000 datasets, against the same out of 1,000.

All is asked by a user with ordinary rights.  Both sides of a ratio take turns in many short
rounds; what counts is the median of the ratios of the rounds.  The exit status is 1 when a ratio
misses its bound.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
from attrs import frozen

from scitacean.embedded import Accounts, EmbeddedCatalogue, User, serve
from scitacean.embedded.catalogue import FILE_NAME
from scitacean.embedded.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROUNDS = 21
CALLS = 50
NEW_CLIENTS = 2
FEW, MANY = 1_000, 100_000
ADA = User(username="ada", email="ada@site.example", groups=("beamline1",), password="secret")
ACCOUNTS = Accounts(users={"ada": ADA}, rights={"create_dataset": "everyone"})
DATASET: dict[str, Any] = {
    "ownerGroup": "beamline1",
    "owner": "Ada Example",
    "contactEmail": "ada@site.example",
    "sourceFolder": "/data/2026/run",
    "creationTime": "2026-03-01T12:00:00.000Z",
    "datasetName": "run",
    "type": "raw",
    "keywords": ["calibration"],
    "scientificMetadata": {"temperature": {"value": 11, "unit": "K"}},
}
# Some leave ten datasets at most, others a part of all, whether there are 1,000 or 100,000.
PAGES: dict[str, dict[str, Any]] = {
    "a rare keyword": {"where": {"keywords": "seldom"}},
    "one name": {"where": {"datasetName": "run 000007"}},
    "names that begin so": {"where": {"datasetName": {"$regex": "^run 00000"}}},
    "of a rare type": {"where": {"type": "derived"}},
    "of one owner": {"where": {"owner": "Grace Example"}},
    "of an owner who has none": {"where": {"owner": "Nobody"}},
    "of one sample": {"where": {"sampleIds": "sample 7"}},
    "the large ones": {"where": {"size": {"$gt": 1000}}},
    "most of them, by time": {
        "where": {"keywords": "often"},
        "limits": {"limit": 10, "skip": 20, "sort": {"creationTime": "desc"}},
    },
    "warm ones, by name": {
        "where": {"scientificMetadata.temperature.value": {"$gte": 50}},
        "fields": ["datasetName", "pid"],
        "limits": {"sort": {"datasetName": "asc"}},
    },
    "all, the newest first": {},
}


@frozen
class Ratio:
    """What was measured on both sides, in seconds per call, and the bound; 0 for none."""

    name: str
    ours: float
    theirs: float
    value: float
    bound: float
    at_most: bool = False

    @property
    def good(self) -> bool:
        """Whether the bound holds."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        measured = f"{self.name:<52} {1e3 * self.ours:8.3f} ms {1e3 * self.theirs:8.3f} ms {self.value:8.2f}"
        if not self.bound:
            return measured
        sign = "at most" if self.at_most else "at least"
        return f"{measured}  ({sign} {self.bound:g}) {'good' if self.good else 'MISSED'}"


def in_turns(ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float, float]:
    """Measure both sides in turns; return the medians of each and of theirs divided by ours."""
    rounds = [(ours(), theirs()) for _ in range(ROUNDS)]
    return (
        statistics.median(mine for mine, _ in rounds),
        statistics.median(other for _, other in rounds),
        statistics.median(other / mine for mine, other in rounds),
    )


def timed(call: Callable[[], object], number: int) -> float:
    """Return the seconds that a call takes on average."""
    start = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - start) / number


def empty(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer nothing at all: a WSGI application that costs nothing."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


@contextmanager
def client_of(catalogue: EmbeddedCatalogue) -> Iterator[httpx.Client]:
    """Give a client in the same process that is signed in."""
    with httpx.Client(
        transport=httpx.WSGITransport(catalogue.wsgi),
        base_url="http://catalogue",
        headers=signed_in(catalogue),
    ) as client:
        yield client


def signed_in(catalogue: EmbeddedCatalogue) -> dict[str, str]:
    """Give the header of a member of a group."""
    return {"Authorization": f"Bearer {catalogue.token_for('ada')}"}


def created(client: httpx.Client) -> dict[str, Any]:
    """Create a dataset."""
    answer = client.post("/api/v4/datasets", json=DATASET)
    answer.raise_for_status()
    dataset: dict[str, Any] = answer.json()
    return dataset


def address(dataset: dict[str, Any]) -> str:
    """Give the path of a dataset."""
    return f"/api/v4/datasets/{quote(dataset['pid'], safe='')}"


def get_in_process(catalogue: EmbeddedCatalogue) -> Ratio:
    """Compare GET with what httpx takes for an application that does nothing."""
    with (
        client_of(catalogue) as ours,
        httpx.Client(
            transport=httpx.WSGITransport(empty), base_url="http://catalogue", headers=signed_in(catalogue)
        ) as theirs,
    ):
        path = address(created(ours))
        mine, other, ratio = in_turns(
            lambda: timed(lambda: ours.get(path).raise_for_status(), CALLS),
            lambda: timed(lambda: theirs.get(path).raise_for_status(), CALLS),
        )
    return Ratio("GET in process / httpx and an empty application", mine, other, ratio, 0.4)


def get_over_socket(catalogue: EmbeddedCatalogue) -> Ratio:
    """Compare one client with a new one for each call."""
    with client_of(catalogue) as client:
        path = address(created(client))
    with serve(catalogue) as server:
        url, headers = f"{server.url}{path}", signed_in(catalogue)

        def anew() -> None:
            with httpx.Client(headers=headers) as client:
                client.get(url).raise_for_status()

        with httpx.Client(headers=headers) as kept:
            mine, other, ratio = in_turns(
                lambda: timed(lambda: kept.get(url).raise_for_status(), CALLS),
                lambda: timed(anew, NEW_CLIENTS),
            )
    return Ratio("GET over a socket, one client / new clients", mine, other, ratio, 4.0)


class Plain:
    """Plain SQLite that commits the same bytes again and again, with ids of their own.

    Parameters
    ----------
    file:
        The database; made here.
    journal:
        ``delete`` or ``wal``.
    dataset:
        What was answered when it was created.
    """

    def __init__(self, file: Path, journal: str, dataset: dict[str, Any]) -> None:
        self._ids = (f"{dataset['pid']}{number}" for number in itertools.count())
        self._body = json.dumps(dataset, separators=(",", ":"))
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute(f"PRAGMA journal_mode = {journal}")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE document (id TEXT PRIMARY KEY, body TEXT)")

    def commit(self) -> None:
        """Store them once."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO document VALUES (?, ?)", (next(self._ids), self._body))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def application(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Commit and answer the bytes, whatever is sent."""
        self.commit()
        start_response("201 Created", [("Content-Type", "application/json")])
        return [self._body.encode()]


def creates_in_process(folder: Path) -> Iterator[Ratio]:
    """Compare creating with plain commits of what is answered."""
    with (
        EmbeddedCatalogue(folder / "created", accounts=ACCOUNTS) as catalogue,
        client_of(catalogue) as client,
        ExitStack() as stack,
    ):
        dataset = created(client)

        def plain(name: str, journal: str) -> Plain:
            return stack.enter_context(closing(Plain(folder / f"{name}.sqlite", journal, dataset)))

        behind = stack.enter_context(
            httpx.Client(
                transport=httpx.WSGITransport(plain("behind", "wal").application),
                base_url="http://catalogue",
                headers=signed_in(catalogue),
            )
        )
        peers: list[tuple[str, Callable[[], object], float]] = [
            ("rollback journal", plain("delete", "delete").commit, 0.3),
            ("WAL, behind httpx", lambda: created(behind), 0.3),
            ("WAL", plain("wal", "wal").commit, 0.0),
        ]
        for name, commit, bound in peers:
            mine, other, ratio = in_turns(
                lambda: timed(lambda: created(client), CALLS),
                functools.partial(timed, commit, CALLS),
            )
            yield Ratio(f"creating in process / plain SQLite, {name}", mine, other, ratio, bound)


def filled(folder: Path, number: int) -> EmbeddedCatalogue:
    """Make a catalogue with many datasets."""
    catalogue = EmbeddedCatalogue(folder, accounts=ACCOUNTS)
    with client_of(catalogue) as client:
        model = created(client)
    store = Store(folder / FILE_NAME, durable=False)
    with store.transaction(write=True) as transaction:
        transaction.delete("datasets", model["pid"])
        for i in range(number):
            pid = f"bench/{i:06d}"
            seldom = i % (number // 10) == 0
            dataset = {
                **model,
                "_id": pid,
                "pid": pid,
                "datasetName": f"run {i:06d}",
                "creationTime": f"2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}T{i % 24:02d}:00:00.000Z",
                "keywords": [*(["seldom"] if seldom else []), "often" if i % 10 else "rest"],
                "type": "derived" if seldom else "raw",
                "owner": "Grace Example" if seldom else "Ada Example",
                "sampleIds": [f"sample {i * 100 // number}"] if i % (number // 100) < 10 else [],
                "size": 2000 if seldom else i % 1000,
                "scientificMetadata": {"temperature": {"value": i % 100, "unit": "K"}},
            }
            transaction.insert("datasets", pid, dataset)
    store.close()
    return catalogue


def pages(folder: Path) -> list[Ratio]:
    """Compare pages out of many datasets with pages out of few."""
    with ExitStack() as stack:
        few, many = (
            stack.enter_context(client_of(stack.enter_context(filled(folder / str(number), number))))
            for number in (FEW, MANY)
        )
        return [page(few, many, name, filter_) for name, filter_ in PAGES.items()]


def page(few: httpx.Client, many: httpx.Client, name: str, filter_: dict[str, Any]) -> Ratio:
    """Compare one page."""

    def ask(client: httpx.Client) -> float:
        return timed(lambda: client.get("/api/v4/datasets", params=query).raise_for_status(), CALLS // 5)

    query = {"filter": json.dumps(filter_)}
    mine, other, ratio = in_turns(lambda: ask(many), lambda: ask(few))
    return Ratio(f"page of {MANY:,} / of {FEW:,}: {name}", mine, other, 1 / ratio, 2.0, at_most=True)


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", help="where to put the catalogues; the disk matters for creating")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as name:
        folder = Path(name)
        with EmbeddedCatalogue(folder / "read", accounts=ACCOUNTS) as catalogue:
            ratios = [get_in_process(catalogue), get_over_socket(catalogue)]
        ratios += creates_in_process(folder)
        ratios += pages(folder)
    for ratio in ratios:
        print(ratio)
    return 0 if all(ratio.good for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
