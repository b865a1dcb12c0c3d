"""Samples: what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs


@attrs.define(kw_only=True)
class Sample:
    """A sample.

    Attributes
    ----------
    owner_group:
        Group that owns the sample.
    sample_name:
        Its name; servers before 5.2 have none.
    sample_id:
        Identifier; the server makes one where it is None.
    owner:
        Name of the person who owns it.
    description:
        In plain words.
    sample_characteristics:
        Anything else, as JSON.
    access_groups:
        Groups that may see it.
    instrument_group, type, proposal_id, parent_sample_id:
        The group of the instrument, the kind of sample, and what it belongs to.
    is_published:
        Whether everybody may see it.
    created_at, created_by, updated_at, updated_by:
        Kept by the server.
    """

    owner_group: str
    sample_name: str | None = None
    sample_id: str | None = None
    owner: str | None = None
    description: str | None = None
    sample_characteristics: Mapping[str, object] | None = None
    access_groups: Sequence[str] | None = None
    instrument_group: str | None = None
    type: str | None = None
    proposal_id: str | None = None
    parent_sample_id: str | None = None
    is_published: bool | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None
