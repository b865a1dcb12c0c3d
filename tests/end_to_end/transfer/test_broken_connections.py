"""Connections that break anywhere: what arrives is right, and nothing is there twice or left."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scitacean.errors import FileNotAccessibleError, HostNotReachableError
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FetchRequest, SendRequest
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.pipeline import Pipeline
from scitacean.transfer.ssh.sftp_session import Pending, SftpSession
from tests.end_to_end.transfer.sites import RAW, Site, contents_of, empty, fetch_with, kinds, write
from tests.end_to_end.transfer.sites import site as running_site

PART = 4 << 20
CONTENT = os.urandom(2 * PART + 7)
FILES = {f"{number % 3}/{number}": CONTENT[number : number + 97 * number] for number in range(40)}
FILES |= {"large": CONTENT, "0/other": CONTENT[7 : PART + 9], "empty": b""}
TOTAL = sum(map(len, FILES.values()))
OLD = 1_234_567_890

places = st.integers(0, TOTAL + 200_000)
EXAMPLES = settings(
    max_examples=100 if settings().max_examples >= 1_000 else 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(params=kinds(), scope="module")
def lasting_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for many examples, with the files on this side."""
    with running_site(request.param, tmp_path_factory.mktemp("broken")) as site:
        write(site.local, FILES)
        for name in FILES:
            os.utime(site.local / name, (OLD, OLD))
        yield site


def harm(site: Site, size: int, *, is_damaged: bool) -> None:
    if is_damaged:
        site.server.damage_after(size)
    else:
        site.server.cut_after(size)


def stop_harming(site: Site) -> None:
    site.server.cut_after(1 << 40)
    site.server.damage_after(1 << 40)


@EXAMPLES
@given(size=places, connections=st.sampled_from([1, 4]), is_damaged=st.booleans())
def test_an_upload_goes_on_over_another_connection(
    lasting_site: Site, size: int, connections: int, is_damaged: bool
) -> None:
    site = lasting_site
    empty(site.root)
    moved: Counter[str] = Counter()

    def note(path: RemotePath, number: int) -> None:
        moved[path.posix] += number

    with (
        site.transfer(connections=connections, file_mode=0o600) as transfer,
        site.uploading(transfer) as connection,
    ):
        harm(site, size, is_damaged=is_damaged)
        requests = [SendRequest(local=site.local / name, remote=site.remote(name)) for name in FILES]
        connection.send_files(requests, on_progress=note)
    stop_harming(site)
    assert contents_of(site.root) == FILES
    for name, content in FILES.items():
        status = (site.root / name).stat()
        assert (status.st_mtime, status.st_mode & 0o777) == (OLD, 0o600)
        assert moved[site.remote(name).posix] == len(content)


@EXAMPLES
@given(size=places, connections=st.sampled_from([1, 4]), is_damaged=st.booleans())
def test_a_download_goes_on_over_another_connection(
    lasting_site: Site, tmp_path: Path, size: int, connections: int, is_damaged: bool
) -> None:
    site = lasting_site
    empty(site.root)
    write(site.root, FILES)
    back = tmp_path / "back"
    shutil.rmtree(back, ignore_errors=True)
    for name in FILES:
        (back / name).parent.mkdir(parents=True, exist_ok=True)
    moved: Counter[str] = Counter()

    def note(path: RemotePath, number: int) -> None:
        moved[path.posix] += number

    requests = [
        FetchRequest(remote=site.remote(name), local=back / name, length=len(content) if size % 2 else None)
        for name, content in FILES.items()
    ]
    with (
        site.transfer(connections=connections) as transfer,
        transfer.connect_for_download(RAW, RemotePath("")) as connection,
    ):
        harm(site, size, is_damaged=is_damaged)
        fetched = connection.fetch_files(requests, on_progress=note)
    stop_harming(site)
    assert contents_of(back) == FILES
    assert [one.size for one in fetched] == [len(content) for content in FILES.values()]
    assert moved == Counter({site.remote(name).posix: len(content) for name, content in FILES.items()})


def no_more_connections(line: Line) -> None:
    raise HostNotReachableError("The server is gone.")


@EXAMPLES
@given(size=st.integers(0, TOTAL - 1_000_000), connections=st.sampled_from([1, 4]))
def test_what_breaks_for_good_can_be_resumed(lasting_site: Site, size: int, connections: int) -> None:
    site = lasting_site
    empty(site.root)
    requests = [SendRequest(local=site.local / name, remote=site.remote(name), resume=True) for name in FILES]
    with (
        site.transfer(connections=connections) as transfer,
        pytest.MonkeyPatch.context() as patch,
        site.uploading(transfer) as connection,
    ):
        patch.setattr(Line, "renew", no_more_connections)
        site.server.cut_after(size)
        with pytest.raises(HostNotReachableError):
            connection.send_files(requests)
    # Nothing has its name before all is there and right.
    assert all(".part-" in name for name in contents_of(site.root))
    with site.transfer(connections=connections) as transfer, site.uploading(transfer) as connection:
        connection.send_files(requests)
    assert contents_of(site.root) == FILES


