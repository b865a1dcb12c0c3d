"""The low-level client: the only caller of generated endpoints."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Mapping
from typing import Self, TypeVar, Unpack, cast

import httpx
import scicat_api
from scicat_api import Problem, Response, reading
from scicat_api.api.attachments_v4 import find_all as find_all_attachments
from scicat_api.api.attachments_v4 import find_all_public as find_all_public_attachments
from scicat_api.api.datasets import create_attachment
from scicat_api.api.datasets_public_v4 import find_all_public as find_all_public_datasets
from scicat_api.api.datasets_public_v4 import find_by_id_public
from scicat_api.api.datasets_v4 import create, find_by_id, is_valid
from scicat_api.api.datasets_v4 import find_all as find_all_datasets
from scicat_api.api.origdatablocks_public_v4 import find_all_public as find_all_public_blocks
from scicat_api.api.origdatablocks_v4 import create as create_block
from scicat_api.api.origdatablocks_v4 import find_all as find_all_blocks
from scicat_api.api.samples import create as create_sample
from scicat_api.api.samples import find_by_id as find_sample
from scicat_api.api.users import get_my_user
from scicat_api.models import (
    Attachment,
    CreateAttachmentV3Dto,
    CreateDatasetDto,
    CreateOrigDatablockDto,
    CreateSampleDto,
    IsValidResponse,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    OutputSampleDto,
    PartialOutputDatasetDto,
    PartialOutputOrigDatablockDto,
)

from scitacean.catalogue.auth import SignInAuth, TokenAuth
from scitacean.catalogue.errors import error_of_answer, explained
from scitacean.catalogue.http import ConnectionOptions, make_http_client
from scitacean.catalogue.sign_in import sign_in
from scitacean.catalogue.url import server_url
from scitacean.credentials import SecretStr, StrStorage
from scitacean.errors import BadAnswerError, ForbiddenError, LoginError, NotFoundError, ValidationError
from scitacean.model.pid import PID

T = TypeVar("T")

_PAGE = 50
"""Blocks and attachments are large, so many of them would not fit into one answer."""

_PROBLEMS_SHOWN = 20
_logger = logging.getLogger("scitacean")


class ScicatClient:
    """Sends requests to one catalogue and reads the answers.

    Use :class:`scitacean.Client` unless you need the classes that the server's interface has.

    Parameters
    ----------
    url:
        Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
    auth:
        Signs the requests; None for public data only.
    allow_http:
        Whether plain http to other machines is allowed.
    **options:
        See :class:`scitacean.catalogue.http.ConnectionOptions`.

    Raises
    ------
    ConfigurationError
        If the URL, certificates or proxy cannot work.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: httpx.Auth | None = None,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        self._url = server_url(url, allow_http=allow_http)
        self._auth = auth
        self._http = make_http_client(self._url, auth=auth, **options)
        self._api = scicat_api.Client(self._http)

    @classmethod
    def from_credentials(
        cls,
        url: str,
        username: str | StrStorage,
        password: str | StrStorage,
        *,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Make a client that signs in now, and again when its session has expired.

        Raises
        ------
        LoginError
            If the server does not know the user with that password.
        """
        user, secret = _secret(username), _secret(password)

        def get_token() -> SecretStr:
            return sign_in(client._api, url=client._url, username=user, password=secret)

        auth = SignInAuth(get_token)
        client = cls(url, auth=auth, allow_http=allow_http, **options)
        try:
            auth.renew(None)
        except BaseException:
            client.close()
            raise
        return client

    @classmethod
    def from_token(
        cls,
        url: str,
        token: str | StrStorage,
        *,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Make a client that sends a token."""
        return cls(url, auth=TokenAuth(_secret(token)), allow_http=allow_http, **options)

    @classmethod
    def without_login(
        cls, url: str, *, allow_http: bool = False, **options: Unpack[ConnectionOptions]
    ) -> Self:
        """Make a client that reads public data only."""
        return cls(url, allow_http=allow_http, **options)

    @property
    def url(self) -> str:
        """Root of the server."""
        return self._url

    @property
    def is_authenticated(self) -> bool:
        """Whether requests are signed; the server may still refuse the token."""
        return self._auth is not None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get_dataset_model(self, pid: PID | str, *, strict_validation: bool = False) -> OutputDatasetDto:
        """Get a dataset without files and attachments."""
        endpoint = find_by_id.sync_detailed if self.is_authenticated else find_by_id_public.sync_detailed
        return self._get(
            f"get the dataset {pid}",
            lambda: endpoint(str(pid), client=self._api),
            OutputDatasetDto,
            strict=strict_validation,
        )

    def get_orig_datablock_models(
        self, pid: PID | str, *, strict_validation: bool = False
    ) -> list[PartialOutputOrigDatablockDto] | list[OutputOrigDatablockDto]:
        """Get all blocks of files of a dataset, whatever their number."""
        what = f"get the files of the dataset {pid}"
        where = {"datasetId": str(pid)}
        if self.is_authenticated:
            return self._get_all(
                what,
                lambda page: find_all_blocks.sync_detailed(client=self._api, filter_=page),
                where,
                PartialOutputOrigDatablockDto,
                strict=strict_validation,
            )
        return self._get_all(
            what,
            lambda page: find_all_public_blocks.sync_detailed(client=self._api, filter_=page),
            where,
            OutputOrigDatablockDto,
            strict=strict_validation,
        )

    def get_attachment_models(
        self, pid: PID | str, *, strict_validation: bool = False
    ) -> list[OutputAttachmentV4Dto]:
        """Get all attachments of a dataset, whatever their number."""
        endpoint = (
            find_all_attachments.sync_detailed
            if self.is_authenticated
            else find_all_public_attachments.sync_detailed
        )
        return self._get_all(
            f"get the attachments of the dataset {pid}",
            lambda page: endpoint(client=self._api, filter_=page),
            {"relationships.targetId": str(pid), "relationships.targetType": "dataset"},
            OutputAttachmentV4Dto,
            strict=strict_validation,
        )

    def query_datasets(
        self, where: Mapping[str, object], *, limit: int = 100, strict_validation: bool = False
    ) -> list[PartialOutputDatasetDto] | list[OutputDatasetDto]:
        """Find datasets, the latest first.

        Parameters
        ----------
        where:
            Conditions with the catalogue's names of fields, ``{"datasetName": "Run 7"}`` for example.
        limit:
            How many datasets to return at most.
        strict_validation:
            Whether an answer with odd fields is an error.
        """
        limits = {"limit": limit, "skip": 0, "sort": {"creationTime": "desc"}}
        query = json.dumps({"where": where, "limits": limits})
        if self.is_authenticated:
            return self._list(
                "find datasets",
                lambda: find_all_datasets.sync_detailed(client=self._api, filter_=query),
                PartialOutputDatasetDto,
                strict=strict_validation,
            )
        return self._list(
            "find datasets",
            lambda: find_all_public_datasets.sync_detailed(client=self._api, filter_=query),
            OutputDatasetDto,
            strict=strict_validation,
        )

    def validate_dataset_model(self, dataset: CreateDatasetDto) -> None:
        """Ask the server whether it would take a dataset.

        Raises
        ------
        ValidationError
            If it would not.
        """
        answer = self._get(
            "check the dataset",
            lambda: is_valid.sync_detailed(client=self._api, body=dataset),
            IsValidResponse,
        )
        if answer.valid is not True:
            reasons = answer.reason if isinstance(answer.reason, list) else ()
            raise ValidationError(
                "The catalogue would refuse the dataset; nothing was sent.",
                problems=[str(reason) for reason in reasons],
            )

    def create_dataset_model(self, dataset: CreateDatasetDto) -> OutputDatasetDto:
        """Create a dataset."""
        created = self._get(
            "create the dataset",
            lambda: create.sync_detailed(client=self._api, body=dataset),
            OutputDatasetDto,
        )
        if not isinstance(cast("object", created.pid), str) or not created.pid:
            raise BadAnswerError(
                f"{self._url} created the dataset but did not say under which PID.",
                hint="Look for it in the catalogue before you upload it again.",
                request=self._url,
            )
        return created

    def create_orig_datablock(self, block: CreateOrigDatablockDto) -> OutputOrigDatablockDto:
        """Register files of a dataset."""
        return self._get(
            f"register files of the dataset {block.dataset_id}",
            lambda: create_block.sync_detailed(client=self._api, body=block),
            OutputOrigDatablockDto,
        )

    def create_attachment_for_dataset(self, pid: PID | str, attachment: CreateAttachmentV3Dto) -> Attachment:
        """Attach a picture to a dataset; all servers let members of its group do that in this way."""
        return self._get(
            f"create an attachment of the dataset {pid}",
            lambda: create_attachment.sync_detailed(str(pid), client=self._api, body=attachment),
            Attachment,
        )

    def get_sample_model(self, sample_id: str, *, strict_validation: bool = False) -> OutputSampleDto:
        """Get a sample."""
        return self._get(
            f"get the sample {sample_id}",
            lambda: find_sample.sync_detailed(sample_id, client=self._api),
            OutputSampleDto,
            strict=strict_validation,
        )

    def create_sample_model(self, sample: CreateSampleDto) -> OutputSampleDto:
        """Create a sample."""
        return self._get(
            "create the sample",
            lambda: create_sample.sync_detailed(client=self._api, body=sample),
            OutputSampleDto,
        )

    def _get(self, what: str, send: Callable[[], Response[T]], kind: type[T], *, strict: bool = False) -> T:
        answer = self._send(what, send, strict=strict)
        if answer is None:
            # Some routes answer 200 with nothing for what is not there.
            raise NotFoundError(
                f"Cannot {what}: {self._url} does not have it, or does not show it to you.",
                hint="Check it for typing mistakes; a PID includes its prefix. Sign in if you have not.",
                request=self._url,
            )
        if not isinstance(answer, kind):
            raise self._odd_answer(what)
        return answer

    def _list(
        self, what: str, send: Callable[[], Response[list[T]]], kind: type[T], *, strict: bool
    ) -> list[T]:
        answer = self._send(what, send, strict=strict)
        if not isinstance(answer, list) or not all(isinstance(item, kind) for item in answer):
            raise self._odd_answer(what)
        return answer

    def _get_all(
        self,
        what: str,
        send: Callable[[str], Response[list[T]]],
        where: Mapping[str, str],
        kind: type[T],
        *,
        strict: bool,
    ) -> list[T]:
        found: list[T] = []
        while True:
            # Pages need an order that is total and does not change.
            order = {"createdAt": "asc", "_id": "asc"}
            limits = {"limit": _PAGE, "skip": len(found), "sort": order}
            query = json.dumps({"where": where, "limits": limits})
            page = self._list(what, functools.partial(send, query), kind, strict=strict)
            found += page
            if len(page) < _PAGE:
                return found

    def _send(self, what: str, send: Callable[[], Response[T]], *, strict: bool) -> T | None:
        with explained(what, self._url), reading() as problems:
            response = send()
        if not 200 <= response.status_code < 300:
            error = error_of_answer(
                what, status=response.status_code, content=response.content, request=self._url
            )
            raise self._token_error(what) or error if isinstance(error, ForbiddenError) else error
        if problems:
            self._report(what, problems, strict=strict)
        return response.parsed

    def _token_error(self, what: str) -> LoginError | None:
        """Find out whether a refusal is due to the token: servers take a bad one for none."""
        if not self.is_authenticated:
            return None
        with explained(what, self._url):
            response = get_my_user.sync_detailed(client=self._api)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return None
        return LoginError(
            f"Cannot {what}: {self._url} does not accept the token.",
            hint="Get a new token, or sign in with user name and password.",
            status=response.status_code,
            request=self._url,
        )

    def _report(self, what: str, problems: list[Problem], *, strict: bool) -> None:
        texts = [f"{problem.path or 'the answer'}: {problem.reason}" for problem in problems]
        if strict:
            raise ValidationError(
                f"Cannot {what}: the answer of {self._url} is not as its interface says.",
                problems=texts,
                hint="Use strict_validation=False to get it all the same.",
            )
        shown = "; ".join(texts[:_PROBLEMS_SHOWN])
        more = len(texts) - _PROBLEMS_SHOWN
        _logger.warning(
            "The answer of %s has odd fields (to %s): %s%s",
            self._url,
            what,
            shown,
            f" and {more} more" if more > 0 else "",
        )

    def _odd_answer(self, what: str) -> BadAnswerError:
        return BadAnswerError(
            f"Cannot {what}: {self._url} answered with something else than what was asked for.",
            hint="Check that the URL is that of a SciCat server.",
            request=self._url,
        )


def _secret(value: str | StrStorage) -> StrStorage:
    return SecretStr(value) if isinstance(value, str) else value
