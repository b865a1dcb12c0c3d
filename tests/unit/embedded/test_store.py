"""What was answered stays, whatever happens to the process; several may use one folder."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from scitacean.embedded import EmbeddedCatalogue
from scitacean.embedded.catalogue import FILE_NAME
from scitacean.errors import ConfigurationError

OLD_FOLDERS = Path(__file__).parents[2] / "data" / "embedded"
OLD = [1, 2]
UPGRADE_THAT_IS_KILLED = """
import os, signal, sys
from scitacean.embedded import EmbeddedCatalogue, upgrade

inserted = 0
insert = upgrade.insert

def killed_after_the_second(*arguments):
    global inserted
    insert(*arguments)
    inserted += 1
    if inserted == 2:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade.insert = killed_after_the_second
EmbeddedCatalogue(sys.argv[1])
"""
CREATOR = """
import sys
import httpx
from scitacean.embedded import EmbeddedCatalogue

catalogue = EmbeddedCatalogue(sys.argv[1])
http = httpx.Client(
    transport=httpx.WSGITransport(catalogue.wsgi),
    base_url="http://catalogue",
    headers={"Authorization": f"Bearer {catalogue.token_for('me')}"},
)
body = {
    "ownerGroup": "me", "owner": "me", "contactEmail": "me@site.example", "sourceFolder": "/data",
    "creationTime": "2026-03-01T12:00:00.000Z", "datasetName": sys.argv[2], "type": "raw",
}
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    answer = http.post("/api/v4/datasets", json=body)
    print(answer.status_code, answer.json()["pid"], flush=True)
