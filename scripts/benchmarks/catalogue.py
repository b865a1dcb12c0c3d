#!/usr/bin/env python3
"""Measure the embedded catalogue against what it is made of, as ratios within one run.

- GET of a dataset in the same process, against httpx with an empty WSGI application;
- GET over a socket with one client, against a new httpx client for each call;
- creating datasets in the same process, against plain SQLite commits of the same bytes in the same
  folder, both with ``synchronous=FULL``;
- filtered and sorted pages out of 100,000 datasets, against the same out of 1,000.

Both sides of a ratio take turns, and the medians of their rounds are compared.  The exit status is
1 when a ratio misses its bound.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
from attrs import frozen

from scitacean.embedded import EmbeddedCatalogue, serve
from scitacean.embedded.catalogue import FILE_NAME
from scitacean.embedded.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROUNDS = 7
CALLS = 200
NEW_CLIENTS = 10
FEW, MANY = 1_000, 100_000
DATASET: dict[str, Any] = {
    "ownerGroup": "me",
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
    """What was measured on both sides, in seconds per call, and the bound."""

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
        sign = "at most" if self.at_most else "at least"
        verdict = "good" if self.good else "MISSED"
        return (
            f"{self.name:<52} {1e3 * self.ours:8.3f} ms {1e3 * self.theirs:8.3f} ms"
            f"   {self.value:6.2f}  ({sign} {self.bound:g}) {verdict}"
        )


def in_turns(*sides: Callable[[], float]) -> list[float]:
    """Measure the sides in turns and return the median of each."""
    rounds = [[side() for side in sides] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


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
    """Give the header of somebody who may do everything."""
    return {"Authorization": f"Bearer {catalogue.token_for('me')}"}


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
        mine, other = in_turns(
            lambda: timed(lambda: ours.get(path).raise_for_status(), CALLS),
            lambda: timed(lambda: theirs.get(path).raise_for_status(), CALLS),
        )
    return Ratio("GET in process / httpx and an empty application", mine, other, other / mine, 0.4)


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
            mine, other = in_turns(
                lambda: timed(lambda: kept.get(url).raise_for_status(), CALLS),
                lambda: timed(anew, NEW_CLIENTS),
            )
    return Ratio("GET over a socket, one client / new clients", mine, other, other / mine, 4.0)


def create_in_process(folder: Path) -> Ratio:
    """Compare creating with plain commits of what is answered."""
    plain = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE document (id TEXT PRIMARY KEY, body TEXT)")
    with EmbeddedCatalogue(folder / "created") as catalogue, client_of(catalogue) as client:
        dataset = created(client)
        body = json.dumps(dataset, separators=(",", ":"))
        numbers = iter(range(sys.maxsize))

        def commit() -> None:
            plain.execute("BEGIN IMMEDIATE")
            plain.execute("INSERT INTO document VALUES (?, ?)", (f"{dataset['pid']}{next(numbers)}", body))
            plain.execute("COMMIT")

        mine, other = in_turns(lambda: timed(lambda: created(client), CALLS), lambda: timed(commit, CALLS))
    plain.close()
    return Ratio("creating in process / plain SQLite commits", mine, other, other / mine, 0.3)


def filled(folder: Path, number: int) -> EmbeddedCatalogue:
    """Make a catalogue with many datasets."""
    catalogue = EmbeddedCatalogue(folder)
    with client_of(catalogue) as client:
        model = created(client)
    store = Store(folder / FILE_NAME, durable=False)
    with store.transaction(write=True) as transaction:
        transaction.delete("datasets", model["pid"])
        for i in range(number):
            pid = f"bench/{i:06d}"
            dataset = {
                **model,
                "_id": pid,
                "pid": pid,
                "datasetName": f"run {i:06d}",
                "creationTime": f"2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}T{i % 24:02d}:00:00.000Z",
                "keywords": [*(["seldom"] if i % (number // 10) == 0 else []), "often" if i % 10 else "rest"],
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
        return timed(lambda: client.get("/api/v4/datasets", params=query).raise_for_status(), CALLS // 4)

    query = {"filter": json.dumps(filter_)}
    mine, other = in_turns(lambda: ask(many), lambda: ask(few))
    return Ratio(f"page of {MANY:,} / of {FEW:,}: {name}", mine, other, mine / other, 2.0, at_most=True)


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", help="where to put the catalogues; the disk matters for creating")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as name:
        folder = Path(name)
        with EmbeddedCatalogue(folder / "read") as catalogue:
            ratios = [get_in_process(catalogue), get_over_socket(catalogue)]
        ratios.append(create_in_process(folder))
        ratios += pages(folder)
    for ratio in ratios:
        print(ratio)
    return 0 if all(ratio.good for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
