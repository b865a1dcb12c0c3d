"""Calls for datasets as such, without files and attachments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from scicat_api.api.datasets_public_v4 import find_all_public as find_all_public_datasets
from scicat_api.api.datasets_public_v4 import find_by_id_public
from scicat_api.api.datasets_v4 import create, find_by_id, find_by_id_and_delete, is_valid
from scicat_api.api.datasets_v4 import find_all as find_all_datasets
from scicat_api.models import CreateDatasetDto, IsValidResponse, OutputDatasetDto, PartialOutputDatasetDto
from scitacean.catalogue.connected import Connected
from scitacean.errors import BadAnswerError, NotFoundError, ValidationError
from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath

_KEPT = timedelta(milliseconds=1)
_CLOCKS_DIFFER = timedelta(seconds=2)
"""How well the server's clock is known: its answers tell it in whole seconds."""


class DatasetCalls(Connected):
    """Finds, reads, creates and deletes datasets."""

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
            lambda: endpoint(str(pid), client=self._calls.api),
            OutputDatasetDto,
            strict=strict_validation,
        )

    def get_dataset_model_or_none(self, pid: PID | str) -> OutputDatasetDto | None:
        """Get a dataset, or None where there is none, or none that one may see.

        Parameters
        ----------
        pid:
            Identifier of the dataset.

        Raises
        ------
        ForbiddenError
            If there is one that one may not see, and the server says so.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_dataset_model_or_none("20.500.12345/no-such-dataset") is None
        True
        """
        try:
            return self.get_dataset_model(pid)
        except NotFoundError:
            return None

    def find_datasets_like(
        self,
        *,
        source_folder: RemotePath | str,
        name: str,
        creation_time: datetime,
        owner: str | None,
        after: datetime | None = None,
    ) -> list[PartialOutputDatasetDto] | list[OutputDatasetDto]:
        """Find the datasets that a request to create one may have made although its answer got lost.

        Servers do not compare times in lists, so the times are compared here.

        Parameters
        ----------
        source_folder, name, owner:
            What the datasets have, exactly; servers drop a slash at the end of the folder.
        creation_time:
            The same, to the millisecond, which is all that servers keep.
        after:
            When the request was sent, by the clock of this machine; datasets that were there before are left
            out. That of the server may differ, as its last answers tell. None for all.

        Returns
        -------
        :
            The datasets, the earliest first.

        Raises
        ------
        ValueError
            If a time has no time zone.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from datetime import UTC
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.find_datasets_like(
        ...         source_folder="/data/no-such-run", name="Run 7", owner="Ada Example",
        ...         creation_time=datetime(2026, 3, 1, tzinfo=UTC), after=datetime.now(tz=UTC),
        ...     )
        []
        """
        for given in (creation_time, after):
            if given is not None and given.utcoffset() is None:
                raise ValueError(f"The time {given.isoformat()} has no time zone.")
        folder = str(source_folder)
        where = {
            "sourceFolder": {"$in": [folder, folder.rstrip("/") or "/"]},
            "datasetName": name,
        } | ({} if owner is None else {"owner": owner})
        if self.is_authenticated:
            mine = self._calls.get_all(
                "find datasets",
                lambda page: find_all_datasets.sync_detailed(client=self._calls.api, filter_=page),
                where,
                PartialOutputDatasetDto,
                strict=False,
            )
            return [one for one in mine if self._is_of(one, creation_time, after)]
        public = self._calls.get_all(
            "find datasets",
            lambda page: find_all_public_datasets.sync_detailed(client=self._calls.api, filter_=page),
            where,
            OutputDatasetDto,
            strict=False,
        )
        return [one for one in public if self._is_of(one, creation_time, after)]

    def _is_of(
        self,
        found: PartialOutputDatasetDto | OutputDatasetDto,
        creation_time: datetime,
        after: datetime | None,
    ) -> bool:
        created, made = found.creation_time, found.created_at
        if not isinstance(created, datetime) or abs(created - creation_time) >= _KEPT:
            return False
        if after is None or not isinstance(made, datetime):
            return True
        return made >= after + self._calls.ahead - _CLOCKS_DIFFER

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
                lambda: find_all_datasets.sync_detailed(client=self._calls.api, filter_=query),
                PartialOutputDatasetDto,
                strict=strict_validation,
            )
        return self._calls.get_list(
            "find datasets",
            lambda: find_all_public_datasets.sync_detailed(client=self._calls.api, filter_=query),
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
            lambda: is_valid.sync_detailed(client=self._calls.api, body=dataset),
            IsValidResponse,
            safe=True,
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
            lambda: create.sync_detailed(client=self._calls.api, body=dataset),
            OutputDatasetDto,
        )
        if not isinstance(cast("object", created.pid), str) or not created.pid:
            raise BadAnswerError(
                f"{self._url} created the dataset but did not say under which PID.",
                hint="Look for it in the catalogue before you upload it again.",
                url=self._url,
            )
        return created

    def delete_dataset(self, pid: PID | str) -> None:
        """Delete a dataset; servers let only the group for that do so.

        Its blocks of files and its attachments stay behind in the catalogue.

        Parameters
        ----------
        pid:
            Identifier of the dataset.

        Raises
        ------
        ForbiddenError
            If one may not.
        NotFoundError
            If there is no such dataset.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.delete_dataset("20.500.12345/no-such-dataset")
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        self._calls.get_or_none(
            f"delete the dataset {pid}",
            lambda: find_by_id_and_delete.sync_detailed(str(pid), client=self._calls.api),
            OutputDatasetDto,
        )
