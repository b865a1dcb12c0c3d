"""What servers are known to do beyond what was recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from scitacean.embedded import Accounts, EmbeddedCatalogue

ACCOUNTS = Path(__file__).parents[1] / "data" / "congruence" / "accounts.json"
MINIMAL = {
    "ownerGroup": "beamline1",
    "owner": "Ada",
    "contactEmail": "ada@site.example",
    "sourceFolder": "/data/x",
    "creationTime": "2026-03-01T12:00:00.000Z",
    "datasetName": "x",
    "type": "raw",
}
FILE = {"path": "a", "size": 1, "time": "2026-03-01T12:00:00.000Z"}
MERGE = {"Content-Type": "application/merge-patch+json"}
As = Callable[[str | None], httpx.Client]


@pytest.fixture
def as_user() -> Iterator[As]:
    clients: list[httpx.Client] = []
    with EmbeddedCatalogue(accounts=Accounts.from_file(ACCOUNTS)) as catalogue:

        def make(username: str | None) -> httpx.Client:
            token = catalogue.token_for(username) if username else "none"
            clients.append(
                httpx.Client(
                    transport=httpx.WSGITransport(catalogue.wsgi),
                    base_url="http://catalogue",
                    headers={"Authorization": f"Bearer {token}"},
                )
            )
            return clients[-1]

        yield make
        for client in clients:
            client.close()


@pytest.fixture
def alice(as_user: As) -> httpx.Client:
    return as_user("alice")


def made(http: httpx.Client, **changes: Any) -> str:
    answer = http.post("/api/v4/datasets", json={**MINIMAL, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["pid"])


def path(pid: str, rest: str = "", version: int = 4) -> str:
    return f"/api/v{version}/datasets/{quote(pid, safe='')}{rest}"


def listed(http: httpx.Client, what: str, **filter_: Any) -> Any:
    answer = http.get(f"/api/{what}", params={"filter": json.dumps(filter_)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def add_block(http: httpx.Client, pid: str, files: int = 1, **changes: Any) -> dict[str, Any]:
    body = {"datasetId": pid, "size": files, "dataFileList": [FILE] * files, **changes}
    answer = http.post("/api/v4/origdatablocks", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_put_drops_what_is_not_sent(alice: httpx.Client) -> None:
    pid = made(alice, description="old", keywords=["a"])
    before = alice.get(path(pid)).json()
    body = {name: value for name, value in MINIMAL.items() if name != "type"}
    answer = alice.put(path(pid), json={**body, "datasetName": "new"})
    assert answer.status_code == 200
    after = alice.get(path(pid)).json()
    assert answer.json() == after
    assert not {"description", "type", "version"} & set(after)
    assert (after["datasetName"], after["keywords"]) == ("new", [])
    assert after["createdAt"] == before["createdAt"]
    assert alice.put(path(pid), json=MINIMAL).status_code == 400


def test_merge_patch_counts_only_under_its_exact_name(alice: httpx.Client) -> None:
    pid = made(alice, scientificMetadata={"a": 1, "b": {"value": 1, "unit": "mm"}}, comment="c")
    alone: dict[str, Any] = {"scientificMetadata": {"b": {"value": 2}}}
    assert alice.patch(path(pid), content=json.dumps(alone), headers=MERGE).status_code == 400
    change: dict[str, Any] = {
        "scientificMetadata": {"a": None, "b": {"value": 2, "unit": "mm"}, "new": {"value": 3}},
        "comment": None,
    }
    merged = alice.patch(path(pid), content=json.dumps(change), headers=MERGE).json()
    assert merged["comment"] == "c"
    assert merged["scientificMetadata"] == {
        "b": {"value": 2, "unit": "mm", "valueSI": pytest.approx(0.002), "unitSI": "m"},
        "new": {"value": 3},
    }
    with_charset = {"Content-Type": "application/merge-patch+json; charset=utf-8"}
    replaced = alice.patch(path(pid), content=json.dumps(change), headers=with_charset).json()
    assert replaced["comment"] is None
    assert replaced["scientificMetadata"]["a"] is None
    assert set(replaced["scientificMetadata"]) == {"a", "b", "new"}


def test_if_unmodified_since(alice: httpx.Client) -> None:
    pid = made(alice)

    def patched(since: str) -> int:
        header = {"If-Unmodified-Since": since}
        return alice.patch(path(pid), json={"comment": "x"}, headers=header).status_code

    assert patched(alice.get(path(pid)).json()["updatedAt"]) == 200
    assert patched("2020-01-01T00:00:00.000Z") == 412
    assert patched("no time at all") == 200


def test_published_datasets_are_for_all_but_their_parts_are_not(as_user: As) -> None:
    alice, bob, nobody = as_user("alice"), as_user("bob"), as_user(None)
    pid = made(alice, isPublished=True)
    hidden, open_ = add_block(alice, pid), add_block(alice, pid, isPublished=True)
    picture = {"caption": "c", "ownerGroup": "beamline1", "thumbnail": "data:,"}
    assert alice.post(path(pid, "/attachments", 3), json=picture).status_code == 201
    for http in (bob, nobody):
        public = http.get(path(pid).replace("datasets/", "datasets/public/"), params={"include": "all"})
        assert [block["_id"] for block in public.json()["origdatablocks"]] == [open_["_id"]]
        assert public.json()["attachments"] == []
        assert public.json()["samples"] == []
        assert listed(http, "v4/datasets/public")[0]["pid"] == pid
        assert listed(http, "v4/datasets/public/findOne")["pid"] == pid
        assert listed(http, "v4/datasets/public/count") == {"count": 1}
        assert len(listed(http, "v4/origdatablocks/public")) == 1
        assert len(listed(http, "v4/origdatablocks/public/files")) == 1
        assert listed(http, "v4/origdatablocks/public/files/count") == {"count": 1}
        assert listed(http, "v4/attachments/public") == []
        assert http.get(f"/api/v4/origdatablocks/public/{open_['_id']}").status_code == 200
        assert http.get(f"/api/v4/origdatablocks/public/{hidden['_id']}").content == b""
    assert bob.get(path(pid), params={"include": "origdatablocks"}).json()["origdatablocks"] == [open_]
    assert len(alice.get(path(pid, "/origdatablocks", 3)).json()) == 2
    assert nobody.get(path(pid)).status_code == 403


def test_shared_datasets(as_user: As) -> None:
    pid = made(as_user("alice"), sharedWith=["bob@site.example"])
    assert as_user("bob").get(path(pid)).status_code == 200
    assert len(listed(as_user("bob"), "v4/datasets")) == 1
    assert as_user("ingestor").get(path(pid)).status_code == 403


def test_administrators_may_all_but_delete(as_user: As) -> None:
    admin = as_user("admin")
    pid = made(admin, ownerGroup="anything", pid="own/pid")
    assert pid == "own/pid"
    assert len(listed(admin, "v4/datasets")) == 1
    assert admin.patch(path(pid, "/datasetlifecycle"), json={"archivable": False}).status_code == 200
    block = add_block(admin, pid)
    assert admin.delete(path(pid)).status_code == 403
    assert admin.delete(f"/api/v4/origdatablocks/{block['_id']}").status_code == 403
    archiver = as_user("archiver")
    assert archiver.delete(path(pid)).status_code == 200
    # The block stays behind, without its dataset.
    files = listed(admin, "v4/origdatablocks/files")
    assert [entry["datasetExist"] for entry in files] == [False]
    assert archiver.delete(f"/api/v4/origdatablocks/{block['_id']}").status_code == 200


def test_sizes_follow_the_blocks(alice: httpx.Client) -> None:
    pid = made(alice, size=100, numberOfFiles=7)
    block = add_block(alice, pid, 3)

    def sizes() -> tuple[int, int]:
        dataset = alice.get(path(pid)).json()
        return dataset["size"], dataset["numberOfFiles"]

    # Added to what the dataset was made with.
    assert sizes() == (103, 10)
    change = {"size": 1, "dataFileList": [FILE]}
    assert alice.patch(f"/api/v4/origdatablocks/{block['_id']}", json=change).status_code == 200
    assert sizes() == (101, 8)
    alice.patch(path(pid), json={"comment": "x"})
    assert sizes() == (101, 8)


def test_v4_lists_give_ten_unless_told(alice: httpx.Client) -> None:
    pid = made(alice)
    for _ in range(12):
        add_block(alice, pid, 2)
    where = {"datasetId": pid}
    assert len(listed(alice, "v4/origdatablocks", where=where)) == 10
    assert len(listed(alice, "v4/origdatablocks", where=where, limits={"limit": 100})) == 12
    assert len(listed(alice, "v4/origdatablocks", where=where, limits={"skip": 10})) == 2
    assert len(listed(alice, "v4/origdatablocks/files", where=where, limits={"limit": 100})) == 24
    files = listed(alice, "v4/origdatablocks/files", where=where, limits={"skip": 23})
    assert len(files) == 1
    assert listed(alice, "v4/origdatablocks/files/count", where=where) == {"count": 24}
    included = alice.get(path(pid), params={"include": ["origdatablocks", "attachments"]}).json()
    assert (len(included["origdatablocks"]), included["attachments"]) == (12, [])


def test_v3_lists_give_a_hundred(alice: httpx.Client) -> None:
    pid = made(alice)
    for _ in range(101):
        add_block(alice, pid)
    assert len(alice.get(path(pid, "/origdatablocks", 3)).json()) == 100


def test_sorting_happens_after_the_projection(alice: httpx.Client) -> None:
    for name in ("b", "c", "a"):
        made(alice, datasetName=name)

    def names(**filter_: Any) -> list[str]:
        return [dataset["datasetName"] for dataset in listed(alice, "v4/datasets", **filter_)]

    assert names() == ["a", "c", "b"]
    assert names(limits={"sort": {"datasetName": "asc"}}) == ["a", "b", "c"]
    assert names(limits={"sort": {"datasetName": 1}}) == ["c", "b", "a"]
    assert names(fields=["datasetName"], limits={"sort": {"pid": "asc"}}) == ["b", "c", "a"]
    assert names(fields=["datasetName"]) == ["b", "c", "a"]
    assert names(limits={"sort": {'scientificMetadata.odd"key': "asc"}}) == ["b", "c", "a"]
    many = {"sort": {"type": "asc", "datasetName": "desc"}}
    assert names(limits=many) == ["c", "b", "a"]


def test_texts_are_times_in_counts_only(alice: httpx.Client) -> None:
    made(alice)
    where = {"creationTime": {"$gte": "2026-01-01"}}
    assert listed(alice, "v4/datasets", where=where) == []
    assert listed(alice, "v4/datasets/count", where=where) == {"count": 1}


def test_relations_in_lists(alice: httpx.Client) -> None:
    sample = {"ownerGroup": "beamline1", "sampleId": "S1", "sampleName": "s"}
    assert alice.post("/api/v3/samples", json=sample).status_code == 201
    pid = made(alice, sampleIds=["S1", "S2"])
    add_block(alice, pid)
    found = listed(alice, "v4/datasets", fields=["pid"], include=["samples", "origdatablocks", "instruments"])
    assert set(found[0]) == {"_id", "pid", "samples", "origdatablocks", "instruments"}
    assert [one["sampleId"] for one in found[0]["samples"]] == ["S1"]
    assert len(found[0]["origdatablocks"]) == 1
    bad = alice.get("/api/v4/datasets", params={"filter": '{"include": ["nothing"]}'})
    assert bad.status_code == 400
    for what in ("origdatablocks", "attachments"):
        bad = alice.get(f"/api/v4/{what}", params={"filter": '{"include": ["datasets"]}'})
        assert bad.status_code == 400


def test_attachments(as_user: As, alice: httpx.Client) -> None:
    pid = made(alice)
    assert alice.get(path(pid, "/thumbnail", 3)).json() == {}
    missing = alice.delete(path(pid, "/attachments/none", 3))
    assert (missing.status_code, missing.content) == (200, b"")
    body = {
        "aid": "A1",
        "caption": "c",
        "ownerGroup": "beamline1",
        "isPublished": False,
        "relationships": [{"targetId": pid, "targetType": "dataset"}],
    }
    assert alice.post("/api/v4/attachments", json=body).status_code == 201
    assert alice.post("/api/v4/attachments", json=body).status_code == 409
    alice.post("/api/v4/attachments", json={**body, "aid": "A2"})
    where = {"relationships.targetId": pid, "relationships.targetType": "dataset"}
    found = listed(alice, "v4/attachments", where=where)
    assert [one["aid"] for one in found] == ["A2", "A1"]
    assert found[0]["relationships"][0]["relationType"] == "is attached to"
    assert listed(as_user("bob"), "v4/attachments") == []
    assert as_user("bob").get("/api/v4/attachments/A1").status_code == 403
    assert as_user("bob").delete(path(pid, "/attachments/A1", 3)).status_code == 403
    assert alice.delete(path(pid, "/attachments/A2", 3)).json()["aid"] == "A2"
    assert alice.post("/api/v4/attachments/isValid", json=body).json() == {"valid": True, "reason": []}


def test_samples(as_user: As, alice: httpx.Client) -> None:
    for i in range(3):
        sample = {"ownerGroup": "beamline1", "sampleId": f"S{i}", "sampleName": f"name {i}"}
        assert alice.post("/api/v3/samples", json=sample).status_code == 201

    def names(http: httpx.Client, **filter_: Any) -> list[str]:
        return [sample["sampleId"] for sample in listed(http, "v3/samples", **filter_)]

    assert names(alice, limits={"order": "sampleName:desc", "limit": 2}) == ["S2", "S1"]
    assert names(alice, limits={"order": "sampleName"}) == ["S0", "S1", "S2"]
    assert names(alice, where={"createdAt": {"$gt": "2020-01-01"}}, limits={"skip": 2}) == ["S2"]
    assert names(alice, where={"sampleId": {"$in": ["S0", "S2"]}}, fields=["sampleId"]) == ["S0", "S2"]
    assert names(as_user("bob")) == []
    assert alice.patch("/api/v3/samples/S1", json={"isPublished": True}).status_code == 200
    assert names(as_user("bob")) == names(as_user(None)) == ["S1"]
    assert as_user("bob").patch("/api/v3/samples/S1", json={"owner": "b"}).status_code == 403
    assert as_user(None).patch("/api/v3/samples/S1", json={"owner": "b"}).status_code == 401
    assert as_user("archiver").delete("/api/v3/samples/S1").status_code == 200
    assert as_user("archiver").delete("/api/v3/samples/S1").status_code == 404
    assert as_user("admin").delete("/api/v3/samples/S1").status_code == 403


def test_bad_tokens_see_what_is_public_in_v3(as_user: As) -> None:
    nobody = as_user(None)
    assert nobody.get("/api/v3/samples").json() == []
    assert nobody.get("/api/v4/samples").status_code == 404
    assert nobody.get("/api/v3/auth/whoami").content == b""
    pid = made(as_user("alice"))
    assert nobody.get(path(pid, "/attachments", 3)).status_code == 403


def test_sizes_that_are_no_numbers_are_refused(alice: httpx.Client) -> None:
    pid = made(alice)
    huge = {"datasetId": pid, "size": 1e308, "dataFileList": [FILE]}
    assert alice.post("/api/v4/origdatablocks", json=huge).status_code == 201
    assert alice.post("/api/v4/origdatablocks", json=huge).status_code == 400
    whole = made(alice, size=10**308)
    for size in (10**308, 1e308):
        answer = alice.post("/api/v4/origdatablocks", json={**huge, "datasetId": whole, "size": size})
        assert answer.status_code == 400
    too_large = alice.post("/api/v4/origdatablocks", json={**huge, "size": 10**400})
    assert too_large.status_code == 400
    assert [dataset["size"] for dataset in listed(alice, "v4/datasets")] == [10**308, 1e308]
    assert len(listed(alice, "v4/origdatablocks")) == 1


@pytest.mark.parametrize("name", ["ownerGroup", "owner", "creationTime", "contactEmail", "sourceFolder"])
def test_what_a_dataset_needs_cannot_become_null(alice: httpx.Client, name: str) -> None:
    pid = made(alice)
    assert alice.patch(path(pid), json={name: None}).status_code == 400
    body = {key: value for key, value in MINIMAL.items() if key != "type"}
    assert alice.put(path(pid), json={**body, name: None}).status_code == 400
    assert alice.get(path(pid)).json()[name] == MINIMAL[name]


def test_what_a_block_needs_cannot_become_null(alice: httpx.Client) -> None:
    block = add_block(alice, made(alice))
    for name in ("ownerGroup", "dataFileList", "size", "isPublished"):
        answer = alice.patch(f"/api/v4/origdatablocks/{block['_id']}", json={name: None})
        assert answer.status_code == 400, name
    assert len(listed(alice, "v4/origdatablocks/files")) == 1
    assert alice.patch(f"/api/v4/origdatablocks/{block['_id']}", json={"chkAlg": None}).status_code == 200


def test_a_block_without_groups_has_those_of_its_dataset(alice: httpx.Client) -> None:
    pid = made(alice, accessGroups=["others"])
    block = add_block(alice, pid, ownerGroup=None, accessGroups=None)
    assert (block["ownerGroup"], block["accessGroups"]) == ("beamline1", ["others"])


def test_what_a_sample_needs_cannot_become_null(alice: httpx.Client) -> None:
    sample = {"ownerGroup": "beamline1", "sampleId": "S1", "sampleName": "s", "owner": None}
    assert alice.post("/api/v3/samples", json=sample).status_code == 201
    for name in ("ownerGroup", "sampleName"):
        assert alice.patch("/api/v3/samples/S1", json={name: None}).status_code == 400
    assert alice.patch("/api/v3/samples/S1", json={"owner": None}).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "application/merge-patch+json"])
@pytest.mark.parametrize("sent", [{"value": 2}, {"unit": "m"}])
def test_value_and_unit_are_sent_together(alice: httpx.Client, kind: str, sent: dict[str, Any]) -> None:
    quantity = {"value": 1, "unit": "mm"}
    metadata = {"q": quantity, "outer": {"inner": {"q": quantity}, "list": [quantity]}, "plain": {"value": 1}}
    pid = made(alice, scientificMetadata=metadata)
    before = alice.get(path(pid)).json()

    def patched(change: dict[str, Any]) -> int:
        content = json.dumps({"scientificMetadata": change})
        return alice.patch(path(pid), content=content, headers={"Content-Type": kind}).status_code

    assert patched({"q": sent}) == 400
    assert patched({"outer": {"inner": {"q": {**sent, "note": "x"}}}}) == 400
    assert alice.get(path(pid)).json() == before
    assert patched({"plain": sent, "new": {"q": sent}}) == 200
    assert patched({"q": {"value": 3, "unit": "m"}, "outer": {"inner": {"other": 1}}}) == 200


def test_published_samples_are_for_all(as_user: As, alice: httpx.Client) -> None:
    for name, published in (("open", True), ("hidden", False)):
        sample = {"ownerGroup": "beamline1", "sampleId": name, "sampleName": name, "isPublished": published}
        assert alice.post("/api/v3/samples", json=sample).status_code == 201
    nobody = as_user(None)
    assert nobody.get("/api/v3/samples/open").json()["sampleId"] == "open"
    assert nobody.get("/api/v3/samples/hidden").status_code == 403


@pytest.mark.parametrize("what", ["origdatablocks", "attachments"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_lists_can_be_read_in_pages(alice: httpx.Client, what: str, direction: str) -> None:
    pid = made(alice)
    picture = {"ownerGroup": "beamline1", "caption": "c", "isPublished": False}
    for _ in range(25):
        if what == "origdatablocks":
            add_block(alice, pid)
        else:
            assert alice.post("/api/v4/attachments", json=picture).status_code == 201

    def page(skip: int, **more: Any) -> list[dict[str, Any]]:
        sort = {"createdAt": "asc", "_id": direction}
        limits = {"limit": 7, "skip": skip, "sort": sort}
        return list(listed(alice, f"v4/{what}", limits=limits, **more))

    found = [document for skip in range(0, 28, 7) for document in page(skip)]
    assert len({document["_id"] for document in found}) == 25
    times = [document["createdAt"] for document in found]
    assert times == sorted(times)
    for time in set(times):
        same = [document["_id"] for document in found if document["createdAt"] == time]
        assert same == sorted(same, reverse=direction == "desc")
    # The id is always shown, so it always sorts.
    shown = [document["_id"] for skip in range(0, 28, 7) for document in page(skip, fields=["createdAt"])]
    assert shown == [document["_id"] for document in found]


def test_who_may_not_do_it_at_all_learns_nothing_else(as_user: As, alice: httpx.Client) -> None:
    """Servers ask who it is before they look at the body and for the entry."""
    for what in ("datasets", "origdatablocks", "publisheddata"):
        assert alice.delete(f"/api/v4/{what}/no-such").status_code == 403
        assert as_user("archiver").delete(f"/api/v4/{what}/no-such").status_code == 404
    for what in ("datasets", "origdatablocks", "datablocks", "samples", "proposals", "instruments"):
        assert alice.delete(f"/api/v3/{what}/no-such").status_code == 403
        assert as_user("archiver").delete(f"/api/v3/{what}/no-such").status_code == 404
    for what, user in (("proposals", "ingestor"), ("instruments", "admin")):
        for http, post, patch in ((alice, 403, 403), (as_user(user), 400, 400)):
            assert http.post(f"/api/v3/{what}", json={"foo": 1}).status_code == post
            assert http.patch(f"/api/v3/{what}/no-such", json={"foo": 1}).status_code == patch
    assert alice.patch("/api/v4/datasets/no-such", json={}).status_code == 404


def test_a_body_is_read_before_anybody_is_asked_who_they_are(as_user: As) -> None:
    for user in (None, "alice"):
        json_type = {"Content-Type": "application/json"}
        answer = as_user(user).post("/api/v4/datasets", content=b"{", headers=json_type)
        assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")


def test_validity_is_for_those_who_may_make_it(as_user: As, alice: httpx.Client) -> None:
    pid = made(alice)
    block = {"datasetId": pid, "ownerGroup": "beamline1", "size": 1, "dataFileList": [FILE]}

    def valid(http: httpx.Client, **changes: Any) -> Any:
        body = {name: value for name, value in {**block, **changes}.items() if value is not None}
        answer = http.post("/api/v4/origdatablocks/isValid", json=body)
        return answer.json()["valid"] if answer.status_code == 200 else answer.status_code

    assert valid(alice) is True
    assert valid(alice, unknown=1) is True
    assert valid(alice, dataFileList=[]) is False
    assert valid(alice, ownerGroup=None) == valid(alice, ownerGroup="beamline2") == 403
    assert valid(as_user("bob"), ownerGroup="beamline2") == 403
    assert valid(alice, datasetId="no/such") == 404
    picture = {"caption": "c", "isPublished": False}
    for group, status in (("beamline1", 200), ("beamline2", 403)):
        sent = {**picture, "ownerGroup": group}
        assert alice.post("/api/v4/attachments/isValid", json=sent).status_code == status
    assert alice.post("/api/v4/attachments/isValid", json=picture).status_code == 403


def test_a_block_has_the_groups_of_its_dataset(as_user: As, alice: httpx.Client) -> None:
    pid = made(alice, accessGroups=["beamline2"], instrumentGroup="staff")
    block = add_block(as_user("carol"), pid, ownerGroup="beamline2", accessGroups=[])
    groups = {name: block[name] for name in ("ownerGroup", "accessGroups", "instrumentGroup")}
    assert groups == {
        "ownerGroup": "beamline1",
        "accessGroups": ["beamline2"],
        "instrumentGroup": "staff",
    }


def test_a_block_is_seen_and_changed_with_its_dataset(as_user: As, alice: httpx.Client) -> None:
    pid = made(alice)
    own = f"/api/v4/origdatablocks/{add_block(alice, pid)['_id']}"
    assert alice.patch(path(pid), json={"ownerGroup": "beamline2"}).status_code == 200
    assert alice.get(own).status_code == alice.patch(own, json={"chkAlg": "md5"}).status_code == 403
    assert as_user("bob").get(own).status_code == 403
    assert as_user("carol").patch(own, json={"chkAlg": "md5"}).status_code == 200
    archiver = as_user("archiver")
    assert archiver.delete(path(pid)).status_code == 200
    assert as_user("carol").get(own).status_code == 404
    assert as_user("carol").patch(own, json={"chkAlg": "md5"}).status_code == 404
    assert archiver.delete(own).status_code == 200


def test_the_delete_group_deletes_attachments(as_user: As, alice: httpx.Client) -> None:
    picture = {"caption": "c", "isPublished": False, "ownerGroup": "beamline1"}
    aid = alice.post("/api/v4/attachments", json=picture).json()["aid"]
    assert as_user("bob").delete(f"/api/v4/attachments/{aid}").status_code == 403
    assert as_user("archiver").delete(f"/api/v4/attachments/{aid}").status_code == 200


def test_what_is_not_in_the_filter_language(alice: httpx.Client) -> None:
    for what in ("datasets", "datasets/public", "origdatablocks", "attachments"):
        bad = {"limits": {"sort": {"nonsense": "asc"}}}
        assert alice.get(f"/api/v4/{what}", params={"filter": json.dumps(bad)}).status_code == 400
    for what in ("datasets", "datasets/public", "origdatablocks/files", "origdatablocks/public/files"):
        parts: list[dict[str, Any]] = [{"limits": {"limit": 1}}, {"fields": ["size"]}, {"include": []}]
        for part in parts:
            sent = {"filter": json.dumps({"where": {}, **part})}
            assert alice.get(f"/api/v4/{what}/count", params=sent).status_code == 400
        assert listed(alice, f"v4/{what}/count", where={"size": 1}) == {"count": 0}


def test_quantities_in_groups_get_si_units(alice: httpx.Client) -> None:
    length = {"value": 2, "unit": "mm"}
    with_si = {**length, "valueSI": 0.002, "unitSI": "m"}
    pid = made(alice, scientificMetadata={"beam": {"slits": {"gap": length}}, "all": [length]})
    stored = alice.get(path(pid)).json()["scientificMetadata"]
    assert stored == {"beam": {"slits": {"gap": with_si}}, "all": [length]}
    alice.patch(path(pid), json={"scientificMetadata": {"b": {"g": length}}})
    assert alice.get(path(pid)).json()["scientificMetadata"] == {"b": {"g": with_si}}


def test_instruments_are_included_for_everybody(as_user: As, alice: httpx.Client) -> None:
    instrument = as_user("admin").post("/api/v3/instruments", json={"uniqueName": "S:B", "name": "B"}).json()
    pid = made(alice, instrumentIds=[instrument["pid"]], isPublished=True)
    for http, what in ((alice, path(pid)), (as_user(None), f"/api/v4/datasets/public/{quote(pid, safe='')}")):
        included = http.get(what, params={"include": "instruments"}).json()["instruments"]
        assert [one["name"] for one in included] == ["B"]


def test_the_attachments_of_v3_are_the_ten_newest(alice: httpx.Client) -> None:
    pid = made(alice)
    for i in range(12):
        picture = {"caption": str(i), "ownerGroup": "beamline1"}
        assert alice.post(path(pid, "/attachments", 3), json=picture).status_code == 201
    found = [one["caption"] for one in alice.get(path(pid, "/attachments", 3)).json()]
    assert found == [str(i) for i in range(11, 1, -1)]
