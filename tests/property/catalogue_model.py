"""What a SciCat server must answer to several users, over plain dicts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from scitacean.embedded import Accounts, User

Entry = dict[str, Any]

FORBIDDEN, UNAUTHORIZED, NOT_FOUND, CONFLICT = 403, 401, 404, 409
SIZES = {"size": 0, "numberOfFiles": 0}
DEFAULTS: Entry = {
    "accessGroups": [],
    "sharedWith": [],
    "isPublished": False,
    "keywords": [],
    "scientificMetadata": {},
    **SIZES,
}


class CatalogueModel:
    """The entries of a catalogue, by kind and id, and who may do what with them.

    Methods ``refusal_of_…`` return the status that a request must be refused with; None where it must
    be done. A user is None for somebody who is not signed in.

    Parameters
    ----------
    accounts:
        Users and the rights of groups.
    """

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.datasets: dict[str, Entry] = {}
        self.blocks: dict[str, Entry] = {}
        self.attachments: dict[str, Entry] = {}
        self.samples: dict[str, Entry] = {}

    # Who may do what

    def may_read(self, user: User | None, entry: Entry) -> bool:
        """Owner and access groups, those it is shared with and administrators; all, once published."""
        if entry["isPublished"]:
            return True
        if user is None:
            return False
        groups = {entry["ownerGroup"], *entry["accessGroups"]}
        member = bool(groups & set(user.groups))
        return member or user.email in entry.get("sharedWith", []) or self.accounts.is_admin(user)

    def may_change(self, user: User | None, group: str) -> bool:
        """The owner group and administrators."""
        return user is not None and (group in user.groups or self.accounts.is_admin(user))

    def _may(self, user: User | None, right: str) -> bool:
        return user is not None and self.accounts.may(user, right)

    def refusal_of_creating(self, user: User | None, body: Entry) -> int | None:
        """Datasets, by members; with a PID of one's own choice, by few."""
        if not self.may_change(user, body["ownerGroup"]):
            return FORBIDDEN
        if "pid" not in body:
            return None
        if user is None or not (self._may(user, "create_dataset_with_pid") or self.accounts.is_admin(user)):
            return FORBIDDEN
        return CONFLICT if body["pid"] in self.datasets else None

    def refusal_of_reading(self, user: User | None, entry: Entry | None) -> int | None:
        """Datasets; those who are not signed in do not learn of what is not public."""
        if user is None:
            return None if entry is not None and entry["isPublished"] else NOT_FOUND
        if entry is None:
            return NOT_FOUND
        return None if self.may_read(user, entry) else FORBIDDEN

    def refusal_of_changing(self, user: User | None, entry: Entry | None) -> int | None:
        """Datasets and what belongs to them."""
        if user is None:
            return FORBIDDEN
        if entry is None:
            return NOT_FOUND
        return None if self.may_change(user, entry["ownerGroup"]) else FORBIDDEN

    def refusal_of_deleting(self, user: User | None, entry: Entry | None) -> int | None:
        """Datasets, blocks and samples: by the delete group alone, not by administrators."""
        if user is None or not self._may(user, "delete"):
            return FORBIDDEN
        return NOT_FOUND if entry is None else None

    # What happens

    def create_dataset(self, pid: str, body: Entry) -> Entry:
        """Store a dataset."""
        self.datasets[pid] = {**copy.deepcopy(DEFAULTS), **copy.deepcopy(body), "pid": pid}
        return self.datasets[pid]

    def patch_dataset(self, pid: str, changes: Entry, *, merge: bool) -> Entry:
        """Change a dataset: fields are replaced; in a merge patch, metadata is merged."""
        changes = copy.deepcopy(changes)
        if merge:
            changes = {name: value for name, value in changes.items() if value is not None}
            if "scientificMetadata" in changes:
                old = self.datasets[pid]["scientificMetadata"]
                changes["scientificMetadata"] = merged(old, changes["scientificMetadata"])
        self.datasets[pid] |= changes
        return self.datasets[pid]

    def add_block(self, identifier: str, pid: str, body: Entry) -> None:
        """Add files to a dataset; the block has the dataset's groups."""
        dataset = self.datasets[pid]
        groups = {name: copy.copy(dataset[name]) for name in ("ownerGroup", "accessGroups")}
        self.blocks[identifier] = {**groups, "isPublished": False, **body, "datasetId": pid}
        self._resize(self.blocks[identifier], 1)

    def delete_block(self, identifier: str) -> None:
        """Take files from their dataset, if it is still there."""
        self._resize(self.blocks.pop(identifier), -1)

    def _resize(self, block: Entry, sign: int) -> None:
        if dataset := self.datasets.get(block["datasetId"]):
            dataset["size"] += sign * block["size"]
            dataset["numberOfFiles"] += sign * len(block["dataFileList"])

    # What lists show

    def visible(self, user: User | None, kind: dict[str, Entry], where: Where = lambda _: True) -> set[str]:
        """Return the ids of what a user sees in a list."""
        return {
            identifier
            for identifier, entry in kind.items()
            if where(entry) and (self.may_read(user, entry) if user else entry["isPublished"])
        }


Where = Callable[[Entry], bool]


def merged(old: object, changes: object) -> object:
    """Apply a merge patch: objects are merged, null deletes, all else replaces."""
    if not isinstance(changes, Mapping):
        return changes
    result = dict(old) if isinstance(old, Mapping) else {}
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
