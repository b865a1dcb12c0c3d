"""The command, as people and scripts use it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scitacean import Attachment, Dataset, File, Thumbnail, __version__
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.cli import main
from scitacean.client import Client
from scitacean.transfer.copy import CopyDownloadConnection, CopyUploadConnection
from scitacean.transfer.protocol import SendRequest, Sent
from tests.processes import not_measured

FIELDS = ["--name", "Run 7", "--owner-group", "me", "--owner", "Ada", "--contact-email", "ada@site.example"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SCITACEAN_")]:
        if name != "SCITACEAN_REQUIRE_SSHD":
            monkeypatch.delenv(name)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_text("1,2")
    (folder / "sub" / "b.log").write_text("log")
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    accounts = tmp_path / "accounts.json"
    accounts.write_text(
        json.dumps(
            {
                "site": {"pid_prefix": "20.500.12345"},
                "groups": {"create_dataset": "everyone", "create_attachment": "everyone"},
                "users": [
                    {
                        "username": "me",
                        "password": "me-secret",
                        "email": "me@site.example",
                        "groups": ["me"],
                    }
                ],
            }
        )
    )
    command = [sys.executable, "-m", "scitacean", "serve", "--accounts", str(accounts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=not_measured()) as process:
        assert process.stdout is not None
        ready = re.fullmatch(r"ready at (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert ready is not None
        yield ready[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_upload_show_download(capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path) -> None:
    local = tmp_path / "local"
    status, out, _ = run(capsys, "upload", source, *FIELDS, "--local", local)
    assert status == 0
    *_, summary, pid = out.splitlines()
    assert summary.startswith("2 files, 6 bytes, are in ")
    status, out, _ = run(capsys, "show", pid, "--local", local)
    assert status == 0
    assert "Run 7" in out
    assert "sub/b.log" in out
    target = tmp_path / "target"
    status, out, _ = run(capsys, "download", pid, target, "--local", local, "--select", "sub/b.log")
    assert (status, out) == (0, f"1 files, 3 bytes, verified, are in {target}\n")
    assert (target / "sub" / "b.log").read_text() == "log"
    status, out, _ = run(capsys, "download", pid, target, "--local", local, "--force")
    assert (status, out) == (0, f"2 files, 6 bytes, verified, are in {target}\n")


def test_downloads_as_one_likes(capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path) -> None:
    local, target = tmp_path / "local", tmp_path / "target"
    with Client.local(local) as client:
        dataset = Dataset(
            type="raw",
            name="Run 7",
            owner_group="me",
            owner="Ada",
            contact_email="ada@site.example",
            creation_time=datetime(2026, 3, 1, tzinfo=UTC),
            attachments=[Attachment(caption="The rod", thumbnail=Thumbnail("image/svg+xml", b"<svg></svg>"))],
        )
        dataset.add_local_files(source)
        pid = str(client.upload_new_dataset_now(dataset).pid)
    command = ["download", pid, target, "--local", local]
    status, out, _ = run(capsys, *command, "--flatten", "--attachments")
    assert status == 0
    assert out.endswith(f"\n1 attachments are in {target}\n")
    assert sorted(path.name for path in target.iterdir()) == ["The_rod.svg", "a.csv", "b.log"]
    (target / "a.csv").write_text("mine")
    status, out, _ = run(capsys, *command, "--flatten", "--existing", "skip")
    assert (status, "those verified that were not there before" in out) == (0, True)
    status, _, err = run(capsys, *command, "--flatten", "--existing", "error")
    assert (status, "2 of 2 file(s) are in the target already" in err) == (1, True)
    status, _, err = run(capsys, *command, "--force", "--existing", "skip")
    assert (status, "contradict each other" in err) == (1, True)
    status, _, err = run(capsys, *command, "--existing", "anything")
    assert (status, "anything" in err, "Traceback" in err) == (1, True, False)
    assert (target / "a.csv").read_text() == "mine"
    assert run(capsys, *command, "--flatten")[0] == 0
    assert (target / "a.csv").read_text() == "1,2"


def test_through_a_server(
    capsys: pytest.CaptureFixture[str],
    source: Path,
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCITACEAN_URL", server)
    metadata = tmp_path / "run.toml"
    metadata.write_text(
        'name = "Run 8"\nowner_group = "me"\nowner = "Ada"\ncontact_email = "ada@site.example"\n'
        'creation_time = 2026-03-01T12:00:00Z\nstart_time = "2026-03-01T11:00:00Z"\nsource_folder = "/data"\n'
        '[[techniques]]\npid = "t"\nname = "diffraction"\n'
        '[[relationships]]\nidentifier = "x"\nrelationship = "IsPartOf"\nidentifier_type = "DOI"\n'
        'entity_type = "dataset"\n[meta]\ntemperature = {value = 3, unit = "K"}\n'
    )
    password = tmp_path / "password"
    password.write_text("me-secret\n")
    as_me = ["--username", "me", "--password-file", password]
    status, _, err = run(capsys, "upload", source, "--metadata", metadata, *as_me)
    assert (status, "no file transfer" in err) == (1, True)
    empty = tmp_path / "empty"
    empty.mkdir()
    status, out, err = run(capsys, "upload", empty, "--metadata", metadata, *as_me)
    assert (status, err.startswith("scitacean: warning: These folders are empty")) == (0, True)
    pid = out.splitlines()[-1]
    assert pid.startswith("20.500.12345/")
    monkeypatch.setenv("SCITACEAN_PASSWORD", "me-secret")
    assert run(capsys, "show", pid, "--username", "me")[0] == 0
    status, _, err = run(capsys, "show", pid)
    assert (status, "does not show it to you" in err) == (1, True)
    monkeypatch.setenv("SCITACEAN_PASSWORD", "wrong")
    status, _, err = run(capsys, "show", pid, "--username", "me")
    assert (status, "does not know this user name" in err, "wrong" in err) == (1, True, False)


def test_tokens_come_from_files_and_the_environment(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("bad-token\n")
    status, _, err = run(capsys, "show", "a/b", "--url", server, "--token-file", token)
    assert (status, "does not accept the token" in err, "bad-token" in err) == (1, True, False)
    monkeypatch.setenv("SCITACEAN_TOKEN", "bad-token")
    status, _, err = run(capsys, "show", "a/b", "--url", server)
    assert (status, "does not accept the token" in err) == (1, True)


def test_a_terminal_is_asked_for_the_password(
    capsys: pytest.CaptureFixture[str], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "me-secret")
    status, _, err = run(capsys, "show", "no/such", "--url", server, "--username", "me")
    assert (status, "typing mistakes" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "a/b"], "not said which catalogue"),
        (["show", "a/b", "--url", "https://x.example", "--local", "x"], "Both --url and --local"),
        (["show", "a/b", "--url", "http://x.example"], "plain http"),
        (["show", "a/b", "--url", "http://127.0.0.1:1"], "no connection"),
        (["show", "a/b", "--url", "http://127.0.0.1:1", "--username", "me"], "nobody to ask"),
        (["show", "a/b", "--url", "http://127.0.0.1:1", "--token-file", "none"], "Cannot read the secret"),
        (
            ["show", "a/b", "--url", "http://127.0.0.1:1", "--username", "x", "--token-file", "y"],
            "Both --user",
        ),
        (
            ["download", "a/b", "x", "--url", "http://127.0.0.1:1", "--host", "h", "--path-prefix", "a"],
            "no path",
        ),
        (["show", "a/b", "--local", "nosuch"], "no catalogue in the folder nosuch"),
        (["upload", ".", "--local", "x", "--source-folder", "/data"], "together with --local"),
        (["serve", "--port", "99999"], "99999"),
        (["show"], "Missing argument"),
        (["download", "a/b", "x", "--no-such-option"], "No such option"),
        (["upload", "none", "--local", "x"], "no file or folder"),
        (["upload", ".", "--metadata", "none", "--local", "x"], "Cannot read the metadata file"),
        (["serve", "--accounts", "none"], "Cannot read the accounts"),
        (["serve", "--port", "1", "--folder", "/dev/null"], "/dev/null"),
    ],
)
def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    status, _, err = run(capsys, *arguments)
    assert status == 1
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "name"),
    [("no_such = 1", "a.toml"), ("[", "a.toml"), ("[1]", "a.json"), ('start_time = "x"', "a.toml")],
)
def test_bad_metadata_is_explained(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, content: str, name: str
) -> None:
    (tmp_path / name).write_text(content)
    status, _, err = run(
        capsys, "upload", source, "--metadata", tmp_path / name, "--local", tmp_path / "local"
    )
    assert status == 1
    assert "metadata file" in err


def test_a_dataset_that_cannot_go_is_explained_field_by_field(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path
) -> None:
    status, _, err = run(capsys, "upload", source, "--local", tmp_path / "local")
    assert status == 1
    assert "  name           None   a name" in err
    assert "  owner_group    None   a group" in err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_being_stopped_tells_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    send = CopyUploadConnection.send_files

    def send_and_stop(self: CopyUploadConnection, requests: Sequence[SendRequest], **_: object) -> list[Sent]:
        send(self, requests)
        signal.raise_signal(getattr(signal, name))
        raise AssertionError("not stopped")

    before = signal.getsignal(signal.SIGTERM)
    upload = ("upload", source, *FIELDS, "--local", tmp_path / "local")
    with monkeypatch.context() as patch:
        patch.setattr(CopyUploadConnection, "send_files", send_and_stop)
        status, _, err = run(capsys, *upload)
    assert (status, "scitacean resume" in err, "Traceback" in err) == (1, True, False)
    assert signal.getsignal(signal.SIGTERM) is before
    _, out, _ = run(capsys, "resume", "--list")
    assert "0 of 2 files in" in out
    again = upload if name == "SIGINT" else ("resume", "--local", tmp_path / "local")
    assert run(capsys, *again)[0] == 0
    assert len(list((tmp_path / "local").rglob("a.csv"))) == 1
    assert run(capsys, "resume", "--list")[1] == "No upload is unfinished.\n"
    with Client.local(tmp_path / "local") as client:
        assert len(client.scicat.query_datasets({})) == 1


def test_an_upload_that_was_stopped_can_be_undone(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    local = ("--local", tmp_path / "local")
    with monkeypatch.context() as patch:
        patch.setattr(ScicatClient, "create_orig_datablock", interrupt)
        assert run(capsys, "upload", source, *FIELDS, *local)[0] == 1
    assert run(capsys, "resume", "--discard", *local)[:2] == (0, "The upload was undone.\n")
    assert not (tmp_path / "local" / "files").exists()
    with Client.local(tmp_path / "local") as client:
        assert client.scicat.query_datasets({}) == []
    for discard in ([], ["--discard"]):
        status, out, err = run(capsys, "resume", *discard, *local)
        assert (status, out, err) == (
            0,
            "There is nothing to do: no upload to this catalogue is unfinished.\n",
            "",
        )


def test_a_dry_run_says_what_would_happen_and_what_would_fail(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path
) -> None:
    upload = ("upload", source, "--local", tmp_path / "local", "--dry-run")
    status, out, _ = run(capsys, *upload, *FIELDS)
    assert (status, "2 requests would register it" in out, "nothing was sent" in out) == (0, True, True)
    status, out, _ = run(capsys, *upload)
    assert (status, "problem: owner_group" in out) == (1, True)
    assert not (tmp_path / "local" / "files").exists()


def test_a_dry_run_says_with_which_upload_the_same_command_goes_on(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    command = ("upload", source, *FIELDS, "--local", tmp_path / "local", "--journal", tmp_path / "my.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(CopyUploadConnection, "send_files", interrupt)
        status, _, _ = run(capsys, *command)
    assert status == 1
    status, out, _ = run(capsys, *command, "--dry-run")
    assert (status, "goes on with the upload that is not finished yet:" in out) == (0, True)
    assert str(tmp_path / "my.jsonl") in out
    assert "2 requests at most would register it" in out
    status, _, _ = run(capsys, *command)
    assert status == 0


def test_an_interrupted_download_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = tmp_path / "local"
    _, out, _ = run(capsys, "upload", source, *FIELDS, "--local", local)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CopyDownloadConnection, "fetch_files", interrupt)
    status, _, err = run(capsys, "download", out.splitlines()[-1], tmp_path / "target", "--local", local)
    assert (status, "repeat the download to go on" in err) == (1, True)


def test_interrupting_before_anything_began_is_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scitacean.cli.run.run", interrupt)
    assert run(capsys, "--help") == (1, "", "scitacean: Interrupted.\n")


def test_a_folder_counts_more_than_the_variable(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCITACEAN_URL", "https://scicat.site.example")
    assert run(capsys, "upload", source, *FIELDS, "--local", tmp_path / "local")[0] == 0


def test_terminals_are_not_commanded_by_a_catalogue(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path
) -> None:
    (source / "c\x1b[2J.log").write_text("")
    fields = [*FIELDS, "--name", "x\x1b[2Jx"]
    status, out, _ = run(capsys, "upload", source, *fields, "--local", tmp_path / "local")
    assert status == 0
    _, out, _ = run(capsys, "show", out.splitlines()[-1], "--local", tmp_path / "local")
    assert "\x1b[2J" not in out
    _, _, err = run(capsys, "show", "a/\x1b[2J", "--local", tmp_path / "local")
    assert "\x1b" not in err


@pytest.mark.parametrize("content", ["access_groups = 5", 'relationships = "abc"', "name = 5"])
def test_fields_of_wrong_types_are_explained(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "a.toml").write_text(content)
    status, _, err = run(
        capsys, "upload", source, "--metadata", tmp_path / "a.toml", "--local", tmp_path / "local"
    )
    assert (status, f"  {content.split()[0]} " in err) == (1, True)


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"scitacean {__version__}\n", "")
    status, out, _ = run(capsys, "--help")
    assert (status, "upload" in out) == (0, True)


def test_the_server_without_accounts_says_how_to_sign_in() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "scitacean", "serve"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "user me with password me" in process.stdout.readline()
        assert process.stdout.readline().startswith("ready at http://127.0.0.1:")
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("password", [{}, {"password": ""}])
def test_accounts_that_cannot_sign_in_are_not_served(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, password: dict[str, str]
) -> None:
    users = [{"username": "ada", "password": "ada-secret"}, {"username": "bob", **password}]
    (tmp_path / "accounts.json").write_text(json.dumps({"users": users}))
    status, out, err = run(capsys, "serve", "--accounts", tmp_path / "accounts.json")
    assert (status, out) == (1, "")
    assert "have no password, so nobody can sign in as them: bob." in err
    assert "Give each a password" in err


def test_what_was_verified_by_size_only_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: Path
) -> None:
    with Client.local(tmp_path / "local") as client:
        uploaded = client.upload_new_dataset_now(
            Dataset(
                type="raw",
                name="Run 7",
                owner_group="me",
                owner="Ada",
                contact_email="ada@site.example",
                creation_time=datetime(2026, 3, 1, tzinfo=UTC),
                files=[File.from_local(source / "a.csv", checksum_algorithm=None)],
            )
        )
    pid = str(uploaded.pid)
    status, out, _ = run(capsys, "download", pid, tmp_path / "target", "--local", tmp_path / "local")
    assert (status, "verified (1 of them by size only)" in out) == (0, True)


def test_a_folder_without_files_is_told_as_such(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, _, err = run(capsys, "upload", tmp_path / "empty", *FIELDS, "--local", tmp_path / "local")
    assert (status, f"There are no files in {tmp_path / 'empty'}" in err) == (1, True)
