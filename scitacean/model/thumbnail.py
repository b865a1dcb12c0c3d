"""Small pictures that attachments show."""

from __future__ import annotations

import base64
import io
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self
from urllib.parse import unquote_to_bytes

import attrs

from scitacean.display import html
from scitacean.errors import ValidationError
from scitacean.model.picture import encoded_picture, small_picture
from scitacean.validation.pictures import picture_type

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE = 1024
"""Longest side of thumbnails, in pixels: twice what notebooks and web pages show, for fine screens."""
MAX_BYTES = 1024 * 1024
"""Size of thumbnails: small beside the 16 MiB that servers take in one request."""

_MIME = re.compile(r"[^\s;,/]+/[^\s;,/]+")
_OF_URLS = str.maketrans("-_", "+/")
_DATA_URL = re.compile(r"data:(?P<mime>[^;,]*)(?P<parameters>[^,]*),(?P<body>.*)", re.DOTALL | re.IGNORECASE)


class Figure(Protocol):
    """What can be drawn into a file: a figure of matplotlib."""

    def savefig(self, fname: IO[bytes], *, format: str, bbox_inches: str) -> None:  # noqa: A002
        """Draw it.

        Parameters
        ----------
        fname:
            Where to write the picture's file.
        format:
            ``"png"``.
        bbox_inches:
            ``"tight"``: without the empty space around it.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> Figure().savefig(io.BytesIO(), format="png", bbox_inches="tight")
        """


def _checked_type(_thumbnail: object, _attribute: object, mime: str | None) -> None:
    given: object = mime
    if given is not None and not (isinstance(given, str) and _MIME.fullmatch(given)):
        raise ValidationError(f"The mime type of a picture is {given!r}.", hint="It is like 'image/png'.")


def _checked_data(_thumbnail: object, _attribute: object, data: bytes) -> None:
    if not isinstance(data, bytes):
        raise ValidationError(
            f"The data of a thumbnail is {type(data).__name__}, not bytes.",
            hint="Thumbnail.load_file reads a file, Thumbnail.parse the text that the catalogue keeps.",
        )


