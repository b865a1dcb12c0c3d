"""Strategies for attachments and their pictures."""

from __future__ import annotations

import struct
import zlib

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.attachment import Attachment, AttachmentRelationship
from scitacean.model.thumbnail import Thumbnail
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.recipe import Recipe
from scitacean.testing.strategies.tracked import TRACKED
from scitacean.testing.strategies.values import groups, pids, texts


def _png(height: int, row: bytes) -> bytes:
    """Write a picture in shades of grey of which all rows are the same."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", len(row), height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress((b"\0" + row) * height)),
        (b"IEND", b""),
    ]
    written = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _svg(side: int) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"/>'.encode()


_THUMBNAILS = st.builds(
    Thumbnail, st.just("image/png"), st.builds(_png, st.integers(1, 4), st.binary(min_size=1, max_size=4))
) | st.builds(Thumbnail, st.just("image/svg+xml"), st.builds(_svg, st.integers(1, 100)))
ATTACHMENT_RELATIONSHIPS = Recipe(
    kind=AttachmentRelationship,
    always={
        "target_id": pids().map(str),
        "target_type": st.sampled_from(["dataset", "sample", "proposal", "published_data"]),
    },
    sometimes={"relation_type": st.just("is attached to") | texts()},
    wrong={
        "target_id": wrong.FILLED_TEXT,
        "target_type": wrong.GIVEN_TEXT | st.sampled_from(["job", ""]),
        "relation_type": wrong.TEXT,
    },
)
ATTACHMENTS = Recipe(
    kind=Attachment,
    always={"caption": texts(min_size=1), "owner_group": groups()},
    sometimes={
        **TRACKED,
        "access_groups": st.lists(groups(), max_size=3),
        "instrument_group": groups(),
        "is_published": st.booleans(),
        "thumbnail": _THUMBNAILS,
        "relationships": st.lists(ATTACHMENT_RELATIONSHIPS.strategy(fields={}), max_size=2),
        "aid": texts(min_size=1),
    },
    wrong={
        "caption": wrong.FILLED_TEXT,
        "owner_group": wrong.TEXT,
        "access_groups": wrong.TEXTS,
        "instrument_group": wrong.TEXT,
        "is_published": wrong.FLAG,
        "thumbnail": st.sampled_from(["picture.png", "data:image/png;base64,?", 7, b"no thumbnail yet"]),
        "relationships": wrong.items(ATTACHMENT_RELATIONSHIPS.strategy(invalid=True, fields={})),
        "aid": wrong.TEXT,
    },
)


def thumbnails() -> SearchStrategy[Thumbnail]:
    """Pictures that can be opened, of a few pixels, as PNG and SVG.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(thumbnails())
    ... def test_a_thumbnail_is_read_as_it_is_written(thumbnail):
    ...     assert thumbnail.parse(thumbnail.serialize()) == thumbnail
    >>> test_a_thumbnail_is_read_as_it_is_written()
    """
    return _THUMBNAILS


def attachment_relationships(
    *, invalid: bool | str = False, **fields: object
) -> SearchStrategy[AttachmentRelationship]:
    """What an attachment belongs to.

    Parameters
    ----------
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(attachment_relationships(target_type="sample"))
    ... def test_it_belongs_to_a_sample(target):
    ...     assert target.target_type == "sample"
    >>> test_it_belongs_to_a_sample()
    """
    return ATTACHMENT_RELATIONSHIPS.strategy(invalid=invalid, fields=fields)


def attachments(*, invalid: bool | str = False, **fields: object) -> SearchStrategy[Attachment]:
    """Attachments, some of them with a picture.

    Parameters
    ----------
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(attachments(caption="The rod"))
    ... def test_an_attachment_is_sent_with_its_caption(attachment):
    ...     assert attachment.make_upload_model_for_dataset().caption == "The rod"
    >>> test_an_attachment_is_sent_with_its_caption()
    """
    return ATTACHMENTS.strategy(invalid=invalid, fields=fields)
