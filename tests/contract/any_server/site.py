"""A catalogue to test, its accounts by what they may do, and what tests made there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

import scicat_api
from scicat_api import Response
from scicat_api.models import CreateDatasetDto, OutputDatasetDto
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import Accounts, User
from scitacean.errors import ConfigurationError
from tests.contract.any_server.recorder import Recorder

T = TypeVar("T")
TIME = "2026-03-01T12:00:00.000Z"
_GONE = (httpx.codes.OK, httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND)


class Site:
    """A catalogue that is reached over HTTP alone.

    Parameters
    ----------
    url:
        Root of the server.
    accounts:
        Who may sign in, with passwords, and the rights of groups.
    """

    def __init__(self, url: str, accounts: Accounts) -> None:
        self.url = url
        self.accounts = accounts
        self._clients: dict[str | None, ScicatClient] = {}
        self._https: dict[str | None, httpx.Client] = {}
        self.recorder = Recorder()
        self.left: list[str] = []
        self.member = self._find("member of a group without rights of their own", self._is_plain)
        self.stranger = self._find(
            "member of other groups without rights of their own",
            lambda user: self._is_plain(user) and not set(user.groups) & set(self.member.groups),
        )
        self.administrator = self._find(
            "administrator without the right delete",
            lambda user: accounts.is_admin(user) and not accounts.may(user, "delete"),
        )
        self.deleter = self._with("delete")
        self.pid_chooser = self._with("create_dataset_with_pid")
        self.proposer = self._with("create_proposal")

    @property
    def group(self) -> str:
        """A group of the member."""
        return self.member.groups[0]

    def client(self, user: User | None) -> ScicatClient:
        """Return a client that is signed in with a password; one without login for None."""
        key = user.username if user else None
        if key not in self._clients:
            self._clients[key] = (
                ScicatClient.from_credentials(
                    self.url, user.username, user.password or "", allow_http=True, transport=self.recorder
                )
                if user
                else ScicatClient.without_login(self.url, allow_http=True, transport=self.recorder)
            )
        return self._clients[key]

    def http(self, user: User | None) -> httpx.Client:
        """Return an HTTP client with a token of a user; one without for None."""
        key = user.username if user else None
        if key not in self._https:
            http = self._https[key] = httpx.Client(base_url=self.url, timeout=30, transport=self.recorder)
            if user:
                body = {"username": user.username, "password": user.password}
                token = http.post("/api/v3/auth/login", json=body).raise_for_status().json()["access_token"]
                http.headers["Authorization"] = f"Bearer {token}"
        return self._https[key]

    def api(self, user: User | None) -> scicat_api.Client:
        """Return what generated endpoints are called with, as a user."""
        return scicat_api.Client(self.http(user))

    def dataset(self, **fields: Any) -> OutputDatasetDto:
        """Make a dataset of the member's group; fields have the names of the interface."""
        user = fields.pop("user", self.member)
        return self.client(user).create_dataset_model(new_dataset(**{"ownerGroup": self.group, **fields}))

    def clean(self) -> None:
        """Delete what was made, the latest first, as those who may; what stays is noted in ``left``."""
        for pid in self.recorder.pictured:
            pictures = self.client(self.administrator).get_attachment_models(pid)
            self.recorder.made.extend(("v4/attachments", str(picture.aid)) for picture in pictures)
        for route, identifier in reversed(self.recorder.made):
            path = f"/api/{route}/{quote(identifier, safe='')}"
            users = (self.deleter, self.administrator, self.member)
            if not any(self.http(user).delete(path).status_code in _GONE for user in users):
                self.left.append(f"{route}/{identifier}")
        self.recorder.pictured.clear()
        self.recorder.made.clear()

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
        for http in self._https.values():
            http.close()
        self.recorder.end()

    def _is_plain(self, user: User) -> bool:
        rights = ("admin", "delete", "create_dataset_with_pid", "create_proposal")
        may = self.accounts.may
        return bool(user.groups) and may(user, "create_dataset") and not any(may(user, r) for r in rights)

    def _with(self, right: str) -> User:
        return self._find(f"user with the right {right}", lambda user: self.accounts.may(user, right))

    def _find(self, what: str, fits: Callable[[User], bool]) -> User:
        for user in self.accounts.users.values():
            if user.password and fits(user):
                return user
        raise ConfigurationError(
            f"The accounts to test with have no {what}.", hint="See docs/contract.md for those needed."
        )


def new_dataset(**fields: Any) -> CreateDatasetDto:
    """Make the body of a request for a dataset; fields have the names of the interface."""
    return CreateDatasetDto.from_dict(
        {
            "owner": "Ada Example",
            "contactEmail": "ada@site.example",
            "sourceFolder": "/data/run-7",
            "creationTime": TIME,
            "datasetName": unique("run"),
            "type": "raw",
            **fields,
        }
    )


def unique(text: str) -> str:
    """Make a name that nobody else has."""
    return f"{text}-{uuid.uuid4().hex}"


def parsed(response: Response[T]) -> T:
    """Return what a generated endpoint answered; anything but success is an error."""
    assert 200 <= response.status_code < 300, response.content
    assert response.parsed is not None
    return response.parsed
