"""Times as servers write them: UTC, with milliseconds and a ``Z``."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["UTC", "is_stored", "iso", "normalised", "parse"]

_AS_STORED = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z"
)


def iso(moment: datetime) -> str:
    """Write a time as servers do.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> iso(datetime(2026, 3, 1, 12, tzinfo=timezone.utc))
    '2026-03-01T12:00:00.000Z'
    """
    # Several times faster than formatting, and years before 1000 have four digits too.
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def parse(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is taken as UTC.

    Raises
    ------
    ValueError
        If the text is no time.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def is_stored(text: object) -> bool:
    """Tell whether a text is a time in the form that servers store."""
    if not isinstance(text, str) or _AS_STORED.fullmatch(text) is None:
        return False
    # The pattern takes the 31st of every month.
    return text[8:10] < "29" or _is_time(text)


def _is_time(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def normalised(text: str) -> str:
    """Rewrite an ISO 8601 time in the form that servers store.

    Raises
    ------
    ValueError
        If the text is no time.
    """
    # Lists of files hold 100,000 of them, nearly always in this form already.
    return text if is_stored(text) else iso(parse(text))
