"""Jobs: what the facility does with datasets when it is asked to, archiving for example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import attrs

from scicat_api.models import CreateJobDto, JobClass
from scitacean.model.entry import TrackedEntry, read_only
from scitacean.model.metadata import plain_object
from scitacean.model.wire import promised, received, received_list, required, to_send
from scitacean.problem import Problem
from scitacean.validation.job import REQUIRED, problems_of_job


@attrs.define(kw_only=True)
class Job(TrackedEntry):
    """Something that the facility is asked to do.

    Attributes
    ----------
    type:
        Kind of job; the facility says which there are.
    job_params:
        What to do it with; most kinds want a list of datasets.
    owner_user:
        Account of the person who asks for it.
    owner_group:
        Group that owns the job.
    contact_email:
        E-mail address to write to about it.
    id:
        Identifier.
    status_code:
        How far it is, in one word: ``jobSubmitted`` first, then what the facility calls it.
    status_message:
        How far it is, in plain words.
    config_version:
        Version of the facility's description of its jobs that the job was made with.
    job_result:
        What came out of it.
    access_groups:
        Groups that may see it.
    instrument_group:
        Group of the instrument whose datasets it is about.
    is_published:
        Whether everybody may see it.

    Examples
    --------
    >>> job = Job(
    ...     type="archive",
    ...     owner_group="beamline1",
    ...     job_params={"datasetList": [{"pid": "20.500.12345/6f1c", "files": []}]},
    ... )
    >>> job.validate()
    """

    _noun: ClassVar[str] = "job"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)
    _scicat_names: ClassVar[dict[str, str]] = {"job_result": "jobResultObject"}

    type: str
    job_params: Mapping[str, object] = attrs.field(eq=plain_object)
    owner_user: str | None = None
    owner_group: str | None = None
    contact_email: str | None = None
    id: str | None = attrs.field(default=None, on_setattr=read_only)
    status_code: str | None = attrs.field(default=None, on_setattr=read_only)
    status_message: str | None = attrs.field(default=None, on_setattr=read_only)
    config_version: str | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    job_result: Mapping[str, object] | None = attrs.field(
        default=None, on_setattr=read_only, repr=False, eq=plain_object
    )
    access_groups: Sequence[str] | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    instrument_group: str | None = attrs.field(default=None, on_setattr=read_only, repr=False)
    is_published: bool | None = attrs.field(default=None, on_setattr=read_only, repr=False)

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse, and (as warnings) what it may not give back as it was.

        Parameters
        ----------
        required:
            Whether to look for missing fields: jobs of older servers may lack some.

        Returns
        -------
        :
            All problems; none where there are none.

        Examples
        --------
        >>> job = Job(type="archive", job_params={"datasetList": "20.500.12345/6f1c"})
        >>> [problem.field for problem in job.find_problems()]
        ['job_params.datasetList']
        """
        fields = self._values()
        fields["job_params"] = plain_object(self.job_params)
        return problems_of_job(fields, required=required)

    def make_upload_model(self) -> CreateJobDto:
        """Make what is sent to ask for the job.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue.

        Examples
        --------
        >>> Job(type="archive", job_params={"datasetList": []}).make_upload_model().to_dict()
        {'type': 'archive', 'jobParams': {'datasetList': []}}
        """
        self.raise_for(self.find_problems())
        return CreateJobDto(
            type_=self.type,
            job_params=required(plain_object(self.job_params), "job_params"),
            owner_user=to_send(self.owner_user),
            owner_group=to_send(self.owner_group),
            contact_email=to_send(self.contact_email),
        )

    @classmethod
    def from_download_model(cls, model: JobClass) -> Self:
        """Make a job of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = JobClass.from_dict({"type": "archive", "jobParams": {}, "statusCode": "jobSubmitted"})
        >>> Job.from_download_model(answer).status_code
        'jobSubmitted'
        """
        identifier = received(model.id)
        if identifier is None:
            # Servers send the identifier as _id, and not all of them as id too.
            identifier = received(model.field_id)
        return cls(
            type=promised(model.type_),
            job_params=promised(model.job_params),
            owner_user=received(model.owner_user),
            owner_group=received(model.owner_group),
            contact_email=received(model.contact_email),
            id=identifier,
            status_code=received(model.status_code),
            status_message=received(model.status_message),
            config_version=received(model.config_version),
            job_result=received(model.job_result_object),
            access_groups=received_list(model.access_groups),
            instrument_group=received(model.instrument_group),
            is_published=received(model.is_published),
            created_at=received(model.created_at),
            created_by=received(model.created_by),
            updated_at=received(model.updated_at),
            updated_by=received(model.updated_by),
        )
