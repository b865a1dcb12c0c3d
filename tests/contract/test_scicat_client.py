"""The low-level client against a catalogue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from scicat_api.models import (
    CreateAttachmentV3Dto,
    CreateDatasetDto,
    CreateOrigDatablockDto,
    CreateSampleDto,
    DataFile,
)
from scitacean import PID, ConfigurationError, SecretStr, ValidationError
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import Accounts, EmbeddedCatalogue
from scitacean.errors import (
    BadAnswerError,
    ConflictError,
    ForbiddenError,
    LoginError,
    NotFoundError,
    ScicatCommError,
    ServerUnreachableError,
    SessionExpiredError,
)

Connect = Callable[[str | None], ScicatClient]
TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)


def new_dataset(**fields: object) -> CreateDatasetDto:
    given: dict[str, object] = {
        "owner_group": "beamline1",
        "owner": "Ada Example",
        "contact_email": "ada@site.example",
        "source_folder": "/data/run-7",
        "creation_time": TIME,
        "dataset_name": "Run 7",
        "type_": "raw",
    }
    return CreateDatasetDto(**(given | fields))  # type: ignore[arg-type]  # fields of the test's choice


def new_block(pid: str, name: str = "a.dat") -> CreateOrigDatablockDto:
    return CreateOrigDatablockDto(
        size=1, data_file_list=[DataFile(path=name, size=1, time=TIME)], dataset_id=pid
    )


def test_a_dataset_comes_back(connect: Connect) -> None:
    ada = connect("ada")
    created = ada.create_dataset_model(new_dataset(keywords=["a"]))
    found = ada.get_dataset_model(created.pid, strict_validation=True)
    assert (found.pid, found.dataset_name, found.keywords) == (created.pid, "Run 7", ["a"])
    assert found.creation_time == TIME
    assert ada.is_authenticated


@pytest.mark.parametrize("own", ["x/a/b c", "x/ü %2F?#&", "x/..", "x/a+b"])
def test_odd_pids_work_everywhere(connect: Connect, own: str) -> None:
    ingestor = connect("ingestor")
    created = ingestor.create_dataset_model(new_dataset(owner_group="ingestor", pid=own))
    assert ingestor.get_dataset_model(created.pid).pid == created.pid
    ingestor.create_orig_datablock(new_block(created.pid))
    assert len(ingestor.get_orig_datablock_models(PID.parse(created.pid))) == 1
    ingestor.create_attachment_for_dataset(
        created.pid, CreateAttachmentV3Dto(caption="c", owner_group="ingestor")
    )
    assert len(ingestor.get_attachment_models(created.pid)) == 1


@pytest.mark.parametrize("number", [0, 1, 11, 49, 50, 51, 101])
def test_all_blocks_and_attachments_come(connect: Connect, number: int) -> None:
    ada = connect("ada")
    created = ada.create_dataset_model(new_dataset())
    other = ada.create_dataset_model(new_dataset())
    for index in range(number):
        ada.create_orig_datablock(new_block(created.pid, f"{index}.dat"))
        ada.create_attachment_for_dataset(
            created.pid, CreateAttachmentV3Dto(caption=f"{index}", owner_group="beamline1")
        )
    ada.create_orig_datablock(new_block(other.pid))
    blocks = ada.get_orig_datablock_models(created.pid, strict_validation=True)
    attachments = ada.get_attachment_models(created.pid, strict_validation=True)
    names = [block.data_file_list[0].path for block in blocks if isinstance(block.data_file_list, list)]
    # Servers count time in milliseconds, so two that were made in one may come in either order.
    assert sorted(names) == sorted(f"{index}.dat" for index in range(number))
    assert sorted(one.caption for one in attachments) == sorted(f"{index}" for index in range(number))


def test_a_thousand_blocks_come() -> None:
    with EmbeddedCatalogue() as catalogue:
        transport = httpx.WSGITransport(app=catalogue.wsgi)
        with ScicatClient.from_token(
            "http://localhost", catalogue.token_for("me"), transport=transport
        ) as client:
            created = client.create_dataset_model(new_dataset(owner_group="me"))
            for index in range(1001):
                client.create_orig_datablock(new_block(created.pid, f"{index}.dat"))
                client.create_attachment_for_dataset(
                    created.pid, CreateAttachmentV3Dto(caption="c", owner_group="me")
                )
            assert len(client.get_orig_datablock_models(created.pid)) == 1001
            assert len(client.get_attachment_models(created.pid)) == 1001
            assert client.get_dataset_model(created.pid).number_of_files == 1001


def test_datasets_are_found(connect: Connect) -> None:
    ada = connect("ada")
    for day in (1, 2, 3):
        ada.create_dataset_model(new_dataset(dataset_name=f"Run {day}", creation_time=TIME.replace(day=day)))
    found = ada.query_datasets({"ownerGroup": "beamline1"}, limit=2)
    assert [dataset.dataset_name for dataset in found] == ["Run 3", "Run 2"]
    assert ada.query_datasets({"datasetName": "none"}, strict_validation=True) == []


def test_the_public_sees_what_is_published(connect: Connect) -> None:
    ada, nobody = connect("ada"), connect(None)
    hidden = ada.create_dataset_model(new_dataset())
    public = ada.create_dataset_model(new_dataset(is_published=True))
    assert not nobody.is_authenticated
    assert nobody.get_dataset_model(public.pid).pid == public.pid
    assert [dataset.pid for dataset in nobody.query_datasets({})] == [public.pid]
    assert nobody.get_orig_datablock_models(public.pid) == []
    assert nobody.get_attachment_models(public.pid) == []
    with pytest.raises(NotFoundError, match="does not show it"):
        nobody.get_dataset_model(hidden.pid)


def test_refusals_are_told_apart(connect: Connect) -> None:
    ada, bob, ingestor = connect("ada"), connect("bob"), connect("ingestor")
    created = ada.create_dataset_model(new_dataset())
    with pytest.raises(ForbiddenError, match="Ask the owner"):
        bob.get_dataset_model(created.pid)
    with pytest.raises(NotFoundError, match="typing mistakes"):
        ada.get_dataset_model("no/such")
    with pytest.raises(ForbiddenError):
        ada.create_dataset_model(new_dataset(owner_group="beamline2"))
    with pytest.raises(ScicatCommError, match="400"):
        ada.create_dataset_model(new_dataset(contact_email="none"))
    ingestor.create_dataset_model(new_dataset(owner_group="ingestor", pid="x/1"))
    with pytest.raises(ConflictError):
        ingestor.create_dataset_model(new_dataset(owner_group="ingestor", pid="x/1"))


def test_samples_come_back(connect: Connect) -> None:
    ada = connect("ada")
    created = ada.create_sample_model(CreateSampleDto(owner_group="beamline1", sample_name="Salt"))
    assert isinstance(created.sample_id, str)
    assert ada.get_sample_model(created.sample_id).sample_name == "Salt"
    with pytest.raises(NotFoundError):
        ada.get_sample_model("no such")


def test_the_server_checks_datasets(connect: Connect) -> None:
    ada = connect("ada")
    ada.validate_dataset_model(new_dataset())
    with pytest.raises(ValidationError, match="would refuse"):
        ada.validate_dataset_model(new_dataset(contact_email="none"))


def test_wrong_passwords_are_refused(catalogue: EmbeddedCatalogue) -> None:
    transport = httpx.WSGITransport(app=catalogue.wsgi)
    with pytest.raises(LoginError, match="does not know this user name") as caught:
        ScicatClient.from_credentials("http://localhost", "ada", "hush", transport=transport)
    assert "hush" not in str(caught.value)


def test_bad_tokens_are_told_from_forbidden_datasets(catalogue: EmbeddedCatalogue) -> None:
    transport = httpx.WSGITransport(app=catalogue.wsgi)
    with (
        ScicatClient.from_token("http://localhost", "bad", transport=transport) as client,
        pytest.raises(LoginError, match="does not accept the token"),
    ):
        client.get_dataset_model("no/such")


class Clock:
    """Time that a test moves on."""

    now = datetime.now(tz=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_expired_sessions(tmp_path: Path) -> None:
    clock = Clock()
    accounts = Accounts.single(password="me-secret")
    with EmbeddedCatalogue(tmp_path, accounts=accounts, clock=clock) as catalogue:
        transport = httpx.WSGITransport(app=catalogue.wsgi)
        with (
            ScicatClient.from_credentials(
                "http://localhost", "me", "me-secret", transport=transport
            ) as renewing,
            ScicatClient.from_token(
                "http://localhost", SecretStr(catalogue.token_for("me")), transport=transport
            ) as fixed,
        ):
            created = fixed.create_dataset_model(new_dataset(owner_group="me"))
            clock.now += timedelta(hours=2)
            with pytest.raises(SessionExpiredError, match="new token"):
                fixed.get_dataset_model(created.pid)
            assert renewing.get_dataset_model(created.pid).pid == created.pid


def answering(status: int, content: bytes, *, token: str = "t") -> ScicatClient:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    return ScicatClient.from_token("http://localhost", token, transport=transport)


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b'"text"', b"{", b"\xff"])
def test_answers_that_are_something_else(content: bytes) -> None:
    with answering(200, content) as client, pytest.raises(BadAnswerError, match=r"SciCat|web pages"):
        client.get_dataset_model("a/b")


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"[[]]"])
def test_lists_that_are_something_else(content: bytes) -> None:
    with answering(200, content) as client, pytest.raises(BadAnswerError):
        client.query_datasets({})


def test_a_dataset_without_pid_is_an_error() -> None:
    with answering(201, b"{}") as client, pytest.raises(BadAnswerError, match="under which PID"):
        client.create_dataset_model(new_dataset())


@pytest.mark.parametrize("content", [b"{}", b"[]", b"", b'{"access_token": 3}'])
def test_a_login_without_token_is_an_error(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(201, content=content))
    with pytest.raises(BadAnswerError, match="sent no token"):
        ScicatClient.from_credentials("http://localhost", "a", "b", transport=transport)


def test_a_server_in_trouble_is_not_a_wrong_password() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    with pytest.raises(ScicatCommError, match="try again later"):
        ScicatClient.from_credentials("http://localhost", "a", "b", transport=transport)


def test_odd_fields_are_logged_or_refused(caplog: pytest.LogCaptureFixture) -> None:
    content = b'{"pid": "a/b", "datasetName": 3, "odd": 1}'
    with answering(200, content) as client:
        with caplog.at_level(logging.WARNING, logger="scitacean"):
            assert client.get_dataset_model("a/b").pid == "a/b"
        lines = [line.split() for line in caplog.text.splitlines()]
        assert ["datasetName", "3", "a", "text"] in lines
        assert ["odd", "1", "no", "such", "field:", "the", "interface", "does", "not", "have", "it"] in lines
        with pytest.raises(ValidationError, match="datasetName"):
            client.get_dataset_model("a/b", strict_validation=True)


def test_many_odd_fields_are_summed_up(caplog: pytest.LogCaptureFixture) -> None:
    fields = ", ".join(f'"odd{i}": 1' for i in range(100))
    with answering(200, b"{" + fields.encode() + b"}") as client:
        client.get_dataset_model("a/b")
    assert "more" in caplog.text


def test_a_server_that_is_down() -> None:
    with (
        ScicatClient.without_login("http://127.0.0.1:1") as client,
        pytest.raises(ServerUnreachableError, match="VPN"),
    ):
        client.get_dataset_model("a/b")


# Secrets stay where they belong


@pytest.mark.parametrize("token", ["", " \n", "sec ret", "sec\x00ret", "sécret"])
def test_tokens_that_are_none_are_not_sent_and_not_shown(token: str) -> None:
    with answering(200, b"{}", token=token) as client, pytest.raises(ConfigurationError) as caught:
        client.get_dataset_model("a/b")
    assert "ret" not in str(caught.value)


def test_tokens_from_files_end_with_a_newline(catalogue: EmbeddedCatalogue) -> None:
    transport = httpx.WSGITransport(app=catalogue.wsgi)
    token = catalogue.token_for("ada") + "\n"
    with ScicatClient.from_token("http://localhost", token, transport=transport) as client:
        assert client.query_datasets({}) == []


def test_passwords_that_cannot_be_sent_are_not_shown() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(201))
    with pytest.raises(ConfigurationError, match="cannot be sent") as caught:
        ScicatClient.from_credentials("http://localhost", "ada", "hush\ud800", transport=transport)
    assert "hush" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 405])
def test_only_a_refusal_is_a_wrong_password(status: int) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=b"<html>"))
    with pytest.raises(ScicatCommError) as caught:
        ScicatClient.from_credentials("http://localhost", "ada", "hush", transport=transport)
    assert not isinstance(caught.value, LoginError)
    assert caught.value.hint


def test_a_directory_that_is_down_does_not_hide_a_wrong_password() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401 if request.url.path.endswith("login") else 500)

    with pytest.raises(LoginError):
        ScicatClient.from_credentials("http://localhost", "a", "b", transport=httpx.MockTransport(answer))


def test_a_closed_client_says_so(catalogue: EmbeddedCatalogue) -> None:
    client = ScicatClient.without_login("http://localhost", transport=httpx.WSGITransport(app=catalogue.wsgi))
    client.close()
    with pytest.raises(ConfigurationError, match="is closed"):
        client.query_datasets({})
