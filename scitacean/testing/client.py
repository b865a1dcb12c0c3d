"""A client for tests that brings its catalogue along, in this process.

Examples
--------
>>> from datetime import UTC, datetime
>>> from scitacean import Dataset
>>> from scitacean.testing.transfer import FakeFileTransfer
>>> dataset = Dataset(
...     type="raw", name="Run 7", owner_group="me", owner="Ada Example",
...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
...     source_folder="/data/run-7",
... )
>>> with FakeClient.from_token(token="any", file_transfer=FakeFileTransfer()) as client:
...     uploaded = client.upload_new_dataset_now(dataset)
...     client.datasets[uploaded.pid].dataset_name
'Run 7'
"""

from __future__ import annotations

import inspect
import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self, Unpack

from httpx import WSGITransport

from scicat_api.models import (
    Instrument,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    OutputSampleDto,
    ProposalClass,
)
from scitacean.catalogue.http import ConnectionOptions
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.client import Client
from scitacean.credentials import StrStorage
from scitacean.embedded import Accounts, EmbeddedCatalogue
from scitacean.embedded.answers import Document
from scitacean.embedded.attachments import ATTACHMENTS
from scitacean.embedded.catalogue import FILE_NAME
from scitacean.embedded.datasets import KIND as DATASETS
from scitacean.embedded.files import BLOCKS
from scitacean.embedded.kinds import INSTRUMENTS, PROPOSALS, SAMPLES
from scitacean.embedded.store import Store
from scitacean.errors import ConfigurationError
from scitacean.model.pid import PID
from scitacean.testing.stored import Entries, EntriesOfDatasets
from scitacean.transfer.protocol import FileTransfer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

URL = "https://scicat.example"
"""The address of the fake; nothing is sent there."""

_RETRY_FOR = 2.0
"""Tests that break the catalogue do not want to wait as long as people do."""