sys.stdin.readline()
"""


def creator(folder: Path, name: str, number: int) -> subprocess.Popen[str]:
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(
        [sys.executable, "-c", CREATOR, str(folder), name, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


def http_of(catalogue: EmbeddedCatalogue) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(catalogue.wsgi),
        base_url="http://catalogue",
        headers={"Authorization": f"Bearer {catalogue.token_for('me')}"},
    )


def test_a_killed_process_loses_nothing_that_it_answered(tmp_path: Path) -> None:
    with creator(tmp_path, "killed", 5) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        answers = [process.stdout.readline().split() for _ in range(5)]
        process.send_signal(signal.SIGKILL)
    with EmbeddedCatalogue(tmp_path) as catalogue, http_of(catalogue) as http:
        found = http.get("/api/v4/datasets").json()
    assert {pid for _, pid in answers} == {dataset["pid"] for dataset in found}


def test_a_process_killed_in_the_middle_loses_nothing_that_it_answered(tmp_path: Path) -> None:
    with creator(tmp_path, "killed", 1_000_000) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        lines = [process.stdout.readline() for _ in range(50)]
        # It is at the next ones meanwhile.
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    answered = {line.split()[1] for line in lines if line.endswith("\n")}
    with EmbeddedCatalogue(tmp_path) as catalogue, http_of(catalogue) as http:
        found = http.get("/api/v4/datasets", params={"filter": '{"limits": {"limit": 1000000}}'}).json()
        assert http.get("/api/v4/datasets/count").json() == {"count": len(found)}
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert len(answered) >= 50
    assert answered <= {dataset["pid"] for dataset in found}
    # One more may have been made, of which nobody was told.
    assert len(found) <= len(answered) + 1


def test_processes_share_a_folder_that_all_make_at_once(tmp_path: Path) -> None:
    processes = [creator(tmp_path / "new", f"p{i}", 10) for i in range(3)]
    try:
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            statuses = [process.stdout.readline().split()[0] for _ in range(10)]
            assert statuses == ["201"] * 10
    finally:
        for process in processes:
            process.communicate("end\n")
    with EmbeddedCatalogue(tmp_path / "new") as catalogue, http_of(catalogue) as http:
        assert http.get("/api/v4/datasets/count").json() == {"count": 30}


def test_a_token_is_good_in_all_processes_of_a_folder(tmp_path: Path) -> None:
    with EmbeddedCatalogue(tmp_path) as one, EmbeddedCatalogue(tmp_path) as other:
        headers = {"Authorization": f"Bearer {one.token_for('me')}"}
        with httpx.Client(
            transport=httpx.WSGITransport(other.wsgi), base_url="http://c", headers=headers
        ) as http:
            assert http.get("/api/v3/users/my/self").json()["username"] == "me"


def test_threads_add_up(minimal: dict[str, Any], tmp_path: Path) -> None:
    with EmbeddedCatalogue(tmp_path) as catalogue, http_of(catalogue) as http:
        pid = http.post("/api/v4/datasets", json={**minimal, "ownerGroup": "me"}).json()["pid"]
        block = {
            "datasetId": pid,
            "size": 1,
            "dataFileList": [{"path": "a", "size": 1, "time": "2026-03-01T12:00:00.000Z"}],
        }

        def add() -> None:
            with http_of(catalogue) as own:
                for _ in range(10):
                    assert own.post("/api/v4/origdatablocks", json=block).status_code == 201

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        dataset = http.get("/api/v4/datasets").json()[0]
    assert (dataset["size"], dataset["numberOfFiles"]) == (40, 40)


def test_a_newer_folder_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(ConfigurationError, match="newer version of scitacean"):
        EmbeddedCatalogue(tmp_path)


def older(folder: Path, version: int) -> Path:
    """Make the folder of a catalogue of an older version: two datasets, files and a picture."""
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.executescript((OLD_FOLDERS / f"version-{version}.sql").read_text(encoding="utf-8"))
    connection.close()
    return folder


def dumped(folder: Path) -> tuple[int, list[str]]:
    """Give all that a catalogue holds, and its version."""
    connection = sqlite3.connect(folder / FILE_NAME)
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0], list(connection.iterdump())
    finally:
        connection.close()


@pytest.mark.parametrize("version", OLD)
def test_an_older_folder_is_upgraded(tmp_path: Path, version: int) -> None:
    older(tmp_path, version)
    for _ in range(2):
        with EmbeddedCatalogue(tmp_path) as catalogue, http_of(catalogue) as http:
            for where, names in (
                ({}, ["name 1", "name 0"]),
                ({"keywords": "kept"}, ["name 0"]),
                ({"datasetName": "name 1"}, ["name 1"]),
                ({"ownerGroup": "me", "sourceFolder": "/data"}, ["name 1", "name 0"]),
                ({"owner": "me", "isPublished": True}, ["name 1"]),
                ({"size": 3}, ["name 0"]),
                ({"type": "derived"}, []),
            ):
                answer = http.get("/api/v4/datasets", params={"filter": json.dumps({"where": where})})
                assert [dataset["datasetName"] for dataset in answer.json()] == names
            found = http.get("/api/v4/datasets")
            pid = found.json()[1]["pid"].replace("/", "%2F")
            blocks = http.get(f"/api/v3/datasets/{pid}/origdatablocks").json()
            assert [entry["path"] for block in blocks for entry in block["dataFileList"]] == ["a.dat"]
            assert len(http.get("/api/v4/datasets/public").json()) == 1
            # A new one comes after those that were there.
            body = {**found.json()[0], "datasetName": "name 2"}
            sent = {name: body[name] for name in ("ownerGroup", "owner", "contactEmail", "sourceFolder")}
            sent |= {"creationTime": body["creationTime"], "datasetName": "name 2", "type": "raw"}
            new = http.post("/api/v4/datasets", json=sent)
            assert new.status_code == 201
            newest = http.get("/api/v4/datasets").json()[0]
            assert newest["pid"] == new.json()["pid"]
            new_pid = newest["pid"].replace("/", "%2F")
            assert http.delete(f"/api/v4/datasets/{new_pid}").status_code == 200


@pytest.mark.parametrize("version", OLD)
def test_an_upgrade_gives_the_tables_of_a_new_folder(tmp_path: Path, version: int) -> None:
    (tmp_path / "old").mkdir()
    older(tmp_path / "old", version)
    schemas = []
    for name in ("old", "new"):
        with EmbeddedCatalogue(tmp_path / name):
            connection = sqlite3.connect(tmp_path / name / FILE_NAME)
            # A table of SQLite's own, of which it never lets go.
            select = "SELECT name, sql FROM sqlite_schema WHERE name <> 'sqlite_sequence'"
            schemas.append(set(connection.execute(select)))
            connection.close()
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("version", OLD)
def test_an_upgrade_that_fails_leaves_the_folder_as_it_was(tmp_path: Path, version: int) -> None:
    older(tmp_path, version)
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE document SET body = '[]' WHERE seq = 2")
    connection.commit()
    connection.close()
    before = dumped(tmp_path)
    with pytest.raises(AttributeError):
        EmbeddedCatalogue(tmp_path)
    assert dumped(tmp_path) == before
    assert before[0] == version


@pytest.mark.parametrize("version", OLD)
def test_an_upgrade_that_is_killed_leaves_the_folder_as_it_was(tmp_path: Path, version: int) -> None:
    before = dumped(older(tmp_path, version))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    killed = subprocess.run(
        [sys.executable, "-c", UPGRADE_THAT_IS_KILLED, str(tmp_path)], check=False, env=environment
    )
    assert killed.returncode == -signal.SIGKILL
    assert dumped(tmp_path) == before
    with EmbeddedCatalogue(tmp_path) as catalogue, http_of(catalogue) as http:
        assert http.get("/api/v4/datasets/count").json() == {"count": 2}


def test_unusable_folders_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ConfigurationError, match="Cannot make the folder"):
        EmbeddedCatalogue(file)
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, it is a text" * 100)
    with pytest.raises(ConfigurationError, match="Cannot open the catalogue"):
        EmbeddedCatalogue(tmp_path)


def test_the_file_with_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    with EmbeddedCatalogue(tmp_path):
        mode = (tmp_path / FILE_NAME).stat().st_mode
    if os.name == "posix":
        assert stat.S_IMODE(mode) == 0o600


def test_a_private_catalogue_leaves_nothing_behind() -> None:
    catalogue = EmbeddedCatalogue()
    folder = catalogue.folder
    assert folder.is_dir()
    catalogue.close()
    assert not folder.exists()


def test_a_closed_catalogue_answers_with_an_error(caplog: pytest.LogCaptureFixture) -> None:
    catalogue = EmbeddedCatalogue()
    with http_of(catalogue) as http:
        catalogue.close()
        answer = http.get("/api/v4/datasets")
    assert (answer.status_code, answer.json()) == (500, "Internal server error")
    assert "The catalogue is closed." in caplog.text


def test_token_for_an_unknown_user() -> None:
    with EmbeddedCatalogue() as catalogue, pytest.raises(ConfigurationError, match="users are: me"):
        catalogue.token_for("nobody")


def test_a_forked_process_uses_connections_of_its_own(tmp_path: Path) -> None:
    code = """
