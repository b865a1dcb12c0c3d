"""Published data: datasets that were, or will be, made public together under a DOI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self, cast

import attrs

from scicat_api.models import CreatePublishedDataV4Dto
from scicat_api.models import PublishedData as PublishedDataAnswer
from scitacean.model.entry import TrackedEntry, read_only
from scitacean.model.metadata import plain_object
from scitacean.model.pid import PID
from scitacean.model.wire import promised, received, received_list, received_pid, to_send
from scitacean.problem import Problem
from scitacean.validation.published_data import REQUIRED, problems_of_published_data


def _pids(values: Sequence[PID | str]) -> Sequence[PID]:
    """Make PIDs of texts; whatever is none stays as it is, for validation to find."""
    if not isinstance(values, list | tuple):
        return cast("Sequence[PID]", values)
    return [cast("PID", received_pid(value) if isinstance(value, str) else value) for value in values]


@attrs.define(kw_only=True)
class PublishedData(TrackedEntry):
    """Datasets that are made public together.

    Attributes
    ----------
    title:
        What it is about, in one line.
    abstract:
        What it is about, in more words.
    dataset_pids:
        Identifiers of the datasets.
    metadata:
        Creators, publisher, year and the like, as DataCite names them; anything that JSON can hold.
    registered_time:
        When the DOI was registered, with a time zone.
    status:
        ``private``, ``public``, ``registered`` or ``amended``.
    doi:
        Its DOI, which identifies it in the catalogue too.
    number_of_files:
        How many files the datasets have.
    size_of_archive:
        Size of the datasets in bytes.

    Examples
    --------
    >>> published = PublishedData(
    ...     title="Rods of vanadium", abstract="All that we measured.", dataset_pids=["20.500.12345/6f1c"]
    ... )
    >>> published.validate()
    """

    _noun: ClassVar[str] = "published data"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)

    title: str
    abstract: str
    dataset_pids: Sequence[PID] = attrs.field(converter=_pids)
    metadata: Mapping[str, object] | None = attrs.field(default=None, eq=plain_object)
    registered_time: datetime | None = None
    status: str | None = None
    doi: str | None = attrs.field(default=None, on_setattr=read_only)
    number_of_files: int | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    size_of_archive: int | None = attrs.field(default=None, on_setattr=read_only, repr=False)

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse, and (as warnings) what it may not give back as it was.

        Parameters
        ----------
        required:
            Whether to look for missing fields: entries of older servers may lack some.

        Returns
        -------
        :
            All problems; none where there are none.

        Examples
        --------
        >>> published = PublishedData(title="Rods", abstract="All.", dataset_pids=[])
        >>> [str(problem) for problem in published.find_problems()]
        ['dataset_pids is []; expected PIDs of datasets, at least one']
        """
        fields = self._values()
        fields["metadata"] = plain_object(self.metadata)
        fields["dataset_pids"] = self._pid_texts()
        return problems_of_published_data(fields, required=required)

    def make_upload_model(self) -> CreatePublishedDataV4Dto:
        """Make what is sent to create the entry; another call makes it public.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue.

        Examples
        --------
        >>> published = PublishedData(title="Rods", abstract="All.", dataset_pids=["20.500.12345/6f1c"])
        >>> published.make_upload_model().dataset_pids
        ['20.500.12345/6f1c']
        """
        self.raise_for(self.find_problems())
        return CreatePublishedDataV4Dto(
            title=self.title,
            abstract=self.abstract,
            dataset_pids=self._pid_texts(),
            registered_time=to_send(self.registered_time),
            status=to_send(self.status),
            metadata=to_send(plain_object(self.metadata)),
        )

    @classmethod
    def from_download_model(cls, model: PublishedDataAnswer) -> Self:
        """Make an entry of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = PublishedDataAnswer.from_dict({"title": "Rods", "datasetPids": ["20.500.12345/6f1c"]})
        >>> PublishedData.from_download_model(answer).dataset_pids
        [PID(pid='6f1c', prefix='20.500.12345')]
        """
        doi = received(model.doi)
        return cls(
            title=promised(model.title),
            abstract=promised(model.abstract),
            dataset_pids=cast("list[str]", received_list(model.dataset_pids)),
            metadata=received(model.metadata),
            registered_time=received(model.registered_time),
            status=received(model.status),
            # Servers repeat the DOI as pid.
            doi=received(model.pid) if doi is None else doi,
            number_of_files=received(model.number_of_files),
            size_of_archive=received(model.size_of_archive),
            created_at=received(model.created_at),
            created_by=received(model.created_by),
            updated_at=received(model.updated_at),
            updated_by=received(model.updated_by),
        )

    def _pid_texts(self) -> list[str]:
        """Return the PIDs as text; whatever is none as it is."""
        if not isinstance(self.dataset_pids, list):
            return cast("list[str]", self.dataset_pids)
        return [str(pid) if isinstance(pid, PID) else pid for pid in self.dataset_pids]
