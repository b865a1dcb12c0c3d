"""Whatever several users do in whatever order, the catalogue answers as a model of plain dicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

import scicat_api
from scicat_api import Response
from scicat_api.api.datasets_public_v4 import count_public
from scicat_api.api.datasets_v4 import count, find_by_id_and_delete, find_by_id_and_update
from scicat_api.api.origdatablocks_v4 import find_by_id_and_delete as delete_block
from scicat_api.api.samples import remove as remove_sample
from scicat_api.api.samples import update as update_sample
from scicat_api.models import (
    CreateAttachmentV3Dto,
    CreateDatasetDto,
    CreateOrigDatablockDto,
    CreateSampleDto,
    PartialUpdateDatasetDto,
    PartialUpdateSampleDto,
)
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import EmbeddedCatalogue, User
from scitacean.errors import NotFoundError, ScicatCommError
from tests.property.catalogue_model import FORBIDDEN, UNAUTHORIZED, CatalogueModel, Entry
from tests.property.catalogue_requests import (
    ACCOUNTS,
    ANY_MEMBER,
    CHANGES,
    CONDITIONS,
    DELETERS,
    FILES,
    GROUP_LISTS,
    GROUPS,
    MEMBERS,
    MERGED_CHANGES,
    NAMES,
    NEW,
    USERS,
    Condition,
)
from tests.property.planted_bugs import Forgetful, Spreading, Unguarded

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "http://localhost"
T = TypeVar("T")

# The nightly profile tries a thousand examples of plain properties; each of these has up to 30 steps.
EXAMPLES = 300 if settings().max_examples >= 1_000 else 50


class CatalogueMachine(RuleBasedStateMachine):
    """Users who work with one catalogue."""

    pids: Bundle[str] = Bundle("pids")
    blocks: Bundle[str] = Bundle("blocks")
    samples: Bundle[str] = Bundle("samples")
    plant: Callable[[httpx.BaseTransport], httpx.BaseTransport] = staticmethod(lambda transport: transport)

    def __init__(self) -> None:
        super().__init__()
        self.model = CatalogueModel(ACCOUNTS)
        self.made = 0
        self.catalogue = EmbeddedCatalogue(accounts=ACCOUNTS)
        transport = self.plant(httpx.WSGITransport(self.catalogue.wsgi))
        self.clients: dict[str | None, ScicatClient] = {
            None: ScicatClient.without_login(URL, transport=transport)
        }
        self.https: dict[str | None, httpx.Client] = {None: httpx.Client(base_url=URL, transport=transport)}
        for name in ACCOUNTS.users:
            token = self.catalogue.token_for(name)
            self.clients[name] = ScicatClient.from_token(URL, token, transport=transport)
            self.https[name] = httpx.Client(
                base_url=URL, transport=transport, headers={"Authorization": f"Bearer {token}"}
            )

    def teardown(self) -> None:
        """See what each user finds, and what hangs from all datasets."""
        try:
            for name in self.clients:
                self.look_at_datasets(name)
                for pid in self.model.datasets:
                    self.get_dataset(name, pid)
            for word in "xyz":
                self.query("admin", ({"keywords": word}, lambda one, word=word: word in one["keywords"]), 100)
            for name in ("alice", "bob", None):
                for pid in {*self.model.datasets, *(one["datasetId"] for one in self.model.blocks.values())}:
                    self.look_at_files(pid, name)
                    self.look_at_attachments(pid, name)
        finally:
            for client in self.clients.values():
                client.close()
            for http in self.https.values():
                http.close()
            self.catalogue.close()

    @initialize(target=pids)
    def first_datasets(self) -> Any:
        first = [
            self.create_dataset(name, {"ownerGroup": group, "datasetName": name, **sharing})
            for name, group, sharing in (
                ("alice", "beamline1", {}),
                ("bob", "beamline2", {"isPublished": True}),
                ("carol", "beamline1", {"accessGroups": ["beamline2"]}),
            )
        ]
        return multiple("20.500.12345/none", *first)

    @rule(target=pids, name=USERS, body=NEW)
    def create_dataset(self, name: str | None, body: Entry) -> Any:
        self.made += 1
        body = {
            **body,
            "owner": "Ada Example",
            "contactEmail": "ada@site.example",
            "sourceFolder": f"/data/{self.made}",
            "creationTime": (START + timedelta(minutes=self.made)).isoformat(),
            "type": "raw",
        }
        dto = CreateDatasetDto.from_dict(body)
        created = agreed(
            self.model.refusal_of_creating(_user(name), body),
            lambda: self.clients[name].create_dataset_model(dto),
        )
        if created is None:
            return multiple()
        assert created.pid == body.get("pid", created.pid)
        assert created.pid.startswith("20.500.12345/")
        expected = self.model.create_dataset(created.pid, {**body, "createdBy": name})
        assert_like(created.to_dict(), expected)
        return created.pid

    @rule(name=USERS, pid=pids)
    def get_dataset(self, name: str | None, pid: str) -> None:
        expected = self.model.datasets.get(pid)
        refusal = self.model.refusal_of_reading(_user(name), expected)
        found = agreed(refusal, lambda: self.clients[name].get_dataset_model(pid))
        if found is not None and expected is not None:
            assert_like(found.to_dict(), expected)

    @rule(name=MEMBERS, pid=pids, changes=CHANGES)
    def patch_dataset(self, name: str | None, pid: str, changes: Entry) -> None:
        self._patch(name, pid, changes, merge=False)

    @rule(name=MEMBERS, pid=pids, changes=MERGED_CHANGES)
    def merge_into_dataset(self, name: str | None, pid: str, changes: Entry) -> None:
        self._patch(name, pid, changes, merge=True)

    def _patch(self, name: str | None, pid: str, changes: Entry, *, merge: bool) -> None:
        name = self.somebody(name, pid)
        patched = agreed(
            self.model.refusal_of_changing(_user(name), self.model.datasets.get(pid)),
            lambda: answered(
                find_by_id_and_update.sync_detailed(
                    pid,
                    client=self.api(name),
                    body=PartialUpdateDatasetDto.from_dict(changes),
                    content_type="application/merge-patch+json" if merge else "application/json",
                )
            ),
        )
        if patched is not None:
            expected = self.model.patch_dataset(pid, changes, merge=merge)
            assert_like(patched.to_dict(), {**expected, "updatedBy": name})

    @precondition(lambda self: len(self.model.datasets) > 1)
    @rule(name=DELETERS, pid=pids)
    def delete_dataset(self, name: str | None, pid: str) -> None:
        refusal = self.model.refusal_of_deleting(_user(name), self.model.datasets.get(pid))
        agreed(refusal, lambda: answered(find_by_id_and_delete.sync_detailed(pid, client=self.api(name))))
        if refusal is None:
            del self.model.datasets[pid]

    @rule(target=blocks, name=MEMBERS, pid=pids, files=FILES)
    def add_files(self, name: str | None, pid: str, files: list[tuple[str, int]]) -> Any:
        name = self.somebody(name, pid)
        entries = [{"path": path, "size": size, "time": START.isoformat()} for path, size in files]
        body = {"size": sum(size for _, size in files), "dataFileList": entries}
        dto = CreateOrigDatablockDto.from_dict({**body, "datasetId": pid})
        created = agreed(
            self.model.refusal_of_changing(_user(name), self.model.datasets.get(pid)),
            lambda: self.clients[name].create_orig_datablock(dto),
        )
        if created is None:
            return multiple()
        identifier = str(created.field_id)
        self.model.add_block(identifier, pid, body)
        return identifier

    @rule(name=DELETERS, identifier=blocks)
    def delete_files(self, name: str | None, identifier: str) -> None:
        refusal = self.model.refusal_of_deleting(_user(name), self.model.blocks.get(identifier))
        agreed(refusal, lambda: answered(delete_block.sync_detailed(identifier, client=self.api(name))))
        if refusal is None:
            self.model.delete_block(identifier)

    @rule(pid=pids, name=USERS)
    def look_at_files(self, pid: str, name: str | None) -> None:
        seen = self.model.visible(_user(name), self.model.blocks, lambda one: one["datasetId"] == pid)
        found = {str(one.field_id): one for one in self.clients[name].get_orig_datablock_models(pid)}
        assert set(found) == seen
        for identifier in seen:
            assert_like(found[identifier].to_dict(), self.model.blocks[identifier])

    @rule(name=MEMBERS, pid=pids, group=GROUPS, caption=NAMES)
    def attach(self, name: str | None, pid: str, group: str, caption: str) -> None:
        name = self.somebody(name, pid)
        dto = CreateAttachmentV3Dto(owner_group=group, caption=caption, thumbnail="data:,")
        created = agreed(
            self.model.refusal_of_changing(_user(name), self.model.datasets.get(pid)),
            lambda: self.clients[name].create_attachment_for_dataset(pid, dto),
        )
        if created is not None:
            self.model.attachments[str(len(self.model.attachments))] = {
                "ownerGroup": group,
                "accessGroups": list(self.model.datasets[pid]["accessGroups"]),
                "caption": caption,
                "isPublished": False,
                "datasetId": pid,
            }

    @rule(pid=pids, name=USERS)
    def look_at_attachments(self, pid: str, name: str | None) -> None:
        seen = self.model.visible(_user(name), self.model.attachments, lambda one: one["datasetId"] == pid)
        expected = [
            (one["ownerGroup"], one["caption"]) for one in map(self.model.attachments.get, seen) if one
        ]
        found = self.clients[name].get_attachment_models(pid)
        assert sorted((one.owner_group, one.caption) for one in found) == sorted(expected)

    @rule(name=USERS, condition=CONDITIONS, limit=st.sampled_from([1, 3, 100]))
    def query(self, name: str | None, condition: Condition, limit: int) -> None:
        where, fits = condition
        seen = self.model.visible(_user(name), self.model.datasets, fits)
        expected = sorted(seen, key=lambda pid: str(self.model.datasets[pid]["creationTime"]), reverse=True)
        found = self.clients[name].query_datasets(where, limit=limit)
        assert [one.pid for one in found] == expected[:limit]
        counting = count if name else count_public
        answer = counting.sync_detailed(client=self.api(name), filter_=json.dumps({"where": where}))
        assert answer.parsed is not None
        assert answer.parsed.count == len(expected)

    def look_at_datasets(self, name: str | None) -> None:
        """See that a list shows a user what they may see, and nothing else."""
        found = self.clients[name].query_datasets({}, limit=100)
        assert {one.pid for one in found} == self.model.visible(_user(name), self.model.datasets)

    @rule(target=samples, name=USERS, group=GROUPS, published=st.booleans())
    def create_sample(self, name: str | None, group: str, published: bool) -> Any:
        dto = CreateSampleDto(owner_group=group, sample_name="Salt", is_published=published)
        refusal = None if self.model.may_change(_user(name), group) else _in_samples(name, FORBIDDEN)
        created = agreed(refusal, lambda: self.clients[name].create_sample_model(dto))
        if created is None:
            return multiple()
        identifier = str(created.sample_id)
        self.model.samples[identifier] = {
            "sampleName": "Salt",
            "ownerGroup": group,
            "accessGroups": [],
            "isPublished": published,
        }
        return identifier

    @rule(name=USERS, identifier=samples)
    def get_sample(self, name: str | None, identifier: str) -> None:
        expected = self.model.samples.get(identifier)
        refusal = 404 if expected is None else None
        if expected is not None and not self.model.may_read(_user(name), expected):
            refusal = FORBIDDEN
        found = agreed(refusal, lambda: self.clients[name].get_sample_model(identifier))
        if found is not None and expected is not None:
            assert_like(found.to_dict(), expected)

    @rule(name=USERS, identifier=samples, new_name=NAMES, groups=GROUP_LISTS)
    def patch_sample(self, name: str | None, identifier: str, new_name: str, groups: list[str]) -> None:
        changes = {"sampleName": new_name, "accessGroups": groups}
        body = PartialUpdateSampleDto.from_dict(changes)
        refusal = self.model.refusal_of_changing(_user(name), self.model.samples.get(identifier))
        agreed(
            _in_samples(name, refusal),
            lambda: answered(update_sample.sync_detailed(identifier, client=self.api(name), body=body)),
        )
        if refusal is None:
            self.model.samples[identifier] |= changes

    @rule(name=DELETERS, identifier=samples)
    def delete_sample(self, name: str | None, identifier: str) -> None:
        refusal = self.model.refusal_of_deleting(_user(name), self.model.samples.get(identifier))
        agreed(
            _in_samples(name, refusal),
            lambda: answered(remove_sample.sync_detailed(identifier, client=self.api(name))),
        )
        if refusal is None:
            del self.model.samples[identifier]

    @invariant()
    def nothing_else_has_changed(self) -> None:
        found = self.clients["admin"].query_datasets({}, limit=100)
        assert {one.pid for one in found} == set(self.model.datasets)
        for one in found:
            assert_like(one.to_dict(), self.model.datasets[str(one.pid)])

    def somebody(self, name: str | None, pid: str) -> str | None:
        """Return a user; for any member, one of those who own a dataset."""
        if name != ANY_MEMBER:
            return name
        group = self.model.datasets.get(pid, {}).get("ownerGroup")
        return next((user.username for user in ACCOUNTS.users.values() if group in user.groups), "alice")

    def api(self, name: str | None) -> scicat_api.Client:
        """Return what generated endpoints are called with, as a user."""
        return scicat_api.Client(self.https[name])


class _Refused(Exception):  # noqa: N818 - carries a status from answered to agreed
    pass


def answered(response: Response[T]) -> T | None:
    """Return what a generated endpoint answered."""
    if response.status_code >= 300:
        raise _Refused(response.status_code)
    return response.parsed


def agreed(refusal: int | None, send: Callable[[], T]) -> T | None:
    """Send a request, see that it is refused as it should; return the answer, None if it is refused."""
    status: int | None = None
    result: T | None = None
    try:
        result = send()
    except _Refused as refused:
        status = refused.args[0]
    except ScicatCommError as error:
        # Nothing, with status 200, is how servers say of some things that they are not there.
        status = 404 if isinstance(error, NotFoundError) else error.status
    assert status == refusal
    return result


def assert_like(answer: Entry, expected: Entry) -> None:
    """See that an answer has all that the model has."""
    assert {name: _plain(answer.get(name)) for name in expected} == {
        name: _plain(value) for name, value in expected.items()
    }


def _plain(value: Any) -> Any:
    """Make times comparable, however they are written."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str) and value.startswith(f"{START.year}-"):
        return datetime.fromisoformat(value)
    return value


def _user(name: str | None) -> User | None:
    return None if name is None else ACCOUNTS.users[name]


def _in_samples(name: str | None, refusal: int | None) -> int | None:
    """Return the status for a refusal: changing samples without signing in is 401, not 403."""
    return UNAUTHORIZED if name is None and refusal is not None else refusal


def explore(machine: type[CatalogueMachine], examples: int, *, shrink: bool = True) -> None:
    """Let users do things in random orders."""
    phases = [Phase.explicit, Phase.generate, *([Phase.shrink] if shrink else [])]
    limits = settings(max_examples=examples, stateful_step_count=30, phases=phases)
    run_state_machine_as_test(machine, settings=limits)


def test_the_catalogue_answers_as_the_model() -> None:
    explore(CatalogueMachine, EXAMPLES)


@pytest.mark.parametrize("plant", [Unguarded, Forgetful, Spreading])
def test_the_machine_finds_a_planted_bug(plant: Callable[[httpx.BaseTransport], httpx.BaseTransport]) -> None:
    machine = type("Planted", (CatalogueMachine,), {"plant": staticmethod(plant)})
    with pytest.raises(AssertionError):
        explore(machine, EXAMPLES, shrink=False)
