"""Uploads that stop half way, and what going on with them or undoing them comes to."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Client, Dataset, File, RemotePath
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.errors import (
    ConfigurationError,
    FileUploadError,
    HostNotReachableError,
    ScicatCommError,
    UploadInterrupted,
    ValidationError,
)
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import Faults, faults_of, lose_answer, on, status
from scitacean.transfer.copy import CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.partial import partial_name
from scitacean.transfer.protocol import Leftover
from scitacean.workflow.progress import Progress

CONTENT = {f"{number:03}.dat": bytes([number]) * (number * 1000) for number in range(12)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def dataset(source: Path) -> Dataset:
    dataset = Dataset(
        type="raw",
        name="Run 7",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(source)
    dataset.add_attachment(caption="The rod")
    dataset.add_attachment(caption="The rod")
    return dataset


@pytest.fixture
def client(embedded_catalogue: EmbeddedCatalogue, tmp_path: Path) -> Iterator[FakeClient]:
    transfer = CopyFileTransfer(source_folder=f"{tmp_path.as_posix()}/there/{{name}}")
    with FakeClient(catalogue=embedded_catalogue, file_transfer=transfer) as client:
        yield client


@pytest.fixture
def faults(client: FakeClient) -> Iterator[Faults]:
    with faults_of(client.catalogue) as faults:
        yield faults


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def check_complete(client: Client, uploaded: Dataset, folder: Path) -> None:
    """Check that all is there, and once."""
    assert tree(folder) == CONTENT
    assert [one.pid for one in client.scicat.query_datasets({})] == [str(uploaded.pid)]
    found = client.get_dataset(str(uploaded.pid), attachments=True)
    assert sorted(file.remote_path.posix for file in found.files) == sorted(CONTENT)
    assert [one.caption for one in found.attachments or ()] == ["The rod", "The rod"]
    assert client.unfinished_uploads() == []


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("/api/v4/datasets", 0),
        ("/api/v4/origdatablocks", 0),
        ("/api/v4/origdatablocks", 2),
        ("/api/v3/datasets/*/attachments", 0),
        ("/api/v3/datasets/*/attachments", 1),
    ],
)
@pytest.mark.parametrize("fault", ["refused", "lost", "lost for good"])
def test_answers_that_get_lost_make_nothing_twice(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path, path: str, after: int, fault: str
) -> None:
    if fault == "refused":
        faults.add(on("POST", path, after=after, times=5), status(504))
    else:
        faults.add(on("POST", path, after=after), lose_answer())
    if fault == "lost for good":
        faults.add(on("GET", "/api/v4/*", after=1), status(500))
    try:
        uploaded = client.upload_new_dataset_now(dataset, files_per_block=4)
    except UploadInterrupted:
        assert tree(tmp_path / "there" / "Run_7") == CONTENT
        faults.clear()
        # Whatever the blocks were that some of the files are in.
        uploaded = client.upload_new_dataset_now(dataset, files_per_block=5)
    check_complete(client, uploaded, tmp_path / "there" / "Run_7")


def test_a_resumed_upload_sends_only_what_is_missing(
    client: FakeClient, dataset: Dataset, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        client.upload_new_dataset_now(dataset, on_progress=stop)
    (unfinished,) = client.unfinished_uploads()
    assert any(str(unfinished.journal) in note for note in caught.value.__notes__)
    there = {path: path.stat().st_ino for path in (tmp_path / "there" / "Run_7").glob("0*")}
    assert 0 < len(there) < len(CONTENT)
    seen: list[Progress] = []
    uploaded = client.resume_upload(unfinished.journal, on_progress=seen.append)
    assert {path: path.stat().st_ino for path in there} == there
    assert seen[-1].bytes_done == seen[-1].bytes_total == sum(map(len, CONTENT.values()))
    check_complete(client, uploaded, tmp_path / "there" / "Run_7")


def test_a_killed_upload_is_gone_on_with_by_another_process(tmp_path: Path, source: Path) -> None:
    (source / "large.dat").write_bytes(bytes(50_000_000))
    script = f"""
