"""Rules for datasets that go into the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from scitacean.validation.problem import Problem
from scitacean.validation.values import (
    flag_problem,
    number_problem,
    object_problem,
    text_problem,
    texts_problem,
)

_REQUIRED = {
    "type": "'raw', 'derived' or a facility's own type",
    "name": "a name",
    "owner_group": "a group that you are a member of",
    "owner": "the name of a person",  # servers answer 500 without it, although the document asks for none
    "contact_email": "an e-mail address, or several separated by semicolons",
    "creation_time": "a time with a time zone",
    "source_folder": "an absolute folder on the file server",
}
_TEXT_LISTS = (
    "access_groups",
    "shared_with",
    "principal_investigators",
    "proposal_ids",
    "sample_ids",
    "instrument_ids",
    "input_datasets",
    "keywords",
    "used_software",
)
_FLAGS = ("is_published", "scientific_metadata_valid")
_OBJECTS = ("meta", "job_parameters")
_PARTS = {"techniques": ("pid", "name"), "relationships": ("identifier", "relationship")}
_BY_SERVER = ("pid", "created_at", "created_by", "updated_at", "updated_by", "api_version")
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
        *_types(fields),
        *_parts(fields),
    ]


def _missing(fields: Mapping[str, object]) -> Iterator[Problem]:
    for name, expected in _REQUIRED.items():
        if fields.get(name) in (None, ""):
            yield Problem(name, fields.get(name), expected)


def _types(fields: Mapping[str, object]) -> Iterator[Problem]:
    for name, value in fields.items():
        if name in _TEXT_LISTS:
            yield from texts_problem(value, name)
        elif name in _FLAGS:
            yield from flag_problem(value, name)
        elif name in _OBJECTS:
            yield from object_problem(value, name)
        elif name == "data_quality_metrics":
            yield from number_problem(value, name)
        elif name not in (*_TIMES, *_PARTS, *_BY_SERVER):
            yield from text_problem(value, name)


def _parts(fields: Mapping[str, object]) -> Iterator[Problem]:
    for name, attributes in _PARTS.items():
        value = fields.get(name)
        if value is not None and not isinstance(value, list | tuple):
            yield Problem(name, value, f"a list of {name}")
            continue
        for index, item in enumerate(value or ()):
            for attribute in attributes:
                text = getattr(item, attribute, None)
                if not isinstance(text, str):
                    yield Problem(f"{name}[{index}].{attribute}", text, "text")


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
    # A catalogue of one's own may keep files on a drive of Windows.
    if isinstance(folder, str) and folder and not re.match(r"/|[A-Za-z]:/", folder):
        yield Problem("source_folder", folder, "an absolute path, starting with /")
