"""What an upload asks before it begins, and after an answer got lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import httpx
import jwt
import pytest

from scicat_api.models import CreateDatasetDto
from scitacean import ExpiringToken, SecretStr
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.credentials import CallbackSecret
from scitacean.embedded import Accounts, EmbeddedCatalogue
from scitacean.errors import (
    ForbiddenError,
    LoginError,
    NotFoundError,
    SessionExpiredError,
)
from scitacean.testing.faults import expire_token, faults_of, on, status

Connect = Callable[[str | None], ScicatClient]
TIME = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LIKE = {"source_folder": "/data/run-7", "name": "Run 7", "creation_time": TIME, "owner": "Ada Example"}


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


def pids(found: object) -> list[str]:
    assert isinstance(found, list)
    return [one.pid for one in found]


# Looking for what a lost answer would have told


def test_the_dataset_of_a_lost_answer_is_found(connect: Connect) -> None:
    ada = connect("ada")
    before = ada.create_dataset_model(new_dataset())
    # Servers keep times to the millisecond.
    after = before.created_at + timedelta(seconds=4)
    created = ada.create_dataset_model(new_dataset())
    assert pids(ada.find_datasets_like(**LIKE)) == [before.pid, created.pid]  # type: ignore[arg-type]
    assert pids(ada.find_datasets_like(**LIKE, after=before.created_at)) == [before.pid, created.pid]  # type: ignore[arg-type]
    assert ada.find_datasets_like(**LIKE, after=after) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"source_folder": "/data/run-8"},
        {"name": "Run 8"},
        {"owner": "Bob"},
        {"creation_time": TIME + timedelta(milliseconds=1)},
        {"creation_time": TIME - timedelta(milliseconds=2)},
    ],
)
def test_others_are_not_taken_for_it(connect: Connect, other: dict[str, object]) -> None:
    ada = connect("ada")
    ada.create_dataset_model(new_dataset())
    assert ada.find_datasets_like(**(LIKE | other)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "same",
    [
        {"source_folder": "/data/run-7/"},
        {"creation_time": TIME.astimezone(timezone(timedelta(hours=2)))},
        {"creation_time": TIME.replace(microsecond=123000)},
    ],
)
def test_the_same_said_otherwise_is_the_same(connect: Connect, same: dict[str, object]) -> None:
    ada = connect("ada")
    created = ada.create_dataset_model(new_dataset())
    assert pids(ada.find_datasets_like(**(LIKE | same))) == [created.pid]  # type: ignore[arg-type]


def test_all_pages_are_looked_through(connect: Connect) -> None:
    ada = connect("ada")
    made = [ada.create_dataset_model(new_dataset()).pid for _ in range(51)]
    assert sorted(pids(ada.find_datasets_like(**LIKE))) == sorted(made)  # type: ignore[arg-type]


def test_the_public_finds_what_is_published(connect: Connect) -> None:
    ada, nobody = connect("ada"), connect(None)
    ada.create_dataset_model(new_dataset())
    public = ada.create_dataset_model(new_dataset(is_published=True))
    assert pids(nobody.find_datasets_like(**LIKE)) == [public.pid]  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["creation_time", "after"])
def test_times_without_zone_are_refused(connect: Connect, field: str) -> None:
    naive = {field: TIME.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="no time zone"):
        connect("ada").find_datasets_like(**(LIKE | naive))  # type: ignore[arg-type]


@pytest.mark.parametrize("ahead", [timedelta(hours=-3), timedelta(0), timedelta(hours=3)])
def test_clocks_may_differ(ahead: timedelta) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        theirs = datetime.now(tz=UTC) + ahead
        found = [
            {"pid": pid, "creationTime": TIME.isoformat(), "createdAt": made.isoformat()}
            for pid, made in {"x/old": theirs - timedelta(seconds=30), "x/new": theirs}.items()
        ]
        date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return httpx.Response(200, json=found, headers={"Date": date})

    with ScicatClient.without_login("http://localhost", transport=httpx.MockTransport(answer)) as client:
        found = client.find_datasets_like(**LIKE, after=datetime.now(tz=UTC))  # type: ignore[arg-type]
    assert pids(found) == ["x/new"]


@pytest.mark.parametrize(
    "date",
    [
        *("", "yesterday", "Sun, 01 Mar 2026 12:00:00 -0000", "Sun, 99 Mar 2026"),
        *("Sun, 01 Mar 99999999999 12:00:00 GMT", "Sun, 01 Mar 2026 99999999999999999999:00:00 GMT"),
        *("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 101 00:00:00 GMT"),
    ],
)
def test_odd_dates_of_a_server_are_no_matter(date: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        found = [{"pid": "x/1"}, {"pid": "x/2", "creationTime": TIME.isoformat()}]
        return httpx.Response(200, json=found, headers={"Date": date})

    with ScicatClient.without_login("http://localhost", transport=httpx.MockTransport(answer)) as client:
        found = client.find_datasets_like(**LIKE, after=datetime.now(tz=UTC))  # type: ignore[arg-type]
    # It does not say when it was made, so it may be the one.
    assert pids(found) == ["x/2"]


def test_a_dataset_or_none(connect: Connect) -> None:
    ada, bob = connect("ada"), connect("bob")
    created = ada.create_dataset_model(new_dataset())
    found = ada.get_dataset_model_or_none(created.pid)
    assert found is not None
    assert found.pid == created.pid
    assert ada.get_dataset_model_or_none("no/such") is None
    with pytest.raises(ForbiddenError):
        bob.get_dataset_model_or_none(created.pid)


def test_datasets_are_deleted_by_who_may() -> None:
    with EmbeddedCatalogue(accounts=Accounts.single()) as catalogue:
        transport = httpx.WSGITransport(app=catalogue.wsgi)
        token = catalogue.token_for("me")
        with ScicatClient.from_token("http://localhost", token, transport=transport) as me:
            created = me.create_dataset_model(new_dataset(owner_group="me"))
            me.delete_dataset(created.pid)
            assert me.get_dataset_model_or_none(created.pid) is None
            with pytest.raises(NotFoundError):
                me.delete_dataset(created.pid)


def test_others_may_not_delete(connect: Connect) -> None:
    ada = connect("ada")
    created = ada.create_dataset_model(new_dataset())
    with pytest.raises(ForbiddenError):
        ada.delete_dataset(created.pid)


# Who one is


def test_groups_are_those_of_the_server(connect: Connect) -> None:
    assert connect("ada").my_groups() == frozenset({"beamline1"})
    assert connect("admin").my_groups() == frozenset({"admin"})


@pytest.mark.parametrize(
    ("whoami", "identity", "groups"),
    [
        (status(404), None, {"me"}),
        (status(200, body=b""), None, {"me"}),
        (status(200, body={"username": "me"}), None, {"me"}),
        (status(404), status(404), None),
        (status(403), status(200, body={}), None),
        (status(404), status(200, body={"profile": {"email": "x"}}), None),
        (status(404), status(200, body={"profile": "none"}), None),
    ],
)
def test_servers_that_do_not_say_the_groups(
    whoami: Callable[..., object], identity: Callable[..., object] | None, groups: set[str] | None
) -> None:
    with EmbeddedCatalogue() as catalogue, faults_of(catalogue) as faults:
        faults.add(on("GET", "*/whoami"), whoami)  # type: ignore[arg-type]
        if identity is not None:
            faults.add(on("GET", "*/identity"), identity)  # type: ignore[arg-type]
        with client_of(catalogue) as client:
            assert client.my_groups() == groups


def client_of(catalogue: EmbeddedCatalogue, token: str | None = None) -> ScicatClient:
    transport = httpx.WSGITransport(app=catalogue.wsgi)
    return ScicatClient.from_token(
        "http://localhost", token or catalogue.token_for("me"), transport=transport
    )


def test_a_good_session_is_asked_about_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("scitacean.catalogue.who.time.monotonic", lambda: now)
    with EmbeddedCatalogue() as catalogue, faults_of(catalogue) as faults, client_of(catalogue) as client:
        for _ in range(3):
            client.check_session(timedelta(minutes=50))
        assert faults.requests == [("GET", "/api/v3/users/my/self")]
        now += 61
        client.check_session()
        assert len(faults.requests) == 2


def test_nobody_is_no_session(connect: Connect) -> None:
    nobody = connect(None)
    for ask in (nobody.check_session, nobody.my_groups):
        with pytest.raises(LoginError, match="Nobody is signed in"):
            ask()


def test_a_bad_token_is_no_session() -> None:
    with EmbeddedCatalogue() as catalogue, client_of(catalogue, "bad") as client:
        with pytest.raises(LoginError) as caught:
            client.check_session()
        assert caught.value.request == "GET /api/v3/users/my/self"


def test_an_expired_token_is_no_session() -> None:
    with EmbeddedCatalogue() as catalogue, faults_of(catalogue) as faults, client_of(catalogue) as client:
        faults.add(on(), expire_token())
        with pytest.raises(SessionExpiredError, match="has expired"):
            client.check_session()


def test_a_token_that_ends_too_early_is_told_before() -> None:
    with EmbeddedCatalogue() as catalogue, client_of(catalogue) as client:
        client.check_session(timedelta(minutes=59))
        with pytest.raises(SessionExpiredError, match=r"ends at 20\d\d-\d\d-\d\d .* UTC; the work would"):
            client.check_session(timedelta(minutes=61))


def test_who_gets_new_tokens_has_no_such_end() -> None:
    accounts = Accounts.single(password="me-secret")
    with EmbeddedCatalogue(accounts=accounts) as catalogue:
        transport = httpx.WSGITransport(app=catalogue.wsgi)
        token = catalogue.token_for("me")
        clients = [
            ScicatClient.from_credentials("http://localhost", "me", "me-secret", transport=transport),
            ScicatClient.from_token(
                "http://localhost", token, renew=lambda: catalogue.token_for("me"), transport=transport
            ),
            ScicatClient.from_token(
                "http://localhost", CallbackSecret(lambda: catalogue.token_for("me")), transport=transport
            ),
        ]
        for client in clients:
            with client:
                client.check_session(timedelta(days=2))


@pytest.mark.parametrize(
    "token",
    [
        SecretStr("opaque"),
        SecretStr("a.b.c"),
        SecretStr(jwt.encode({"sub": "me"}, "k" * 32)),
        ExpiringToken(value="x", expires_at=datetime.now(tz=UTC) + timedelta(days=3)),
    ],
)
def test_tokens_that_do_not_say_their_end_are_taken(token: SecretStr) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"username": "me"}))
    with ScicatClient.from_token("http://localhost", token, transport=answer) as client:
        client.check_session(timedelta(days=2))