import os, sys
from scitacean.embedded import EmbeddedCatalogue
catalogue = EmbeddedCatalogue(sys.argv[1])
def count():
    with catalogue._store.transaction(write=False) as transaction:
        return transaction.connection
before = count()
child = os.fork()
if child == 0:
    os._exit(0 if count() is not before else 1)
assert os.waitpid(child, 0)[1] == 0
assert count() is before
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)


@pytest.mark.parametrize("first", ["catalogue._store.setting('x')", "catalogue._store.close()"])
def test_a_forked_process_leaves_its_parents_connections_open(tmp_path: Path, first: str) -> None:
    code = f"""
import gc, os, sys
from scitacean.embedded import EmbeddedCatalogue
catalogue = EmbeddedCatalogue(sys.argv[1])
file = os.stat(os.path.join(sys.argv[1], "catalogue.sqlite"))
def is_open(number):
    try:
        return os.path.samestat(os.fstat(number), file)
    except OSError:
        return False
before = [number for number in range(256) if is_open(number)]
child = os.fork()
if child == 0:
    {first}
    catalogue._store.close()
    gc.collect()
    os._exit(0 if before and all(map(is_open, before)) else 1)
assert os.waitpid(child, 0)[1] == 0
catalogue.close()
assert not any(map(is_open, before))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
