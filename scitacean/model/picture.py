"""Making pictures small enough, with Pillow where it is installed."""

from __future__ import annotations

import io
import math
import warnings
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scitacean.errors import ValidationError
from scitacean.validation.pictures import PICTURE_NAMES, picture_type

if TYPE_CHECKING:
    from PIL.Image import Image

_JPEG_QUALITY = 85
_SHRINKING = 3 / 4
_SHOWN_BY_FEW = ("image/tiff",)
"""What browsers do not show becomes PNG, however small it is."""


def small_picture(data: bytes, *, what: str, max_side: int, max_bytes: int) -> bytes:
    """Return a picture as it is where it is small enough, else scaled down.

    Parameters
    ----------
    data:
        The bytes of the picture's file.
    what:
        How to call it in errors.
    max_side, max_bytes:
        The longest side, in pixels, and the size that it may have. Without Pillow the side is not checked.

    Returns
    -------
    :
        The bytes of a picture's file. TIFF becomes PNG where Pillow is installed: browsers do not show it.

    Raises
    ------
    ValidationError
        If it is no picture, is broken or cannot be made small enough, or a limit is no positive integer.

    Examples
    --------
    >>> small_picture(b"<svg></svg>", what="The drawing", max_side=100, max_bytes=1_000)
    b'<svg></svg>'
    """
    _refuse_limits(what, max_side=max_side, max_bytes=max_bytes)
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ValidationError(
            f"{what} is no picture, but {type(data).__name__}.",
            hint="Thumbnail.from_bytes takes the bytes of a file, .load_file its path, .parse text.",
        )
    data = bytes(data)
    mime = picture_type(data)
    if mime is None:
        found = "It is empty" if not data else f"It begins with {data[:12]!r}"
        raise ValidationError(f"{what} is no picture. {found}.", hint=f"Use a {PICTURE_NAMES} file.")
    if mime == "image/svg+xml" or not _has_pillow():
        if len(data) > max_bytes:
            raise _too_large(what, len(data), max_bytes, mime)
        return data
    return _with_pillow(data, what=what, max_side=max_side, max_bytes=max_bytes, mime=mime)


def encoded_picture(
    image: Image, *, what: str, max_side: int, max_bytes: int, as_jpeg: bool = False
) -> bytes:
    """Encode a picture so that it is small enough: PNG, or JPEG where that is too large.

    What is transparent stays so. Pictures of more than 8 bits are spread from their darkest to their
    brightest value, as those of detectors use a small part of the range only; NaN becomes black.

    Parameters
    ----------
    image:
        An image of Pillow; it is not changed.
    what, max_side, max_bytes:
        See :func:`small_picture`.
    as_jpeg:
        Whether to make a JPEG at once, unless something is transparent.

    Returns
    -------
    :
        The bytes of the picture's file.

    Raises
    ------
    ValidationError
        If it is no image, its file is broken, it has no pixels or cannot be made small enough, or a limit is
        no positive integer.

    Examples
    --------
    >>> from PIL import Image
    >>> encoded = encoded_picture(Image.new("L", (40, 20)), what="It", max_side=10, max_bytes=1_000)
    >>> Image.open(io.BytesIO(encoded)).size
    (10, 5)
    """
    _refuse_limits(what, max_side=max_side, max_bytes=max_bytes)
    if not _is_image(image):
        raise ValidationError(
            f"{what} is no image of Pillow, but {type(image).__name__}.",
            hint="Thumbnail.load_file reads a file, PIL.Image.fromarray makes an image of an array.",
        )
    if 0 in image.size:
        size = f"{image.width} by {image.height} pixels"
        raise ValidationError(f"{what} is empty: {size}.", hint="Draw it again.")
    from PIL import ImageOps

    with _decoding(what):
        shown = _with_8_bits(ImageOps.exif_transpose(image))
    opaque = shown.mode in ("L", "RGB")
    formats = ["PNG"] if not opaque else ["JPEG"] if as_jpeg else ["PNG", "JPEG"]
    side = min(max_side, max(shown.size))
    while side:
        scaled = shown.copy()
        scaled.thumbnail((side, side))
        for name in formats:
            buffer = io.BytesIO()
            scaled.save(buffer, name, optimize=True, quality=_JPEG_QUALITY)
            if buffer.tell() <= max_bytes:
                return buffer.getvalue()
        side = math.floor(side * _SHRINKING)
    raise ValidationError(f"{what} cannot be made as small as {max_bytes:,} bytes.", hint="Allow more.")


