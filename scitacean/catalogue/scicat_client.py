"""The low-level client: the only caller of generated endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self, Unpack, cast

import httpx

import scicat_api
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
from scitacean.catalogue.calls import Calls
from scitacean.catalogue.http import ConnectionOptions, make_http_client
from scitacean.catalogue.sign_in import sign_in
from scitacean.catalogue.url import server_url
from scitacean.credentials import SecretStr, StrStorage
from scitacean.errors import (
    BadAnswerError,
    ValidationError,
)
from scitacean.model.pid import PID


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

    Examples
    --------
    >>> with ScicatClient("https://scicat.site.example/api/v3") as client:
    ...     client.url
    'https://scicat.site.example'
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
        self._calls = Calls(self._http, self._api, self._url)

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

        Parameters
        ----------
        url:
            Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        username, password:
            As text or as a storage that is asked when they are needed.
        allow_http:
            Whether plain http to other machines is allowed.
        **options:
            See :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        LoginError
            If the server does not know the user with that password.
        ScicatCommError
            If there is no proper answer.
        ConfigurationError
            If the URL, certificates or proxy cannot work.

        Examples
        --------
        >>> from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
        >>> accounts = Accounts.single(username="me", password="secret")
        >>> with EmbeddedCatalogue(accounts=accounts) as catalogue, serve(catalogue) as server:
        ...     with ScicatClient.from_credentials(server.url, "me", "secret") as client:
        ...         client.query_datasets({})
        []
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
        """Make a client that sends a token.

        Parameters
        ----------
        url:
            Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        token:
            As text or as a storage that is asked when it is needed.
        allow_http:
            Whether plain http to other machines is allowed.
        **options:
            See :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        ConfigurationError
            If the URL, certificates or proxy cannot work.

        Examples
        --------
        >>> with ScicatClient.from_token("https://scicat.site.example", "eyJhbGciOiJIUzI1NiJ9") as client:
        ...     client.is_authenticated
        True
        """
        return cls(url, auth=TokenAuth(_secret(token)), allow_http=allow_http, **options)

    @classmethod
    def without_login(
        cls, url: str, *, allow_http: bool = False, **options: Unpack[ConnectionOptions]
    ) -> Self:
        """Make a client that reads public data only.

        Parameters
        ----------
        url:
            Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        allow_http:
            Whether plain http to other machines is allowed.
        **options:
            See :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        ConfigurationError
            If the URL, certificates or proxy cannot work.

        Examples
        --------
        >>> with ScicatClient.without_login("https://scicat.site.example") as client:
        ...     client.is_authenticated
        False
        """
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
        """Close the connections.

        Examples
        --------
        >>> client = ScicatClient("https://scicat.site.example")
        >>> client.close()
        """
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get_dataset_model(self, pid: PID | str, *, strict_validation: bool = False) -> OutputDatasetDto:
        """Get a dataset without files and attachments.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        NotFoundError
            If there is no such dataset.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     found = client.scicat.query_datasets({"datasetName": "Run 0"}, limit=1)
        ...     [client.scicat.get_dataset_model(one.pid) for one in found]
        []
        """
        endpoint = find_by_id.sync_detailed if self.is_authenticated else find_by_id_public.sync_detailed
        return self._calls.get(
            f"get the dataset {pid}",
            lambda: endpoint(str(pid), client=self._api),
            OutputDatasetDto,
            strict=strict_validation,
        )

    def get_orig_datablock_models(
        self, pid: PID | str, *, strict_validation: bool = False
    ) -> list[PartialOutputOrigDatablockDto] | list[OutputOrigDatablockDto]:
        """Get all blocks of files of a dataset, whatever their number.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_orig_datablock_models("20.500.12345/no-such-dataset")
        []
        """
        what = f"get the files of the dataset {pid}"
        where = {"datasetId": str(pid)}
        if self.is_authenticated:
            return self._calls.get_all(
                what,
                lambda page: find_all_blocks.sync_detailed(client=self._api, filter_=page),
                where,
                PartialOutputOrigDatablockDto,
                strict=strict_validation,
            )
        return self._calls.get_all(
            what,
            lambda page: find_all_public_blocks.sync_detailed(client=self._api, filter_=page),
            where,
            OutputOrigDatablockDto,
            strict=strict_validation,
        )

    def get_attachment_models(
        self, pid: PID | str, *, strict_validation: bool = False
    ) -> list[OutputAttachmentV4Dto]:
        """Get all attachments of a dataset, whatever their number.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_attachment_models("20.500.12345/no-such-dataset")
        []
        """
        endpoint = (
            find_all_attachments.sync_detailed
            if self.is_authenticated
            else find_all_public_attachments.sync_detailed
        )
        return self._calls.get_all(
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

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.query_datasets({"datasetName": "no such dataset"}, limit=5)
        []
        """
        limits = {"limit": limit, "skip": 0, "sort": {"creationTime": "desc"}}
        query = json.dumps({"where": where, "limits": limits})
        if self.is_authenticated:
            return self._calls.get_list(
                "find datasets",
                lambda: find_all_datasets.sync_detailed(client=self._api, filter_=query),
                PartialOutputDatasetDto,
                strict=strict_validation,
            )
        return self._calls.get_list(
            "find datasets",
            lambda: find_all_public_datasets.sync_detailed(client=self._api, filter_=query),
            OutputDatasetDto,
            strict=strict_validation,
        )

    def validate_dataset_model(self, dataset: CreateDatasetDto) -> None:
        """Ask the server whether it would take a dataset.

        Parameters
        ----------
        dataset:
            What :meth:`create_dataset_model` would send.

        Raises
        ------
        ValidationError
            If it would not.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> from scitacean import Client, Dataset
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example", source_folder="/data/run-7",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ... )
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.validate_dataset_model(dataset.make_upload_model())
        """
        answer = self._calls.get(
            "check the dataset",
            lambda: is_valid.sync_detailed(client=self._api, body=dataset),
            IsValidResponse,
        )
        if answer.valid is not True:
            reasons = answer.reason if isinstance(answer.reason, list) else ()
            raise ValidationError(
                "The catalogue would refuse the dataset; nothing was sent.",
                server_messages=[str(reason) for reason in reasons],
                hint="" if reasons else "It does not say why: compare all fields with their documentation.",
            )

    def create_dataset_model(self, dataset: CreateDatasetDto) -> OutputDatasetDto:
        """Create a dataset.

        Parameters
        ----------
        dataset:
            What :meth:`scitacean.Dataset.make_upload_model` made.

        Returns
        -------
        :
            The dataset as the server has it; it has a PID.

        Raises
        ------
        BadAnswerError
            If the answer has no PID; the dataset may be there.
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> from scitacean import Client, Dataset
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example", source_folder="/data/run-7",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ... )
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_dataset_model(dataset.make_upload_model()).dataset_name
        'Run 7'
        """
        created = self._calls.get(
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
        """Register files of a dataset.

        Parameters
        ----------
        block:
            What :meth:`scitacean.Dataset.make_datablock_upload_models` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> file = {"path": "a.dat", "size": 3, "time": "2026-03-01T12:00:00Z"}
        >>> block = {"datasetId": "no/such", "size": 3, "dataFileList": [file]}
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_orig_datablock(CreateOrigDatablockDto.from_dict(block))
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        return self._calls.get(
            f"register files of the dataset {block.dataset_id}",
            lambda: create_block.sync_detailed(client=self._api, body=block),
            OutputOrigDatablockDto,
        )

    def create_attachment_for_dataset(self, pid: PID | str, attachment: CreateAttachmentV3Dto) -> Attachment:
        """Attach a picture to a dataset; all servers let members of its group do that in this way.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        attachment:
            What :meth:`scitacean.Attachment.make_upload_model_for_dataset` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> picture = CreateAttachmentV3Dto(caption="The rod", owner_group="me")
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_attachment_for_dataset("no/such", picture)
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        return self._calls.get(
            f"create an attachment of the dataset {pid}",
            lambda: create_attachment.sync_detailed(str(pid), client=self._api, body=attachment),
            Attachment,
        )

    def get_sample_model(self, sample_id: str, *, strict_validation: bool = False) -> OutputSampleDto:
        """Get a sample.

        Parameters
        ----------
        sample_id:
            Identifier of the sample.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        NotFoundError
            If there is no such sample.

        Examples
        --------
        >>> from scitacean import Client, Sample
        >>> sample = Sample(owner_group="me", sample_name="Rod")
        >>> with Client.local("my-catalogue") as client:
        ...     created = client.scicat.create_sample_model(sample.make_upload_model())
        ...     client.scicat.get_sample_model(created.sample_id).sample_name
        'Rod'
        """
        return self._calls.get(
            f"get the sample {sample_id}",
            lambda: find_sample.sync_detailed(sample_id, client=self._api),
            OutputSampleDto,
            strict=strict_validation,
        )

    def create_sample_model(self, sample: CreateSampleDto) -> OutputSampleDto:
        """Create a sample.

        Parameters
        ----------
        sample:
            What :meth:`scitacean.Sample.make_upload_model` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client, Sample
        >>> sample = Sample(owner_group="me", sample_name="Rod")
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_sample_model(sample.make_upload_model()).sample_name
        'Rod'
        """
        return self._calls.get(
            "create the sample",
            lambda: create_sample.sync_detailed(client=self._api, body=sample),
            OutputSampleDto,
        )


def _secret(value: str | StrStorage) -> StrStorage:
    return SecretStr(value) if isinstance(value, str) else value
