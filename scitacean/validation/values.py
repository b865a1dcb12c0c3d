"""The rules for single values, gathered: each takes a value and the name of its field.

None is no problem of a value; whether it may be missing is a rule of its entry.
"""

from __future__ import annotations

from scitacean.validation.addresses import email_problem, emails_problem
from scitacean.validation.identifiers import orcid_problem
from scitacean.validation.json_values import json_problems, object_problem
from scitacean.validation.scalars import flag_problem, number_problem, size_problem, time_problem
from scitacean.validation.text import is_unicode, text_problem, texts_problem

__all__ = [
    "email_problem",
    "emails_problem",
    "flag_problem",
    "is_unicode",
    "json_problems",
    "number_problem",
    "object_problem",
    "orcid_problem",
    "size_problem",
    "text_problem",
    "texts_problem",
    "time_problem",
]
