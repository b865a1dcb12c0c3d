"""Attachments: a caption and a picture that belong to a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from scitacean.model.thumbnail import Thumbnail


@attrs.define(kw_only=True)
class Attachment:
    """A picture with a caption.

    Attributes
    ----------
    caption:
        What the picture shows.
    owner_group:
        Group that owns the attachment; the dataset's where it is None.
    access_groups:
        Groups that may see it.
    thumbnail:
        The picture.
    aid:
        Identifier in the catalogue.
    created_at, created_by, updated_at, updated_by:
        Kept by the server.
    """

    caption: str
    owner_group: str | None = None
    access_groups: Sequence[str] | None = None
    thumbnail: Thumbnail | None = None
    aid: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None
