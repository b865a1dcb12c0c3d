"""What several users may ask of a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from scitacean.embedded import Accounts
from tests.property.catalogue_model import Entry

ACCOUNTS = Accounts.from_file(Path(__file__).parents[1] / "data" / "congruence" / "accounts.json")
ANY_MEMBER = "any member"
USERS = st.sampled_from([None, *ACCOUNTS.users])
# Refusals change nothing, so that most requests had better be those of people who may do it.
MEMBERS = st.just(ANY_MEMBER) | st.just(ANY_MEMBER) | USERS
DELETERS = st.just("archiver") | USERS
GROUPS = st.sampled_from(["beamline1", "beamline2", "ingestor"])
GROUP_LISTS = st.lists(GROUPS, max_size=2, unique=True)
NAMES = st.sampled_from(["scan", "sweep", "ü %2F?"])
KEYWORDS = st.lists(st.sampled_from(["x", "y", "z"]), max_size=2, unique=True)
NUMBERS = st.integers(-3, 3)
METADATA = st.dictionaries(
    st.sampled_from("abc"), NUMBERS | st.dictionaries(st.sampled_from("ab"), NUMBERS, max_size=2), max_size=3
)
CHANGEABLE: Mapping[str, st.SearchStrategy[Any]] = {
    "accessGroups": GROUP_LISTS,
    "isPublished": st.booleans(),
    "sharedWith": st.lists(
        st.sampled_from([user.email for user in ACCOUNTS.users.values()]), max_size=1, unique=True
    ),
    "keywords": KEYWORDS,
    "scientificMetadata": METADATA,
    "description": st.sampled_from(["", "a text"]),
}
NEW = st.fixed_dictionaries(
    {"ownerGroup": GROUPS, "datasetName": NAMES},
    optional={
        **CHANGEABLE,
        "pid": st.sampled_from(["20.500.12345/own", "20.500.12345/o w/n"]),
        "size": st.integers(0, 5),
    },
)
NESTED_NULLS = st.dictionaries(
    st.sampled_from("abc"),
    st.none() | NUMBERS | st.dictionaries(st.sampled_from("ab"), NUMBERS | st.none(), max_size=2),
    max_size=3,
)
CHANGES = st.fixed_dictionaries({}, optional={**CHANGEABLE, "ownerGroup": GROUPS, "datasetName": NAMES})
MERGED_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "scientificMetadata": NESTED_NULLS,
        "description": st.none() | st.just("b"),
        "keywords": KEYWORDS,
    },
)
FILES = st.lists(st.tuples(st.sampled_from(["a", "b/c", "../d"]), st.integers(0, 4)), min_size=1, max_size=3)
Condition = tuple[dict[str, object], Callable[[Entry], bool]]
CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.just(({}, lambda _: True)),
    NAMES.map(lambda name: ({"datasetName": name}, lambda one: one["datasetName"] == name)),
    st.sampled_from("xyz").map(lambda word: ({"keywords": word}, lambda one: word in one["keywords"])),
    GROUPS.map(lambda group: ({"ownerGroup": {"$ne": group}}, lambda one: one["ownerGroup"] != group)),
    NUMBERS.map(lambda n: ({"size": {"$gt": n}}, lambda one: one["size"] > n)),
    NUMBERS.map(
        lambda n: (
            {"$or": [{"scientificMetadata.a": n}, {"scientificMetadata.b.a": n}]},
            lambda one: n in (_at(one, "a"), _at(one, "b", "a")),
        )
    ),
)


def _at(dataset: Entry, *names: str) -> object:
    value: Any = dataset["scientificMetadata"]
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
