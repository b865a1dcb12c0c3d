"""Many uploads that are stopped: no more are begun, and those that run can be gone on with."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Dataset, RemotePath
from scitacean.embedded import EmbeddedCatalogue
from scitacean.testing.client import FakeClient
from scitacean.transfer.copy import CopyFileTransfer, CopyUploadConnection
from scitacean.transfer.protocol import ProgressCallback, SendRequest, Sent, SentCallback

RUNS = 7
CONTENT = {f"{number:03}.dat": b"counts" for number in range(100)}


@pytest.fixture
def runs(tmp_path: Path) -> list[Dataset]:
    (tmp_path / "source").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "source" / name).write_bytes(content)
    dataset = Dataset(
        type="raw",
        owner_group="me",
        owner="Ada Example",
        contact_email="ada@site.example",
        creation_time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    dataset.add_local_files(tmp_path / "source")
    return [dataset.replace(name=f"Run {number}") for number in range(RUNS)]


class Stopping(CopyFileTransfer):
    """Copies slowly from when the person at the keyboard has lost patience: once four uploads are running."""

    is_patient = False

    def __init__(self, *, source_folder: str) -> None:
        super().__init__(source_folder=source_folder)
        self.all_run = threading.Barrier(4, self.stop)

    def stop(self) -> None:
        """Press Ctrl-C."""
        thread = threading.main_thread().ident
        assert thread is not None
        signal.pthread_kill(thread, signal.SIGINT)

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[CopyUploadConnection]:
        transfer = self

        class Connection(CopyUploadConnection):
            def send_files(
                self,
                requests: Sequence[SendRequest],
                *,
                on_progress: ProgressCallback | None = None,
                on_sent: SentCallback | None = None,
            ) -> list[Sent]:
                if transfer.is_patient:
                    return super().send_files(requests, on_progress=on_progress, on_sent=on_sent)
                transfer.all_run.wait()

                def tell(path: RemotePath, moved: int, /) -> None:
                    time.sleep(0.05)
                    if on_progress is not None:
                        on_progress(path, moved)

                return super().send_files(requests, on_progress=tell, on_sent=on_sent)

        yield Connection(source_folder=self.source_folder_for(dataset))


class Elsewhere(Executor):
    """Stands for other processes: nothing but the result comes back from there."""

    def __init__(self, *, runs_one: bool) -> None:
        self.begun: list[Future[object]] = []
        self.runs_one = runs_one

    def submit(self, function, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # as the base class has it
        """Do it some time."""
        self.begun.append(Future())
        if self.runs_one and len(self.begun) == 1:
            self.begun[0].set_running_or_notify_cancel()
        return self.begun[-1]


@pytest.mark.parametrize("threads", ["own", "given"])
def test_ctrl_c_stops_all_of_them_soon(
    embedded_catalogue: EmbeddedCatalogue, runs: list[Dataset], tmp_path: Path, threads: str
) -> None:
    transfer = Stopping(source_folder=f"{tmp_path.as_posix()}/there/{{name}}")
    with ExitStack() as stack:
        client = stack.enter_context(FakeClient(catalogue=embedded_catalogue, file_transfer=transfer))
        executor = stack.enter_context(ThreadPoolExecutor(4)) if threads == "given" else None
        with pytest.raises(KeyboardInterrupt) as caught:
            client.upload_new_datasets_now(runs, executor=executor)
        unfinished = client.unfinished_uploads()
        assert len(unfinished) == 4
        assert all(upload.files_sent < len(CONTENT) for upload in unfinished)
        told = "\n".join(caught.value.__notes__)
        assert "0 of 7 datasets were uploaded, 4 failed or were stopped half way, 3 were not begun." in told
        assert all(str(upload.journal) in told for upload in unfinished)
        assert client.scicat.query_datasets({}) == []
        assert len(list((tmp_path / "there").iterdir())) == 4
        transfer.is_patient = True
        outcomes = client.upload_new_datasets_now(runs, executor=executor)
        assert [outcome.error for outcome in outcomes] == [None] * RUNS
        assert len(client.scicat.query_datasets({})) == RUNS
        assert client.unfinished_uploads() == []
    for folder in (tmp_path / "there").iterdir():
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


@pytest.mark.parametrize("runs_one", [True, False])
def test_ctrl_c_does_not_wait_for_other_processes(
    embedded_catalogue: EmbeddedCatalogue, runs: list[Dataset], runs_one: bool
) -> None:
    elsewhere = Elsewhere(runs_one=runs_one)
    threading.Timer(0.2, Stopping.stop, [Stopping(source_folder="/data")]).start()
    with FakeClient(catalogue=embedded_catalogue) as client, pytest.raises(KeyboardInterrupt) as caught:
        client.upload_new_datasets_now(runs, executor=elsewhere)
    assert [future.cancelled() for future in elsewhere.begun] == [not runs_one] + [True] * (RUNS - 1)
    waiting = 6 if runs_one else 7
    assert caught.value.__notes__ == [
        f"0 of 7 datasets were uploaded, 0 failed or were stopped half way, {waiting} were not begun.",
        *(["1 are still running in other processes."] if runs_one else []),
    ]