class FakeClient(Client):
    """A client whose catalogue is in this process.

    Addresses, sign-in, what is sent and what is refused are those of a server: the client sends its
    requests to an :class:`scitacean.embedded.EmbeddedCatalogue`, and only the network is left out.

    Made with the constructor it is signed in as the first user of the catalogue. Requests are repeated
    for two seconds only, unless ``retry_for`` says otherwise.

    Parameters
    ----------
    file_transfer:
        Moves files; a :class:`scitacean.testing.transfer.FakeFileTransfer` keeps them in memory.
    disable:
        Methods of the low-level client :attr:`scicat` by their names, and what each raises instead of
        sending anything.
    catalogue:
        A catalogue that is there already and stays open, with its users and the version of the server
        that it behaves like. None: one of its own, with the one user ``me`` who may do everything.
    client:
        Sends requests to ``catalogue``, which is needed then; None for a new one.

    Attributes
    ----------
    catalogue:
        The catalogue.
    datasets:
        Its datasets by PID, to fill and to look at.
    orig_datablocks, attachments:
        The blocks of files and the attachments that datasets have, in lists by PID.
    samples, proposals, instruments:
        These by their ids.

    Raises
    ------
    ConfigurationError
        If the low-level client has no method that is to be disabled, or a client comes without
        catalogue.

    Examples
    --------
    What a program does when nothing can be read:

    >>> from scitacean import Dataset
    >>> with FakeClient(disable={"get_dataset_model": RuntimeError("no power")}) as client:
    ...     client.get_dataset("20.500.12345/run-7")
    Traceback (most recent call last):
    RuntimeError: no power
    """

    def __init__(
        self,
        *,
        file_transfer: FileTransfer | None = None,
        disable: Mapping[str, Exception] | None = None,
        catalogue: EmbeddedCatalogue | None = None,
        client: ScicatClient | None = None,
    ) -> None:
        if client is not None and catalogue is None:
            raise ConfigurationError(
                "A fake client cannot look into the catalogue of another client.",
                hint="Make it with FakeClient.from_token, from_credentials or without_login.",
            )
        with ExitStack() as stack:
            used = catalogue or stack.enter_context(EmbeddedCatalogue())
            if client is None:
                first = next(iter(used.accounts.users), "me")
                client = ScicatClient.from_token(
                    URL, used.token_for(first), transport=_transport(used), retry_for=_RETRY_FOR
                )
            _disable(client, disable or {})
            store = Store(used.folder / FILE_NAME, durable=False)
            stack.callback(store.close)
            super().__init__(client=client, file_transfer=file_transfer)
            self._closing = stack.pop_all()
        # Those who forget to close it get no warnings about databases that they never heard of.
        self._close_catalogue = weakref.finalize(self, self._closing.close)
        self.catalogue = used
        self.datasets = Entries(store, DATASETS, OutputDatasetDto, PID.parse)
        self.orig_datablocks = EntriesOfDatasets(store, BLOCKS, OutputOrigDatablockDto, BLOCKS.links)
        self.attachments = EntriesOfDatasets(store, ATTACHMENTS, OutputAttachmentV4Dto, _attached_to)
        self.samples = Entries(store, SAMPLES, OutputSampleDto, str)
        self.proposals = Entries(store, PROPOSALS, ProposalClass, str)
        self.instruments = Entries(store, INSTRUMENTS, Instrument, str)

    @classmethod
    def from_credentials(
        cls,
        *,
        url: str = URL,
        username: str | StrStorage,
        password: str | StrStorage,
        file_transfer: FileTransfer | None = None,
        allow_http: bool = False,
        disable: Mapping[str, Exception] | None = None,
        catalogue: EmbeddedCatalogue | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Sign in with user name and password.

        Without ``catalogue`` this user is the one who is known and may do everything.

        Parameters are those of :meth:`scitacean.Client.from_credentials`, of which ``transport`` does
        not count, and of the constructor.

        Raises
        ------
        LoginError
            If the given catalogue does not know the user with that password.

        Examples
        --------
        >>> from scitacean.embedded import Accounts, EmbeddedCatalogue
        >>> with EmbeddedCatalogue(accounts=Accounts.single("ada", password="secret")) as catalogue:
        ...     FakeClient.from_credentials(username="ada", password="guess", catalogue=catalogue)
        Traceback (most recent call last):
        scitacean.errors.LoginError: ...
        """

        def connect(used: EmbeddedCatalogue) -> ScicatClient:
            options["transport"] = _transport(used)
            options.setdefault("retry_for", _RETRY_FOR)
            return ScicatClient.from_credentials(url, username, password, allow_http=allow_http, **options)

        accounts = Accounts.single(_text(username), password=_text(password))
        return cls._on(catalogue, accounts, connect, file_transfer, disable)

    @classmethod
    def from_token(
        cls,
        *,
        url: str = URL,
        token: str | StrStorage,
        file_transfer: FileTransfer | None = None,
        renew: StrStorage | Callable[[], str] | None = None,
        allow_http: bool = False,
        disable: Mapping[str, Exception] | None = None,
        catalogue: EmbeddedCatalogue | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Use a token.

        Without ``catalogue`` the token, whatever it is, is good and that of ``me``; a given catalogue
        accepts what its ``token_for`` gives. Parameters are those of
        :meth:`scitacean.Client.from_token`, of which ``transport`` does not count, and of the constructor.

        Examples
        --------
        >>> with FakeClient.from_token(url="https://scicat.site.example", token="any") as client:
        ...     len(client.datasets)
        0
        """

        def connect(used: EmbeddedCatalogue) -> ScicatClient:
            if catalogue is None:
                used.wsgi = _accepting(token, used)
            options["transport"] = _transport(used)
            options.setdefault("retry_for", _RETRY_FOR)
            return ScicatClient.from_token(url, token, renew=renew, allow_http=allow_http, **options)

        return cls._on(catalogue, Accounts.single(), connect, file_transfer, disable)

    @classmethod
    def without_login(
        cls,
        *,
        url: str = URL,
        file_transfer: FileTransfer | None = None,
        allow_http: bool = False,
        disable: Mapping[str, Exception] | None = None,
        catalogue: EmbeddedCatalogue | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Read public data; the catalogue refuses all else, as servers do.

        Parameters are those of :meth:`scitacean.Client.without_login`, of which ``transport`` does not
        count, and of the constructor.
        """

        def connect(used: EmbeddedCatalogue) -> ScicatClient:
            options["transport"] = _transport(used)
            options.setdefault("retry_for", _RETRY_FOR)
            return ScicatClient.without_login(url, allow_http=allow_http, **options)

        return cls._on(catalogue, Accounts.single(), connect, file_transfer, disable)

    @classmethod
    def local(cls, path: str | os.PathLike[str]) -> Self:
        """Use the catalogue and the files that :meth:`scitacean.Client.local` has in a folder."""
        with Client.local(path) as real, ExitStack() as stack:
            folder = Path(path).expanduser().absolute() / "catalogue"
            catalogue = stack.enter_context(EmbeddedCatalogue(folder))
            fake = cls(catalogue=catalogue, file_transfer=real.file_transfer)
            fake._closing.enter_context(stack.pop_all())
        return fake

    def close(self) -> None:
        """Close the client, and the catalogue if it is its own, which then is gone."""
        super().close()
        self._close_catalogue()

    @classmethod
    def _on(
        cls,
        catalogue: EmbeddedCatalogue | None,
        accounts: Accounts,
        connect: Callable[[EmbeddedCatalogue], ScicatClient],
        file_transfer: FileTransfer | None,
        disable: Mapping[str, Exception] | None,
    ) -> Self:
        with ExitStack() as stack:
            used = catalogue or stack.enter_context(EmbeddedCatalogue(accounts=accounts))
            client = stack.enter_context(connect(used))
            fake = cls(client=client, catalogue=used, file_transfer=file_transfer, disable=disable)
            fake._closing.enter_context(stack.pop_all())
        return fake


def _transport(catalogue: EmbeddedCatalogue) -> WSGITransport:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Looked up each time, so that faults can be ordered when the client is there already.
        return catalogue.wsgi(environ, start_response)

    return WSGITransport(app=application)


def _accepting(token: str | StrStorage, catalogue: EmbeddedCatalogue) -> WSGIApplication:
    """Let a token stand for the user of a catalogue."""
    application = catalogue.wsgi

    def accepting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_AUTHORIZATION") == f"Bearer {_text(token).strip()}":
            environ = {**environ, "HTTP_AUTHORIZATION": f"Bearer {catalogue.token_for('me')}"}
        return application(environ, start_response)

    return accepting


def _disable(client: ScicatClient, methods: Mapping[str, Exception]) -> None:
    # Making and closing a client sends nothing.
    members = inspect.getmembers(ScicatClient, inspect.isfunction)
    known = [name for name, _ in members if name[0] != "_" and name != "close"]
    for name, error in methods.items():
        if name not in known:
            raise ConfigurationError(
                f"The low-level client has no method {name!r} that could be disabled.",
                hint=f"Its methods are: {', '.join(known)}.",
            )
        setattr(client, name, _raising(error))


def _raising(error: Exception) -> Callable[..., NoReturn]:
    def disabled(*_: object, **__: object) -> NoReturn:
        raise error

    return disabled


def _attached_to(attachment: Document) -> list[str]:
    relations = attachment.get("relationships") or []
    return [one["targetId"] for one in relations if one.get("targetType") == "dataset"]


def _text(value: str | StrStorage) -> str:
    return value if isinstance(value, str) else value.get_str()
