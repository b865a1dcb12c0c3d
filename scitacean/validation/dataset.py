"""Rules for datasets that go into the catalogue."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from scitacean.validation.problem import Problem

_REQUIRED = {
    "type": "'raw', 'derived' or a facility's own type",
    "name": "a name",
    "owner_group": "a group that you are a member of",
    "owner": "the name of a person",  # servers answer 500 without it, although the document asks for none
    "contact_email": "an e-mail address, or several separated by semicolons",
    "creation_time": "a time with a time zone",
    "source_folder": "an absolute folder on the file server",
}
_TIMES = ("creation_time", "start_time", "end_time")


def problems_of_new_dataset(fields: Mapping[str, object]) -> list[Problem]:
    """Find what a server would refuse in a new dataset, or would keep wrongly.

    Parameters
    ----------
    fields:
        The dataset's fields by their Python names; the source folder as a string.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_new_dataset({"type": "raw"})][0]
    'name is None; expected a name'
    """
    return [
        *_missing(fields),
        *_emails(fields),
        *_times(fields),
        *_folder(fields.get("source_folder")),
        *json_problems(fields.get("meta"), "meta"),
        *json_problems(fields.get("job_parameters"), "job_parameters"),
    ]


def _missing(fields: Mapping[str, object]) -> Iterator[Problem]:
    for name, expected in _REQUIRED.items():
        if fields.get(name) in (None, ""):
            yield Problem(name, fields.get(name), expected)


def _emails(fields: Mapping[str, object]) -> Iterator[Problem]:
    # Loaded when it is needed: its tables of characters take as long as a third of all other imports.
    from email_validator import EmailNotValidError, validate_email

    # The server takes a list for the contact only.
    for name, several in (("contact_email", True), ("owner_email", False)):
        value = fields.get(name)
        if not isinstance(value, str) or not value:
            continue
        for address in value.split(";") if several else [value]:
            try:
                validate_email(address.strip(), check_deliverability=False)
            except EmailNotValidError as error:
                yield Problem(name, value, f"an e-mail address{' or several' * several}: {error}")
                break


def _times(fields: Mapping[str, object]) -> Iterator[Problem]:
    for name in _TIMES:
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, datetime):
            yield Problem(name, value, "a datetime with a time zone")
        elif value.utcoffset() is None:
            yield Problem(name, value, "a time with a time zone, for example .astimezone() of it")


def _folder(folder: object) -> Iterator[Problem]:
    if isinstance(folder, str) and not folder.startswith("/"):
        yield Problem("source_folder", folder, "an absolute path, starting with /")


def json_problems(value: object, at: str) -> Iterable[Problem]:
    """Find what JSON cannot hold: other types, NaN and infinity, keys that are no text.

    Parameters
    ----------
    value:
        Scientific metadata.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> [problem.field for problem in json_problems({"a": [1, float("nan")]}, "meta")]
    ['meta.a[1]']
    """
    match value:
        case None | bool() | int() | str():
            return
        case float():
            if not math.isfinite(value):
                yield Problem(at, value, "a finite number: JSON has neither NaN nor infinity")
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    yield Problem(at, key, "keys that are strings")
                else:
                    yield from json_problems(item, f"{at}.{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                yield from json_problems(item, f"{at}[{index}]")
        case _:
            yield Problem(at, value, "what JSON can hold: text, numbers, booleans, lists, dicts")
