"""Datasets: metadata, files and attachments of one measurement or analysis."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Self

import attrs

from scicat_api.models import (
    CreateAttachmentV3Dto,
    CreateDatasetDto,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    PartialOutputOrigDatablockDto,
)
from scicat_api.models import (
    Datablock as DatablockModel,
)
from scitacean.display import html
from scitacean.model.attachment import Attachment
from scitacean.model.copying import copied
from scitacean.model.datablock import Datablock
from scitacean.model.dataset_files import DatasetFiles, archived_size
from scitacean.model.dataset_wire import dataset_to_send, received_dataset
from scitacean.model.entry import Entry
from scitacean.model.file_row import file_row, size_or_none
from scitacean.model.orig_datablock import OrigDatablock
from scitacean.model.shown import shown
from scitacean.model.thumbnail import Thumbnail
from scitacean.problem import Problem
from scitacean.validation.file import problems_of_files

_KEPT_WHEN_DERIVED = (
    "contact_email",
    "orcid_of_owner",
    "owner",
    "owner_email",
    "principal_investigators",
    "techniques",
)


@attrs.define(kw_only=True, repr=False)
class Dataset(DatasetFiles):
    """A dataset, on its way into the catalogue or as it came out of it.

    The fields are those of :class:`scitacean.model.dataset_fields.DatasetFields`; :meth:`fields` lists
    them. They can be used as attributes and like items of a dictionary.

    Attributes
    ----------
    attachments:
        Pictures; None where they have not been downloaded.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> dataset = Dataset(
    ...     type="raw", name="Run 7", owner_group="beamline1", owner="Ada Example",
    ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    ...     source_folder="/data/run-7",
    ... )
    >>> dataset.validate()
    >>> dataset.number_of_files, dataset.size
    (0, 0)
    >>> dataset["owner_group"]
    'beamline1'
    """

    _parts: ClassVar[frozenset[str]] = frozenset({"attachments", "datablocks"})

    attachments: list[Attachment] | None = attrs.Factory(list)

    def add_attachment(
        self,
        thumbnail: str | os.PathLike[str] | Thumbnail | None = None,
        *,
        caption: str,
        owner_group: str | None = None,
        access_groups: Sequence[str] | None = None,
        instrument_group: str | None = None,
    ) -> None:
        """Add a picture with a caption.

        Parameters
        ----------
        thumbnail:
            The picture, or a file of it.
        caption:
            What it shows.
        owner_group, access_groups, instrument_group:
            Groups of the attachment; by default those of the dataset.

        Raises
        ------
        ValueError
            If the file is no picture.

        Examples
        --------
        >>> dataset = Dataset(type="raw", owner_group="beamline1")
        >>> dataset.add_attachment(caption="Nothing to see")
        >>> [attachment.caption for attachment in dataset.attachments]
        ['Nothing to see']
        """
        if thumbnail is not None and not isinstance(thumbnail, Thumbnail):
            thumbnail = Thumbnail.load_file(thumbnail)
        attachment = Attachment(
            caption=caption,
            owner_group=owner_group,
            access_groups=access_groups,
            instrument_group=instrument_group,
            thumbnail=thumbnail,
        )
        self.attachments = [*(self.attachments or ()), attachment]

    def derive(self, *, keep: Iterable[str] = _KEPT_WHEN_DERIVED) -> Self:
        """Return a new dataset that is computed from this one.

        Parameters
        ----------
        keep:
            Names of the fields that it takes over; all others are empty.

        Raises
        ------
        ValueError
            If this dataset has no PID: only what is in the catalogue can be referred to; or if ``keep`` names
            the type, the input or what the server keeps, which a derived dataset has of its own.
        KeyError
            If there is no such field.

        Examples
        --------
        >>> raw = Dataset(type="raw", name="Run 7", owner="Ada Example", pid="site/7")
        >>> derived = raw.derive()
        >>> derived.type, derived.owner, derived.name, derived.input_datasets
        ('derived', 'Ada Example', None, [PID(pid='7', prefix='site')])
        """
        if self.pid is None:
            raise ValueError(
                "The dataset has no PID yet. Upload it, and derive from what the upload returns."
            )
        names = [keep] if isinstance(keep, str) else list(keep)
        own = {"type", "input_datasets", *(field.name for field in self.fields(read_only=True))}
        if refused := sorted(own.intersection(names)):
            raise ValueError(f"A derived dataset cannot keep {', '.join(refused)}: it has its own.")
        kept = {name: copied(self[name]) for name in names}
        return type(self)(type="derived", input_datasets=[self.pid]).replace(**kept)

    def as_new(self) -> Self:
        """Return a copy without what the catalogue made: PID, lifecycle, who made it and when.

        Everything else stays, whether it is published, too.

        Examples
        --------
        >>> Dataset(type="raw", name="Run 7", pid="site/7").as_new().pid is None
        True
        """
        kept = dict.fromkeys([field.name for field in self.fields(read_only=True)])
        attachments = self.attachments
        return self.replace(
            **kept,
            lifecycle=None,
            datablocks=None,
            packed_size=None,
            number_of_files_archived=None,
            uid=str(uuid.uuid4()),
            attachments=None if attachments is None else [one.as_new() for one in attachments],
        )

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find all that breaks the catalogue's rules, in fields, files and attachments.

        Parameters
        ----------
        required:
            Whether to look for missing fields: datasets of older servers may lack some.

        Returns
        -------
        :
            Errors, and as warnings what the catalogue takes but may not give back as it was.

        Examples
        --------
        >>> dataset = Dataset(type="raw", owner_group="beamline1", meta={"counts": float("nan")})
        >>> [problem.field for problem in dataset.find_problems(required=False)]
        ['meta.counts']
        """
        return [
            *self._field_problems(required=required),
            *problems_of_files(self.files, required=required),
            *_problems_of("datablocks", self.datablocks, Datablock, required=required),
            *_problems_of("attachments", self.attachments, Attachment, required=required),
            *self._losses(),
        ]

    def _losses(self) -> Iterator[Problem]:
        """Find what gets lost of attachments: the route that members may use does not take all."""
        for index, attachment in enumerate(self.attachments if isinstance(self.attachments, list) else ()):
            for name in ("aid", "is_published", "relationships"):
                value = getattr(attachment, name, None)
                if value and self.pid is None:
                    expected = "nothing: it is not sent with a dataset; create the attachment by itself"
                    yield Problem(f"attachments[{index}].{name}", value, expected, "warning")

    def make_upload_model(self) -> CreateDatasetDto:
        """Make what is sent to create the dataset, without files and attachments.

        Raises
        ------
        ValidationError
            If fields break rules of the catalogue: with all problems.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="beamline1", owner="Ada Example",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ...     source_folder="/data/run-7",
        ... )
        >>> dataset.make_upload_model().to_dict()["datasetName"]
        'Run 7'
        """
        self.raise_for(self._field_problems(required=True))
        return dataset_to_send(self)

    def make_attachment_upload_models(self) -> list[CreateAttachmentV3Dto]:
        """Make what is sent to create the attachments; the dataset's groups are theirs where they name none.

        Raises
        ------
        ValidationError
            If an attachment breaks rules of the catalogue.

        Examples
        --------
        >>> dataset = Dataset(type="raw", owner_group="beamline1")
        >>> dataset.add_attachment(caption="The rod")
        >>> [model.owner_group for model in dataset.make_attachment_upload_models()]
        ['beamline1']
        """
        return [
            attachment.make_upload_model_for_dataset(
                owner_group=self.owner_group, access_groups=self.access_groups
            )
            for attachment in self.attachments or ()
        ]

    @classmethod
    def from_download_model(
        cls,
        model: OutputDatasetDto,
        *,
        orig_datablocks: Iterable[PartialOutputOrigDatablockDto | OutputOrigDatablockDto] = (),
        attachments: Iterable[OutputAttachmentV4Dto] | None = None,
        datablocks: Iterable[DatablockModel] | None = None,
    ) -> Self:
        """Make a dataset of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The dataset.
        orig_datablocks:
            Blocks of its files.
        attachments:
            Its attachments; None where they were not asked for.
        datablocks:
            Its copies in the archive; None where they were not asked for.

        Examples
        --------
        >>> from scicat_api.models import OutputDatasetDto
        >>> Dataset.from_download_model(OutputDatasetDto.from_dict({"datasetName": "Run 7"})).name
        'Run 7'
        """
        blocks = [OrigDatablock.from_download_model(block) for block in orig_datablocks]
        return attrs.evolve(
            received_dataset(cls, model),
            files=[file for block in blocks for file in block.files],
            attachments=None
            if attachments is None
            else list(map(Attachment.from_download_model, attachments)),
            datablocks=None if datablocks is None else list(map(Datablock.from_download_model, datablocks)),
            packed_size=archived_size(model.packed_size),
            number_of_files_archived=archived_size(model.number_of_files_archived),
        )

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        rows = [
            html.Field(field.name, shown(self[field.name]), field.description, field.read_only)
            for field in self.fields()
            if field.name != "meta"
        ]
        pictures = self.attachments
        return html.entry(
            self._noun,
            rows,
            metadata=self.meta,
            files=html.Files(
                map(file_row, self.files), number=len(self.files), size=size_or_none(self.files)
            ),
            attachments=None
            if pictures is None
            else [html.Attached(one.caption, shown(one.thumbnail)) for one in pictures],
        )

    def __str__(self) -> str:
        files = f"{self.number_of_files} file{'' if self.number_of_files == 1 else 's'}"
        return f"Dataset {self.name!r} ({self.type}, {self.pid or 'without PID'}, {files})"

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self.items() if not _is_unset(value)]
        return f"Dataset({', '.join([*given, f'files={len(self.files)}'])})"


def _is_unset(value: object) -> bool:
    return value is None or (isinstance(value, dict) and not value)


def _problems_of(name: str, parts: object, kind: type[Entry], *, required: bool) -> Iterator[Problem]:
    if parts is not None and not isinstance(parts, list | tuple):
        yield Problem(name, parts, f"a list of {kind.__name__}")
        return
    for index, part in enumerate(parts or ()):
        if not isinstance(part, kind):
            yield Problem(f"{name}[{index}]", part, f"{kind.__name__}(...)")
            continue
        for problem in part.find_problems(required=required):
            yield attrs.evolve(problem, field=f"{name}[{index}].{problem.field}")
