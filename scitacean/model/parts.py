"""Small parts that datasets are made of."""

from __future__ import annotations

from datetime import datetime

import attrs


@attrs.frozen
class Technique:
    """An experimental technique.

    Attributes
    ----------
    pid:
        Identifier, of the PaNET ontology for example.
    name:
        Name in plain words.
    """

    pid: str
    name: str


@attrs.frozen(kw_only=True)
class Relationship:
    """How a dataset is related to something else.

    Attributes
    ----------
    identifier:
        What identifies the other thing: a PID, DOI or URL.
    relationship:
        Kind of the relationship, ``IsDerivedFrom`` for example.
    identifier_type:
        What the identifier is, ``DOI`` for example.
    entity_type:
        What the other thing is, ``dataset`` for example.
    external_id:
        Identifier of the other thing elsewhere.
    """

    identifier: str
    relationship: str
    identifier_type: str | None = None
    entity_type: str | None = None
    external_id: str | None = None


@attrs.frozen(kw_only=True)
class Lifecycle:
    """Where a dataset is between disk and archive; kept by the server.

    Attributes
    ----------
    archivable, retrievable, publishable:
        Whether it can be archived, retrieved, published.
    archive_status_message, retrieve_status_message:
        What the archive says.
    date_of_disk_purging, archive_retention_time, date_of_publishing, published_on:
        When the files leave the disk, the archive, and when it is, and was, published.
    is_on_central_disk:
        Whether the files are on disk.
    """

    archivable: bool | None = None
    retrievable: bool | None = None
    publishable: bool | None = None
    archive_status_message: str | None = None
    retrieve_status_message: str | None = None
    date_of_disk_purging: datetime | None = None
    archive_retention_time: datetime | None = None
    date_of_publishing: datetime | None = None
    published_on: datetime | None = None
    is_on_central_disk: bool | None = None
