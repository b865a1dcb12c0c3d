"""Small parts that datasets are made of: techniques, relationships, the lifecycle."""

from __future__ import annotations

from datetime import datetime
from typing import Self, cast

import attrs

from scicat_api import UNSET
from scicat_api.models import CreateRelationshipDto, LifecycleClass, TechniqueClass
from scitacean.errors import ValidationWarning
from scitacean.model.metadata import plain_object
from scitacean.model.panet import find_in_panet
from scitacean.model.pid import PID
from scitacean.model.wire import promised, received, to_send
from scitacean.warn import warn_user


@attrs.frozen
class Technique:
    """An experimental technique.

    Attributes
    ----------
    pid:
        Identifier, of the PaNET ontology for example.
    name:
        Name in plain words.

    Examples
    --------
    >>> Technique.find("PaNET01188").name
    'small angle x-ray scattering'
    """

    pid: str
    name: str

    @classmethod
    def find(cls, label_or_iri: str) -> Self:
        """Find a technique of PaNET, the ontology of photon and neutron techniques.

        Parameters
        ----------
        label_or_iri:
            IRI (``http`` or ``https``), id (``PaNET01188``) or any label; capitals and the number of blanks
            do not matter. Some labels belong to a technique and to a specifier, a part of names of
            techniques: they mean the technique.

        Raises
        ------
        ValidationError
            If there is no such technique. It names what is close.

        Examples
        --------
        >>> Technique.find("SAXS")
        Technique(pid='http://purl.org/pan-science/PaNET/PaNET01188', name='small angle x-ray scattering')
        """
        pid, name = find_in_panet(label_or_iri)
        return cls(pid, name)

    def make_upload_model(self) -> TechniqueClass:
        """Make what is sent, as a part of a dataset, which is where it is checked.

        Examples
        --------
        >>> Technique("site/saxs", "SAXS").make_upload_model().to_dict()
        {'pid': 'site/saxs', 'name': 'SAXS'}
        """
        return TechniqueClass(pid=self.pid, name=self.name)

    @classmethod
    def from_download_model(cls, model: TechniqueClass) -> Self:
        """Make a technique of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = TechniqueClass.from_dict({"pid": "site/saxs", "name": "SAXS"})
        >>> Technique.from_download_model(answer)
        Technique(pid='site/saxs', name='SAXS')
        """
        return cls(pid=promised(model.pid), name=promised(model.name))


def _as_text(identifier: str | PID) -> str:
    return str(identifier) if isinstance(identifier, PID) else identifier


@attrs.frozen(kw_only=True)
class Relationship:
    """How a dataset is related to something else.

    Attributes
    ----------
    identifier:
        What identifies the other thing: a PID, DOI or URL, as text.
    relationship:
        Kind of the relationship, ``IsDerivedFrom`` for example.
    identifier_type:
        What the identifier is, ``DOI`` for example; servers before 5.0 have none.
    entity_type:
        What the other thing is, ``dataset`` for example; servers before 5.0 have none.
    external_id:
        Identifier of the other thing elsewhere; servers before 5.0 have none.

    Examples
    --------
    >>> paper = Relationship(identifier="10.5072/paper", relationship="IsCitedBy", identifier_type="DOI")
    """

    identifier: str = attrs.field(converter=_as_text)
    relationship: str
    identifier_type: str | None = None
    entity_type: str | None = None
    external_id: str | None = None

    def make_upload_model(self) -> CreateRelationshipDto:
        """Make what is sent to servers since 5.0, as a part of a dataset, which is where it is checked.

        Examples
        --------
        >>> Relationship(identifier="site/1", relationship="IsPartOf").make_upload_model().to_dict()
        {'identifier': 'site/1', 'relationship': 'IsPartOf'}
        """
        return CreateRelationshipDto(
            identifier=self.identifier,
            relationship=self.relationship,
            identifier_type=to_send(self.identifier_type),
            entity_type=to_send(self.entity_type),
            external_id=to_send(self.external_id),
        )

    def make_upload_model_before_5(self) -> CreateRelationshipDto:
        """Make what is sent to servers before 5.0, which know identifier and relationship only.

        Datasets, and so the client, send the form of :meth:`make_upload_model`, which older servers refuse,
        as newer ones refuse this. Use this where you put the request to an older server together yourself:
        with the attribute ``relationships`` of what :meth:`scitacean.Dataset.make_upload_model` made.

        Warns
        -----
        ValidationWarning
            If there is more, which such a server refuses and which is therefore left out.

        Examples
        --------
        >>> Relationship(identifier="site/1", relationship="IsPartOf").make_upload_model_before_5().to_dict()
        {'pid': 'site/1', 'relationship': 'IsPartOf'}
        """
        newer = ("identifier_type", "entity_type", "external_id")
        if lost := [name for name in newer if getattr(self, name) is not None]:
            warn_user(
                f"The server, older than 5.0, cannot keep {', '.join(lost)} of the relationship with "
                f"{self.identifier!r}.",
                ValidationWarning,
            )
        return CreateRelationshipDto(
            identifier=cast("str", UNSET),
            relationship=self.relationship,
            additional_properties={"pid": self.identifier},
        )

    @classmethod
    def from_download_model(cls, model: CreateRelationshipDto) -> Self:
        """Make a relationship of what the catalogue answered, in its form before or since 5.0.

        A field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> old = CreateRelationshipDto.from_dict({"pid": "site/1", "relationship": "IsPartOf"})
        >>> Relationship.from_download_model(old).identifier
        'site/1'
        """
        identifier = promised(model.identifier)
        if identifier is None:
            identifier = model.additional_properties.get("pid")
        return cls(
            identifier=identifier,
            relationship=cast("str", received(model.relationship)),
            identifier_type=received(model.identifier_type),
            entity_type=received(model.entity_type),
            external_id=received(model.external_id),
        )


