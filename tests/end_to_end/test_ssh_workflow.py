"""The whole job over SSH, with a catalogue behind a socket, and what remains when it is cut off."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Client, Dataset
from scitacean.cli import main
from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
from scitacean.errors import HostKeyError, HostNotReachableError, TransferError, UploadInterrupted
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh import SSHFileTransfer
from scitacean.workflow.progress import Progress
from scitacean.workflow.unfinished import UnfinishedUpload

CONTENT = {"a.dat": bytes(range(256)) * 20_000, "sub/b c.dat": b"counts", "sub/empty": b""}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, content in CONTENT.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "source"


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
    return dataset


@pytest.fixture
def url() -> Iterator[str]:
    with (
        EmbeddedCatalogue(accounts=Accounts.single(password="me-secret")) as catalogue,
        serve(catalogue) as server,
    ):
        yield server.url


@pytest.fixture
def client(url: str, ssh_file_transfer: SSHFileTransfer) -> Iterator[Client]:
    with connected(url, ssh_file_transfer) as client:
        yield client


def connected(url: str, transfer: SSHFileTransfer) -> Client:
    return Client.from_credentials(url=url, username="me", password="me-secret", file_transfer=transfer)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_round_trip(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    assert tree(Path(str(uploaded.source_folder))) == CONTENT
    (found,) = client.scicat.query_datasets({"datasetName": "Run 7"})
    assert isinstance(found.pid, str)
    client.download_files(client.get_dataset(found.pid, strict_validation=True), target=tmp_path / "target")
    assert tree(tmp_path / "target") == CONTENT


def test_a_download_that_was_cut_off_goes_on(
    client: Client, dataset: Dataset, ssh_server: RunningSSHServer, tmp_path: Path
) -> None:
    uploaded = client.upload_new_dataset_now(dataset)
    target = tmp_path / "target"
    ssh_server.cut_after(2_000_000)
    ssh_server.refuse_connections()
    with pytest.raises(HostNotReachableError):
        client.download_files(uploaded, target=target)
    ssh_server.accept_connections()
    assert "a.dat" not in tree(target)
    (partial,) = [path for path in target.iterdir() if path.name.startswith(".a.dat.part-")]
    already = partial.stat().st_size
    assert 0 < already < len(CONTENT["a.dat"])
    seen: list[Progress] = []
    client.download_files(uploaded, target=target, on_progress=seen.append)
    assert tree(target) == CONTENT
    moving = [state.bytes_done for state in seen if state.phase == "moving"]
    assert already in moving[:2]


def test_an_upload_that_was_cut_off_goes_on(
    client: Client, dataset: Dataset, ssh_server: RunningSSHServer
) -> None:
    ssh_server.cut_after(2_000_000)
    uploaded = client.upload_new_dataset_now(dataset)
    assert tree(Path(str(uploaded.source_folder))) == CONTENT
    assert ssh_server.connections_made == 2


def test_an_upload_that_was_cut_off_for_good_waits_to_be_gone_on_with_or_undone(
    client: Client, dataset: Dataset, ssh_server: RunningSSHServer
) -> None:
    def cut_for_good(progress: Progress) -> None:
        if progress.bytes_done:
            ssh_server.refuse_connections()
            ssh_server.kill_connections()

    def interrupt_it() -> UnfinishedUpload:
        with pytest.raises(UploadInterrupted, match="does not have the dataset") as caught:
            client.upload_new_dataset_now(dataset, on_progress=cut_for_good)
        assert isinstance(caught.value.__cause__, HostNotReachableError)
        ssh_server.accept_connections()
        (unfinished,) = client.unfinished_uploads()
        assert unfinished.journal == caught.value.journal
        return unfinished

    client.discard_upload(interrupt_it().journal)
    assert list(ssh_server.root.iterdir()) == []
    uploaded = client.resume_upload(interrupt_it().journal)
    assert tree(ssh_server.root) == {f"{dataset.uid}/{name}": content for name, content in CONTENT.items()}
    assert client.unfinished_uploads() == []
    assert [one.pid for one in client.scicat.query_datasets({})] == [str(uploaded.pid)]


def transfer_to(
    server: RunningSSHServer,
    *,
    port: int | None = None,
    known_hosts: Path | None = None,
    timeout: float = 20.0,
) -> SSHFileTransfer:
    return SSHFileTransfer(
        host=server.host,
        port=port or server.port,
        username=server.username,
        key_filename=server.key_file,
        known_hosts=known_hosts or server.known_hosts,
        config=os.devnull,
        source_folder=f"{server.root.as_posix()}/{{uid}}",
        timeout=timeout,
    )


@pytest.mark.parametrize("interrupt", [False, True])
def test_what_is_where_after_a_server_froze_is_told(
    url: str, dataset: Dataset, ssh_server: RunningSSHServer, interrupt: bool
) -> None:
    def cut_off(progress: Progress) -> None:
        if progress.bytes_done:
            ssh_server.freeze()
            if interrupt:
                raise KeyboardInterrupt

    with connected(url, transfer_to(ssh_server, timeout=4.0)) as client:
        with pytest.raises(KeyboardInterrupt if interrupt else UploadInterrupted) as caught:
            client.upload_new_dataset_now(dataset, on_progress=cut_off)
        assert client.scicat.query_datasets({}) == []
        (unfinished,) = client.unfinished_uploads()
    told = [str(caught.value), *getattr(caught.value, "__notes__", [])]
    assert any("others may be there in part" in text and str(unfinished.journal) in text for text in told)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_hosts_that_are_down_or_unknown_change_nothing(
    url: str, dataset: Dataset, ssh_server: RunningSSHServer, tmp_path: Path
) -> None:
    (tmp_path / "no_hosts").touch()
    down = transfer_to(ssh_server, port=free_port())
    unknown = transfer_to(ssh_server, known_hosts=tmp_path / "no_hosts")
    kinds: list[tuple[SSHFileTransfer, type[TransferError]]] = [
        (down, HostNotReachableError),
        (unknown, HostKeyError),
    ]
    for transfer, kind in kinds:
        with connected(url, transfer) as client:
            with pytest.raises(kind):
                client.upload_new_dataset_now(dataset)
            remote = dataset.replace(source_folder="/data", files=[file.uploaded() for file in dataset.files])
            with pytest.raises(kind):
                client.download_files(remote, target=tmp_path / "target", force=True)
            assert client.scicat.query_datasets({}) == []
    assert list(ssh_server.root.iterdir()) == []
    assert not (tmp_path / "target").exists()


def test_the_command_over_ssh(
    url: str,
    source: Path,
    ssh_server: RunningSSHServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SCITACEAN_PASSWORD", "me-secret")
    catalogue = ["--url", url, "--username", "me"]
    host = ["--host", ssh_server.host, "--port", str(ssh_server.port), "--ssh-username", ssh_server.username]
    host += ["--key-file", str(ssh_server.key_file), "--known-hosts", str(ssh_server.known_hosts)]
    fields = ["--name", "x", "--owner-group", "me", "--owner", "Ada", "--contact-email", "a@site.example"]
    host += ["--path-prefix", f"/catalogue={ssh_server.root.as_posix()}"]
    folder = ["--source-folder", "/catalogue/{name}"]
    assert main(["upload", str(source), *fields, *folder, *catalogue, *host]) == 0
    pid = capsys.readouterr().out.splitlines()[-1]
    assert tree(ssh_server.root / "x") == CONTENT
    target = tmp_path / "target"
    assert main(["download", pid, str(target), *catalogue, *host]) == 0
    assert tree(target) == CONTENT
