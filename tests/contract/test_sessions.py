"""Sessions that end in the middle of work, on catalogues that say so and on those that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from scicat_api.models import CreateDatasetDto
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.credentials import CallbackSecret
from scitacean.embedded import Accounts, EmbeddedCatalogue, User, serve
from scitacean.errors import ForbiddenError, LoginError, ServerUnreachableError, SessionExpiredError
from scitacean.testing.faults import expire_token, faults_of, lose_answer, on, status

ACCOUNTS = Accounts(
    users={
        name: User(username=name, email=f"{name}@site.example", groups=(name,), password=f"{name}-secret")
        for name in ("ada", "bob")
    },
    rights={"create_dataset": "everyone", "create_sample": "everyone"},
)
DATASETS = "/api/v4/datasets"
Make = Callable[[EmbeddedCatalogue, httpx.BaseTransport], ScicatClient]


def new_dataset() -> CreateDatasetDto:
    return CreateDatasetDto(
        owner_group="ada",
        owner="Ada Example",
        contact_email="ada@site.example",
        source_folder="/data/run-7",
        creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        dataset_name="Run 7",
        type_="raw",
    )


def with_password(_: EmbeddedCatalogue, transport: httpx.BaseTransport) -> ScicatClient:
    return ScicatClient.from_credentials("http://localhost", "ada", "ada-secret", transport=transport)


def with_renewal(catalogue: EmbeddedCatalogue, transport: httpx.BaseTransport) -> ScicatClient:
    def renew() -> str:
        return catalogue.token_for("ada")

    return ScicatClient.from_token("http://localhost", renew(), renew=renew, transport=transport)


def with_function(catalogue: EmbeddedCatalogue, transport: httpx.BaseTransport) -> ScicatClient:
    token = CallbackSecret(lambda: catalogue.token_for("ada"))
    return ScicatClient.from_token("http://localhost", token, transport=transport)


def with_token(catalogue: EmbeddedCatalogue, transport: httpx.BaseTransport) -> ScicatClient:
    return ScicatClient.from_token("http://localhost", catalogue.token_for("ada"), transport=transport)


class Clock:
    """The time, which a test moves on."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(tz=UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogue(clock: Clock) -> Iterator[EmbeddedCatalogue]:
    with EmbeddedCatalogue(accounts=ACCOUNTS, clock=clock) as catalogue:
        yield catalogue


@pytest.mark.parametrize("make", [with_password, with_renewal, with_function])
def test_expired_sessions_go_on(catalogue: EmbeddedCatalogue, clock: Clock, make: Make) -> None:
    with make(catalogue, httpx.WSGITransport(catalogue.wsgi)) as ada:
        for _ in range(3):
            pid = ada.create_dataset_model(new_dataset()).pid
            clock.ahead += timedelta(hours=2)
            assert ada.get_dataset_model(pid).pid == pid
            clock.ahead += timedelta(hours=2)
        assert len(ada.query_datasets({})) == 3


def test_a_token_alone_ends(catalogue: EmbeddedCatalogue, clock: Clock) -> None:
    with with_token(catalogue, httpx.WSGITransport(catalogue.wsgi)) as ada:
        clock.ahead += timedelta(hours=2)
        with pytest.raises(SessionExpiredError) as caught:
            ada.create_dataset_model(new_dataset())
        assert (caught.value.status, caught.value.code) == (401, "SESSION_EXPIRED")
        assert caught.value.request == f"POST {DATASETS}"


class Restarted(httpx.BaseTransport):
    """Another key signs the tokens from some moment on: all that were made before are none."""

    def __init__(self, *catalogues: EmbeddedCatalogue) -> None:
        self.servers = [httpx.WSGITransport(one.wsgi) for one in catalogues]
        self.requests: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        return self.servers[0].handle_request(request)


