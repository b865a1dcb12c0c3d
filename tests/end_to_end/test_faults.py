"""Whatever fails at whatever step: nothing is lost, half done or there twice, and it can be gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from scitacean.model.remote_path import RemotePath
from scitacean.testing.client import FakeClient
from tests.end_to_end.faults.cases import Case, all_cases, chosen_cases
from tests.end_to_end.faults.place import CONTENT, Place, write
from tests.end_to_end.faults.run import run_case
from tests.end_to_end.faults.servers import Servers, servers
from tests.end_to_end.faults.table import PROPERTY
from tests.end_to_end.transfer.sites import is_nightly

GIVEN = "given"


@attrs.frozen
class Site:
    """The servers, with a dataset to download."""

    servers: Servers
    catalogue: FakeClient
    pid: str

    def place(self, case: Case, folder: Path) -> Place:
        served = self.servers.files.root
        if case.work == "upload":
            served = served / case.slug
            served.mkdir()
        folders = {name: folder / name for name in ("local", "target", "state")}
        for path in folders.values():
            path.mkdir()
        write(folders["local"], CONTENT)
        return _place(
            self.servers, folders, served, GIVEN if case.work == "download" else case.slug, self.pid
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    with servers(folder) as running, FakeClient(catalogue=running.catalogue) as catalogue:
        yield Site(running, catalogue, _given(running, folder))


def _given(running: Servers, folder: Path) -> str:
    """Register files that are on the file server already."""
    served = running.files.root
    write(served / GIVEN, CONTENT)
    folders = {"local": served / GIVEN, "target": folder, "state": folder}
    place = _place(running, folders, served, GIVEN, None)
    dataset = place.dataset()
    dataset = dataset.replace(
        source_folder=RemotePath(place.source_folder.as_posix()),
        files=[file.uploaded(remote_checksum=file.checksum()) for file in dataset.files],
    )
    with place.client() as client:
        return str(client.upload_new_dataset_now(dataset).pid)


def _place(running: Servers, folders: dict[str, Path], served: Path, name: str, pid: str | None) -> Place:
    files = running.files
    return Place(
        name=name,
        url=running.url,
        port=files.port,
        username=files.username,
        key_file=str(files.key_file),
        known_hosts=str(files.known_hosts),
        served=str(served),
        local=str(folders["local"]),
        target=str(folders["target"]),
        state=str(folders["state"]),
        pid=pid,
    )


@pytest.mark.parametrize("case", chosen_cases(nightly=is_nightly()), ids=str)
def test_nothing_is_lost_half_done_or_there_twice(
    site: Site,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    place = site.place(case, tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", place.state)
    outcome = "failed"
    try:
        outcome = run_case(case, place, site.servers, site.catalogue)
    finally:
        record_property(PROPERTY, [case.work, case.step, case.fault, case.lasting, outcome])


def test_there_are_many_cases() -> None:
    assert len(all_cases()) >= 150
    assert len(set(map(str, all_cases()))) == len(all_cases())