@attrs.frozen(kw_only=True, unsafe_hash=False)
class Lifecycle:
    """Where a dataset is between disk and archive; kept by the server.

    Attributes
    ----------
    archivable:
        Whether the dataset can be archived.
    retrievable:
        Whether it can be retrieved from the archive.
    publishable:
        Whether it can be published.
    date_of_disk_purging:
        When the files leave the disk.
    archive_retention_time:
        Until when the archive keeps the files.
    date_of_publishing:
        When the dataset shall be published.
    published_on:
        When it was published.
    is_on_central_disk:
        Whether the files are on disk.
    archive_status_message:
        What the archive says about archiving.
    retrieve_status_message:
        What the archive says about retrieving.
    archive_return_message:
        What the archive answered last about archiving: what JSON can hold, or becomes that.
    retrieve_return_message:
        What the archive answered last about retrieving: what JSON can hold, or becomes that.
    exported_to:
        Where the files were copied to, outside of the archive.
    retrieve_integrity_check:
        Whether retrieved files were found to be intact.
    storage_location:
        Where the archive has the files.

    Examples
    --------
    >>> Lifecycle(archivable=True, archive_status_message="datasetCreated").archivable
    True
    """

    archivable: bool | None = None
    retrievable: bool | None = None
    publishable: bool | None = None
    date_of_disk_purging: datetime | None = None
    archive_retention_time: datetime | None = None
    date_of_publishing: datetime | None = None
    published_on: datetime | None = None
    is_on_central_disk: bool | None = None
    archive_status_message: str | None = None
    retrieve_status_message: str | None = None
    archive_return_message: dict[str, object] | None = attrs.field(default=None, converter=plain_object)
    retrieve_return_message: dict[str, object] | None = attrs.field(default=None, converter=plain_object)
    exported_to: str | None = None
    retrieve_integrity_check: bool | None = None
    storage_location: str | None = None

    def make_upload_model(self) -> LifecycleClass:
        """Make what is sent, as a part of a dataset, which is where it is checked.

        Examples
        --------
        >>> Lifecycle(is_on_central_disk=False).make_upload_model().to_dict()
        {'isOnCentralDisk': False}
        """
        return LifecycleClass(
            archivable=to_send(self.archivable),
            retrievable=to_send(self.retrievable),
            publishable=to_send(self.publishable),
            date_of_disk_purging=to_send(self.date_of_disk_purging),
            archive_retention_time=to_send(self.archive_retention_time),
            date_of_publishing=to_send(self.date_of_publishing),
            published_on=to_send(self.published_on),
            is_on_central_disk=to_send(self.is_on_central_disk),
            archive_status_message=to_send(self.archive_status_message),
            retrieve_status_message=to_send(self.retrieve_status_message),
            archive_return_message=to_send(self.archive_return_message),
            retrieve_return_message=to_send(self.retrieve_return_message),
            exported_to=to_send(self.exported_to),
            retrieve_integrity_check=to_send(self.retrieve_integrity_check),
            storage_location=to_send(self.storage_location),
        )

    @classmethod
    def from_download_model(cls, model: LifecycleClass) -> Self:
        """Make a lifecycle of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = LifecycleClass.from_dict({"archivable": True, "publishedOn": "2026-03-01T12:00:00Z"})
        >>> Lifecycle.from_download_model(answer).published_on.year
        2026
        """
        return cls(
            archivable=received(model.archivable),
            retrievable=received(model.retrievable),
            publishable=received(model.publishable),
            date_of_disk_purging=received(model.date_of_disk_purging),
            archive_retention_time=received(model.archive_retention_time),
            date_of_publishing=received(model.date_of_publishing),
            published_on=received(model.published_on),
            is_on_central_disk=received(model.is_on_central_disk),
            archive_status_message=received(model.archive_status_message),
            retrieve_status_message=received(model.retrieve_status_message),
            archive_return_message=received(model.archive_return_message),
            retrieve_return_message=received(model.retrieve_return_message),
            exported_to=received(model.exported_to),
            retrieve_integrity_check=received(model.retrieve_integrity_check),
            storage_location=received(model.storage_location),
        )
