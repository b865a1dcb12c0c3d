"""Lists show what may be read, for each kind of entry and each user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scitacean.embedded import Accounts, User, rights
from scitacean.embedded.answers import Document, Refusal
from scitacean.embedded.rights import Rights
from scitacean.embedded.store import Store

ACCOUNTS = Accounts.from_file(Path(__file__).parents[2] / "data" / "congruence" / "accounts.json")
USERS: tuple[User | None, ...] = (None, *ACCOUNTS.users.values())
GROUPS = st.sampled_from(["beamline1", "beamline2", "admin", "other"])
NAMES = st.sampled_from(sorted(ACCOUNTS.users))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "ownerGroup": GROUPS,
        "accessGroups": st.lists(GROUPS, max_size=2),
        "sharedWith": st.lists(NAMES.map("{}@site.example".format), max_size=2),
        "isPublished": st.booleans(),
        "createdBy": NAMES,
        "ownerUser": NAMES,
        "status": st.sampled_from(["private", "public", "registered", "amended"]),
    },
)
KINDS = {name: value for name, value in vars(rights).items() if isinstance(value, Rights)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("rights") / "file", durable=False)
    yield store
    store.close()


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(document=DOCUMENTS)
def test_listed_is_what_is_readable(store: Store, kind: str, document: Document) -> None:
    with store.transaction(write=True) as transaction:
        transaction.insert("kind", "id", document)
        for user in USERS:
            listed = transaction.count("kind", KINDS[kind].listed(ACCOUNTS, user)) == 1
            readable = KINDS[kind].readable(ACCOUNTS, user, document)
            if kind == "PUBLISHED_DATA" and user is None:
                # Servers list less for those who are not signed in than they let them read.
                assert listed == (document.get("status") == "registered")
                assert readable or not listed
            else:
                assert listed == readable
        transaction.delete("kind", "id")


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(document=DOCUMENTS)
def test_nobody_changes_anything_unknown(kind: str, document: Document) -> None:
    row = KINDS[kind]
    for rule in (row.create, row.change, row.delete):
        with pytest.raises(Refusal):
            rights.check(ACCOUNTS, None, rule, document)


@pytest.mark.parametrize(
    ("kind", "creators", "changers", "deleters"),
    [
        ("ATTACHMENTS", "admin alice carol", "admin alice carol", "admin alice archiver carol"),
        ("BLOCKS", "admin alice carol", "admin alice carol", "archiver"),
        ("DATASETS", "admin alice carol", "admin alice carol", "archiver"),
        ("INSTRUMENTS", "admin", "admin", "archiver"),
        ("JOBS", "admin alice archiver bob carol ingestor", "admin archiver", "admin archiver"),
        ("DATASET_ATTACHMENTS", "admin alice carol", "admin alice carol", "admin alice carol"),
        ("PROPOSALS", "admin ingestor", "admin ingestor", "archiver"),
        ("PROPOSAL_ATTACHMENTS", "admin ingestor", "admin", "admin archiver"),
        ("SAMPLE_ATTACHMENTS", "admin alice carol", "admin alice carol", "admin alice archiver carol"),
        (
            "PUBLISHED_DATA",
            "admin alice archiver bob carol ingestor",
            "admin alice archiver bob carol ingestor",
            "admin archiver",
        ),
        ("SAMPLES", "admin alice carol", "admin alice carol", "archiver"),
    ],
)
def test_who_may_do_what(kind: str, creators: str, changers: str, deleters: str) -> None:
    row, document = KINDS[kind], {"ownerGroup": "beamline1", "accessGroups": ["beamline2"]}

    def those(rule: rights.Rule) -> str:
        return " ".join(
            sorted(name for name, user in ACCOUNTS.users.items() if rule(ACCOUNTS, user, document))
        )

    assert (those(row.create), those(row.change), those(row.delete)) == (creators, changers, deleters)
