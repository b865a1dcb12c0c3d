"""Small pictures that attachments show."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import os
from pathlib import Path
from typing import Self

import attrs


@attrs.frozen
class Thumbnail:
    """A small picture.

    Attributes
    ----------
    mime:
        Type of the picture, ``"image/png"`` for example; None where it is not known.
    data:
        The bytes of the picture's file.

    Examples
    --------
    >>> Thumbnail("image/png", b"abc").serialize()
    'data:image/png;base64,YWJj'
    """

    mime: str | None
    data: bytes = attrs.field(repr=False)

    @classmethod
    def load_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read a picture from a file; its type is told by the ending of the name.

        Raises
        ------
        ValueError
            If the name does not end like that of a picture.
        OSError
            If the file cannot be read.
        """
        mime, _ = mimetypes.guess_type(os.fspath(path))
        if mime is None or not mime.startswith("image/"):
            raise ValueError(f"{os.fspath(path)!r} is no picture by its name. Use a PNG or JPEG file.")
        return cls(mime, Path(path).read_bytes())

    @classmethod
    def parse(cls, encoded: str) -> Self:
        """Read a picture from the text that the catalogue keeps: a data URL or plain base64.

        Raises
        ------
        ValueError
            If the text is not base64.

        Examples
        --------
        >>> Thumbnail.parse("data:image/png;base64,YWJj").data
        b'abc'
        """
        head, comma, body = encoded.partition(",")
        mime = head.removeprefix("data:").partition(";")[0] if comma else ""
        try:
            return cls(mime or None, base64.b64decode(body if comma else encoded, validate=True))
        except binascii.Error as error:
            raise ValueError(f"A picture in the catalogue is base64 text; this is not: {error}") from None

    def serialize(self) -> str:
        """Return the data URL that the catalogue keeps."""
        head = f"data:{self.mime};base64," if self.mime else ""
        return head + base64.b64encode(self.data).decode("ascii")
