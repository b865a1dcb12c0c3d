"""Lists of datasets: conditions, order, pages, counts, and whose datasets they show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scicat_api.api.datasets_public_v4 import count_public
from scicat_api.api.datasets_v4 import count, find_all, find_one
from scitacean.embedded import User
from tests.contract.any_server.site import Site, parsed, unique


@pytest.fixture
def word(site: Site) -> str:
    """Make twelve datasets that have a keyword of their own, the third one published."""
    word = unique("word")
    for number in range(12):
        site.dataset(
            datasetName=f"{word}-{number:02}",
            keywords=[word],
            creationTime=f"2026-03-01T12:00:{number:02}.000Z",
            isPublished=number == 2,
            runNumber=str(number),
            scientificMetadata={"i": {"value": number}},
        )
    return word


def numbers(site: Site, user: User | None, word: str, **where: Any) -> list[int]:
    found = site.client(user).query_datasets({"keywords": word, **where}, limit=100)
    return [int(str(one.dataset_name)[-2:]) for one in found]


def test_the_latest_come_first(site: Site, word: str) -> None:
    assert numbers(site, site.member, word) == list(range(11, -1, -1))
    found = site.client(site.member).query_datasets({"keywords": word}, limit=3)
    assert [one.dataset_name for one in found] == [f"{word}-{number}" for number in (11, 10)] + [f"{word}-09"]


def test_lists_show_what_one_may_read(site: Site, word: str) -> None:
    assert len(numbers(site, site.administrator, word)) == 12
    assert numbers(site, site.stranger, word) == [2]
    assert numbers(site, None, word) == [2]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"runNumber": {"$in": ["1", "4"]}}, [4, 1]),
        ({"scientificMetadata.i.value": {"$gte": 10}}, [11, 10]),
        ({"$or": [{"runNumber": "3"}, {"scientificMetadata.i.value": {"$lt": 1}}]}, [3, 0]),
        ({"datasetName": {"$regex": "-0[78]$"}}, [8, 7]),
        ({"isPublished": True}, [2]),
        ({"runNumber": "100"}, []),
    ],
)
def test_conditions(site: Site, word: str, where: dict[str, Any], expected: list[int]) -> None:
    assert numbers(site, site.member, word, **where) == expected


def test_pages_fields_and_counts(site: Site, word: str) -> None:
    where = {"keywords": word}
    limits = {"limit": 3, "skip": 2, "sort": {"datasetName": "asc"}}
    page = json.dumps({"where": where, "fields": ["datasetName"], "limits": limits})
    found = parsed(find_all.sync_detailed(client=site.api(site.member), filter_=page))
    assert [one.dataset_name for one in found] == [f"{word}-{number:02}" for number in (2, 3, 4)]
    ten = parsed(find_all.sync_detailed(client=site.api(site.member), filter_=json.dumps({"where": where})))
    assert len(ten) == 10
    query = json.dumps({"where": where})
    assert parsed(count.sync_detailed(client=site.api(site.member), filter_=query)).count == 12
    assert parsed(count.sync_detailed(client=site.api(site.stranger), filter_=query)).count == 1
    assert parsed(count_public.sync_detailed(client=site.api(None), filter_=query)).count == 1


def test_the_first_one(site: Site, word: str) -> None:
    query = json.dumps({"where": {"keywords": word, "runNumber": "7"}})
    found = parsed(find_one.sync_detailed(client=site.api(site.member), filter_=query))
    assert found.dataset_name == f"{word}-07"
    none = find_one.sync_detailed(client=site.api(site.member), filter_=json.dumps({"where": {"pid": word}}))
    assert (none.status_code, none.parsed) == (200, None)


@pytest.mark.parametrize("query", ["{not json", '{"nonsense": 1}', '{"limits": {"order": "pid:asc"}}'])
def test_bad_filters_are_refused(site: Site, query: str) -> None:
    assert find_all.sync_detailed(client=site.api(site.member), filter_=query).status_code == 400


def test_full_lists_are_for_those_who_are_signed_in(site: Site) -> None:
    assert find_all.sync_detailed(client=site.api(None)).status_code == 403
