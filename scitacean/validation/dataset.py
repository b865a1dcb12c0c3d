"""Rules for datasets that go into the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scitacean.problem import Problem
from scitacean.validation.parts import lifecycle_problems, relationship_problems, technique_problems
from scitacean.validation.pids import pid_problem, pids_problem
from scitacean.validation.rules import Rule, checked, in_order, missing
from scitacean.validation.values import (
    email_problem,
    emails_problem,
    flag_problem,
    number_problem,
    object_problem,
    orcid_problem,
    text_problem,
    texts_problem,
    time_problem,
)

REQUIRED = {
    "type": "'raw', 'derived' or a facility's own type",
    "name": "a name",
    "owner_group": "a group that you are a member of",
    "owner": "the name of a person",  # servers answer 500 without it, although the document asks for none
    "contact_email": "an e-mail address, or several separated by semicolons",
    "creation_time": "a time with a time zone",
    "source_folder": "an absolute folder on the file server",
}


def _folder_problem(value: object, at: str) -> Iterator[Problem]:
    yield from text_problem(value, at)
    # A catalogue of one's own may keep files on a drive of Windows.
    if isinstance(value, str) and value and not re.match(r"/|[A-Za-z]:/", value):
        yield Problem(at, value, "an absolute path, starting with /")


_RULES: dict[str, Rule] = {
    "type": text_problem,
    "name": text_problem,
    "owner_group": text_problem,
    "owner": text_problem,
    "contact_email": emails_problem,  # the server takes a list for the contact only
    "creation_time": time_problem,
    "source_folder": _folder_problem,
    "source_folder_host": text_problem,
    "owner_email": email_problem,
    "orcid_of_owner": orcid_problem,
    "access_groups": texts_problem,
    "shared_with": texts_problem,
    "instrument_group": text_problem,
    "principal_investigators": texts_problem,
    "proposal_ids": texts_problem,
    "sample_ids": texts_problem,
    "instrument_ids": texts_problem,
    "input_datasets": pids_problem,
    "description": text_problem,
    "comment": text_problem,
    "keywords": texts_problem,
    "classification": text_problem,
    "license": text_problem,
    "is_published": flag_problem,
    "start_time": time_problem,
    "end_time": time_problem,
    "run_number": text_problem,
    "creation_location": text_problem,
    "data_format": text_problem,
    "techniques": technique_problems,
    "relationships": relationship_problems,
    "used_software": texts_problem,
    "job_parameters": object_problem,
    "job_log_data": text_problem,
    "meta": object_problem,
    "scientific_metadata_schema": text_problem,
    "scientific_metadata_valid": flag_problem,
    "validation_status": text_problem,
    "data_quality_metrics": number_problem,
    "lifecycle": lifecycle_problems,
    "pid": pid_problem,
}


def problems_of_dataset(fields: Mapping[str, object], *, required: bool = True) -> list[Problem]:
    """Find what a server would refuse in a dataset, or would keep wrongly.

    Parameters
    ----------
    fields:
        The dataset's fields by their Python names; PIDs and the source folder as text.
    required:
        Whether to look for missing fields.

    Examples
    --------
    >>> [str(problem) for problem in problems_of_dataset({"type": "raw"})][0]
    'name is None; expected a name'
    """
    return [
        *(missing(fields, REQUIRED | _not_empty(fields)) if required else ()),
        *checked(fields, _RULES),
        *in_order(fields, "start_time", "end_time"),
    ]


def _not_empty(fields: Mapping[str, object]) -> dict[str, str]:
    # Servers send back what older ones took, and refuse empty text as an address.
    return {} if fields.get("owner_email") is None else {"owner_email": "an e-mail address, or None"}