@attrs.frozen
class Thumbnail:
    """A small picture.

    Make it with :meth:`load_file`, :meth:`from_bytes`, :meth:`from_figure` or :meth:`from_image`: they
    find out its type and, where Pillow is installed (``pip install 'scitacean[images]'``), scale it to a
    size that catalogues take. What is small enough stays as it is, byte for byte, unless it is a TIFF: it
    becomes a PNG, as browsers do not show TIFF. What is scaled loses metadata (turned as they say) and
    animation.

    Attributes
    ----------
    mime:
        Type of the picture, ``"image/png"`` for example; None where it is not known.
    data:
        The bytes of the picture's file.

    Raises
    ------
    ValidationError
        If the type is not like ``"image/png"``, or the data is not bytes. What the bytes are is checked by
        :meth:`Attachment.validate`, so that what a server sends can be looked at.

    Examples
    --------
    >>> Thumbnail("image/png", b"abc").serialize()
    'data:image/png;base64,YWJj'
    """

    mime: str | None = attrs.field(validator=_checked_type)
    data: bytes = attrs.field(default=b"", repr=False, validator=_checked_data)

    @classmethod
    def load_file(
        cls, path: str | os.PathLike[str], *, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES
    ) -> Self:
        """Read a picture from a file; its type is told by its content.

        Parameters
        ----------
        path:
            A PNG, JPEG, GIF, WebP, BMP, TIFF or SVG file.
        max_side:
            Longest side in pixels.
        max_bytes:
            Largest size in bytes.

        Raises
        ------
        ValidationError
            If it is no picture, is broken, is too large and cannot be scaled down, or a limit is no positive
            integer.
        OSError
            If the file cannot be read.

        Examples
        --------
        >>> _ = Path("plot.svg").write_text("<svg></svg>")
        >>> Thumbnail.load_file("plot.svg").mime
        'image/svg+xml'
        """
        data = Path(path).expanduser().read_bytes()
        return cls._small(data, repr(os.fspath(path)), max_side=max_side, max_bytes=max_bytes)

    @classmethod
    def from_bytes(cls, data: bytes, *, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES) -> Self:
        """Make a thumbnail of the content of a picture's file.

        Parameters
        ----------
        data:
            The bytes of the file.
        max_side, max_bytes:
            See :meth:`load_file`.

        Raises
        ------
        ValidationError
            As :meth:`load_file`.

        Examples
        --------
        >>> Thumbnail.from_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>").mime
        'image/svg+xml'
        """
        return cls._small(data, "The data", max_side=max_side, max_bytes=max_bytes)

    @classmethod
    def from_figure(cls, figure: Figure, *, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES) -> Self:
        """Draw a figure of matplotlib, without the empty space around it.

        Parameters
        ----------
        figure:
            The figure; of an ``axes`` it is ``axes.figure``.
        max_side, max_bytes:
            See :meth:`load_file`.

        Raises
        ------
        ValidationError
            If it is no figure, cannot be made small enough, or a limit is no positive integer.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> Thumbnail.from_figure(Figure()).mime
        'image/png'
        """
        if not callable(getattr(figure, "savefig", None)):
            raise ValidationError(
                f"The figure is no figure of matplotlib, but {type(figure).__name__}.",
                hint="Of axes the figure is axes.figure; of pyplot it is pyplot.gcf().",
            )
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight")
        return cls._small(buffer.getvalue(), "The figure", max_side=max_side, max_bytes=max_bytes)

    @classmethod
    def from_image(cls, image: Image, *, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES) -> Self:
        """Make a thumbnail of an image of Pillow.

        Parameters
        ----------
        image:
            A :class:`PIL.Image.Image`; it is not changed.
        max_side, max_bytes:
            See :meth:`load_file`.

        Raises
        ------
        ValidationError
            If it is no image, its file is broken, it has no pixels, it cannot be made small enough, or a
            limit is no positive integer.

        Examples
        --------
        >>> from PIL import Image
        >>> Thumbnail.from_image(Image.new("RGB", (40, 30))).mime
        'image/png'
        """
        data = encoded_picture(image, what="The image", max_side=max_side, max_bytes=max_bytes)
        return cls(picture_type(data), data)

    @classmethod
    def _small(cls, data: bytes, what: str, *, max_side: int, max_bytes: int) -> Self:
        picture = small_picture(data, what=what, max_side=max_side, max_bytes=max_bytes)
        return cls(picture_type(picture), picture)

    @classmethod
    def parse(cls, encoded: str | Thumbnail, /) -> Thumbnail:
        """Read a picture from the text that the catalogue keeps: a data URL or plain base64.

        Parameters
        ----------
        encoded:
            The text, which may have line breaks and blanks; a thumbnail is returned as it is. Base64 may
            be that of URLs, percent-encoded, and without padding.

        Raises
        ------
        ValidationError
            If the text is neither a data URL nor base64.

        Examples
        --------
        >>> Thumbnail.parse("data:image/png;base64,YWJj").data
        b'abc'
        """
        if isinstance(encoded, Thumbnail):
            return encoded
        if not isinstance(encoded, str):
            raise ValidationError(f"A picture in the catalogue is text; this is {type(encoded).__name__}.")
        found = _DATA_URL.fullmatch(encoded.strip())
        if found is None:
            return cls(None, _decoded(encoded))
        mime, body = found["mime"].strip() or None, found["body"]
        is_base64 = found["parameters"].rpartition(";")[2].strip().lower() == "base64"
        return cls(mime, _decoded(body) if is_base64 else unquote_to_bytes(body))

    def serialize(self) -> str:
        """Return the data URL that the catalogue keeps; plain base64 where the type is not known.

        Examples
        --------
        >>> Thumbnail(None, b"abc").serialize()
        'YWJj'
        """
        head = f"data:{self.mime};base64," if self.mime else ""
        return head + self.encoded_data()

    def encoded_data(self) -> str:
        """Return the bytes of the picture's file as base64.

        Examples
        --------
        >>> Thumbnail("image/png", b"abc").encoded_data()
        'YWJj'
        """
        return base64.b64encode(self.data).decode("ascii")

    def decoded_data(self) -> bytes:
        """Return the bytes of the picture's file, which :attr:`data` is.

        Examples
        --------
        >>> Thumbnail("image/png", b"abc").decoded_data()
        b'abc'
        """
        return self.data

    @property
    def mime_type(self) -> str | None:
        """The first part of the type, ``"image"`` for pictures; None where it is not known.

        Examples
        --------
        >>> Thumbnail("image/png").mime_type
        'image'
        """
        return self.mime and self.mime.partition("/")[0]

    @property
    def mime_subtype(self) -> str | None:
        """The second part of the type, ``"png"`` for example; None where it is not known.

        Examples
        --------
        >>> Thumbnail("image/png").mime_subtype
        'png'
        """
        return self.mime and self.mime.partition("/")[2]

    def _repr_html_(self) -> str:
        """Show the picture in a notebook."""
        return html.only_picture(html.Picture(picture_type(self.data), self.data))


def _decoded(text: str) -> bytes:
    try:
        body = "".join(unquote_to_bytes(text).decode("ascii").split()).translate(_OF_URLS).rstrip("=")
        # Browsers do not need the padding, so some write none.
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except ValueError as error:
        raise ValidationError(f"A picture in the catalogue is base64 text; this is not: {error}.") from None
