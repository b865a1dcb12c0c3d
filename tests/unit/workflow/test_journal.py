"""The journal of an upload: what it keeps, what a crash leaves of it, and who may have it open."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Dataset, File, RemotePath, Thumbnail
from scitacean.errors import ConfigurationError, FileNotAccessibleError
from scitacean.transfer.protocol import Sent
from scitacean.workflow.journal import Journal, Steps, read_steps
from scitacean.workflow.unfinished import journal_path, unfinished_uploads
from scitacean.workflow.upload_record import LocalFile, UploadRecord

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
PICTURE = bytes.fromhex("89504e470d0a1a0a") + bytes(20)
SENT = Sent(size=6, modified=BEGUN, checksum="ab", verified="checksum", uid="7", permissions="33188")


@pytest.fixture
def record(dataset: Dataset) -> UploadRecord:
    dataset.source_folder = RemotePath(f"/data/{dataset.uid}")
    dataset.meta = {"temperature": {"value": 3.5, "unit": "K"}, "ü": [1, None]}
    dataset.add_attachment(caption="The rod", thumbnail=Thumbnail("image/png", PICTURE))
    local = [LocalFile.now(file) for file in dataset.files]
    there = File.from_remote("old.dat", 3, BEGUN, "00", "md5", remote_uid="5", metadata={"a": 1})
    dataset.add_files(there)
    return UploadRecord.of_dataset(dataset, local, catalogue="https://scicat.site.example")


@pytest.fixture
def steps(record: UploadRecord) -> Steps:
    return Steps(
        begun=BEGUN,
        record=record,
        present=frozenset({RemotePath("/data/x")}),
        made_folders=("/data", "/data/\udce9"),
        alike=frozenset({"a/b"}),
    )


def test_what_is_noted_is_read_again(steps: Steps, tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.jsonl"
    with Journal.create(path, steps) as journal:
        journal.note_sent(1, SENT)
        journal.note_creating()
        journal.note_created("site/7")
        journal.note_registered("block 1 of 1")
        written = journal.steps
    with Journal.open(path) as opened:
        assert attrs.asdict(opened.steps, recurse=False) == attrs.asdict(written, recurse=False) | {
            "made_folders": list(steps.made_folders)
        }
        assert opened.is_resumed
        assert opened.steps.record.fingerprint == steps.record.fingerprint
        opened.remove()
    assert list(path.parent.iterdir()) == []


def test_the_dataset_of_a_journal_is_that_of_the_call(steps: Steps, dataset: Dataset) -> None:
    again = UploadRecord.from_json(json.loads(json.dumps(steps.record.to_json())))
    assert again == steps.record
    assert again.request_model() == dataset.make_upload_model()
    assert again.attachment_models() == dataset.make_attachment_upload_models()
    assert again.as_dataset().uid == dataset.uid
    assert again.as_dataset().source_folder == dataset.source_folder


@given(cut=st.integers(0, 10_000), groups=st.lists(st.integers(1, 3), max_size=4))
def test_a_crash_in_the_middle_of_a_line_loses_that_line_only(
    cut: int, groups: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with Journal.create(path, Steps(begun=BEGUN, record=empty_record())) as journal:
        header = path.stat().st_size
        for number in groups:
            for _ in range(number):
                journal.note_sent(len(journal.steps.sent), SENT)
            journal.save()
        journal.note_creating()
        journal.note_created("site/7")
    content = path.read_bytes()
    kept = content[: header + cut % (len(content) - header + 1)]
    path.write_bytes(kept)
    lines = kept[header:].count(b"\n")
    with Journal.open(path) as opened:
        assert len(opened.steps.sent) == sum(groups[:lines])
        assert opened.steps.is_creating == (lines > len(groups))
        assert opened.steps.pid == ("site/7" if lines > len(groups) + 1 else None)
        opened.note_created("site/8")
    assert read_steps(path).pid == "site/8"


def empty_record() -> UploadRecord:
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=BEGUN,
        source_folder="/data/7",
    )
    return UploadRecord.of_dataset(dataset, [], catalogue="https://scicat.site.example")


def test_only_its_user_can_read_a_journal(steps: Steps, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal.create(path, steps):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_upload_that_runs_cannot_be_begun_or_gone_on_with(steps: Steps, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal.create(path, steps):
        with pytest.raises(ConfigurationError, match="running already"):
            Journal.open(path)
        with pytest.raises(ConfigurationError, match="running already"):
            Journal.create(path, steps)
        other = (
            f"import pathlib, scitacean.workflow.journal as j\nj.Journal.open(pathlib.Path({str(path)!r}))"
        )
        found = subprocess.run([sys.executable, "-c", other], check=False, capture_output=True, text=True)
        assert "running already" in found.stderr
        # It can be listed.
        assert [one.name for one in unfinished_uploads(tmp_path)] == ["Run 7"]
    with pytest.raises(ConfigurationError, match="running already"):
        Journal.create(path, steps)
    Journal.open(path).close()


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]\n", b'{"format": 3}\n', b"\xff\n", b'{"format": 2'])
def test_what_is_no_journal_is_refused(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="is no journal of an upload"):
        Journal.open(path)
    assert path.read_bytes() == content
    assert unfinished_uploads(tmp_path) == []
    assert "cannot be read" in caplog.text
    # Nobody holds it.
    path.unlink()
    with pytest.raises(ConfigurationError, match="that upload is finished"):
        Journal.open(path)


def test_where_no_journal_can_be_written_nothing_is_begun(
    steps: Steps, tmp_path: Path, as_anybody: Callable[[Callable[[], object]], object]
) -> None:
    tmp_path.chmod(0o555)

    def create() -> object:
        return Journal.create(tmp_path / "journal.jsonl", steps)

    with pytest.raises(ConfigurationError, match=r"Cannot keep the journal .*Permission denied"):
        as_anybody(create)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"Cannot keep the journal .*(exists|directory)"):
        Journal.create(tmp_path / "file" / "journal.jsonl", steps)
    tmp_path.chmod(0o755)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow over a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_gets_full_is_told_once(steps: Steps, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal.create(path, steps)
    with full_disk(path.stat().st_size):
        with pytest.raises(FileNotAccessibleError, match=r"Cannot write the journal .*too large"), journal:
            journal.note_creating()
        Journal.open(path).close()
        journal = Journal.open(path)
        with pytest.raises(FileNotAccessibleError, match="Cannot write the journal"):
            journal.note_created("site/7")
        journal.remove()
    assert not list(tmp_path.glob("journal*"))


@pytest.mark.parametrize("room", [0, 1, 100, 10_000])
def test_what_found_no_room_on_the_disk_is_written_when_there_is_some(
    steps: Steps, tmp_path: Path, room: int
) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal.create(path, steps) as journal:
        with full_disk(path.stat().st_size + room):
            for index in range(500):
                journal.note_sent(index, SENT)
            with pytest.raises(FileNotAccessibleError, match="Cannot write the journal"):
                journal.save()
        journal.note_sent(500, SENT)
        journal.note_creating()
    found = read_steps(path)
    assert (len(found.sent), found.is_creating) == (501, True)


def test_a_journal_that_cannot_be_removed_is_told(
    steps: Steps,
    tmp_path: Path,
    as_anybody: Callable[[Callable[[], object]], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "journal.jsonl"

    def finish() -> None:
        journal = Journal.create(path, steps)
        tmp_path.chmod(0o555)
        journal.remove()

    try:
        as_anybody(finish)
    finally:
        tmp_path.chmod(0o755)
    assert (
        f"The journal {path} is not needed any more, but cannot be removed: Permission denied" in caplog.text
    )
    Journal.open(path).remove()


def test_a_journal_that_goes_while_it_is_opened_is_that_of_a_finished_upload(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal.create(path, steps)
    is_file = Path.is_file

    def finish(asked: Path) -> bool:
        found = is_file(asked)
        journal.remove()
        return found

    monkeypatch.setattr(Path, "is_file", finish)
    with pytest.raises(ConfigurationError, match="that upload is finished"):
        Journal.open(path)
    monkeypatch.undo()
    assert not list(tmp_path.glob("journal*"))


def test_the_same_call_has_the_same_journal_and_no_other_has(record: UploadRecord, dataset: Dataset) -> None:
    copy = dataset.replace(uid="another")
    copy.source_folder = RemotePath("/data/another")
    copy.creation_time = datetime(2026, 3, 2, tzinfo=UTC)

    def path_of(changed: Dataset, catalogue: str = "https://scicat.site.example") -> Path:
        local = [LocalFile.now(file) for file in changed.files if not file.is_on_remote]
        return journal_path(UploadRecord.of_dataset(changed, local, catalogue=catalogue))

    assert path_of(copy) == journal_path(record)
    others = [
        path_of(copy, "https://other.site.example"),
        path_of(copy.replace(name="Run 8")),
        path_of(copy.replace(source_folder="/data/elsewhere")),
        path_of(copy.replace(files=copy.files[1:])),
        path_of(copy.replace(meta={})),
        path_of(copy.replace(attachments=[])),
    ]
    os.utime(str(copy.files[0].local_path), (1, 1))
    others.append(path_of(copy))
    assert len({*others, journal_path(record)}) == len(others) + 1


def test_datasets_without_files_are_told_apart_by_their_times(dataset: Dataset) -> None:
    dataset = dataset.replace(files=(), source_folder="/data/7")
    later = dataset.replace(creation_time=datetime(2026, 3, 2, tzinfo=UTC))
    paths = {
        journal_path(UploadRecord.of_dataset(one, [], catalogue="https://scicat.site.example"))
        for one in (dataset, later)
    }
    assert len(paths) == 2
