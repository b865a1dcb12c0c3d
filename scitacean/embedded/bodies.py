"""Request bodies: their limit, their compression, their JSON."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from typing import IO

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request

from .answers import Refusal, bad_request

LIMIT = 16 * 1024 * 1024
"""Bytes of a body, inflated; servers answer 500 to more."""

_DEEPEST = 100
_SURELY_FINITE = 300
_PIECE = 1 << 16
_DRAINED = 256 * 1024 * 1024


class BodyTooLarge(Exception):  # noqa: N818 - told to the client as an answer
    """The body has more than :data:`LIMIT` bytes."""


def read_json(request: Request) -> object:
    """Read the body of a request.

    Raises
    ------
    BodyTooLarge
        If it has too many bytes. It has been read all the same, so that the client, who is still
        sending, gets to see the answer.
    Refusal
        400, if it is no JSON.
    """
    raw = _limited(_pieces(request.stream))
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding in ("gzip", "deflate"):
        raw = _inflated(raw)
    elif encoding != "identity":
        raise Refusal(415, f'unsupported content encoding "{encoding}"')
    if not raw.strip():
        return {}
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        # Servers do not parse it, and then find every field missing.
        return {}
    return parse(raw)


def parse(raw: bytes) -> object:
    """Parse JSON as strictly as servers do.

    Raises
    ------
    Refusal
        400, for what is no JSON, is nested more than 100 levels deep (no database takes that) or
        has texts that are no Unicode.
    """
    try:
        # json itself would take UTF-16, and surrogates that are no UTF-8.
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_constant=no_constant, parse_float=finite, parse_int=_whole)
        if b"\\u" in raw:
            # An escaped lone surrogate is not found by decoding the body.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_request(f"The body is no JSON: {error}") from None
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return value
    raise bad_request(f"The body is nested more than {_DEEPEST} levels deep")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [entry for entry in value.values() if isinstance(entry, dict | list)]
    if isinstance(value, list):
        return [entry for entry in value if isinstance(entry, dict | list)]
    return []


def no_constant(name: str) -> object:
    """Refuse NaN and Infinity, which Python takes for JSON."""
    raise ValueError(f"{name} is no JSON")


def finite(text: str) -> float:
    """Read a number; one that is too large would come back as no JSON."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large")
    return value


def _whole(text: str) -> int:
    if len(text) > _SURELY_FINITE:
        finite(text)
    return int(text)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    left = _DRAINED
    try:
        while left > 0 and (piece := stream.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
    except (OSError, ClientDisconnected) as error:
        raise bad_request(f"The body broke off: {error}") from None


def _limited(pieces: Iterator[bytes]) -> bytes:
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size <= LIMIT:
            kept.append(piece)
        else:
            kept.clear()
    if size > LIMIT:
        raise BodyTooLarge
    return b"".join(kept)


def _inflated(raw: bytes) -> bytes:
    # Both gzip and zlib headers.
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        content = inflater.decompress(raw, LIMIT + 1)
    except zlib.error as error:
        raise bad_request(f"The body cannot be inflated: {error}") from None
    if len(content) > LIMIT:
        raise BodyTooLarge
    if not inflater.eof:
        raise bad_request("The compressed body is cut off")
    return content