def test_a_bad_token_is_renewed_although_servers_call_it_forbidden(catalogue: EmbeddedCatalogue) -> None:
    with EmbeddedCatalogue(accounts=ACCOUNTS) as after:
        transport = Restarted(catalogue, after)
        with with_password(catalogue, transport) as ada, with_token(catalogue, transport) as token:
            del transport.servers[0]
            created = ada.create_dataset_model(new_dataset())
            assert [one.pid for one in ada.query_datasets({})] == [created.pid]
            assert transport.requests.count(("POST", DATASETS)) == 2
            with pytest.raises(LoginError, match="does not accept the token"):
                token.get_dataset_model(created.pid)


def test_who_is_no_longer_known_is_told_so(catalogue: EmbeddedCatalogue) -> None:
    with EmbeddedCatalogue(accounts=Accounts.single("eve", password="x")) as after:
        transport = Restarted(catalogue, after)
        with with_password(catalogue, transport) as ada:
            del transport.servers[0]
            with pytest.raises(LoginError, match="does not know this user name"):
                ada.query_datasets({})


def test_a_forbidden_dataset_is_asked_for_once(catalogue: EmbeddedCatalogue) -> None:
    transport = Restarted(catalogue)
    with with_password(catalogue, transport) as ada:
        pid = ada.create_dataset_model(new_dataset()).pid
    with ScicatClient.from_credentials("http://localhost", "bob", "bob-secret", transport=transport) as bob:
        transport.requests.clear()
        with pytest.raises(ForbiddenError) as caught:
            bob.get_dataset_model(pid)
    assert transport.requests == [("GET", f"{DATASETS}/{pid}"), ("GET", "/api/v3/users/my/self")]
    assert caught.value.request == f"GET {DATASETS}/{pid.replace('/', '%2F')}"


@pytest.mark.parametrize("why", [status(500), lose_answer(), status(503, {"Retry-After": "3600"})])
@pytest.mark.parametrize("token", [True, False])
def test_refused_stays_refused_when_nobody_says_why(
    catalogue: EmbeddedCatalogue, why: Callable[..., object], token: bool
) -> None:
    with faults_of(catalogue) as faults, serve(catalogue) as server:
        faults.add(on("POST", DATASETS), status(403))
        faults.add(on("GET", "*/my/self", times=None), why)  # type: ignore[arg-type]  # any fault
        client = (
            ScicatClient.from_token(server.url, catalogue.token_for("ada"), retry_for=0)
            if token
            else ScicatClient.without_login(server.url)
        )
        with client, pytest.raises(ForbiddenError):
            client.create_dataset_model(new_dataset())


@pytest.mark.parametrize("fault", [lose_answer(), status(503, {"Retry-After": "0"}), status(429)])
def test_signing_in_again_is_repeated(catalogue: EmbeddedCatalogue, fault: Callable[..., object]) -> None:
    with (
        faults_of(catalogue) as faults,
        serve(catalogue) as server,
        ScicatClient.from_credentials(server.url, "ada", "ada-secret") as ada,
    ):
        faults.add(on("POST", DATASETS), expire_token())
        faults.add(on("POST", "/api/v3/auth/login"), fault)  # type: ignore[arg-type]  # any fault
        ada.create_dataset_model(new_dataset())
        assert len(ada.query_datasets({})) == 1


def test_who_cannot_sign_in_again_has_done_nothing(catalogue: EmbeddedCatalogue) -> None:
    with (
        faults_of(catalogue) as faults,
        serve(catalogue) as server,
        ScicatClient.from_credentials(server.url, "ada", "ada-secret", retry_for=0) as ada,
    ):
        faults.add(on("POST", DATASETS), expire_token())
        faults.add(on("POST", "*/auth/*", times=None), lose_answer())
        with pytest.raises(ServerUnreachableError, match="Cannot sign in") as caught:
            ada.create_dataset_model(new_dataset())
        assert caught.value.nothing_sent
        faults.clear()
        assert ada.query_datasets({}) == []