def _with_pillow(data: bytes, *, what: str, max_side: int, max_bytes: int, mime: str) -> bytes:
    from PIL import Image

    # Pillow would try all formats that it knows, some of which start other programs.
    formats = [mime.removeprefix("image/").upper()]
    with _decoding(what), Image.open(io.BytesIO(data), formats=formats) as image:
        # Only decoding finds out that the end is missing.
        image.load()
        if len(data) <= max_bytes and max(image.size) <= max_side and mime not in _SHOWN_BY_FEW:
            return data
        return encoded_picture(
            image, what=what, max_side=max_side, max_bytes=max_bytes, as_jpeg=mime == "image/jpeg"
        )


def _with_8_bits(image: Image) -> Image:
    """Convert what has other colours than a screen, or more of them, than PNG and JPEG both can hold."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = image.convert("F")
        extrema = values.getextrema()
        low, high = float(str(extrema[0])), float(str(extrema[1]))
        if not math.isfinite(high - low):
            values, low, high = _with_finite_values(values)
        # Where all values are one they are taken as they are.
        factor, offset = (255 / (high - low), -low * 255 / (high - low)) if high > low else (1.0, 0.0)
        return values.point(lambda value: value * factor + offset).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _with_finite_values(image: Image) -> tuple[Image, float, float]:
    """Replace NaN and infinity by the lowest and highest other values, and return these too."""
    from PIL import Image

    values = array("f", image.tobytes())
    low = min(filter(math.isfinite, values), default=0.0)
    high = max(filter(math.isfinite, values), default=0.0)
    # What is NaN is neither larger nor smaller, so the lowest is chosen.
    finite = array("f", (min(max(low, value), high) for value in values))
    return Image.frombytes("F", image.size, finite.tobytes()), low, high


def _refuse_limits(what: str, *, max_side: int, max_bytes: int) -> None:
    limits: list[tuple[str, object, str]] = [
        ("max_side", max_side, "pixels"),
        ("max_bytes", max_bytes, "bytes"),
    ]
    for name, limit, unit in limits:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValidationError(
                f"{what} cannot be scaled: {name} is {limit!r}.", hint=f"Give a positive number of {unit}."
            )


@contextmanager
def _decoding(what: str) -> Iterator[None]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Of odd metadata Pillow warns; it does not matter here. Nor does one picture fill the memory.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = Image.MAX_IMAGE_PIXELS or 0
        raise ValidationError(
            f"{what} has too many pixels: more than {limit:,}.", hint="Scale it down, or cut it."
        ) from None
    except Exception as error:  # noqa: BLE001  (broken pictures make decoders raise anything)
        raise ValidationError(
            f"{what} is a broken picture: {error}.", hint="Does it open in a picture viewer? Write it again."
        ) from None


def _is_image(image: object) -> bool:
    if not _has_pillow():
        return False
    from PIL import Image

    return isinstance(image, Image.Image)


def _has_pillow() -> bool:
    try:
        import PIL  # noqa: F401
    except ImportError:
        return False
    return True


def _too_large(what: str, size: int, max_bytes: int, mime: str) -> ValidationError:
    hint = "Make a smaller picture"
    if mime == "image/svg+xml":
        hint += ", a PNG for example."
    else:
        hint += ", or install Pillow, which scales it down: pip install 'scitacean[images]'."
    return ValidationError(f"{what} is too large: {size:,} bytes of at most {max_bytes:,}.", hint=hint)