from datetime import UTC, datetime
from scitacean import Client, Dataset
dataset = Dataset(
    type="raw", name="Run 7", owner_group="me", owner="Ada Example", contact_email="ada@site.example",
    creation_time=datetime.now(tz=UTC),
)
dataset.add_local_files({str(source)!r})
def tell(progress):
    if progress.files_done > 5 or progress.phase == "registering":
        print(progress.phase, flush=True)
with Client.local({str(tmp_path / "local")!r}) as client:
    print(client.upload_new_dataset_now(dataset, on_progress=tell).pid)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "moving\n"
        process.send_signal(signal.SIGKILL)
    with Client.local(tmp_path / "local") as client:
        (unfinished,) = client.unfinished_uploads()
        assert client.scicat.query_datasets({}) == []
        uploaded = client.resume_upload(unfinished.journal)
        assert len(client.scicat.query_datasets({})) == 1
    there = tree(Path(str(uploaded.source_folder)))
    assert there == CONTENT | {"large.dat": bytes(50_000_000)}


def test_what_may_not_be_deleted_stays_with_its_files(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text(json.dumps(ACCOUNTS))
    accounts = Accounts.from_file(tmp_path / "accounts.json")
    folder = tmp_path / "there" / "Run_7"
    with (
        EmbeddedCatalogue(accounts=accounts) as catalogue,
        serve(catalogue) as server,
        faults_of(catalogue) as faults,
        Client.from_credentials(
            url=server.url,
            username="ada",
            password="ada-secret",
            file_transfer=CopyFileTransfer(source_folder=folder.as_posix()),
        ) as client,
    ):
        faults.add(on("POST", "/api/v4/origdatablocks"), status(400))
        with pytest.raises(UploadInterrupted) as caught:
            client.upload_new_dataset_now(dataset)
        journal = caught.value.journal
        assert journal is not None
        with pytest.raises(UploadInterrupted, match="may not delete the dataset") as refused:
            client.discard_upload(journal)
        assert "Ask an administrator of the catalogue to delete" in refused.value.hint
        assert journal.exists()
        assert tree(folder) == CONTENT
        faults.clear()
        uploaded = client.resume_upload(journal)
        check_complete(client, uploaded, folder)


ACCOUNTS = {
    "site": {"pid_prefix": "site"},
    "groups": {"create_dataset": "everyone", "delete": ["admin"]},
    "users": [{"username": "ada", "password": "ada-secret", "email": "ada@site.example", "groups": ["me"]}],
}


def test_an_interrupted_upload_can_be_undone(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v3/datasets/*/attachments"), status(400))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    assert caught.value.journal is not None
    client.discard_upload(caught.value.journal)
    assert not (tmp_path / "there").exists()
    assert client.scicat.query_datasets({}) == []
    assert client.scicat.get_orig_datablock_models(str(caught.value.pid)) == []
    assert client.unfinished_uploads() == []


class BreaksWhileUndoing(CopyFileTransfer):
    """Loses its file server after one file is removed."""

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyUploadConnection]:
        class Connection(CopyUploadConnection):
            def revert_upload(self, *files: File) -> None:
                super().revert_upload(files[0])
                raise HostNotReachableError("The server is gone.")

            def clear_upload(
                self, leftovers: Sequence[Leftover], *, made_folders: Sequence[str]
            ) -> list[RemotePath]:
                super().clear_upload(leftovers[:1], made_folders=made_folders)
                raise HostNotReachableError("The server is gone.")

        yield Connection(source_folder=self.source_folder_for(dataset))


@pytest.mark.parametrize("how", ["refused", "discarded", "discarded once created"])
def test_what_was_undone_in_part_is_sent_once_more(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path, how: str
) -> None:
    folder = tmp_path / "there" / "Run_7"
    broken = Client(client=client.scicat, file_transfer=BreaksWhileUndoing(source_folder=folder.as_posix()))
    if how == "discarded once created":
        faults.add(on("POST", "/api/v4/origdatablocks"), status(400))
    else:
        faults.add(on("POST", "/api/v4/datasets"), status(400 if how == "refused" else 504))
    with pytest.raises(UploadInterrupted) as caught:
        broken.upload_new_dataset_now(dataset)
    assert caught.value.journal is not None
    if how != "refused":
        assert tree(folder) == CONTENT
        with pytest.raises(HostNotReachableError):
            broken.discard_upload(caught.value.journal)
    assert len(tree(folder)) == len(CONTENT) - 1
    assert client.scicat.query_datasets({}) == []
    faults.clear()
    check_complete(client, client.resume_upload(caught.value.journal), folder)


def test_what_a_deleted_dataset_leaves_and_may_not_be_deleted_is_told(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v3/datasets/*/attachments"), status(400))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    journal = caught.value.journal
    assert journal is not None
    faults.clear()
    faults.add(on("DELETE", "/api/v4/origdatablocks/*"), status(403))
    with pytest.raises(UploadInterrupted, match=r"was deleted, but you may not delete what it leaves"):
        client.discard_upload(journal)
    assert tree(tmp_path / "there" / "Run_7") == CONTENT
    faults.clear()
    client.discard_upload(journal)
    assert not (tmp_path / "there").exists()
    assert client.unfinished_uploads() == []


def test_ctrl_c_while_an_upload_is_undone_is_told(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    faults.add(on("POST", "/api/v4/datasets"), status(400))
    monkeypatch.setattr(CopyUploadConnection, "revert_upload", stop)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.upload_new_dataset_now(dataset)
    (unfinished,) = client.unfinished_uploads()
    assert any(str(unfinished.journal) in note for note in caught.value.__notes__)
    check_complete(client, client.resume_upload(unfinished.journal), tmp_path / "there" / "Run_7")


def test_files_that_were_there_before_stay(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    folder = tmp_path / "there" / "Run_7"
    folder.mkdir(parents=True)
    (folder / "003.dat").write_bytes(CONTENT["003.dat"])
    faults.add(on("POST", "/api/v4/datasets"), status(400))
    with pytest.raises(Exception, match="400"):
        client.upload_new_dataset_now(dataset)
    assert tree(folder) == {"003.dat": CONTENT["003.dat"]}
    (folder / "004.dat").write_bytes(b"other")
    with pytest.raises(FileUploadError, match=r"There is a file .*004.dat already"):
        client.upload_new_dataset_now(dataset)
    plan = client.plan_upload(dataset)
    assert any("004.dat already" in problem for problem in plan.problems)
    assert tree(folder) == {"003.dat": CONTENT["003.dat"], "004.dat": b"other"}
    (folder / "004.dat").unlink()
    plan = client.plan_upload(dataset)
    assert (plan.problems, sum(file.is_there for file in plan.files), plan.requests) == ((), 1, 4)
    assert plan.size == sum(map(len, CONTENT.values())) - len(CONTENT["003.dat"])
    check_complete(client, client.upload_new_dataset_now(dataset), folder)


def test_a_file_that_changes_before_its_turn_is_not_registered(
    client: FakeClient, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    def change(progress: Progress) -> None:
        if progress.files_done == 3:
            (source / "011.dat").write_bytes(bytes(len(CONTENT["011.dat"])))

    with pytest.raises(FileUploadError, match=r"011\.dat changed"):
        client.upload_new_dataset_now(dataset, on_progress=change)
    assert not (tmp_path / "there").exists()
    assert client.scicat.query_datasets({}) == []


@pytest.mark.parametrize("both", [True, False])
def test_a_process_killed_between_two_names_leaves_one_in_the_end(
    client: FakeClient, dataset: Dataset, source: Path, tmp_path: Path, both: bool
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    folder = tmp_path / "there" / "Run_7"
    for target in folder.glob("0*"):
        status = (source / target.name).stat()
        partial = folder / partial_name(target.name, target, status.st_size, status.st_mtime_ns)
        partial.hardlink_to(target)
        if not both:
            target.unlink()
    (unfinished,) = client.unfinished_uploads()
    check_complete(client, client.resume_upload(unfinished.journal), folder)


def test_the_plan_of_an_upload_to_go_on_with_has_no_problems(client: FakeClient, dataset: Dataset) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    plan = client.plan_upload(dataset)
    assert plan.problems == ()
    assert sum(file.is_there for file in plan.files) == 5
    (problem,) = client.plan_upload(dataset.replace(keywords=["other"])).problems
    assert "is not finished" in problem


@pytest.mark.parametrize("kept", ["usual", "elsewhere"])
def test_the_plan_says_which_upload_the_same_call_goes_on_with(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path, kept: str
) -> None:
    journal = tmp_path / "my.journal" if kept == "elsewhere" else None
    assert client.plan_upload(dataset, journal=journal).resumes is None
    faults.add(on("POST", "/api/v4/datasets"), lose_answer())
    faults.add(on("GET", "/api/v4/datasets", after=1), status(500))
    with pytest.raises(UploadInterrupted, match="not known whether") as caught:
        client.upload_new_dataset_now(dataset, journal=journal)
    faults.clear()
    # The answer was lost, and the catalogue has the dataset.
    plan = client.plan_upload(dataset, journal=journal)
    (found,) = client.scicat.query_datasets({})
    assert plan.problems == ()
    assert plan.resumes is not None
    assert (plan.resumes.journal, plan.resumes.pid) == (caught.value.journal, found.pid)
    assert (plan.requests, plan.size) == (3, 0)
    faults.add(on("GET", "/api/v4/datasets", after=0), status(500))
    assert any("500" in problem for problem in client.plan_upload(dataset, journal=journal).problems)
    # Else it is one that is there, and no other.
    away = caught.value.journal.rename(tmp_path / "away") if caught.value.journal else tmp_path
    (problem,) = client.plan_upload(dataset, journal=journal).problems
    assert "has this dataset already" in problem
    assert client.plan_upload(dataset, journal=away).problems == ()
    (problem,) = client.plan_upload(dataset.replace(name="Run 8"), journal=away).problems
    assert "journal of another upload" in problem
    (problem,) = client.plan_upload(dataset, journal=tmp_path).problems
    assert "There is no journal" in problem
    check_complete(client, client.resume_upload(away), tmp_path / "there" / "Run_7")


def test_the_plan_names_the_dataset_that_is_there(
    client: FakeClient, faults: Faults, dataset: Dataset
) -> None:
    faults.add(on("POST", "/api/v4/origdatablocks"), status(400))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    plan = client.plan_upload(dataset)
    assert plan.resumes is not None
    assert (plan.problems, plan.resumes.pid, plan.requests) == ((), caught.value.pid, 3)


def test_the_plan_says_what_is_for_people_to_decide(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), status(504))
    with pytest.raises(UploadInterrupted):
        client.upload_new_dataset_now(dataset)
    plan = client.plan_upload(dataset)
    assert plan.resumes is not None
    assert (plan.problems, plan.resumes.pid, plan.requests) == ((), None, 4)
    model = dataset.replace(source_folder=(tmp_path / "there" / "Run_7").as_posix()).make_upload_model()
    for _ in range(2):
        client.scicat.create_dataset_model(model)
    (problem,) = client.plan_upload(dataset).problems
    assert "has 2 datasets that may be this one" in problem


def test_the_plan_says_that_another_upload_has_made_the_dataset(
    client: FakeClient, dataset: Dataset, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    client.scicat.create_dataset_model(
        dataset.replace(source_folder=(tmp_path / "there" / "Run_7").as_posix()).make_upload_model()
    )
    (problem,) = client.plan_upload(dataset).problems
    assert "which another upload has made" in problem


def test_files_that_have_changed_since_are_not_registered(
    client: FakeClient, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    (unfinished,) = client.unfinished_uploads()
    (source / "011.dat").write_bytes(b"new")
    with pytest.raises(UploadInterrupted, match=r"011\.dat changed"):
        client.resume_upload(unfinished.journal)
    with pytest.raises(ConfigurationError, match="is not finished; nothing was sent"):
        client.upload_new_dataset_now(dataset)
    (source / "003.dat").unlink()
    client.discard_upload(unfinished.journal)
    assert tree(tmp_path / "there") == {}
    assert client.unfinished_uploads() == []


def test_what_has_another_content_now_is_not_removed(
    client: FakeClient, dataset: Dataset, source: Path, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    (unfinished,) = client.unfinished_uploads()
    other = bytes(len(CONTENT["001.dat"]))
    (tmp_path / "there" / "Run_7" / "001.dat").write_bytes(other)
    shutil.rmtree(source)
    client.discard_upload(unfinished.journal)
    assert tree(tmp_path / "there") == {"Run_7/001.dat": other}


def test_what_another_upload_has_registered_is_not_registered_or_removed(
    client: FakeClient, dataset: Dataset, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    journal = tmp_path / "my.journal"
    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop, journal=journal)
    # From elsewhere, where nothing is known of the first one.
    uploaded = client.upload_new_dataset_now(dataset)
    with pytest.raises(UploadInterrupted, match=f"already, as {uploaded.pid}.*--discard"):
        client.resume_upload(journal)
    with pytest.raises(UploadInterrupted, match=f"already, as {uploaded.pid}.*--discard"):
        client.upload_new_dataset_now(dataset, journal=journal)
    client.discard_upload(journal)
    assert not journal.exists()
    check_complete(client, uploaded, tmp_path / "there" / "Run_7")


def test_what_cannot_be_gone_on_with_yet_is_explained(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.files_done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload_new_dataset_now(dataset, on_progress=stop)
    (unfinished,) = client.unfinished_uploads()
    faults.add(on("GET", "/api/v4/datasets", times=99), status(500))
    with pytest.raises(UploadInterrupted, match=r"5 of its 12.* are complete") as caught:
        client.resume_upload(unfinished.journal)
    assert caught.value.journal == unfinished.journal
    faults.clear()
    (tmp_path / "there").rename(tmp_path / "away")
    (tmp_path / "there").touch()
    with pytest.raises(UploadInterrupted, match="is no folder") as caught:
        client.resume_upload(unfinished.journal)
    assert caught.value.journal == unfinished.journal
    (tmp_path / "there").unlink()
    (tmp_path / "away").rename(tmp_path / "there")
    check_complete(client, client.resume_upload(unfinished.journal), tmp_path / "there" / "Run_7")


@pytest.mark.parametrize("can_undo", [True, False])
def test_a_dataset_that_is_refused_later_is_undone_or_kept(
    client: FakeClient,
    faults: Faults,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    can_undo: bool,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise HostNotReachableError("The server is gone.")

    faults.add(on("POST", "/api/v4/datasets"), status(504))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    journal = caught.value.journal
    assert journal is not None
    faults.clear()
    faults.add(on("POST", "/api/v4/datasets"), status(400))
    if can_undo:
        with pytest.raises(ScicatCommError, match="400"):
            client.resume_upload(journal)
        assert not (tmp_path / "there").exists()
        assert not journal.exists()
        return
    with monkeypatch.context() as patch:
        patch.setattr(CopyUploadConnection, "clear_upload", fail)
        with pytest.raises(UploadInterrupted, match=r"could not be undone.*server is gone") as caught:
            client.resume_upload(journal)
    assert caught.value.journal == journal
    assert tree(tmp_path / "there" / "Run_7") == CONTENT
    check_complete(client, client.resume_upload(journal), tmp_path / "there" / "Run_7")


def test_what_may_not_be_sent_any_more_is_kept_where_the_dataset_may_be_there(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), lose_answer())
    faults.add(on("GET", "/api/v4/datasets", after=1), status(500))
    with pytest.raises(UploadInterrupted) as caught:
        client.upload_new_dataset_now(dataset)
    faults.clear()
    journal = caught.value.journal
    assert journal is not None
    # As by a version with other rules.
    journal.write_text(journal.read_text().replace('"remote_path":"011.dat"', '"remote_path":"../011.dat"'))
    with pytest.raises(UploadInterrupted, match=r"\.\./011\.dat"):
        client.resume_upload(journal)
    assert tree(tmp_path / "there" / "Run_7") == CONTENT
    assert journal.exists()


def test_journals_are_for_one_catalogue_and_one_folder(
    client: FakeClient, faults: Faults, dataset: Dataset, tmp_path: Path
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), status(504))
    faults.add(on("GET", "/api/v4/*", times=99), status(500))
    faults.clear()
    faults.add(on("POST", "/api/v4/datasets"), status(504))
    journal = tmp_path / "my.journal"
    with pytest.raises(UploadInterrupted):
        client.upload_new_dataset_now(dataset, journal=journal)
    with Client.local(tmp_path / "other") as other:
        for call in (other.resume_upload, other.discard_upload):
            with pytest.raises(ConfigurationError, match="not to http"):
                call(journal)
    with pytest.raises(ConfigurationError, match="journal of another upload"):
        client.upload_new_dataset_now(dataset.replace(name="Run 8"), journal=journal)
    elsewhere = Client(client=client.scicat, file_transfer=CopyFileTransfer(source_folder="/data"))
    with pytest.raises(ConfigurationError, match="would send to /data"):
        elsewhere.discard_upload(journal)
    with pytest.raises(ConfigurationError, match="no file transfer"):
        Client(client=client.scicat, file_transfer=None).discard_upload(journal)
    check_complete(client, client.resume_upload(journal), tmp_path / "there" / "Run_7")
    assert not journal.exists()


def test_another_creation_time_of_a_repeated_call_is_told(
    client: FakeClient, faults: Faults, dataset: Dataset
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), status(504))
    with pytest.raises(UploadInterrupted):
        client.upload_new_dataset_now(dataset)
    later = dataset.replace(creation_time=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.warns(UserWarning, match="gets the creation time 2026-03-01T12:00:00"):
        uploaded = client.upload_new_dataset_now(later)
    assert uploaded.creation_time == dataset.creation_time


def test_two_that_may_be_the_one_are_for_people_to_decide(
    client: FakeClient, faults: Faults, dataset: Dataset, embedded_catalogue: EmbeddedCatalogue
) -> None:
    faults.add(on("POST", "/api/v4/datasets"), lose_answer())
    faults.add(on("GET", "/api/v4/datasets", after=1), status(500))
    with pytest.raises(UploadInterrupted, match="not known whether") as caught:
        client.upload_new_dataset_now(dataset)
    assert caught.value.journal is not None
    model = dataset.replace(source_folder=caught.value.source_folder).make_upload_model()
    client.scicat.create_dataset_model(model)
    with pytest.raises(UploadInterrupted, match="has 2 datasets that may be this one"):
        client.resume_upload(caught.value.journal)
    with pytest.raises(UploadInterrupted, match="has 2 datasets that may be this one"):
        client.discard_upload(caught.value.journal)
    assert len(client.scicat.query_datasets({})) == 2


def test_many_datasets_fail_and_succeed_each_on_its_own(client: FakeClient, dataset: Dataset) -> None:
    runs = [dataset.replace(name=f"Run {number}") for number in range(5)]
    runs[2].owner = None
    outcomes = client.upload_new_datasets_now(runs)
    assert [outcome.dataset for outcome in outcomes] == runs
    assert [type(outcome.error) for outcome in outcomes if outcome.error] == [ValidationError]
    assert [one.uploaded.name for one in outcomes if one.uploaded] == ["Run 0", "Run 1", "Run 3", "Run 4"]
    assert len(client.datasets) == 4


def test_many_datasets_go_through_other_processes(tmp_path: Path, dataset: Dataset) -> None:
    runs = [dataset.replace(name=f"Run {number}") for number in range(3)]
    context = multiprocessing.get_context("spawn")
    with Client.local(tmp_path / "local") as client, ProcessPoolExecutor(2, mp_context=context) as processes:
        outcomes = client.upload_new_datasets_now(runs, executor=processes)
        assert [outcome.error for outcome in outcomes] == [None] * 3
        # One folder was meant for all of them, so they have waited for each other.
        assert tree(tmp_path / "local" / "files" / dataset.uid) == CONTENT
        assert len(client.scicat.query_datasets({})) == 3


def test_one_dataset_is_no_list_of_them(client: FakeClient, dataset: Dataset) -> None:
    for mistake in (dataset, [dataset, None]):
        with pytest.raises(TypeError, match="Expected a list of datasets"):
            client.upload_new_datasets_now(mistake)  # type: ignore[arg-type]  # a mistake
    assert client.scicat.query_datasets({}) == []
    with pytest.raises(ValueError, match="has none before it is uploaded"):
        client.get_dataset(dataset.pid)  # type: ignore[arg-type]  # a mistake