@EXAMPLES
@given(size=st.integers(0, TOTAL - 1_000_000), connections=st.sampled_from([1, 4]))
def test_what_breaks_for_good_can_be_undone_later(lasting_site: Site, size: int, connections: int) -> None:
    site = lasting_site
    empty(site.root)
    files = [File.from_local(site.local / name, remote_path=f"new/{name}") for name in FILES]
    with site.transfer(connections=connections) as transfer, site.uploading(transfer) as connection:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Line, "renew", no_more_connections)
            site.server.cut_after(size)
            with pytest.raises(HostNotReachableError):
                connection.upload_files(*files)
        connection.revert_upload(*files)
    assert not contents_of(site.root)
    assert not list(site.root.iterdir())


@EXAMPLES
@given(size=st.integers(0, TOTAL - 1_000_000), connections=st.sampled_from([1, 4]))
def test_a_download_that_breaks_for_good_leaves_beginnings(
    lasting_site: Site, tmp_path: Path, size: int, connections: int
) -> None:
    site = lasting_site
    empty(site.root)
    write(site.root, FILES)
    back = tmp_path / "back"
    shutil.rmtree(back, ignore_errors=True)
    for name in FILES:
        (back / name).parent.mkdir(parents=True, exist_ok=True)
    with site.transfer(connections=connections) as transfer:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Line, "renew", no_more_connections)
            requests = [FetchRequest(remote=site.remote(name), local=back / name) for name in FILES]
            with transfer.connect_for_download(RAW, RemotePath("")) as connection:
                site.server.cut_after(size)
                with pytest.raises(FileNotAccessibleError):
                    connection.fetch_files(requests)
        beginnings = contents_of(back)
        for name, beginning in beginnings.items():
            assert FILES[name].startswith(beginning)
        rest = [
            FetchRequest(remote=site.remote(name), local=back / name, offset=len(beginnings.get(name, b"")))
            for name in FILES
        ]
        fetch_with(transfer, rest)
    assert contents_of(back) == FILES


@EXAMPLES
@given(size=st.integers(0, 7_000))
def test_a_connection_that_breaks_while_it_is_made_is_an_error_that_says_so(
    lasting_site: Site, size: int
) -> None:
    site = lasting_site
    site.server.cut_after(size)
    with site.transfer() as transfer:
        try:
            with site.uploading(transfer):
                pass
        except FileNotAccessibleError:
            pass
    site.server.cut_after(1 << 40)


def test_a_host_that_refuses_commands_is_not_asked_while_jobs_share_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = threading.Event()
    run, result = Pipeline.run, Pending.result

    def run_and_tell(pipeline: Pipeline[object]) -> None:
        running.set()
        try:
            run(pipeline)
        finally:
            running.clear()

    def result_of(pending: Pending[object]) -> object:
        # Answers to jobs that come in the meantime would not be seen.
        assert not running.is_set()
        return result(pending)

    monkeypatch.setattr(Pipeline, "run", run_and_tell)
    monkeypatch.setattr(Pending, "result", result_of)
    with running_site("asyncssh", tmp_path, shell=False) as site:
        write(site.local, FILES)
        site.send(list(FILES), connections=1)
        assert contents_of(site.root) == FILES


@pytest.mark.parametrize("size", [10, PART + 5])
@pytest.mark.parametrize("step", ["open", "fsetstat", "close", "rename", "mkdir", "mkdir done"])
def test_an_upload_whose_connection_breaks_at_a_step_is_complete_in_all_respects(
    fast_site: Site, monkeypatch: pytest.MonkeyPatch, step: str, size: int
) -> None:
    site = fast_site
    write(site.local, {"run/a": CONTENT[:size]})
    os.utime(site.local / "run/a", (OLD, OLD))
    step, _, done = step.partition(" ")
    original = getattr(SftpSession, step)
    broken: list[bool] = []

    def break_once(session: SftpSession, *arguments: Any) -> Any:
        if not broken:
            broken.append(True)
            # The answers to what was asked before are here.
            session.ping()
            if done:
                original(session, *arguments).result()
            site.server.kill_connections()
        return original(session, *arguments)

    monkeypatch.setattr(SftpSession, step, break_once)
    file = File.from_local(site.local / "run/a", remote_path="run/a", checksum_algorithm="md5")
    with site.transfer(file_mode=0o600) as transfer, site.uploading(transfer) as connection:
        (sent,) = connection.upload_files(file)
        assert broken
        assert contents_of(site.root) == {"run/a": CONTENT[:size]}
        status = (site.root / "run/a").stat()
        assert (status.st_mtime, status.st_mode & 0o777) == (OLD, 0o600)
        assert (sent.remote_perm, sent.size) == (str(status.st_mode), size)
        connection.revert_upload(file)
    assert not list(site.root.iterdir())
