"""Whatever is uploaded, and whatever fails meanwhile: it is gone on with or undone, and fetched again."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scitacean import File
from scitacean.errors import UploadInterrupted, ValidationError
from scitacean.testing.client import FakeClient
from tests.end_to_end.faults.cases import DOWNLOAD_REQUESTS, UPLOAD_REQUESTS, Case
from tests.end_to_end.faults.checks import (
    check_is_complete,
    check_is_downloaded,
    check_stopped_download,
    check_stopped_upload,
    look,
)
from tests.end_to_end.faults.harm import Harm
from tests.end_to_end.faults.moments import at
from tests.end_to_end.faults.place import DELETER, USERNAME, Place, write
from tests.end_to_end.faults.run import Attempt, do_work
from tests.end_to_end.faults.servers import Servers, servers
from tests.end_to_end.transfer.sites import is_nightly

EXAMPLES, STEPS = (150, 12) if is_nightly() else (10, 6)
MANY = 5_000 if is_nightly() else 200

# Names that servers and this system take: no control characters, nothing that is no text.
WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1, max_size=12
).filter(lambda word: word not in (".", ".."))
NAMES = WORDS | st.sampled_from(
    ["a", "b c", " ", "ü", "u\u0308", "日本", "~$x", "-rf", "%2F", "a.part-b", "'\"$(x)"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=6).map("/".join)
SIZES = st.sampled_from([0, 0, 1, 7, 4_096, 70_000, 300_000])
TREES = st.dictionaries(PATHS, SIZES, min_size=1, max_size=9)
REFUSED_NAMES = st.sampled_from(["", ".", "..", "../a", "/a", "a\0b", "a/../../b"])

ANSWERS = st.sampled_from(["reset", "500", "403", "answer lost", "answer cut", "wrong JSON", "401 expired"])
HARMS = st.sampled_from(["cut", "cut for good", "Ctrl-C"])
NO_FAULT = st.none()


def faults(requests: Mapping[str, object], moments: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for what goes wrong, as arguments of a case."""
    of_answers = st.fixed_dictionaries(
        {"step": st.sampled_from(list(requests)), "fault": ANSWERS, "lasting": st.booleans()}
    )
    of_transfer = st.fixed_dictionaries(
        {"step": st.sampled_from(moments), "fault": HARMS, "after": st.integers(0, 4)}
    )
    return of_transfer | of_answers


UPLOAD_FAULTS = faults(UPLOAD_REQUESTS, ["folder made", "file moving", "checksum there", "rename there"])
DOWNLOAD_FAULTS = faults(DOWNLOAD_REQUESTS, ["file fetched", "verify here", "rename here"])


