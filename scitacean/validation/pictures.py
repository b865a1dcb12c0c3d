"""Rules for pictures: what they are by their content, and what servers take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scitacean.problem import Problem

MAX_PICTURE = 8 * 1024 * 1024
"""Size in bytes: servers refuse requests over 16 MiB, and base64 makes a picture a third larger."""
PICTURE_NAMES = "PNG, JPEG, GIF, WebP, BMP, TIFF or SVG"

_SIGNATURES = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/gif": rb"GIF8[79]a",
    "image/webp": rb"RIFF.{4}WEBP",
    # Two letters alone also begin texts: after them come a size, zeros, an offset and the size of a header.
    "image/bmp": rb"BM.{4}\0{4}.{4}[\x0c(48@l|]\0{3}",
    "image/tiff": rb"II[*+]\0|MM\0[*+]",
    "image/svg+xml": rb"\xef?\xbb?\xbf?"
    rb"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\]\s*)?>)*+<(?:\w+:)?svg[\s/>]",
}
_TYPES = {mime: re.compile(pattern, re.DOTALL) for mime, pattern in _SIGNATURES.items()}
_DOCUMENT = "application/pdf"
"""Web pages of catalogues take documents as attachments, and show a symbol for them."""


def picture_type(data: bytes) -> str | None:
    r"""Tell the type of a picture by how it begins.

    Parameters
    ----------
    data:
        The bytes of a file.

    Returns
    -------
    :
        ``"image/png"`` for example; None for what is no picture.

    Examples
    --------
    >>> picture_type(b"\x89PNG\r\n\x1a\n...")
    'image/png'
    >>> picture_type(b"<?xml version='1.0'?><svg></svg>")
    'image/svg+xml'
    """
    return next((mime for mime, pattern in _TYPES.items() if pattern.match(data)), None)


def picture_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is a picture that servers take and web pages can show; None is no problem.

    The content decides: another picture than the type says is no problem, as browsers look at the content.
    Types of pictures that are not known here are taken as they are.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [problem.expected for problem in picture_problem("a.png", "thumbnail")]
    ['a Thumbnail, which Thumbnail.load_file reads from a file']
    """
    if value is None:
        return
    data, mime = getattr(value, "data", None), getattr(value, "mime", None)
    if not isinstance(data, bytes) or not isinstance(mime, str | None):
        yield Problem(at, value, "a Thumbnail, which Thumbnail.load_file reads from a file")
        return
    kind = None if mime is None else mime.lower()
    if len(data) > MAX_PICTURE:
        limit = f"at most {MAX_PICTURE:,} bytes: servers refuse larger requests"
        yield Problem(at, f"{len(data):,} bytes", limit)
    elif kind is not None and kind != _DOCUMENT and not kind.startswith("image/"):
        yield Problem(at, mime, "a picture: a type like image/png")
    elif (kind is None or kind in _TYPES) and picture_type(data) is None:
        shown = f"it begins with {data[:12]!r}" if data else "it is empty"
        yield Problem(at, value, f"a {PICTURE_NAMES} picture; {shown}")