class UploadMachine(RuleBasedStateMachine):
    """One dataset, and what becomes of it."""

    servers: ClassVar[Servers]
    catalogue: ClassVar[FakeClient]
    folder: ClassVar[Path]
    numbers: ClassVar[Iterator[int]] = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        number = next(self.numbers)
        folder = self.folder / str(number)
        served = self.servers.files.root / str(number)
        for path in (served, *(folder / name for name in ("local", "target", "state"))):
            path.mkdir(parents=True)
        files = self.servers.files
        self.place = Place(
            name=f"run-{number}",
            url=self.servers.url,
            port=files.port,
            username=files.username,
            key_file=str(files.key_file),
            known_hosts=str(files.known_hosts),
            served=str(served),
            local=str(folder / "local"),
            target=str(folder / "target"),
            state=str(folder / "state"),
        )
        self.state = "new"
        self.contents: dict[str, bytes] = {}
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("XDG_STATE_HOME", self.place.state)

    def teardown(self) -> None:
        """Whatever has happened, what was begun can be brought to its end."""
        try:
            if self.state == "kept":
                self.work("resume", None)
                assert self.state == "done"
        finally:
            self.patch.undo()
            for folder in (self.place.served, self.place.local, self.place.target):
                shutil.rmtree(folder, ignore_errors=True)

    @initialize(tree=TREES)
    def files(self, tree: dict[str, int]) -> None:
        for number, (name, size) in enumerate(sorted(tree.items())):
            # Nothing is a file and a folder.
            if not any(other != name and f"{other}/".startswith(f"{name}/") for other in tree):
                self.contents[name] = (f"{number} {name} ".encode() * size)[:size]
        write(Path(self.place.local), self.contents)

    @rule(fault=UPLOAD_FAULTS | NO_FAULT)
    @precondition(lambda self: self.state != "done")
    def upload(self, fault: dict[str, Any] | None) -> None:
        self.work("upload", fault)

    @rule(fault=UPLOAD_FAULTS | NO_FAULT)
    @precondition(lambda self: self.state == "kept")
    def resume(self, fault: dict[str, Any] | None) -> None:
        self.work("resume", fault)

    def work(self, work: str, fault: dict[str, Any] | None) -> None:
        error = self.attempt(work, fault)
        self.judge(error)
        if error is not None and fault is None:
            raise AssertionError("without a fault it failed") from error

    def judge(self, error: BaseException | None) -> None:
        found = look(self.place, self.catalogue)
        if error is None:
            check_is_complete(found, self.place, self.contents)
            self.place = attrs.evolve(self.place, pid=found.pids[0])
            self.state = "done"
            return
        outcome = check_stopped_upload(found, error, foreign={}, contents=self.contents)
        self.state = "kept" if outcome == "kept" else "new"

    def attempt(self, work: str, fault: dict[str, Any] | None) -> BaseException | None:
        if fault is None:
            return do_work(work, self.place, self.place.client)
        case = Case(work=work, **fault)
        try:
            return Attempt(case, self.place, self.servers).run(Harm(case, self.place, self.servers))
        finally:
            self.servers.heal()

    def cut_in_the_middle(self) -> None:
        self.servers.files.refuse_connections()
        self.servers.files.cut_after(sum(map(len, self.contents.values())) // 2)

    @rule(username=st.sampled_from([USERNAME, DELETER]))
    @precondition(lambda self: self.state == "kept")
    def discard(self, username: str) -> None:
        (journal,) = self.place.journals
        with self.place.client(username=username) as client:
            assert [one.journal for one in client.unfinished_uploads()] == [journal]
            is_there = bool(look(self.place, self.catalogue).pids)
            if is_there and username != DELETER:
                with pytest.raises(UploadInterrupted, match="may not delete") as caught:
                    client.discard_upload(journal)
                found = look(self.place, self.catalogue)
                assert check_stopped_upload(found, None, foreign={}, contents=self.contents) == "kept"
                assert caught.value.pid == found.pids[0]
                return
            client.discard_upload(journal)
        found = look(self.place, self.catalogue)
        assert check_stopped_upload(found, None, foreign={}, contents=self.contents) == "undone"
        assert self.place.kept == []
        self.state = "new"

    @rule(fault=DOWNLOAD_FAULTS | NO_FAULT)
    @precondition(lambda self: self.state == "done")
    def download(self, fault: dict[str, Any] | None) -> None:
        error = self.attempt("download", fault)
        if error is None:
            check_is_downloaded(self.place, self.contents)
        else:
            assert fault is not None
            check_stopped_download(self.place, error, self.contents)

    @rule()
    @precondition(lambda self: self.state == "done")
    def lose_what_was_downloaded(self) -> None:
        shutil.rmtree(self.place.target, ignore_errors=True)

    @rule(name=REFUSED_NAMES)
    @precondition(lambda self: self.state == "new")
    def refused_names(self, name: str) -> None:
        dataset = self.place.dataset()
        file = File.from_local(Path(self.place.local, min(self.contents)), remote_path=name)
        dataset = dataset.replace(files=[*dataset.files, file])
        with self.place.client() as client, pytest.raises(ValidationError):
            client.upload_new_dataset_now(dataset)

    @invariant()
    def is_nothing_left_of_what_is_undone(self) -> None:
        if self.state == "new":
            found = look(self.place, self.catalogue)
            assert check_stopped_upload(found, None, foreign={}, contents=self.contents) == "undone"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[UploadMachine]]:
    folder = tmp_path_factory.mktemp("uploads")
    with servers(folder) as running, FakeClient(catalogue=running.catalogue) as catalogue:

        class Machine(UploadMachine):
            pass

        Machine.servers, Machine.catalogue, Machine.folder = running, catalogue, folder
        yield Machine


def test_uploads_that_fail_anywhere_are_gone_on_with_or_undone(machine: type[UploadMachine]) -> None:
    run_state_machine_as_test(
        machine,
        # A step takes a second and more, so that a shorter example would be long in coming.
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )


def test_many_files(machine: type[UploadMachine]) -> None:
    one = machine()
    try:
        one.files({f"{number % 50}/{number % 7}/{number}": number * 37 % 9_000 for number in range(MANY)})
        with at("let in", one.cut_in_the_middle, folder=Path(one.place.target)):
            error = do_work("upload", one.place, one.place.client)
        one.servers.heal()
        one.judge(error)
        assert one.state == "kept"
        one.resume({"step": "block created", "fault": "answer lost", "lasting": False})
        if one.state == "kept":
            one.resume(None)
        one.download({"step": "rename here", "fault": "Ctrl-C", "after": MANY // 3})
        one.download(None)
    finally:
        one.teardown()
